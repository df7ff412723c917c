// Single sign-on as people meet it: an administrator adds a provider, an agent signs in through it, and what goes wrong
// there is said in plain words.

import { admin } from '../support/desk.ts'
import { expect, signIn, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { IdentityProvider } from '../support/idp.ts'

let idp: IdentityProvider
test.beforeAll(async () => {
  idp = await IdentityProvider.start()
})
test.afterAll(async () => await idp.stop())

test('an agent signs in through an identity provider', async ({ desk, page, browser }) => {
  await desk.api.post('/api/v1/agents', { first_name: 'Asha', last_name: 'Rao', email: 'asha@example.com', roles: ['Agent'] })

  await signIn(page)
  await page.goto('/admin/sso')
  await expect(page.getByText('Agents sign in with a password only')).toBeVisible()
  await examineLooks(page, 'sso-empty')
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
  await examineLooks(page, 'sso-provider')

  const visitor = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await visitor.goto('/inboxes/all')
  await expect(visitor.getByTestId('sso-provider')).toHaveText('Continue with Company login')
  await examineLooks(visitor, 'sign-in-sso')
  await visitor.getByTestId('sso-provider').click()
  await expect(visitor).toHaveURL(/\/inboxes\/all$/)

  await test.step('what goes wrong is said in plain words', async () => {
    await visitor.context().clearCookies()
    await idp.tell({ person: { Subject: 'eve', Email: 'eve@example.com', Verified: true } })
    await visitor.goto('/')
    await visitor.getByTestId('sso-provider').click()
    await expect(visitor.getByRole('alert')).toContainText('No agent here has your e-mail address')
    await expect(visitor).toHaveURL(`${desk.url}/`)
    await examineLooks(visitor, 'sign-in-refused')
    await idp.tell({ faults: { Deny: 'server_error' } })
    await visitor.getByTestId('sso-provider').click()
    await expect(visitor.getByRole('alert')).toContainText('The identity provider refused the sign-in')
    await idp.tell({ faults: {} })
    await page.reload()
    await expect(page.getByTestId('provider-health')).toContainText('server_error')
    await examineLooks(page, 'sso-failing')
  })

  await test.step('single sign-on is the only way in', async () => {
    await page.goto('/admin/sso')
    await page.getByRole('switch', { name: 'Only through single sign-on' }).click()
    await page.getByRole('button', { name: 'Refuse passwords' }).click()
    await expect(page.getByRole('switch', { name: 'Only through single sign-on' })).toBeChecked()
    await examineLooks(page, 'sso-list')
    await visitor.goto('/')
    await expect(visitor.getByTestId('sso-provider')).toBeVisible()
    await expect(visitor.locator('#password')).toHaveCount(0)
    await examineLooks(visitor, 'sign-in-sso-only')
    await visitor.getByRole('button', { name: 'Sign in with a password' }).click()
    await visitor.locator('#email').fill(admin.email)
    await visitor.locator('#password').fill(admin.password)
    await visitor.locator('#password').press('Enter')
    await expect(visitor).toHaveURL(/\/inboxes\//)
    await desk.api.put('/api/v1/settings/sign-in', { 'app.sso_only': false })
  })
})
