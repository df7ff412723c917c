// Two agents in one conversation: they see each other, nobody replies twice, and what was written outlives everything.

import type { Browser, Page } from '@playwright/test'
import type { Desk } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { until } from '../support/mailserver.ts'

const leo = { first_name: 'Leo', last_name: 'Park', email: 'leo.park@example.com', new_password: 'Correct-horse-7-battery' }

test.describe.configure({ timeout: 300_000 })

/** A conversation with a customer's question; an inbox of its own, on the mail servers of the worker. */
async function ask(desk: Desk, inbox: number, subject: string): Promise<string> {
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'dana@customer.example', first_name: 'Dana', subject, content: '<p>Where is my parcel?</p>', initiator: 'contact',
  })
  return uuid
}

async function signInAs(browser: Browser, desk: Desk, person: { email: string; new_password: string }): Promise<Page> {
  const page = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await page.goto('/')
  await page.locator('#email').fill(person.email)
  await page.locator('#password').fill(person.new_password)
  await page.locator('#password').press('Enter')
  await expect(page).toHaveURL(/\/inboxes\//)
  await page.evaluate(async () => {
    const token = /csrf_token=([^;]*)/.exec(document.cookie)?.[1] ?? ''
    await fetch('/api/v1/agents/me/preferences', { method: 'PUT', headers: { 'Content-Type': 'application/json', 'X-CSRFTOKEN': token }, body: '{"undo_send_seconds":0}' })
  })
  return page
}

async function write(page: Page, text: string): Promise<void> {
  await page.keyboard.press('r')
  await expect(page.getByTestId('composer-editor')).toBeFocused()
  await page.keyboard.type(text)
}

/** What is seen only while somebody types, and not for long after. */
async function whileTyping(page: Page, seen: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await page.keyboard.type('x')
    await page.keyboard.press('Backspace')
    await seen()
  }).toPass()
}

test('two agents see each other and only one of two replies leaves unread', async ({ browser, desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('collision', dovecot, sink)
  const uuid = await ask(desk, inbox, 'Where is parcel 1?')
  const { id } = await desk.api.post<{ id: number }>('/api/v1/agents', { ...leo, roles: ['Agent'] })
  const theirs = await signInAs(browser, desk, leo)

  // Leo opens it: seen in the header and on the row.
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await expect(page.getByTestId('presence')).toBeEmpty()
  await theirs.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('presence')).toContainText('Leo Park is viewing')
  await expect(page.getByTestId('conversation-row').filter({ hasText: 'parcel 1' }).getByTestId('row-presence')).toBeVisible()

  // Both write; each is warned of the other.
  await write(theirs, 'It left on Monday.')
  await whileTyping(theirs, () => expect(page.getByTestId('presence')).toContainText('Leo Park is writing a reply', { timeout: 1_000 }))
  await write(page, 'It is on its way.')
  await theirs.keyboard.type(' By post.')
  await whileTyping(theirs, () => expect(page.getByTestId('composer-lock')).toContainText('Leo Park', { timeout: 1_000 }))
  await examineLooks(page, 'presence', false)

  // Both send at once: the network keeps back what would have told the second of the first.
  await page.evaluate(() => {
    // What arrives by the socket would lead to the dialog before sending; this is the race in which it comes too late.
    const before = window.fetch
    window.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
      if (String(input).includes('/messages') && (init?.method ?? 'GET') === 'GET') return await new Promise<Response>(() => {})
      return await before(input, init)
    }) as typeof fetch
  })
  await theirs.keyboard.press('Control+Enter')
  await expect(theirs.locator('[data-testid="message"][data-type="outgoing"]')).toHaveAttribute('data-status', 'sent')
  await page.getByTestId('composer-editor').click()
  await page.keyboard.press('Control+Enter')
  const collision = page.getByTestId('collision')
  await expect(collision).toContainText('1 message came in between')
  await expect(collision).toContainText('It left on Monday. By post.')
  await examineLooks(page, 'collision', false)
  expect((await desk.api.messages(uuid)).filter((m) => m.type === 'outgoing')).toHaveLength(1)

  // Back into the composer, changed, and sent: now it is known what came.
  await page.getByTestId('collision-edit').click()
  await expect(page.getByTestId('composer-editor')).toContainText('It is on its way.')
  await page.keyboard.press('Control+Enter')
  const anyway = page.getByRole('alertdialog').getByRole('button', { name: 'Send anyway' })
  await until('both replies to be stored', async () => {
    if (await anyway.isVisible()) await anyway.click()
    return (await desk.api.messages(uuid)).filter((m) => m.type === 'outgoing').length === 2
  })

  // Who closes the window is gone.
  await theirs.context().close()
  await expect(page.getByTestId('presence')).toBeEmpty()
  await desk.api.delete(`/api/v1/agents/${id}`)
})

test('a draft is at hand in the other window, and one that was changed in both is a choice', async ({ context, desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('drafts', dovecot, sink)
  const uuid = await ask(desk, inbox, 'Where is parcel 2?')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  const other = await context.newPage()
  await other.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(other.getByTestId('message')).toBeVisible()

  await write(page, 'Written here')
  await expect(other.getByTestId('composer-editor')).toContainText('Written here')
  await expect(page.getByTestId('composer')).toContainText('Saved')

  // Both write without hearing of each other for a while: nothing is overwritten.
  await other.route('**/draft', (route) => route.abort())
  await other.getByTestId('composer-editor').click()
  await other.keyboard.press('End')
  await other.keyboard.type(', and there')
  await page.keyboard.type(', and more here')
  await expect(page.getByTestId('composer')).toContainText('Saved')
  await other.unroute('**/draft')
  await expect(other.getByTestId('other-draft')).toContainText('Written here, and more here')
  await expect(other.getByTestId('composer-editor')).toContainText('Written here, and there')
  await examineLooks(other, 'draft-conflict', false)
  await other.getByTestId('draft-mine').click()
  await expect(other.getByTestId('other-draft')).toHaveCount(0)
  await until('the kept version to be stored', async () =>
    (await desk.api.get<{ conversation_uuid: string; content: string }[]>('/api/v1/drafts')).some((d) => d.conversation_uuid === uuid && d.content.includes('and there')))
  await desk.api.delete(`/api/v1/conversations/${uuid}/draft`)
  await other.close()
})

test('recipients that were changed stay, and after a reply comes what the agent likes', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('habits', dovecot, sink)
  const [first, second] = [await ask(desk, inbox, 'Where is parcel 3?'), await ask(desk, inbox, 'Where is parcel 4?')]
  await page.goto(`/inboxes/all/conversation/${first}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await write(page, 'Here it is')
  await page.getByTestId('composer-recipients').click()
  await page.locator('#composer-cc').fill('f@x.example')
  await page.locator('#composer-cc').press('Enter')
  await expect(page.getByTestId('composer')).toContainText('f@x.example')
  await desk.api.post(`/api/v1/conversations/${first}/messages`, { message: '<p>a note</p>', private: true, sender_type: 'agent' })
  await expect(page.getByTestId('message')).toHaveCount(2)
  await expect(page.getByTestId('composer')).toContainText('f@x.example')
  await page.goto(`/inboxes/all/conversation/${second}`)
  await page.goto(`/inboxes/all/conversation/${first}`)
  await expect(page.getByTestId('composer-editor')).toContainText('Here it is')
  await page.getByTestId('composer-recipients').click()
  await expect(page.getByTestId('composer')).toContainText('f@x.example')

  await page.goto('/account')
  const choice = page.getByTestId('after-send')
  await choice.click()
  await page.getByRole('option', { name: 'Go back to the list' }).click()
  await until('the choice to be kept', async () => (await desk.api.get<{ after_send: string }>('/api/v1/agents/me/preferences')).after_send === 'list')
  await page.goto(`/inboxes/all/conversation/${first}`)
  await page.getByTestId('composer-editor').click()
  await page.keyboard.press('Control+Enter')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Send anyway' }).click() // x.example is new here
  await expect(page).toHaveURL(/\/inboxes\/all$/)
  await until('the reply to be stored', async () => (await desk.api.messages(first)).some((m) => m.type === 'outgoing'))
  await desk.api.put('/api/v1/agents/me/preferences', { after_send: 'stay' })
})
