// Rows that move: where they wait, where they flow in, what they say is unread, and where the focus goes.

import type { Page } from '@playwright/test'
import { addAgent, signInAs } from '../support/agents.ts'
import type { API, Desk } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

const rows = (page: Page) => page.getByTestId('conversation-row')

const begin = (api: API, inbox: number, subject: string, more: object = {}): Promise<{ uuid: string }> =>
  api.post('/api/v1/conversations', { inbox_id: inbox, content: `<p>About ${subject}</p>`, contact_email: 'rows@customer.example', first_name: 'Rosa', last_name: 'Quint', subject, initiator: 'contact', ...more })

const write = (desk: Desk, uuid: string, text: string): Promise<unknown> =>
  desk.api.post(`/api/v1/conversations/${uuid}/messages`, { message: `<p>${text}</p>`, sender_type: 'contact' })

/** Moves the mouse over the list again and again, as somebody does who is about to press. */
async function pointAt(page: Page): Promise<() => Promise<void>> {
  let going = true
  await page.mouse.move(410, 300)
  const loop = (async () => {
    for (let n = 0; going; n++) {
      await page.mouse.move(420 + (n % 2) * 3, 300)
      await page.waitForTimeout(100)
    }
  })()
  return async () => {
    going = false
    await loop
  }
}

test('new rows wait under a pointer and while the list is scrolled, and flow in otherwise', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('steady', dovecot, sink)
  for (let n = 0; n < 20; n++) await begin(desk.api, inbox, `Steady ${n}`)
  await page.goto('/inboxes/all')
  const first = rows(page).first()
  const pill = page.getByTestId('new-rows')
  await expect(first).toContainText('Steady 19')

  await test.step('what one takes back is there, and no news', async () => {
    await rows(page).nth(2).click()
    await expect(page.getByTestId('conversation-header')).toBeVisible()
    const uuid = await rows(page).nth(2).getAttribute('data-uuid')
    const stop = await pointAt(page)
    await page.keyboard.press('e')
    await expect(rows(page).nth(2)).not.toHaveAttribute('data-uuid', uuid!)
    await page.keyboard.press('z')
    await expect(page.locator(`[data-testid="conversation-row"][data-uuid="${uuid}"]`)).toBeVisible()
    await expect(pill).toHaveCount(0)
    await stop()
    await expect.poll(async () => (await desk.api.conversation(uuid!)).status).toBe('Open')
    await expect(pill).toHaveCount(0)
    await expect(page.getByTestId('announced-rows')).toBeEmpty()
  })

  await test.step('the mouse is elsewhere', async () => {
    await page.mouse.move(1200, 500)
    await begin(desk.api, inbox, 'Flows in')
    await expect(first).toContainText('Flows in')
    await expect(pill).toHaveCount(0)
  })

  await test.step('somebody points at a row', async () => {
    const stop = await pointAt(page)
    await begin(desk.api, inbox, 'Waits')
    await expect(pill).toHaveText('1 new')
    await expect(first).toContainText('Flows in')
    await examine(page, 'list-new-rows')
    await stop()
    const again = await pointAt(page)
    await begin(desk.api, inbox, 'Waits, too')
    await expect(pill).toBeVisible()
    await again()
    await pill.click()
    await expect(first).toContainText('Waits, too')
    await expect(pill).toHaveCount(0)
  })

  await test.step('a mouse that lies still, or leaves, lets them in', async () => {
    const stop = await pointAt(page)
    await begin(desk.api, inbox, 'Comes by itself')
    await expect(pill).toBeVisible()
    await stop()
    await expect(first).toContainText('Comes by itself')
    await expect(pill).toHaveCount(0)
    const again = await pointAt(page)
    await begin(desk.api, inbox, 'Comes as one leaves')
    await expect(pill).toBeVisible()
    await again()
    await page.mouse.move(1200, 500)
    await expect(first).toContainText('Comes as one leaves')
  })

  await test.step('the list is scrolled', async () => {
    await page.mouse.move(1200, 500)
    // The page hears of it with its next picture.
    await page.getByTestId('conversation-list').evaluate(async (list) => {
      list.scrollTo({ top: 300 })
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
    })
    await begin(desk.api, inbox, 'Above')
    await expect(pill).toHaveText('1 new')
    await pill.click()
    await expect(first).toContainText('Above')
  })
})

test('a row says how many messages are unread, for each agent; the mark is set and taken in the list and survives', async ({ desk, dovecot, sink, signedIn: page, browser }) => {
  const inbox = await desk.api.createInbox('unread', dovecot, sink)
  const few = await begin(desk.api, inbox, 'Few unread')
  const many = await begin(desk.api, inbox, 'Many unread')
  for (let n = 0; n < 11; n++) await write(desk, many.uuid, `And another thing, ${n}`)
  const email = await addAgent(desk.api, 'Unrea')
  const other = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await signInAs(other, email)
  await expect(other).toHaveURL(/\/inboxes\//)

  const row = (of: Page, subject: string) => rows(of).filter({ hasText: subject })
  const number = (of: Page, subject: string) => row(of, subject).getByTestId('row-unread')
  await page.goto('/inboxes/all')
  await expect(number(page, 'Many unread')).toHaveText('9+')
  await expect(number(page, 'Many unread')).toHaveAccessibleName('more than 9 unread messages')
  await expect(number(page, 'Few unread')).toHaveText('1')
  await examineLooks(page, 'unread-list')
  await page.getByTestId('sort-menu').click()
  await page.getByRole('menuitem', { name: 'Compact' }).click()
  await examineLooks(page, 'unread-compact')
  await page.getByTestId('layout-toggle').click()
  await expect(number(page, 'Many unread')).toHaveText('9+')
  await examineLooks(page, 'unread-table')
  await page.getByTestId('layout-toggle').click()
  await page.getByTestId('sort-menu').click()
  await page.getByRole('menuitem', { name: 'Comfortable' }).click()

  await row(page, 'Many unread').click()
  await expect(page.getByTestId('message').first()).toBeVisible()
  await expect(number(page, 'Many unread')).toHaveCount(0)
  await other.goto('/inboxes/all')
  await expect(number(other, 'Many unread')).toHaveText('9+')

  await page.keyboard.press('Shift+U')
  await expect(page.getByText('Marked as unread')).toBeVisible()
  await expect(number(page, 'Many unread')).toHaveText('1')
  await page.goto('/inboxes/all')
  await expect(number(page, 'Many unread')).toHaveText('1')
  await page.reload()
  await expect(number(page, 'Many unread')).toHaveText('1')
  await other.reload()
  await expect(number(other, 'Many unread')).toHaveText('9+')
  await expect(number(page, 'Few unread')).toHaveText('1')
  await other.context().close()
  expect(few.uuid).not.toBe(many.uuid)
})

test('the focus goes along with the selection when it is in the list', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('focus', dovecot, sink)
  for (const subject of ['Focus three', 'Focus two', 'Focus one']) await begin(desk.api, inbox, subject)
  await page.goto('/inboxes/all')
  await expect(rows(page).first()).toContainText('Focus one')
  const focused = (): Promise<string | undefined> => page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-testid="conversation-row"]')?.innerText)
  await rows(page).first().click()
  await expect(page.getByTestId('conversation-header')).toContainText('Focus one')
  expect(await focused()).toContain('Focus one')
  await page.keyboard.press('j')
  await expect(page.getByTestId('conversation-header')).toContainText('Focus two')
  await expect.poll(focused).toContain('Focus two')
  await page.keyboard.press('k')
  await expect.poll(focused).toContain('Focus one')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect(page.getByTestId('conversation-header')).toContainText('Focus three')
  await expect.poll(focused).toContain('Focus three')
  await expect(page.getByTestId('list-position')).toContainText(/^3 of \d+$/)
  // Elsewhere it stays.
  const total = await rows(page).count()
  expect(total).toBeGreaterThanOrEqual(3)
  await page.getByRole('region', { name: 'Messages' }).focus()
  await page.keyboard.press('k')
  await expect(page.getByTestId('conversation-header')).toContainText('Focus two')
  expect(await focused()).toBeUndefined()
})
