// What an agent has written outlives a reload and a change of mode.

import { addAgent, password } from '../support/agents.ts'
import { expect, signIn, test } from '../support/fixtures.ts'
import { examine } from '../support/look.ts'
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

test('what a draft said before is brought back on a phone, where the language of the customer is checked', async ({ desk, dovecot, sink, browser }) => {
  const inbox = await desk.api.createInbox('versions', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'vico@customer.example', first_name: 'Vico', subject: 'Eine Lampe', content: '<p>Es ist dunkel.</p>', initiator: 'contact',
  })
  await desk.api.put(`/api/v1/conversations/${uuid}/contacts/custom-attributes`, { language: 'de' })
  const context = await browser.newContext({ baseURL: desk.url, hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } })
  const page = await context.newPage()
  await signIn(page)
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  const editor = page.getByTestId('composer-editor')
  const kept = (text: string) => until('the draft to be kept', async () =>
    (await desk.api.get<Draft[]>('/api/v1/drafts')).some((d) => d.conversation_uuid === uuid && d.content.includes(text)))
  await editor.click()
  await expect(editor).toHaveAttribute('spellcheck', 'true')
  await expect(editor).toHaveAttribute('lang', 'de')
  await page.keyboard.type('Die erste Antwort')
  await kept('Die erste Antwort')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('Etwas anderes')
  await kept('Etwas anderes')
  await page.getByTestId('draft-versions').click()
  await expect(page.getByTestId('draft-version')).toHaveText([/Die erste Antwort/])
  await examine(page, 'draft-versions-touch')
  await page.getByTestId('draft-version').click()
  await expect(editor).toHaveText('Die erste Antwort')
  await examine(page, 'composer-touch')
  await desk.api.delete(`/api/v1/conversations/${uuid}/draft`)
  await context.close()
})

test('a tag is given from the reply box by name, and the reply goes on', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('tag-in-reply', dovecot, sink)
  await desk.api.post('/api/v1/tags', { name: 'glassware' })
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'tara@customer.example', first_name: 'Tara', subject: 'Six glasses', content: '<p>One is broken.</p>', initiator: 'contact',
  })
  const tags = async (): Promise<string[]> => (await desk.api.get<{ tags: string[] | null }>(`/api/v1/conversations/${uuid}`)).tags ?? []
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  const editor = page.getByTestId('composer-editor')
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await page.keyboard.type('A new one ')
  await page.keyboard.press('Control+k')
  const bar = page.getByTestId('command-bar')
  await bar.getByRole('textbox').fill('glassware')
  await expect(bar.getByRole('option').first()).toContainText('Add tag glassware')
  await page.keyboard.press('Enter')
  await expect.poll(tags).toEqual(['glassware'])
  await expect(editor).toBeFocused()
  await page.keyboard.type('is on its way.')
  await expect(editor).toHaveText('A new one is on its way.')
  await editor.fill('')
  await page.keyboard.press('Escape')
})
