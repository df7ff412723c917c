// What agents prove themselves by, as people manage it: where they are signed in, and the keys of their programs.

import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, signIn, test } from '../support/fixtures.ts'

/** Takes pictures in each look, and lets axe look at the page. */
async function picture(page: Page, screen: string): Promise<void> {
  for (const look of [
    { name: 'light', colorScheme: 'light', width: 1440, height: 900 },
    { name: 'dark', colorScheme: 'dark', width: 1440, height: 900 },
    { name: 'phone', colorScheme: 'light', width: 390, height: 844 },
  ] as const) {
    await page.emulateMedia({ colorScheme: look.colorScheme })
    await page.setViewportSize({ width: look.width, height: look.height })
    await page.screenshot({ path: `screenshots/${screen}-${look.name}.png`, animations: 'disabled' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
    expect.soft(serious, `${screen} in ${look.name}`).toEqual([])
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect.soft(sideways, `${screen} in ${look.name} scrolls sideways`).toBeLessThanOrEqual(0)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })
}

async function signInAs(page: Page, email: string, password: string): Promise<void> {
  await page.goto('/')
  await page.locator('#email').fill(email)
  await page.locator('#password').fill(password)
  await page.locator('#password').press('Enter')
  await expect(page).toHaveURL(/\/inboxes\//)
}

test('an agent signs out another place from the account page', async ({ desk, page, browser }) => {
  const vic = { first_name: 'Vic', last_name: 'Rao', email: 'vic@example.com', roles: ['Agent'], enabled: true, availability_status: 'offline', new_password: 'Vic-signs-in-7-times' }
  await desk.api.post('/api/v1/agents', vic)
  const elsewhere = await (await browser.newContext({ baseURL: desk.url })).newPage()
  for (const place of [page, elsewhere, await (await browser.newContext({ baseURL: desk.url })).newPage()]) await signInAs(place, vic.email, vic.new_password)

  await page.goto('/account/profile')
  const here = page.getByTestId('session').filter({ hasText: 'This session' })
  await expect(here).toHaveCount(1)
  await expect(here.getByRole('button')).toHaveCount(0)
  await here.scrollIntoViewIfNeeded()
  await picture(page, 'sessions')
  await expect(page.getByTestId('session')).toHaveCount(3)
  await page.getByTestId('session').filter({ hasNotText: 'This session' }).first().getByRole('button').click()
  await expect(page.getByTestId('session')).toHaveCount(2)

  await page.getByTestId('end-all-sessions').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out everywhere else' }).click()
  await expect(page.getByTestId('session')).toHaveCount(1)
  await elsewhere.goto('/inboxes/all')
  await expect(elsewhere.locator('#password')).toBeVisible()
  await page.reload()
  await expect(page.getByTestId('session')).toHaveCount(1)
})

test('an administrator makes a limited key, which works until it is revoked', async ({ desk, page, playwright }) => {
  const agent = await desk.api.post<{ id: number }>('/api/v1/agents', { first_name: 'Robot', email: 'robot@example.com', roles: ['Agent'] })
  await signIn(page)
  await page.goto(`/admin/teams/agents/${agent.id}/edit`)
  await page.getByTestId('new-key').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Nightly export')
  await dialog.getByRole('switch').click()
  await dialog.getByRole('group').getByRole('checkbox').first().click()
  await picture(page, 'new-key')
  await dialog.getByRole('button', { name: 'Create key' }).click()

  const key = await page.getByTestId('api_key').textContent()
  const secret = await page.getByTestId('api_secret').textContent()
  const program = await playwright.request.newContext({ baseURL: desk.url, extraHTTPHeaders: { Authorization: `token ${key}:${secret}` } })
  expect((await program.get('/api/v1/agents/me')).status()).toBe(200)
  const row = page.getByTestId('api-key-row').filter({ hasText: 'Nightly export' })
  await expect(row).toContainText('1 permission')
  await row.scrollIntoViewIfNeeded()
  await picture(page, 'api-keys')
  await page.reload()
  await expect(row).toBeVisible()
  await expect(page.getByTestId('api_secret')).toHaveCount(0)

  await row.getByRole('button').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke key' }).click()
  await expect(row).toHaveCount(0)
  expect((await program.get('/api/v1/agents/me')).status()).toBe(401)
  await program.dispose()
})
