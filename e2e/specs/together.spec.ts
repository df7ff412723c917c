// Work that spans browsers: a draft follows its agent, a mention reaches a colleague, a reply outlives a lost connection.

import type { Page } from '@playwright/test'
import { addAgent, signInAs } from '../support/agents.ts'
import type { Desk } from '../support/desk.ts'
import { expect, goBy, signIn, test } from '../support/fixtures.ts'
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
  await page.context().setOffline(true)
  await expect(page.getByText('You are offline')).toBeVisible()
  await write(page, 'r', 'From the train.')
  await page.keyboard.press('Control+Enter')
  await expect(outgoing(page)).toContainText('It is sent as soon as there is one.')
  await examineLooks(page, 'waiting-for-connection', false)
  await page.context().setOffline(false)
  await expect(outgoing(page)).toHaveAttribute('data-status', 'sent')
  expect((await desk.api.messages(uuid)).filter((m) => m.type === 'outgoing')).toHaveLength(1)
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
