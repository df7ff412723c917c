// Notifications: one browser gives a colleague something to do, the colleague's sees the bell, the title of the tab and the
// panel, hears it once, and opens the conversation at the message.

import { type Browser, type BrowserContext, expect, type Page } from '@playwright/test'
import type { API, Desk } from '../support/desk.ts'
import { test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

const password = 'Correct-horse-8-battery'

interface Colleague {
  id: number
  email: string
}

async function addColleague(api: API, name: string): Promise<Colleague> {
  const email = `${name.toLowerCase()}@desk.example`
  const body = { first_name: name, last_name: 'Hart', email, roles: ['Agent'], enabled: true, availability_status: 'online' }
  const { id } = await api.post<{ id: number }>('/api/v1/agents', body)
  await api.put(`/api/v1/agents/${id}`, { ...body, new_password: password })
  return { id, email }
}

/** A browser of the colleague, which counts the sounds it makes and keeps what it would show on the desktop. */
async function open(browser: Browser, desk: Desk, who: Colleague): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: desk.url, viewport: { width: 1440, height: 900 }, permissions: ['notifications'] })
  await context.addInitScript(() => {
    const seen = { tones: 0, shown: [] as { title: string; body?: string; click: () => void }[] }
    Object.assign(window, { seen })
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (...at) {
      seen.tones += 1
      return start.apply(this, at)
    }
    class Shown {
      static permission = 'granted'
      static requestPermission = () => Promise.resolve('granted')
      onclick: (() => void) | null = null
      constructor(title: string, options?: NotificationOptions) {
        seen.shown.push({ title, body: options?.body, click: () => this.onclick?.() })
      }
      close(): void {}
    }
    Object.assign(window, { Notification: Shown })
  })
  const page = await context.newPage()
  await page.goto('/')
  await page.locator('#email').fill(who.email)
  await page.locator('#password').fill(password)
  await page.locator('#password').press('Enter')
  await expect(page).toHaveURL(/\/inboxes\//)
  await page.getByTestId('bell').waitFor()
  return { context, page }
}

interface Seen {
  seen: { tones: number; shown: { title: string; body?: string; click: () => void }[] }
}
const tones = (page: Page): Promise<number> => page.evaluate(() => (window as unknown as Seen).seen.tones)
const shown = (page: Page) => page.evaluate(() => (window as unknown as Seen).seen.shown.map(({ title, body }) => ({ title, body })))

/** As if the agent looked at another window. */
const lookAway = (page: Page): Promise<void> =>
  page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
    document.hasFocus = () => false
    document.dispatchEvent(new Event('visibilitychange'))
  })

async function converse(api: API, inbox: number, subject: string): Promise<string> {
  const { uuid } = await api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>My lamp flickers since Monday. Could you send a new one?</p>', contact_email: 'kim@customer.example',
    first_name: 'Kim', last_name: 'Berg', subject, initiator: 'contact',
  })
  return uuid
}

const say = (api: API, uuid: string, text: string, more: object): Promise<{ uuid: string }> =>
  api.post(`/api/v1/conversations/${uuid}/messages`, { message: `<p>${text}</p>`, sender_type: 'agent', ...more })

test('a colleague is told, and opens the conversation at the message', async ({ desk, dovecot, sink, browser }) => {
  const inbox = await desk.api.createInbox('bell', dovecot, sink)
  const ann = await addColleague(desk.api, 'Ann')
  const { context, page } = await open(browser, desk, ann)
  const other = await context.newPage()
  await other.goto('/inboxes/assigned')
  await other.getByTestId('bell').waitFor()
  await page.bringToFront()

  const bell = page.getByTestId('bell')
  await bell.click()
  await expect(page.getByTestId('notifications')).toContainText('Nothing new')
  await examine(page, 'notifications-empty')
  await page.keyboard.press('Escape')

  // An assignment, while the agent looks elsewhere: badge, title, sound and desktop, in one tab only.
  await lookAway(page)
  await lookAway(other)
  const lamp = await converse(desk.api, inbox, 'The lamp flickers')
  await desk.api.put(`/api/v1/conversations/${lamp}/assignee/user`, { assignee_id: ann.id })
  await expect(page.getByTestId('bell-badge')).toHaveText('1')
  await expect(page).toHaveTitle(/^\(1\) /)
  await expect(other).toHaveTitle(/^\(1\) /)
  await expect.poll(async () => (await shown(page)).length + (await shown(other)).length).toBe(1)

  // Five messages in a moment are one line, and do not sound five times: once, if they come within the pause.
  await page.evaluate(() => localStorage.removeItem('foyer.sounded')) // as if the pause between two sounds were over
  const before = (await tones(page)) + (await tones(other))
  await Promise.all([1, 2, 3, 4, 5].map((n) => say(desk.api, lamp, `It is worse now, ${n}`, { sender_type: 'contact' })))
  await expect(page.getByTestId('bell-badge')).toHaveText('2')
  await expect.poll(async () => (await shown(page)).length + (await shown(other)).length).toBeGreaterThan(1)
  const sounded = async () => (await tones(page)) + (await tones(other)) - before
  await expect.poll(sounded).toBeGreaterThanOrEqual(2) // one sound is two tones
  expect(await sounded()).toBeLessThan(5 * 2)

  // A mention far up in another conversation.
  const long = await converse(desk.api, inbox, 'A long story')
  const note = await say(desk.api, long, 'Ann, have a look at the invoice', { private: true, mentions: [{ type: 'agent', id: ann.id }] })
  for (let n = 0; n < 90; n++) await say(desk.api, long, `Then this happened, ${n}`, { private: true })
  await expect(page.getByTestId('bell-badge')).toHaveText('3')

  await page.reload()
  await expect(page.getByTestId('bell-badge')).toHaveText('3')
  const rows = page.getByTestId('notification')
  await expect(async () => {
    if (!(await page.getByTestId('notifications').isVisible())) for (const key of ['g', 'n']) await page.keyboard.press(key)
    await expect(rows).toHaveCount(3, { timeout: 5_000 })
  }).toPass()
  await expect(rows.nth(0)).toContainText('mentioned you')
  await expect(rows.nth(1)).toContainText('5 new replies from Kim Berg')
  await expect(rows.nth(1)).toContainText(/It is worse now, \d/) // they were written at once
  await expect(rows.nth(2)).toContainText('was assigned to you')
  // Before the looks: on a phone the panel hangs elsewhere, and is drawn anew.
  await page.getByTestId('notifications').focus()
  await page.keyboard.press('ArrowDown')
  await expect(rows.nth(0).getByRole('link')).toBeFocused()
  await examineLooks(page, 'notifications')

  // The mention is shown among its neighbours, though the newest page does not hold it.
  await rows.nth(0).getByRole('link').click()
  await expect(page).toHaveURL(new RegExp(`/inboxes/mentioned/conversation/${long}\\?scrollTo=${note.uuid}`))
  await expect(page.locator(`[data-uuid="${note.uuid}"]`)).toBeInViewport()
  await expect(page.getByTestId('bell-badge')).toHaveText('2')
  await expect(other.getByTestId('bell-badge')).toHaveText('2') // read here, read there

  // Reading the replies settles them, answering the assignment.
  await page.goto(`/inboxes/assigned/conversation/${lamp}`)
  await expect(page.getByTestId('bell-badge')).toHaveText('1')
  await page.getByTestId('bell').click()
  await rows.filter({ hasText: 'assigned' }).hover()
  await rows.filter({ hasText: 'assigned' }).getByRole('button', { name: 'Mark as read' }).click()
  await expect(page.getByTestId('bell-badge')).toHaveCount(0)
  await expect(page).not.toHaveTitle(/^\(/)
  await page.getByRole('button', { name: 'Delete all notifications' }).click()
  await expect(page.getByTestId('notifications')).toContainText('Nothing new')
  await expect(other.getByTestId('bell-badge')).toHaveCount(0)
  await context.close()
})

test('a notification of the computer opens the conversation', async ({ desk, dovecot, sink, browser }) => {
  const inbox = await desk.api.createInbox('desktop', dovecot, sink)
  const ben = await addColleague(desk.api, 'Ben')
  const { context, page } = await open(browser, desk, ben)
  await lookAway(page)
  const uuid = await converse(desk.api, inbox, 'A chair without legs')
  await desk.api.put(`/api/v1/conversations/${uuid}/assignee/user`, { assignee_id: ben.id })
  await expect.poll(() => shown(page)).toHaveLength(1)
  expect((await shown(page))[0]).toMatchObject({ title: expect.stringContaining('was assigned to you'), body: expect.stringContaining('A chair without legs') })
  await page.evaluate(() => (window as unknown as Seen).seen.shown[0]!.click())
  await expect(page).toHaveURL(new RegExp(`/inboxes/assigned/conversation/${uuid}`))
  await expect(page.getByTestId('bell-badge')).toHaveCount(0)
  await context.close()
})

test('an agent chooses of what to be told', async ({ desk, dovecot, sink, browser }) => {
  const inbox = await desk.api.createInbox('choice', dovecot, sink)
  const cleo = await addColleague(desk.api, 'Cleo')
  const { context, page } = await open(browser, desk, cleo)
  await page.goto('/account/notifications')
  const assigned = page.getByRole('checkbox', { name: 'A conversation is assigned to me: Bell' })
  await expect(assigned).toBeChecked()
  await page.getByRole('switch', { name: 'Keep quiet at certain hours' }).click()
  await expect(page.getByLabel('From')).toHaveValue('22:00')
  await examineLooks(page, 'notification-settings')
  await assigned.click()
  await expect(assigned).not.toBeChecked()
  await page.getByLabel('Volume').fill('20')
  await page.getByRole('button', { name: 'Play' }).click()
  await expect.poll(() => tones(page)).toBe(2)
  await page.getByTestId('tone').click()
  await page.getByRole('option', { name: 'Bell' }).click()
  await expect.poll(() => tones(page), 'it is heard when it is chosen').toBe(5)
  await page.getByRole('button', { name: 'Show one' }).click()
  await expect.poll(() => shown(page)).toHaveLength(1)
  await page.reload()
  await expect(assigned).not.toBeChecked()
  await expect(page.getByLabel('Volume')).toHaveValue('20')
  await expect(page.getByTestId('tone')).toHaveText('Bell')

  const uuid = await converse(desk.api, inbox, 'Not for the bell')
  await desk.api.put(`/api/v1/conversations/${uuid}/assignee/user`, { assignee_id: cleo.id })
  await say(desk.api, uuid, 'Where are you?', { sender_type: 'contact' })
  await expect(page.getByTestId('bell-badge')).toHaveText('1') // the reply alone
  await context.close()
})
