// Work that spans browsers: a draft follows its agent, a mention reaches a colleague, a reply outlives a lost connection.

import type { Page } from '@playwright/test'
import { addAgent, signInAs } from '../support/agents.ts'
import type { Desk } from '../support/desk.ts'
import { expect, goBy, goOffline, signIn, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { until } from '../support/mailserver.ts'

async function ask(desk: Desk, inbox: number, subject: string): Promise<string> {
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'dana@customer.example', first_name: 'Dana', subject, content: '<p>Where is my parcel?</p>', initiator: 'contact',
  })
  return uuid
}

const editor = (page: Page) => page.getByTestId('composer-editor')
const outgoing = (page: Page) => page.locator('[data-testid="message"][data-type="outgoing"][data-private="false"]')

async function open(page: Page, uuid: string): Promise<void> {
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message').first()).toBeVisible()
}

async function write(page: Page, key: 'r' | 'n', text: string): Promise<void> {
  await page.keyboard.press(key)
  await expect(editor(page)).toBeFocused()
  await page.keyboard.type(text)
}

test('a draft follows its agent to another browser, with its recipients, and is gone from both once it is sent', async ({ desk, dovecot, sink, browser, signedIn: page }) => {
  const uuid = await ask(desk, await desk.api.createInbox('follows', dovecot, sink), 'A draft that travels')
  const there = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await signIn(there)
  await open(there, uuid)
  await open(page, uuid)
  await write(page, 'r', 'Begun at the office')
  await page.getByTestId('composer-recipients').click()
  await page.locator('#composer-cc').fill('colleague@customer.example')
  await page.locator('#composer-cc').press('Enter')
  await expect(editor(there)).toContainText('Begun at the office')
  await expect(there.getByTestId('composer-recipients')).toContainText('1 other')
  await editor(there).click()
  await there.keyboard.press('Control+End')
  await there.keyboard.type(', finished at home')
  await expect(editor(page)).toContainText('Begun at the office, finished at home')
  await there.keyboard.press('Control+Enter')
  await expect(outgoing(there)).toHaveAttribute('data-status', 'sent')
  await expect(outgoing(page)).toHaveAttribute('data-status', 'sent')
  await expect(editor(page)).not.toContainText('Begun')
  const mail = await sink.mailTo('colleague@customer.example')
  expect(mail.to.sort()).toEqual(['colleague@customer.example', 'dana@customer.example'])
  await there.context().close()
})

test('a colleague who is mentioned in a note is told of it, and finds it among the mentions', async ({ desk, dovecot, sink, browser, signedIn: page }) => {
  const uuid = await ask(desk, await desk.api.createInbox('mentions', dovecot, sink), 'Somebody has to look')
  const email = await addAgent(desk.api, 'Quinn')
  const there = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await signInAs(there, email)
  await expect(there.getByTestId('bell')).toBeVisible()

  await open(page, uuid)
  await write(page, 'n', 'Could you look at this, @Qui')
  await expect(page.getByRole('option', { name: /Quinn/ })).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(editor(page).locator('[data-type="mention"]')).toContainText('Quinn')
  await page.keyboard.type('please?')
  await page.keyboard.press('Control+Enter')

  await expect(there.getByTestId('bell-badge')).toHaveText('1')
  await goBy(there, 'g m', /\/inboxes\/mentioned/)
  await there.getByTestId('conversation-row').filter({ hasText: 'Somebody has to look' }).click()
  const note = there.getByTestId('message').last()
  await expect(note.locator('iframe').contentFrame().getByText('Quinn')).toBeVisible()
  await expect(note).toBeInViewport()
  await examineLooks(there, 'mentioned')
  await there.context().close()
})

test('a reply that finds no connection waits, says so, and leaves once there is one', async ({ desk, dovecot, sink, signedIn: page }) => {
  const uuid = await ask(desk, await desk.api.createInbox('tunnel', dovecot, sink), 'Written in a tunnel')
  await open(page, uuid)
  await goOffline(page)
  await write(page, 'r', 'From the train.')
  await page.keyboard.press('Control+Enter')
  await expect(outgoing(page)).toContainText('It is sent as soon as there is one.')
  await examineLooks(page, 'waiting-for-connection', false)
  await page.context().setOffline(false)
  await expect(outgoing(page)).toHaveAttribute('data-status', 'sent')
  expect((await desk.api.messages(uuid)).filter((m) => m.type === 'outgoing')).toHaveLength(1)
})

test('a reply that a single request lost is tried again by itself, and at once when asked', async ({ desk, dovecot, sink, signedIn: page }) => {
  const uuid = await ask(desk, await desk.api.createInbox('stumble', dovecot, sink), 'The desk stands all the time')
  const posts = `**/conversations/${uuid}/messages`
  const cut = () => page.route(posts, (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()))
  await open(page, uuid)
  for (const [text, asked] of [['By itself.', false], ['When asked.', true]] as const) {
    await cut()
    await write(page, 'r', text)
    await page.keyboard.press('Control+Enter')
    await expect(outgoing(page).last()).toContainText('It is sent as soon as there is one.')
    await page.unroute(posts)
    if (asked) await outgoing(page).last().getByTestId('message-now').click()
    await expect(outgoing(page).last()).toHaveAttribute('data-status', 'sent')
  }
  expect((await desk.api.messages(uuid)).filter((m) => m.type === 'outgoing')).toHaveLength(2)
})

test('a reply that waited when its tab was closed leaves from the next, once', async ({ desk, dovecot, sink, signedIn: page }) => {
  const uuid = await ask(desk, await desk.api.createInbox('closed', dovecot, sink), 'A tab is closed')
  const context = page.context()
  const posts = `**/conversations/${uuid}/messages`
  await open(page, uuid)
  await context.route(posts, (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()))
  await write(page, 'r', 'It will arrive.')
  await page.keyboard.press('Control+Enter')
  await expect(outgoing(page)).toContainText('It is sent as soon as there is one.')
  await page.close()
  await context.unroute(posts)

  const next = await context.newPage()
  await next.goto('/inboxes/all')
  await until('the reply to be sent', async () => (await desk.api.messages(uuid)).some((m) => m.type === 'outgoing' && m.status === 'sent'))
  expect((await desk.api.messages(uuid)).filter((m) => m.type === 'outgoing')).toHaveLength(1)
  await next.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(outgoing(next)).toHaveCount(1)
  await expect(editor(next)).not.toContainText('It will arrive')
})

test('the tabs of an agent share one connection, and are seen and told as if each had its own', async ({ desk, dovecot, sink, browser, page }) => {
  const inbox = await desk.api.createInbox('tabs', dovecot, sink)
  const [first, second] = [await ask(desk, inbox, 'In the first tab'), await ask(desk, inbox, 'In the second tab')]
  await page.context().addInitScript(() => {
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL) {
        super(url)
        document.documentElement.dataset.socket = 'its own'
      }
    }
  })
  await signIn(page)
  const tab = await page.context().newPage()
  await open(page, first)
  await open(tab, second)
  const there = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await signInAs(there, await addAgent(desk.api, 'Tabea'))
  await expect(there.getByTestId('bell')).toBeVisible()
  const told = async (uuid: string, message: string): Promise<void> => {
    await desk.api.post(`/api/v1/conversations/${uuid}/messages`, { message: `<p>${message}</p>`, sender_type: 'agent', private: true })
  }

  // Both are where the agent is seen; each hears of its conversation.
  for (const [uuid, here] of [[first, page], [second, tab]] as const) {
    await open(there, uuid)
    await expect(there.getByTestId('presence')).toContainText('System')
    await expect(here.getByTestId('presence')).toContainText('Tabea')
    await told(uuid, 'A note for this tab')
    await expect(here.getByTestId('message')).toHaveCount(2)
  }
  const { targetInfos } = await (await browser.newBrowserCDPSession()).send('Target.getTargets')
  expect(targetInfos.filter(({ type }) => type === 'shared_worker')).toHaveLength(2) // of System's browser and of Tabea's

  // One that is left is not seen any more; the other goes on, and a third hears where it begins.
  await tab.close()
  await expect(there.getByTestId('presence')).toBeEmpty()
  await told(first, 'Another note')
  await expect(page.getByTestId('message')).toHaveCount(3)
  const third = await page.context().newPage()
  await open(third, first)
  await told(first, 'One more')
  for (const here of [page, third]) {
    await expect(here.getByTestId('message')).toHaveCount(4)
    await expect(here.locator('html')).not.toHaveAttribute('data-socket')
  }
  await page.close()
  await told(first, 'And one after the first was closed')
  await expect(third.getByTestId('message')).toHaveCount(5)
  await there.context().close()
})
