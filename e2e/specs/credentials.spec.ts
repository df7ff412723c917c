// What agents prove themselves by, as people manage it: where they are signed in, and the keys of their programs.

import type { Page } from '@playwright/test'
import { expect, signIn, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

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
  await examineLooks(page, 'sessions')
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
  await examineLooks(page, 'new-key')
  await dialog.getByRole('button', { name: 'Create key' }).click()

  const key = await page.getByTestId('api_key').textContent()
  const secret = await page.getByTestId('api_secret').textContent()
  const program = await playwright.request.newContext({ baseURL: desk.url, extraHTTPHeaders: { Authorization: `token ${key}:${secret}` } })
  expect((await program.get('/api/v1/agents/me')).status()).toBe(200)
  const row = page.getByTestId('api-key-row').filter({ hasText: 'Nightly export' })
  await expect(row).toContainText('1 permission')
  await row.scrollIntoViewIfNeeded()
  await examineLooks(page, 'api-keys')
  await page.reload()
  await expect(row).toBeVisible()
  await expect(page.getByTestId('api_secret')).toHaveCount(0)

  await row.getByRole('button').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke key' }).click()
  await expect(row).toHaveCount(0)
  expect((await program.get('/api/v1/agents/me')).status()).toBe(401)
  await program.dispose()
})
