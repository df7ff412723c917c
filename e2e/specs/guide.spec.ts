// The first set-up of a desk, by keyboard, and the pictures by which it is known.

import type { Page } from '@playwright/test'
import { admin } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

const guide = (page: Page) => page.getByTestId('guide')
const title = (page: Page, name: string) => expect(guide(page).getByRole('heading', { level: 1 })).toHaveText(name)

test('the first administrator is led through the set-up', async ({ desk, page }) => {
  // The desk of a first day: the specs before this one have connected mailboxes.
  for (const inbox of await desk.api.get<{ id: number }[]>('/api/v1/inboxes')) await desk.api.delete(`/api/v1/inboxes/${inbox.id}`)
  await desk.api.put('/api/v1/settings/guide', { state: 'open', step: 'desk' })
  await page.goto('/')
  await page.locator('#email').fill(admin.email)
  await page.locator('#password').fill(admin.password)
  await page.locator('#password').press('Enter')

  await title(page, 'Name your desk')
  await examineLooks(page, 'guide-desk')
  const name = page.getByLabel('Site name')
  await name.fill('')
  await name.press('Enter')
  await expect(name).toBeFocused()
  await name.fill('Acme Help')
  await name.press('Enter')

  await title(page, 'Who are you?')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await page.getByLabel('First name').fill('Ada')
  await page.locator('[name="email"]').fill('ada@acme.example')
  await page.getByLabel('Password', { exact: true }).fill('Correct-horse-9-battery')
  await examineLooks(page, 'guide-account')
  await page.getByLabel('Password', { exact: true }).press('Enter')

  await title(page, 'Connect your first mailbox')
  await examineLooks(page, 'guide-mailbox')
  await page.reload()
  await title(page, 'Connect your first mailbox')
  await page.getByRole('button', { name: 'Not now' }).press('Enter')

  await title(page, 'Invite your colleagues')
  await page.getByLabel('Email addresses').fill('bo@acme.example\nnobody')
  await page.getByRole('button', { name: 'Invite and finish' }).press('Enter')
  await expect(page.getByText('“nobody” is not an email address.')).toBeVisible()
  await examineLooks(page, 'guide-colleagues')
  await page.getByLabel('Email addresses').fill('bo@acme.example')
  for (const way of ['Finish without inviting', 'Leave the set-up and do not show it again']) {
    await guide(page).getByRole('button', { name: way }).click()
    await expect(page.getByRole('alertdialog')).toContainText('Leave without saving?')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
    await expect(page.getByLabel('Email addresses')).toHaveValue('bo@acme.example')
  }
  await page.getByRole('button', { name: 'Invite and finish' }).press('Enter')
  await expect(page).toHaveURL(/\/inboxes\//)

  expect(await desk.api.get('/api/v1/settings/guide')).toMatchObject({ state: 'finished' })
  const agents = await desk.api.get<{ email: string }[]>('/api/v1/agents')
  expect(agents.map((agent) => agent.email)).toEqual(expect.arrayContaining(['ada@acme.example', 'bo@acme.example']))
  await expect(page.getByText('Acme Help').first()).toBeVisible()
  await page.goto('/')
  await expect(page).toHaveURL(/\/inboxes\//)
})

test('the logo is uploaded and shown', async ({ signedIn: page }) => {
  await page.goto('/admin/general')
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  await page.getByTestId('logo-file').setInputFiles({ name: 'logo.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') })
  await expect(page.getByText('The file is not a picture that can be used.')).toBeVisible()
  await page.getByTestId('logo-file').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: png })
  await expect(page.locator('[name="app.logo_url"]')).toHaveValue(/^\/branding\/.*\.png$/)
  await examineLooks(page, 'general-branding')
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('sidebar-logo')).toHaveAttribute('src', /^\/branding\//)
})
