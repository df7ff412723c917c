// An agent's own language and time zone: chosen on the account page, at once, and kept; visitors are spoken to in the
// language of their browser. The agent is the test's own, so that nothing of the desk changes.

import type { API } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

const password = 'Correct-horse-8-battery'

async function addAgent(api: API, name: string): Promise<string> {
  const email = `${name.toLowerCase()}@acme.example`
  const agent = { first_name: name, email, roles: ['Agent'] }
  const { id } = await api.post<{ id: number }>('/api/v1/agents', agent)
  await api.put(`/api/v1/agents/${id}`, { ...agent, enabled: true, availability_status: 'offline', new_password: password })
  return email
}

test.describe('an agent', () => {
  test.use({ timezoneId: 'America/New_York' })

  test('works in their own language and time zone', async ({ desk, page }) => {
    const email = await addAgent(desk.api, 'Liesl')
    await page.goto('/')
    await page.locator('#email').fill(email)
    await page.locator('#password').fill(password)
    await page.locator('#password').press('Enter')
    await expect(page).toHaveURL(/\/inboxes\//)
    await page.goto('/account/profile')
    await expect(page.getByTestId('zone-suggestion')).toContainText('America/New York')
    await examineLooks(page, 'account-language')

    await page.getByRole('combobox', { name: 'Language' }).click()
    await page.getByRole('option', { name: 'Deutsch' }).click()
    await expect(page.locator('html')).toHaveAttribute('lang', 'de-DE')
    await expect(page.getByRole('heading', { name: 'Ihr Konto' })).toBeVisible()
    await expect(page).toHaveTitle(/^Ihr Konto/)
    await page.getByRole('button', { name: /^Zeitzone/ }).click()
    await page.getByPlaceholder('Nach Stadt oder Region suchen').fill('tehran')
    await page.getByRole('option', { name: 'Asia/Tehran' }).click()
    await expect(page.getByRole('button', { name: /Zeitzone: Asia\/Tehran/ })).toBeVisible()

    await page.reload()
    await expect(page.getByRole('heading', { name: 'Ihr Konto' })).toBeVisible()
    await expect(page.getByRole('button', { name: /Zeitzone: Asia\/Tehran/ })).toBeVisible()
    // The sentence of the server, too.
    const refused = await page.evaluate(async () => ((await (await fetch('/api/v1/agents')).json()) as { message: string }).message)
    expect(refused).toBe('Dazu fehlt Ihnen die Berechtigung.')
    // Times are those of Tehran: 3 h 30 min ahead of UTC.
    const begun = await page.getByText(/^angemeldet /).first().getAttribute('title')
    const clock = new Intl.DateTimeFormat('de-DE', { timeStyle: 'short', timeZone: 'Asia/Tehran' })
    const minutes = [0, 1, 2, 3, 4, 5].map((ago) => clock.format(Date.now() - ago * 60_000))
    expect(minutes.some((minute) => begun?.endsWith(minute)), begun ?? '').toBe(true)

    await page.getByRole('combobox', { name: 'Sprache' }).click()
    await page.getByRole('option', { name: /Wie der Helpdesk/ }).click()
    await expect(page.locator('html')).toHaveAttribute('lang', 'en-US')
    await page.getByRole('button', { name: 'Use this zone' }).click()
    await expect(page.getByTestId('zone-suggestion')).toBeHidden()
  })
})

for (const [locale, lang, title] of [['de-AT', 'de-DE', /anmelden$/], ['fa-IR', 'fa-IR', /^ورود/], ['fr-FR', 'en-US', /^Sign in/]] as const) {
  test.describe(`a browser in ${locale}`, () => {
    test.use({ locale })

    test('is shown a page to sign in that it can read', async ({ page }) => {
      await page.goto('/')
      await expect(page.locator('html')).toHaveAttribute('lang', lang)
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(title)
      await examineLooks(page, `sign-in-${lang}`)
      await page.locator('#email').fill('nobody@acme.example')
      await page.locator('#password').fill('Wrong-horse-8')
      await page.locator('#password').press('Enter')
      await expect(page.getByRole('alert').or(page.getByRole('status')).first()).toBeVisible()
    })
  })
}
