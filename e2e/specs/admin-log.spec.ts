// What administrators do is in the activity log, and the desk's own mail can be tried before it is saved.

import { expect, signIn, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

test('a change of settings is found in the activity log with what was before and after', async ({ page }) => {
  await page.goto('/')
  await signIn(page)
  await page.goto('/admin/general')
  await page.locator('[name="app.max_file_upload_size"]').fill('23')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Saved').first()).toBeVisible()
  await page.goto('/admin/teams/activity-log')
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('general settings')
  const row = page.getByTestId('activity-row').first()
  await expect(row).toContainText('changed the general settings')
  await row.getByRole('button').click()
  const diff = page.getByRole('dialog').getByTestId('activity-diff')
  await expect(diff).toContainText('app.max_file_upload_size')
  await expect(diff).toContainText('23')
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox', { name: 'Search the log' }).fill('no such entry')
  await expect(page.getByText('Nothing matches')).toBeVisible()
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await expect(page.getByTestId('activity-row').first()).toBeVisible()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export CSV' }).click()
  expect((await download).suggestedFilename()).toMatch(/^activity-log-.*\.csv$/)
})

test('a server for the desk’s own mail that does not answer is named before anything is saved', async ({ page }) => {
  await page.goto('/')
  await signIn(page)
  await page.goto('/admin/notification')
  await page.locator('[name="notification.email.host"]').fill('127.0.0.1')
  await page.locator('[name="notification.email.port"]').fill('1')
  await page.getByTestId('test-mail').click()
  const result = page.getByTestId('test-result')
  await expect(result).toHaveAttribute('data-ok', 'false')
  await expect(result).toContainText('127.0.0.1')
})

test('how long the log is kept is said by an administrator, who is told what goes', async ({ desk, signedIn: page }) => {
  const kept = '/api/v1/settings/activity-log'
  await desk.api.put(kept, { retention_days: 0 })
  await page.goto('/admin/teams/activity-log')
  const dialog = page.getByRole('dialog', { name: 'How long to keep' })
  const question = page.getByRole('alertdialog')
  const open = () => page.getByRole('button', { name: 'How long to keep' }).click()
  const choose = async (name: string) => {
    await dialog.getByRole('combobox').click()
    await page.getByRole('option', { name }).click()
  }
  await open()
  await choose('Delete old entries')
  await expect(dialog).toContainText('gone for good')
  await examineLooks(page, 'activity-retention')
  const days = dialog.getByRole('spinbutton')
  await days.fill('29')
  await days.press('Enter')
  await expect(days).toHaveAttribute('aria-invalid', 'true')
  await days.fill('400')
  await days.press('Enter')
  await expect(question).toContainText('Delete entries older than 400 days?')
  await expect(question).toContainText('cannot be undone')
  await examine(page, 'activity-retention-sure')
  // The question lies above the dialog that asks it.
  expect(await question.evaluate((e) => { const box = e.getBoundingClientRect(); return document.elementsFromPoint(box.x + 8, box.y + 8)[0] === e })).toBe(true)
  await question.getByRole('button', { name: 'Cancel' }).click()
  expect(await desk.api.get(kept)).toEqual({ retention_days: 0 })
  await dialog.getByRole('button', { name: 'Save changes' }).click()
  await question.getByRole('button', { name: 'Delete old entries' }).click()
  await expect(dialog).toHaveCount(0)
  expect(await desk.api.get(kept)).toEqual({ retention_days: 400 })
  await expect(page.getByTestId('activity-row').first()).toContainText('activity log')

  // Keeping more takes nothing from anybody, and is not asked about.
  await open()
  await choose('Keep every entry')
  await dialog.getByRole('button', { name: 'Save changes' }).click()
  await expect(dialog).toHaveCount(0)
  expect(await desk.api.get(kept)).toEqual({ retention_days: 0 })
})
