// Signatures: written with what is filled in, and seen as customers will read them.

import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

// The desk is shared with the specs after this one.
test.afterEach(async ({ desk }) => {
  await desk.api.put('/api/v1/agents/me/preferences', { signature: '' })
  await desk.api.speak('en-US')
})

test('a signature is written with names that are picked, and seen as it will be read', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const inbox = await desk.api.createInbox('signature', dovecot, sink, 'Kettle help')
  await page.goto('/account/profile')
  const field = page.getByTestId('signature')
  const preview = page.getByTestId('signature-preview')
  await field.getByRole('textbox').click()
  await page.keyboard.type('Kind regards, ')
  await page.getByTestId('signature-variable').click()
  await page.getByRole('option', { name: /first name/ }).click()
  await expect(field.getByRole('textbox')).toHaveText('Kind regards, {{ .Agent.FirstName }}')
  await expect(preview.locator('iframe').contentFrame().getByText('Kind regards, System')).toBeVisible()
  await preview.scrollIntoViewIfNeeded()
  await examineLooks(page, 'signature-own')
  await page.getByTestId('save-signature').click() // it stays where it is when the text loses the focus
  await expect(page.getByText('Signature saved')).toBeVisible()

  await page.goto(`/admin/inboxes/${inbox}/edit`)
  await expect(preview).toHaveCount(0)
  await field.getByRole('textbox').click()
  await page.keyboard.type('{{ .Inbox.Name }} · 12 High Street')
  const shown = preview.locator('iframe').contentFrame()
  await expect(shown.getByText('Kettle help · 12 High Street')).toBeVisible()
  await expect(shown.getByText('Kind regards, System')).toBeVisible() // the agent's own stands above
  await preview.scrollIntoViewIfNeeded()
  await examineLooks(page, 'signature-inbox')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible()

  await desk.api.speak('fa-IR')
  await page.reload()
  await expect(shown.getByText('Kettle help · 12 High Street')).toBeVisible()
  await preview.scrollIntoViewIfNeeded()
  await examine(page, 'signature-inbox-fa-IR')
})
