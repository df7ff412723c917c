// Single sign-on as people meet it: an administrator adds a provider, an agent signs in through it, and what goes wrong
// there is said in plain words.

import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { admin } from '../support/desk.ts'
import { expect, signIn, test } from '../support/fixtures.ts'
import { IdentityProvider } from '../support/idp.ts'

let idp: IdentityProvider
test.beforeAll(async () => {
  idp = await IdentityProvider.start()
})
test.afterAll(async () => await idp.stop())

/** Takes pictures in each look, and lets axe look at the page. */
async function picture(page: Page, screen: string): Promise<void> {
  await page.waitForLoadState('networkidle')
  for (const look of [
    { name: 'light', colorScheme: 'light', width: 1440, height: 900 },
    { name: 'dark', colorScheme: 'dark', width: 1440, height: 900 },
    { name: 'phone', colorScheme: 'light', width: 390, height: 844 },
  ] as const) {
    await page.emulateMedia({ colorScheme: look.colorScheme })
    await page.setViewportSize({ width: look.width, height: look.height })
    await page.screenshot({ path: `screenshots/${screen}-${look.name}.png`, animations: 'disabled', fullPage: true })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
    expect.soft(serious, `${screen} in ${look.name}`).toEqual([])
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect.soft(sideways, `${screen} in ${look.name} scrolls sideways`).toBeLessThanOrEqual(0)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })
}

test('an agent signs in through an identity provider', async ({ desk, page, browser }) => {
  await desk.api.post('/api/v1/agents', { first_name: 'Asha', last_name: 'Rao', email: 'asha@example.com', roles: ['Agent'] })

  await signIn(page)
  await page.goto('/admin/sso')
  await expect(page.getByText('Agents sign in with a password only')).toBeVisible()
  await picture(page, 'sso-empty')
  await page.getByRole('link', { name: 'Add provider' }).click()
  await page.getByLabel('Issuer URL').fill('http://10.0.0.1')
  await page.getByTestId('test-provider').click()
  await expect(page.getByTestId('provider-failed')).toContainText('not a public address')
  await page.getByLabel('Issuer URL').fill(idp.issuer)
  await page.getByTestId('test-provider').click()
  await expect(page.getByTestId('provider-found')).toContainText(idp.issuer)
  await page.getByLabel('Name').fill('Company login')
  await page.getByLabel('Client ID').fill(IdentityProvider.clientID)
  await page.getByLabel('Client secret').fill(IdentityProvider.clientSecret)
  await page.getByRole('button', { name: 'Add provider' }).click()
  await expect(page).toHaveURL(/\/admin\/sso\/\d+\/edit$/)
  const redirect = (await page.getByTestId('redirect-uri').textContent()) ?? ''
  expect(redirect).toMatch(new RegExp(`^${desk.url}/api/v1/oidc/\\d+/finish$`))
  await idp.tell({ redirect_uri: redirect, person: { Subject: 'asha', Email: 'Asha@Example.com', Verified: true } })
  await picture(page, 'sso-provider')

  const visitor = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await visitor.goto('/inboxes/all')
  await expect(visitor.getByTestId('sso-provider')).toHaveText('Continue with Company login')
  await picture(visitor, 'sign-in-sso')
  await visitor.getByTestId('sso-provider').click()
  await expect(visitor).toHaveURL(/\/inboxes\/all$/)

  await test.step('what goes wrong is said in plain words', async () => {
    await visitor.context().clearCookies()
    await idp.tell({ person: { Subject: 'eve', Email: 'eve@example.com', Verified: true } })
    await visitor.goto('/')
    await visitor.getByTestId('sso-provider').click()
    await expect(visitor.getByRole('alert')).toContainText('No agent here has your e-mail address')
    await expect(visitor).toHaveURL(`${desk.url}/`)
    await picture(visitor, 'sign-in-refused')
    await idp.tell({ faults: { Deny: 'server_error' } })
    await visitor.getByTestId('sso-provider').click()
    await expect(visitor.getByRole('alert')).toContainText('The identity provider refused the sign-in')
    await idp.tell({ faults: {} })
    await page.reload()
    await expect(page.getByTestId('provider-health')).toContainText('server_error')
    await picture(page, 'sso-failing')
  })

  await test.step('single sign-on is the only way in', async () => {
    await page.goto('/admin/sso')
    await page.getByRole('switch', { name: 'Only through single sign-on' }).click()
    await page.getByRole('button', { name: 'Refuse passwords' }).click()
    await expect(page.getByRole('switch', { name: 'Only through single sign-on' })).toBeChecked()
    await picture(page, 'sso-list')
    await visitor.goto('/')
    await expect(visitor.getByTestId('sso-provider')).toBeVisible()
    await expect(visitor.locator('#password')).toHaveCount(0)
    await picture(visitor, 'sign-in-sso-only')
    await visitor.getByRole('button', { name: 'Sign in with a password' }).click()
    await visitor.locator('#email').fill(admin.email)
    await visitor.locator('#password').fill(admin.password)
    await visitor.locator('#password').press('Enter')
    await expect(visitor).toHaveURL(/\/inboxes\//)
    await desk.api.put('/api/v1/settings/sign-in', { 'app.sso_only': false })
  })
})
