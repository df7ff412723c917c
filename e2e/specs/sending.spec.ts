// What happens between "Send" and the mail: undone, scheduled, forwarded, refused by the network.

import type { Page } from '@playwright/test'
import type { Desk } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { messageID } from '../support/mails.ts'
import { until } from '../support/mailserver.ts'

test.describe.configure({ timeout: 300_000 })

test.afterEach(async ({ desk }) => {
  await desk.api.put('/api/v1/agents/me/preferences', { undo_send_seconds: 0, after_send: 'stay' })
})

async function ask(desk: Desk, inbox: number, subject: string): Promise<string> {
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'dana@customer.example', first_name: 'Dana', subject, content: '<p>Where is my parcel?</p>', initiator: 'contact',
  })
  return uuid
}

async function write(page: Page, text: string): Promise<void> {
  await page.keyboard.press('r')
  await expect(page.getByTestId('composer-editor')).toBeFocused()
  await page.keyboard.type(text)
}

const outgoing = (page: Page) => page.locator('[data-testid="message"][data-type="outgoing"][data-private="false"]')

test('a reply is begun by its key before the conversation is there', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('early', dovecot, sink)
  const uuid = await ask(desk, inbox, 'Slow to come')
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => (answer = resolve))
  await page.route(`**/api/v1/conversations/${uuid}`, async (route) => {
    await asked
    await route.continue()
  })
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByLabel('Loading the conversation')).toBeVisible()
  await page.keyboard.press('r')
  answer()
  await expect(page.getByTestId('composer-editor')).toBeFocused()
})

test('a reply is undone before it leaves, and leaves when the tab is closed', async ({ context, desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('undo', dovecot, sink)
  const uuid = await ask(desk, inbox, 'Undo me')
  await desk.api.put('/api/v1/agents/me/preferences', { undo_send_seconds: 30 })
  await page.reload()
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await write(page, 'Sent too early')
  await page.keyboard.press('Control+Shift+Enter')
  const held = page.getByTestId('held')
  await expect(held).toContainText('Sends in')
  await expect(held).toContainText('then Resolved')
  await expect(outgoing(page)).toHaveCount(1)
  await page.getByTestId('held-undo').click()
  await expect(page.getByTestId('composer-editor')).toContainText('Sent too early')
  await expect(page.getByTestId('composer-editor')).toBeFocused()
  await expect(outgoing(page)).toHaveCount(0)
  expect((await desk.api.messages(uuid)).filter((m) => m.type === 'outgoing')).toHaveLength(0)

  // Again, and the window is closed during the countdown.
  await desk.api.put('/api/v1/agents/me/preferences', { undo_send_seconds: 12 })
  await page.keyboard.press('End')
  await page.keyboard.type(', now right')
  await page.keyboard.press('Control+Enter')
  await expect(held).toContainText('Sends in')
  await examineLooks(page, 'held-undo')
  const other = await context.newPage()
  await page.close()
  await until('the reply to leave', async () => (await desk.api.messages(uuid)).some((m) => m.type === 'outgoing' && m.status === 'sent'))
  await other.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(outgoing(other)).toHaveCount(1)
  await expect(outgoing(other)).toHaveAttribute('data-status', 'sent')
  await expect(other.getByTestId('held')).toHaveCount(0)
  await expect(other.getByTestId('composer-editor')).not.toContainText('now right')
})

test('a reply is scheduled, moved, edited, and sent before its time', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('later', dovecot, sink)
  const uuid = await ask(desk, inbox, 'Later')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await write(page, 'Any news tomorrow?')
  await page.getByTestId('composer-send-menu').click()
  await expect(page.getByTestId('send-tomorrow')).toBeVisible()
  await examineLooks(page, 'send-menu', false)
  await page.getByTestId('send-tomorrow').click()
  const held = page.getByTestId('held')
  await expect(held).toHaveAttribute('data-kind', 'scheduled')
  await expect(held).toContainText('9:00')
  await examineLooks(page, 'held-scheduled')
  await page.getByTestId('held-move').click()
  await page.locator('[name="send_at"]').fill('2020-01-01T09:00')
  await expect(page.getByText('This time is over.')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByTestId('held-edit').click()
  await expect(page.getByTestId('composer-editor')).toContainText('Any news tomorrow?')
  await expect(held).toHaveCount(0)
  await page.getByTestId('composer-send-menu').click()
  await page.getByTestId('send-1h').click()
  await page.getByTestId('held-send').click()
  await expect(outgoing(page)).toHaveAttribute('data-status', 'sent')
  await expect(outgoing(page)).toHaveCount(1)
})

test('a failed reply stays with its conversation, and its text with it, when the agent has moved on', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('switch', dovecot, sink)
  const first = await ask(desk, inbox, 'Switch one')
  const second = await ask(desk, inbox, 'Switch two')
  let stumble = (): void => {}
  const moved = new Promise<void>((resolve) => (stumble = resolve))
  await page.route(`**/conversations/${first}/messages`, async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    await moved
    return route.fulfill({ status: 500, json: { status: 'error', message: 'The desk stumbled', error_type: 'GeneralException' } })
  })
  await page.goto(`/inboxes/all/conversation/${first}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await write(page, 'Only for the first')
  await expect(page.getByTestId('composer')).toContainText('Saved')
  await page.keyboard.press('Control+Shift+Enter')
  await expect(outgoing(page)).toHaveCount(1) // at once
  await page.getByTestId('conversation-row').filter({ hasText: 'Switch two' }).click()
  await expect(page).toHaveURL(new RegExp(second))
  await expect(page.getByTestId('conversation-header')).toContainText('Switch two')
  await expect(page.getByTestId('composer')).toBeVisible()
  await write(page, 'Mine')
  await expect(page.getByTestId('composer-editor')).toHaveText('Mine')
  const refusal = page.waitForResponse((response) => response.status() === 500)
  stumble()
  await refusal
  await expect(page.getByTestId('composer-editor')).toHaveText('Mine')
  await page.getByTestId('conversation-row').filter({ hasText: 'Switch one' }).click()
  await expect(outgoing(page)).toHaveAttribute('data-status', 'failed')
  await expect(outgoing(page)).toContainText('The desk stumbled')
  const drafts = await desk.api.get<{ conversation_uuid: string; content: string }[]>('/api/v1/drafts')
  expect(drafts.find((d) => d.conversation_uuid === first)?.content).toContain('Only for the first')
  expect((await desk.api.get<{ status: string }>(`/api/v1/conversations/${first}`)).status).toBe('Open')
  await page.unroute(`**/conversations/${first}/messages`)
  await page.getByTestId('message-retry').click()
  await expect(outgoing(page)).toHaveCount(1)
  await until('the status to follow', async () => (await desk.api.get<{ status: string }>(`/api/v1/conversations/${first}`)).status === 'Resolved')
  expect((await desk.api.get<{ status: string }>(`/api/v1/conversations/${second}`)).status).toBe('Open')
  expect((await desk.api.messages(first)).filter((m) => m.type === 'outgoing')).toHaveLength(1)
  await desk.api.delete(`/api/v1/conversations/${second}/draft`)
})

test('what was chosen as recipients stays, and a domain that is new is asked about', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('recipients', dovecot, sink)
  const uuid = await ask(desk, inbox, 'Recipients')
  const elsewhere = await ask(desk, inbox, 'Elsewhere')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await page.getByTestId('composer-recipients').click()
  await page.getByTestId('composer-cc').fill('f@x.example')
  await page.getByTestId('composer-cc').press('Enter')
  await page.getByTestId('composer-editor').click()
  await page.keyboard.type('Hello')
  await expect(page.getByTestId('composer')).toContainText('Saved')
  await dovecot.deliver('recipients', Buffer.from([
    'From: Dana <dana@customer.example>', `To: Support <recipients+conv-${uuid}@desk.example>`, 'Subject: Re: Recipients', `Message-ID: ${messageID()}`,
    `Date: ${new Date().toUTCString()}`, 'Content-Type: text/plain', '', 'One more thing', '',
  ].join('\r\n')))
  await expect(page.getByTestId('message')).toHaveCount(2)
  await expect(page.getByTestId('chip-cc')).toHaveText('f@x.example')
  await page.getByTestId('conversation-row').filter({ hasText: 'Elsewhere' }).click()
  await expect(page).toHaveURL(new RegExp(elsewhere))
  await page.getByTestId('conversation-row').filter({ hasText: 'Recipients' }).click()
  await expect(page.getByTestId('composer-recipients')).toContainText('1 other')
  await page.getByTestId('composer-editor').click()
  await page.keyboard.press('Control+Enter')
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('x.example is new in this conversation')
  await question.getByRole('button', { name: 'Send anyway' }).click()
  await expect(question).toContainText('1 new message since you started')
  await question.getByRole('button', { name: 'Send anyway' }).click()
  await expect(outgoing(page)).toHaveAttribute('data-status', 'sent')
  expect((await desk.api.messages(uuid)).filter((m) => m.type === 'outgoing')).toHaveLength(1)
})

test('an inbox asks for tags before a reply leaves in a conversation that has none', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('tagged', dovecot, sink, 'Tagged')
  const settings = await desk.api.get<Record<string, unknown>>(`/api/v1/inboxes/${inbox}`)
  await desk.api.put(`/api/v1/inboxes/${inbox}`, { ...settings, prompt_tags_on_reply: true })
  const tag = await desk.api.post<{ id: number }>('/api/v1/tags', { name: 'parcel' })
  const uuid = await ask(desk, inbox, 'Untagged')
  const known = Promise.all(['inboxes', 'tags'].map((list) => page.waitForResponse(`**/api/v1/${list}`)))
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await known
  await expect(page.getByTestId('message')).toBeVisible()
  await write(page, 'It is on its way')
  await expect(page.getByTestId('composer')).toContainText('Saved')
  await page.keyboard.press('Control+Enter')
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('This conversation has no tags')
  await expect(question.getByRole('button', { name: 'Send anyway' })).toBeFocused()
  await examineLooks(page, 'untagged')

  // Tags are picked on the spot, by keys alone, and the reply has the focus again.
  await page.keyboard.press('Shift+Tab')
  await expect(question.getByRole('button', { name: 'Add tags' })).toBeFocused()
  await page.keyboard.press('Enter')
  const filter = page.getByPlaceholder('Add or remove tags…')
  await expect(filter).toBeFocused()
  await page.keyboard.type('parcel')
  await expect(page.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await until('the tag', async () => (await desk.api.get<{ tags: string[] }>(`/api/v1/conversations/${uuid}`)).tags.includes('parcel'))
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('composer-editor')).toBeFocused()
  await page.keyboard.press('Control+Enter')
  await expect(outgoing(page)).toHaveAttribute('data-status', 'sent')
  await expect(question).toHaveCount(0)

  // Without tags it leaves all the same by one more key.
  const second = await ask(desk, inbox, 'Untagged too')
  await page.goto(`/inboxes/all/conversation/${second}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await write(page, 'No tag for you')
  await expect(page.getByTestId('composer')).toContainText('Saved')
  await page.keyboard.press('Control+Enter')
  await expect(question.getByRole('button', { name: 'Send anyway' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(outgoing(page)).toHaveAttribute('data-status', 'sent')
  expect((await desk.api.messages(second)).filter((m) => m.type === 'outgoing')).toHaveLength(1)
  await desk.api.delete(`/api/v1/tags/${tag.id}`)
})

test('a recipient is found among the contacts as one types, by keys alone', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('type-ahead', dovecot, sink)
  for (const name of ['Runa', 'Rune']) await desk.api.post('/api/v1/contacts', { email: `${name.toLowerCase()}@ahead.example`, first_name: name, last_name: 'Ahead' })
  const uuid = await ask(desk, inbox, 'Type ahead')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await page.getByTestId('composer-recipients').click()
  const cc = page.getByTestId('composer-cc')
  const offered = page.getByTestId('recipient-suggestion')
  await expect(async () => { // contacts are found once they are indexed
    await cc.fill('')
    await cc.pressSequentially('ahead')
    await expect(offered).toHaveCount(2, { timeout: 5_000 })
  }).toPass()
  await expect(offered.first()).toHaveAttribute('aria-selected', 'true')
  await cc.press('ArrowDown')
  await expect(offered.last()).toHaveAttribute('aria-selected', 'true')
  const chosen = (await offered.last().textContent())?.includes('Runa') ? 'runa@ahead.example' : 'rune@ahead.example'
  await examineLooks(page, 'recipient-suggestions', false)
  await cc.press('Enter')
  await expect(page.getByTestId('chip-cc')).toHaveText(chosen)
  await expect(cc).toBeFocused()
  await expect(cc).toHaveValue('')
  // Who is there is not offered again, and Escape leaves what was typed.
  await cc.pressSequentially('ahead')
  await expect(offered).toHaveCount(1)
  await expect(offered).not.toContainText(chosen)
  await cc.press('Escape')
  await expect(offered).toHaveCount(0)
  await expect(cc).toHaveValue('ahead')
  await cc.fill('')
  await cc.press('Backspace')
  await expect(page.getByTestId('chip-cc')).toHaveCount(0)
})

test('after a reply comes the next of the list, for who likes that, also when it resolves', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('next-one', dovecot, sink)
  const [third, second, first] = [await ask(desk, inbox, 'Next three'), await ask(desk, inbox, 'Next two'), await ask(desk, inbox, 'Next one')]
  await desk.api.put('/api/v1/agents/me/preferences', { after_send: 'next' })
  await page.goto('/inboxes/all')
  await page.getByTestId('conversation-row').filter({ hasText: 'Next one' }).getByRole('link').click()
  await expect(page).toHaveURL(new RegExp(first))
  await expect(page.getByTestId('composer')).toBeVisible()
  await write(page, 'The first answer')
  await page.keyboard.press('Control+Enter')
  await expect(page).toHaveURL(new RegExp(second))
  await expect(page.getByTestId('conversation-header')).toContainText('Next two')
  await expect(page.getByTestId('composer')).toBeVisible()
  await write(page, 'The second answer')
  await page.keyboard.press('Control+Shift+Enter')
  await expect(page).toHaveURL(new RegExp(third))
  await expect.poll(async () => (await desk.api.conversation(second)).status).toBe('Resolved')
  const texts = async (uuid: string): Promise<string[]> => (await desk.api.messages(uuid)).filter(({ type }) => type === 'outgoing').map(({ text_content: text }) => text.trim())
  await expect.poll(() => texts(first)).toEqual(['The first answer'])
  await expect.poll(() => texts(second)).toEqual(['The second answer'])
  expect(await texts(third)).toEqual([])
})
