// What an agent has written outlives a reload and a change of mode.

import { addAgent, password } from '../support/agents.ts'
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

test('who is named in a note that was kept as a draft is told when it is sent after a reload', async ({ desk, dovecot, sink, signedIn: page, browser }) => {
  const inbox = await desk.api.createInbox('named', dovecot, sink)
  const email = await addAgent(desk.api, 'Leo')
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'mia@customer.example', first_name: 'Mia', subject: 'A shade', content: '<p>It is torn.</p>', initiator: 'contact',
  })
  const editor = page.getByTestId('composer-editor')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await page.keyboard.press('n')
  await expect(editor).toBeFocused()
  await page.keyboard.type('Please look, @Leo')
  await expect(page.getByRole('option', { name: 'Leo' }).first()).toBeVisible()
  await page.keyboard.press('Enter')
  await until('the note to be kept', async () =>
    (await desk.api.get<Draft[]>('/api/v1/drafts')).some((d) => d.conversation_uuid === uuid && d.content.includes('data-type="mention"')))
  await page.reload()
  await expect(editor).toContainText('@Leo')
  await editor.click()
  await page.keyboard.press('Control+Enter')

  const context = await browser.newContext({ baseURL: desk.url })
  const leo = await context.newPage()
  await leo.goto('/')
  await leo.locator('#email').fill(email)
  await leo.locator('#password').fill(password)
  await leo.locator('#password').press('Enter')
  await leo.getByTestId('bell').click()
  await leo.getByTestId('notification').filter({ hasText: 'mentioned you' }).click()
  await expect(leo).toHaveURL(new RegExp(`/inboxes/mentioned/conversation/${uuid}\\?scrollTo=`))
  await expect(leo.getByTestId('message').last().frameLocator('iframe').getByText('Please look')).toBeVisible()
  await context.close()
})
