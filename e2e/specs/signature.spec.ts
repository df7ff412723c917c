// Signatures: written with what is filled in, and seen as customers will read them.

import PostalMime from 'postal-mime'
import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'
import { until } from '../support/mailserver.ts'

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
  // The built-in user is nobody to a customer.
  await expect(preview.locator('iframe').contentFrame().getByText(/^Kind regards,\s*$/)).toBeVisible()
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
  await expect(shown.getByText(/^Kind regards,\s*$/)).toBeVisible() // the agent's own stands above
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

test('the reply box shows the signature as it will be sent, and leaves it out of one reply', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const inbox = await desk.api.createInbox('signed', dovecot, sink)
  await desk.api.put('/api/v1/agents/me/preferences', { undo_send_seconds: 0 })
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'sign@customer.example', first_name: 'Sina', subject: 'Signed or not', content: '<p>Who are you?</p>', initiator: 'contact',
  })
  const editor = page.getByTestId('composer-editor')
  const signature = page.getByTestId('composer-signature')
  const toggle = page.getByTestId('composer-signature-toggle')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await expect(toggle).toHaveCount(0) // nothing is said of what there is not
  await expect(signature).toHaveCount(0)

  await desk.api.put('/api/v1/agents/me/preferences', { signature: '<p>Kind regards,<br>{{ .Agent.FirstName }}</p>' })
  await page.reload()
  await expect(page.getByTestId('message')).toBeVisible()
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await page.keyboard.type('Nobody in particular')
  await expect(signature.locator('iframe').contentFrame().locator('body')).toHaveText(/^\s*Kind regards,\s*$/)
  await examineLooks(page, 'composer-signature')
  await page.getByTestId('composer-tab-note').click()
  await expect(toggle).toHaveCount(0)
  await page.getByTestId('composer-tab-reply').click()
  await toggle.click()
  await expect(signature).toHaveCount(0)
  await until('the choice to be kept', async () => {
    const drafts = await desk.api.get<{ conversation_uuid: string; meta: { unsigned?: boolean } }[]>('/api/v1/drafts')
    return drafts.some((draft) => draft.conversation_uuid === uuid && draft.meta.unsigned === true)
  })
  await page.reload()
  await expect(editor).toHaveText('Nobody in particular')
  await expect(signature).toHaveCount(0)
  const before = sink.mails().length
  await editor.click()
  await page.keyboard.press('Control+Enter')
  expect((await PostalMime.parse((await sink.mailTo('sign@customer.example', before)).raw)).html).not.toContain('Kind regards')

  // The next one is signed again.
  const next = sink.mails().length
  await expect(editor).not.toBeFocused()
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await expect(signature).toBeVisible()
  await page.keyboard.type('But I sign this')
  await page.keyboard.press('Control+Enter')
  expect((await PostalMime.parse((await sink.mailTo('sign@customer.example', next)).raw)).html).toContain('Kind regards,<br>')
})
