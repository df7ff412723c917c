// What an agent has written outlives a reload and a change of mode.

import { expect, test } from '../support/fixtures.ts'
import { until } from '../support/mailserver.ts'

interface Draft {
  conversation_uuid: string
  type: string
  content: string
}

test('a reply and a note are kept apart, and sending one leaves the other', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('kept', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'dana@customer.example', first_name: 'Dana', subject: 'A lamp', content: '<p>It is dark.</p>', initiator: 'contact',
  })
  const kept = (type: string, text: string) => until(`the ${type} to be kept`, async () =>
    (await desk.api.get<Draft[]>('/api/v1/drafts')).some((d) => d.conversation_uuid === uuid && d.type === type && d.content.includes(text)))
  const editor = page.getByTestId('composer-editor')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await page.keyboard.type('An answer')
  await page.getByTestId('composer-tab-note').click()
  await expect(editor).toBeFocused()
  await page.keyboard.type('A remark')
  await kept('reply', 'An answer')
  await kept('private_note', 'A remark')

  await page.reload()
  await expect(editor).toContainText('An answer')
  await expect(page.getByTestId('conversation-row').filter({ hasText: 'A lamp' }).getByRole('img', { name: 'You have a draft' })).toBeVisible()
  await page.getByTestId('composer-tab-note').click()
  await expect(editor).toContainText('A remark')
  await editor.click()
  await page.keyboard.press('Control+Enter')
  await until('only the draft of the reply to be left', async () => {
    const types = (await desk.api.get<Draft[]>('/api/v1/drafts')).filter((d) => d.conversation_uuid === uuid).map((d) => d.type)
    return types.join() === 'reply'
  })
  await desk.api.delete(`/api/v1/conversations/${uuid}/draft`)
})
