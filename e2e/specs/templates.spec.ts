// Templates of mail: a layout that replies leave in, and what the desk writes to agents.

import type { Desk } from '../support/desk.ts'
import { expect, pick, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

interface Template {
  id: number
  name: string
  is_default: boolean
  is_modified: boolean
}

const base = '/api/v1/templates'

/** The desk is shared with other specs. */
async function forgetTemplates(desk: Desk): Promise<void> {
  for (const one of await desk.api.get<Template[]>(`${base}?type=email_outgoing`)) await desk.api.delete(`${base}/${one.id}`)
  for (const one of await desk.api.get<Template[]>(`${base}?type=email_notification`)) {
    if (one.is_modified) await desk.api.post(`${base}/${one.id}/reset`, {})
  }
}

test.beforeEach(({ desk }) => forgetTemplates(desk))
test.afterEach(({ desk }) => forgetTemplates(desk))

test('a layout is written with a look at it, and is the one that mail leaves in', async ({ desk, signedIn: page }) => {
  await page.goto('/admin/templates')
  await expect(page.getByText('No layouts yet')).toBeVisible()
  await page.getByRole('link', { name: 'New layout' }).click()
  const preview = page.getByTestId('template-preview')
  const frame = preview.frameLocator('iframe')
  await expect(frame.getByText('Hello Kim,')).toBeVisible()

  const source = page.locator('textarea[name="body"]')
  await page.locator('[name="name"]').fill('Brand')
  await source.fill('<h1>{{ SiteName }}</h1>\n<p>{{ .Contact.FirstName</p>')
  await expect(page.getByTestId('preview-problem')).toContainText('Line 2')
  await expect(source).toHaveAttribute('aria-invalid', 'true')
  await examine(page, 'template-problem', false)

  await source.fill('<h1>{{ SiteName }}</h1>\n<script>document.title = "run"</script>\n')
  await expect(preview).toContainText('The text of the mail has no place in this layout')
  await page.getByRole('button', { name: 'Create layout' }).click()
  await expect(page.getByText('Put {{ template "content" . }} where')).toBeVisible()

  await source.press('Control+End')
  await page.getByTestId('insert-variable').click()
  await pick(page, 'text of the mail')
  await expect(source).toHaveValue(/\{\{ template "content" \. \}\}$/)
  await expect(frame.getByText('Best wishes, Ann')).toBeVisible()
  expect(await page.title()).not.toBe('run')
  await preview.getByRole('button', { name: 'Dark' }).click()
  await preview.getByRole('button', { name: 'Phone width' }).click()
  await examineLooks(page, 'template-new', false)
  await preview.getByRole('button', { name: 'Plain text' }).click()
  await expect(preview.locator('pre')).toContainText('Best wishes, Ann')

  // Unsaved changes are not lost by a slip.
  await page.getByRole('link', { name: 'Templates', exact: true }).first().click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('switch', { name: 'Use for all mail' }).click()
  await page.getByRole('button', { name: 'Create layout' }).click()
  const row = page.getByRole('row', { name: /Brand/ })
  await expect(row).toContainText('In use')

  await desk.api.post(base, { name: 'Winter', type: 'email_outgoing', body: '{{ template "content" . }}' })
  await page.reload()
  await page.getByRole('row', { name: /Winter/ }).getByTestId('row-menu').click()
  await page.getByRole('menuitem', { name: 'Use for all mail' }).click()
  await expect(page.getByRole('row', { name: /Winter/ })).toContainText('In use')
  await expect(row).not.toContainText('In use')
  await examine(page, 'templates')

  await row.getByTestId('row-menu').click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete layout' }).click()
  await expect(row).toBeHidden()
})

test('a notification is said in our own words, and goes back to the original', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('templates', dovecot, sink)
  await desk.api.post('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>hello</p>', contact_email: 'kim@customer.example', first_name: 'Kim', subject: 'A lamp <b>with</b> markup', initiator: 'contact',
  })
  await page.goto('/admin/templates?type=email_notification')
  await examine(page, 'templates-notifications')
  await page.getByRole('link', { name: 'Conversation assigned' }).click()
  await expect(page.getByText('Each agent gets it in their own language')).toBeVisible()
  await expect(page.getByTestId('preview-subject')).toContainText('The lamp arrived broken')
  await page.locator('[name="subject"]').fill('Yours: {{ .Conversation.Subject }}')
  await page.locator('textarea[name="body"]').fill('<p>Hello {{ .Recipient.FirstName }}</p>\n<p>{{ .Conversation.Subject }} {{ .MentionedBy.FullName }}</p>')
  const preview = page.getByTestId('template-preview')
  await expect(preview).toContainText('.MentionedBy.FullName, line 2')
  await page.getByTestId('preview-values').click()
  await pick(page, 'A lamp')
  await expect(page.getByTestId('preview-subject')).toContainText('Yours: A lamp <b>with</b> markup')
  await expect(preview.frameLocator('iframe').getByText('A lamp <b>with</b> markup')).toBeVisible()
  await examineLooks(page, 'template-edit', false)

  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Everybody gets this text')).toBeVisible()
  await page.getByTestId('reset-template').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Reset to original' }).click()
  await expect(page.locator('[name="subject"]')).toHaveValue(/Assigned to you/)
  await expect(page.getByTestId('reset-template')).toBeHidden()
})
