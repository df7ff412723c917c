// A day's triage without the mouse: every key of the map, undo and redo, and rows that move while one looks at them.

import { expect, goBy, goOffline, signIn, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import type { Desk } from '../support/desk.ts'
import type { Dovecot, Sink } from '../support/mailserver.ts'
import type { Page } from '@playwright/test'

async function fill(desk: Desk, dovecot: Dovecot, sink: Sink, box: string, subjects: readonly string[]): Promise<string[]> {
  const inbox = await desk.api.createInbox(box, dovecot, sink)
  const uuids: string[] = []
  for (const [n, subject] of subjects.entries()) {
    const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
      inbox_id: inbox, content: '<p>hello</p>', contact_email: `${box}${n}@customer.example`, first_name: 'Tri', last_name: `Age ${n}`, subject, initiator: 'contact',
    })
    uuids.push(uuid)
  }
  return uuids
}

const rows = (page: Page) => page.getByTestId('conversation-row')
const statusOf = async (desk: Desk, uuid: string): Promise<string> => (await desk.api.conversation(uuid)).status

test('j j Enter e resolves the second conversation, z opens it again', async ({ desk, dovecot, sink, signedIn: page }) => {
  const uuids = await fill(desk, dovecot, sink, 'triage', ['Triage one', 'Triage two', 'Triage three'])
  await page.goto('/inboxes/all')
  await expect(rows(page).first()).toContainText('Triage three')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(uuids[1]!))
  await expect(page.getByTestId('conversation-header')).toContainText('Triage two')
  await page.keyboard.press('e')
  await expect.poll(() => statusOf(desk, uuids[1]!)).toBe('Resolved')
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible()
  await page.keyboard.press('z')
  await expect.poll(() => statusOf(desk, uuids[1]!)).toBe('Open')
  await page.keyboard.press('Shift+z')
  await expect.poll(() => statusOf(desk, uuids[1]!)).toBe('Resolved')
  await page.keyboard.press('z')
  await expect.poll(() => statusOf(desk, uuids[1]!)).toBe('Open')
  const messages = await desk.api.get<{ results: { type: string }[] }>(`/api/v1/conversations/${uuids[1]}/messages?page_size=100`)
  expect(messages.results.filter(({ type }) => type === 'activity').length, 'lines that tell of it').toBeGreaterThanOrEqual(4)
})

test('every key does its work, on the row of the cursor and in a conversation', async ({ desk, dovecot, sink, signedIn: page }) => {
  const uuids = await fill(desk, dovecot, sink, 'keys', ['Keys one', 'Keys two', 'Keys three'])
  await desk.api.post('/api/v1/tags', { name: 'urgent-keys' }).catch(() => {})
  await page.goto('/inboxes/all')
  await expect(rows(page).first()).toContainText('Keys three')
  const first = uuids[2]!
  const conversation = (): Promise<{ priority: string | null; tags: string[]; assigned_user_id: number | null; status: string }> => desk.api.get(`/api/v1/conversations/${first}`)
  const pick = async (key: string, name: RegExp | string): Promise<void> => {
    await page.keyboard.press(key)
    await page.getByRole('option', { name }).click()
    await expect(page.getByTestId('bulk-bar')).toBeHidden()
  }

  // On the row, with nothing open.
  await pick('p', 'High')
  await expect.poll(async () => (await conversation()).priority).toBe('High')
  await page.keyboard.press('z')
  await expect.poll(async () => (await conversation()).priority).toBeNull()
  await expect(page.getByText('Taken back.')).toBeVisible()
  await pick('l', 'urgent-keys')
  await expect.poll(async () => (await conversation()).tags).toContain('urgent-keys')
  await pick('s', /Tomorrow/)
  await expect.poll(async () => (await conversation()).status).toBe('Snoozed')
  await page.keyboard.press('z')
  await expect.poll(async () => (await conversation()).status).toBe('Open')
  await expect(rows(page).first()).toContainText('Keys three')
  await page.keyboard.press('k')
  await page.keyboard.press('Shift+e')
  await expect.poll(async () => (await conversation()).status).toBe('Closed')
  // The cursor stays where it was: on what took the place.
  await expect(rows(page).first()).toContainText('Keys two')
  await page.keyboard.press('z')
  await expect.poll(async () => (await conversation()).status).toBe('Open')

  // In the conversation.
  await page.goto(`/inboxes/all/conversation/${first}`)
  await expect(page.getByTestId('message').first()).toBeVisible()
  await page.keyboard.press('p')
  await page.getByRole('option', { name: 'Low' }).click()
  await expect.poll(async () => (await conversation()).priority).toBe('Low')
  await page.keyboard.press('z')
  await expect.poll(async () => (await conversation()).priority).toBeNull()
  for (const key of ['a', 't', 'l']) {
    await page.keyboard.press(key)
    await expect(page.getByRole('listbox').last()).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('listbox')).toHaveCount(0)
  }
  await page.keyboard.press('s')
  await expect(page.getByRole('menu')).toBeVisible()
  await page.keyboard.press('Escape')
  const context = page.getByTestId('toggle-context')
  const shown = await context.getAttribute('aria-pressed')
  await page.keyboard.press(']')
  await expect(context).not.toHaveAttribute('aria-pressed', shown!)
  await page.keyboard.press(']')
  const sidebar = page.getByRole('link', { name: /Unassigned/ })
  await page.keyboard.press('[')
  await expect(sidebar).toBeHidden()
  await page.keyboard.press('[')
  await expect(sidebar).toBeVisible()
  await page.keyboard.press('Shift+u')
  await expect(page.getByText('Marked as unread')).toBeVisible()
  for (const key of ['r', 'n']) {
    await page.keyboard.press(key)
    await expect(page.locator('[contenteditable="true"]')).toBeFocused()
    // Typing is typing: no single key does anything now.
    await page.keyboard.type('e')
    await page.keyboard.press('Backspace')
    await page.keyboard.press('Escape')
    await expect(page.locator('[contenteditable="true"]')).not.toBeFocused()
  }
  expect((await conversation()).status).toBe('Open')
  await page.keyboard.press('f')
  await expect(page.getByTestId('composer-forward')).toBeVisible()
  await page.getByRole('button', { name: 'Do not forward' }).click()
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toContainText('Redo')
  await page.keyboard.press('Escape')
  await page.keyboard.press('u')
  await expect(page).toHaveURL(/\/inboxes\/all(\?|$)/)
  for (const [keys, address] of [['g i', /assigned/], ['g m', /mentioned/], ['g u', /unassigned/], ['g a', /\/all/], ['g c', /contacts/], ['g s', /search/]] as const) {
    await goBy(page, keys, address)
    await page.keyboard.press('Escape')
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  }
})

test('the command bar gives a conversation to whoever is named', async ({ desk, dovecot, sink, signedIn: page }) => {
  await fill(desk, dovecot, sink, 'named', ['Named'])
  await page.goto('/inboxes/all')
  await rows(page).first().getByRole('link').click()
  await expect(page.getByTestId('message').first()).toBeVisible()
  const uuid = page.url().split('/').at(-1)!
  await page.keyboard.press('Control+k')
  const bar = page.getByTestId('command-bar')
  await bar.getByRole('textbox').fill('priority high')
  await expect(bar.getByRole('option').first()).toContainText('Set priority to High')
  await page.keyboard.press('Enter')
  await expect.poll(async () => (await desk.api.get<{ priority: string | null }>(`/api/v1/conversations/${uuid}`)).priority).toBe('High')
  await page.keyboard.press('z')
  await expect.poll(async () => (await desk.api.get<{ priority: string | null }>(`/api/v1/conversations/${uuid}`)).priority).toBeNull()
})

test('rows are chosen with Shift and by drawing, and a new order forgets them', async ({ desk, dovecot, sink, signedIn: page }) => {
  await fill(desk, dovecot, sink, 'range', Array.from({ length: 10 }, (_, n) => `Range ${n}`))
  await page.goto('/inboxes/all')
  await expect(rows(page).first()).toContainText('Range 9')
  const bar = page.getByTestId('bulk-bar')
  await rows(page).nth(2).hover()
  await rows(page).nth(2).getByTestId('row-select').click()
  await rows(page).nth(7).hover()
  await rows(page).nth(7).getByTestId('row-select').click({ modifiers: ['Shift'] })
  await expect(bar).toContainText('6 selected')
  await page.keyboard.press('Escape')
  await expect(bar).toBeHidden()

  const from = (await rows(page).nth(1).boundingBox())!
  const to = (await rows(page).nth(4).boundingBox())!
  await page.mouse.move(from.x + 120, from.y + 20)
  await page.mouse.down()
  await page.mouse.move(from.x + 120, from.y + 90, { steps: 4 })
  await page.mouse.move(to.x + 120, to.y + 20, { steps: 8 })
  await page.mouse.up()
  await expect(bar).toContainText('4 selected')
  await expect(page).toHaveURL(/\/inboxes\/all(\?|$)/)
  await page.keyboard.press('Escape')
  await page.keyboard.press('x')
  await expect(bar).toContainText('1 selected')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('Shift+x')
  await expect(bar).toContainText('3 selected')
  await page.keyboard.press('Escape')
  await page.getByTestId('sort-menu').click()
  await page.getByRole('menuitem', { name: 'Started last' }).click()
  await expect(bar).toBeHidden()
  // Put back only when the page has written its change, which would bring it again.
  await expect.poll(async () => (await desk.api.get<{ lists: Record<string, { sort?: string }> }>('/api/v1/agents/me/preferences')).lists['all']?.sort).toBe('created')
  await desk.api.put('/api/v1/agents/me/preferences', { lists: { all: {} } })
})

test('a view drops what a colleague changed, also by a tag, and the counters follow', async ({ desk, dovecot, sink, signedIn: page, browser }) => {
  const uuids = await fill(desk, dovecot, sink, 'stale', ['Stale one', 'Stale two'])
  const tag = await desk.api.post<{ id: number }>('/api/v1/tags', { name: 'stale-tag' })
  for (const uuid of uuids) await desk.api.post(`/api/v1/conversations/${uuid}/tags`, { action: 'add_tags', tags: ['stale-tag'] })
  const leaf = { model: 'conversations', field: 'tags', operator: 'contains', value: `[${tag.id}]` }
  const view = await desk.api.post<{ id: number }>('/api/v1/views/me', { name: 'Stale view', filters: { logic: 'AND', rules: [{ logic: 'AND', rules: [leaf] }] } })
  await page.goto(`/inboxes/views/${view.id}`)
  await expect(rows(page)).toHaveCount(2)
  // Somebody else's browser is not what changes it: the API is.
  await desk.api.post(`/api/v1/conversations/${uuids[0]}/tags`, { action: 'remove_tags', tags: ['stale-tag'] })
  await expect(rows(page)).toHaveCount(1)
  await desk.api.post(`/api/v1/conversations/${uuids[0]}/tags`, { action: 'add_tags', tags: ['stale-tag'] })
  await expect(rows(page)).toHaveCount(2)

  const unassigned = page.getByRole('link', { name: /Unassigned/ })
  const { unassigned: before } = await desk.api.get<{ unassigned: number }>('/api/v1/conversations/counts')
  await expect(unassigned).toContainText(String(before))
  await fill(desk, dovecot, sink, 'counted', ['Counted'])
  await expect(unassigned).toContainText(String(before + 1))

  // Two tabs of one agent: what one does is in the other at once.
  const other = await browser.newContext({ storageState: await page.context().storageState(), baseURL: desk.url })
  const there = await other.newPage()
  await there.goto('/inboxes/all')
  await expect(rows(there).first()).toContainText('Counted')
  const uuid = (await rows(there).first().getAttribute('data-uuid'))!
  await desk.api.put(`/api/v1/conversations/${uuid}/status`, { status: 'Resolved' })
  await expect(rows(there).first()).not.toContainText('Counted')
  await other.close()
  await desk.api.delete(`/api/v1/views/me/${view.id}`)
})

test('a conversation opens in a window of its own', async ({ desk, dovecot, sink, signedIn: page }) => {
  await fill(desk, dovecot, sink, 'window', ['Window'])
  await page.goto('/inboxes/all')
  await expect(rows(page).first()).toBeVisible()
  const opened = page.waitForEvent('popup')
  await page.keyboard.press('Shift+o')
  const popup = await opened
  await expect(popup.getByTestId('conversation-header')).toBeVisible()
  await expect(popup.getByRole('link', { name: /Unassigned/ })).toHaveCount(0)
  await popup.screenshot({ path: 'screenshots/pop-out.png' })
  await popup.close()
  // A middle click opens a tab: rows are links.
  const tab = page.context().waitForEvent('page')
  await rows(page).first().getByRole('link').click({ button: 'middle' })
  await expect((await tab)).toHaveURL(/\/conversation\//)
  await (await tab).close()
})

test('after an outage what arrived meanwhile is there, in order', async ({ desk, dovecot, sink, page, context }) => {
  const [uuid] = await fill(desk, dovecot, sink, 'outage', ['Outage'])
  await signIn(page)
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message').first()).toBeVisible()
  await goOffline(page)
  for (const text of ['first after', 'second after']) {
    await desk.api.post(`/api/v1/conversations/${uuid}/messages`, { message: `<p>${text}</p>`, sender_type: 'agent', private: true })
  }
  await context.setOffline(false)
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await expect(page.getByTestId('message').nth(2)).toBeVisible()
  await expect(page.getByText('You are offline')).toBeHidden()
})

test('changes without a connection wait, survive, and are made once; not over what somebody else did', async ({ desk, dovecot, sink, page, context }) => {
  const [mine, theirs] = await fill(desk, dovecot, sink, 'cutoff', ['Cut off mine', 'Cut off theirs'])
  const puts: string[] = []
  await signIn(page)
  page.on('request', (request) => request.method() === 'PUT' && request.url().endsWith('/status') && puts.push(request.url()))
  const strip = page.getByTestId('waiting-changes')
  const open = async (subject: string): Promise<void> => {
    await rows(page).filter({ hasText: subject }).click()
    await expect(page.getByTestId('conversation-header')).toContainText(subject)
    await expect(page.getByTestId('composer')).toBeVisible()
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/inboxes/all')
  await open('Cut off theirs')
  await open('Cut off mine') // both are known before the connection goes

  await goOffline(page)
  await page.keyboard.press('e')
  await expect(page.getByTestId('status-button')).toContainText('Resolved')
  await expect(page.getByText('Status set to Resolved. It is saved here')).toBeVisible()
  await expect(strip).toContainText('Status set to Resolved')
  await page.keyboard.press('p')
  await page.getByRole('option', { name: 'High' }).click()
  await expect(strip).toContainText('Priority set to High')
  await examineLooks(page, 'waiting-changes', false)
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.evaluate(() => history.back())
  await expect(page.getByTestId('conversation-header')).toContainText('Cut off theirs')
  await expect(strip).toBeHidden()
  await page.keyboard.press('Shift+e')
  await expect(strip).toContainText('Status set to Closed')
  await desk.api.put(`/api/v1/conversations/${theirs}/status`, { status: 'Resolved' })
  expect(await statusOf(desk, mine!)).toBe('Open')
  const before = puts.length

  await context.setOffline(false)
  await expect.poll(() => statusOf(desk, mine!)).toBe('Resolved')
  await expect(page.getByText('Not done: Status set to Closed. Somebody else changed it meanwhile.')).toBeVisible()
  await expect(strip).toBeHidden()
  await expect(page.getByTestId('status-button')).toContainText('Resolved')
  expect(await statusOf(desk, theirs!)).toBe('Resolved')
  await expect.poll(async () => (await desk.api.get<{ priority: string | null }>(`/api/v1/conversations/${mine}`)).priority).toBe('High')
  expect(puts.slice(before).filter((url) => url.includes(mine!))).toHaveLength(1)

  // The page is closed while a change waits: the next one makes it.
  await context.route('**/api/v1/conversations/*/status', (route) => route.abort())
  await page.goto(`/inboxes/all/conversation/${theirs}`)
  await expect(page.getByTestId('composer')).toBeVisible()
  await page.keyboard.press('Shift+e')
  await expect(strip).toContainText('Status set to Closed')
  await context.unroute('**/api/v1/conversations/*/status')
  await page.reload()
  await expect.poll(() => statusOf(desk, theirs!)).toBe('Closed')
  await expect(strip).toBeHidden()
})

test('changes of several conversations without a connection wait as well: one request each, but not for what somebody else did', async ({ desk, dovecot, sink, page, context }) => {
  const uuids = await fill(desk, dovecot, sink, 'jointly', ['Jointly one', 'Jointly two', 'Jointly three'])
  const tag = await desk.api.post<{ id: number }>('/api/v1/tags', { name: 'jointly' })
  const [one, two, three] = uuids as [string, string, string]
  const jobs: { uuids: string[]; action: { type: string } }[] = []
  page.on('requestfinished', (request) => request.method() === 'POST' && request.url().endsWith('/conversations/bulk') && jobs.push(request.postDataJSON()))
  const bar = page.getByTestId('bulk-bar')
  const row = (uuid: string) => page.locator(`[data-testid="conversation-row"][data-uuid="${uuid}"]`)
  const waiting = page.getByTestId('row-waits')
  const choose = async (): Promise<void> => {
    for (const uuid of uuids) {
      await row(uuid).hover()
      await row(uuid).getByTestId('row-select').click()
    }
    await expect(bar).toContainText('3 selected')
  }
  const tagsOf = async (uuid: string): Promise<string[]> => (await desk.api.get<{ tags: string[] }>(`/api/v1/conversations/${uuid}`)).tags
  const again = async (): Promise<void> => {
    await context.setOffline(false)
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    await expect(waiting).toHaveCount(0)
  }

  await signIn(page)
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/inboxes/all?status=any')
  await expect(rows(page).first()).toContainText('Jointly three')
  await choose()
  await bar.getByTestId('bulk-tag').click()
  await expect(page.getByRole('option', { name: 'jointly' })).toBeVisible() // known before the connection goes

  await goOffline(page)
  await page.getByRole('option', { name: 'jointly' }).click()
  await expect(page.getByText('Tag jointly added. It is saved here')).toBeVisible()
  await expect(bar).toBeHidden()
  await expect(waiting).toHaveCount(3)
  await choose()
  await page.keyboard.press('Shift+e')
  await expect(page.getByText('Status set to Closed. It is saved here')).toBeVisible()
  await expect(waiting).toHaveCount(3)
  for (const uuid of uuids) await expect(row(uuid)).toContainText('jointly')
  await examineLooks(page, 'waiting-bulk', false)
  await page.setViewportSize({ width: 1440, height: 900 })
  await desk.api.put(`/api/v1/conversations/${two}/status`, { status: 'Resolved' })
  expect(await statusOf(desk, one)).toBe('Open')
  expect(jobs).toEqual([])

  await again()
  await expect(page.getByText('1 of 3 was changed by somebody else meanwhile and stays as it is.')).toBeVisible()
  await expect.poll(async () => Promise.all(uuids.map((uuid) => statusOf(desk, uuid)))).toEqual(['Closed', 'Resolved', 'Closed'])
  for (const uuid of uuids) expect(await tagsOf(uuid)).toEqual(['jointly'])
  expect(jobs.map(({ uuids: meant, action }) => [action.type, meant.length])).toEqual([['add_tags', 3], ['status', 2]])
  await expect(page.getByText('2 conversations changed.')).toBeVisible()
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(page.getByTestId('unchanged-rows').getByRole('listitem')).toHaveText(/Jointly two/)
  await examineLooks(page, 'bulk-left', false)
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

  // What was made is taken back as ever.
  await page.keyboard.press('z')
  await expect.poll(async () => Promise.all(uuids.map((uuid) => statusOf(desk, uuid)))).toEqual(['Open', 'Resolved', 'Open'])
  await desk.api.put(`/api/v1/conversations/${two}/status`, { status: 'Open' })
  await page.reload()
  await expect(row(three)).toBeVisible()

  // Taken back before there is a connection, nothing is asked of the server; what is marked as read cannot wait.
  await choose()
  await goOffline(page)
  await page.keyboard.press('Shift+e')
  await expect(waiting).toHaveCount(3)
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect(waiting).toHaveCount(0)
  await choose()
  await page.keyboard.press('Shift+i')
  await expect(page.getByText('This needs a connection and cannot wait for one.')).toBeVisible()
  await expect(bar).toContainText('3 selected')
  await again()
  expect(await Promise.all(uuids.map((uuid) => statusOf(desk, uuid)))).toEqual(['Open', 'Open', 'Open'])
  expect(jobs).toHaveLength(2)
  await page.keyboard.press('Escape')

  // The page is closed while it waits: the next one makes it, and offers to take it back.
  await context.route('**/api/v1/conversations/bulk', (route) => route.abort())
  await choose()
  await page.keyboard.press('Shift+e')
  await expect(waiting).toHaveCount(3)
  await context.unroute('**/api/v1/conversations/bulk')
  await page.reload()
  await expect(page.getByText('3 conversations changed.')).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect.poll(async () => Promise.all(uuids.map((uuid) => statusOf(desk, uuid)))).toEqual(['Open', 'Open', 'Open'])
  await desk.api.delete(`/api/v1/tags/${tag.id}`)
})

test('a change that the server refuses is taken back on the screen, and said with its reason', async ({ desk, dovecot, sink, signedIn: page }) => {
  const [uuid] = await fill(desk, dovecot, sink, 'refusals', ['Refused changes'])
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message').first()).toBeVisible()
  const refuse = async (what: string, status: number, message: string): Promise<() => void> => {
    let answer = (): void => {}
    const asked = new Promise<void>((resolve) => (answer = resolve))
    await page.route(`**/api/v1/conversations/${uuid}/${what}`, async (route) => {
      if (route.request().method() === 'GET') return await route.continue()
      await asked
      await route.fulfill({ status, json: { status: 'error', message, data: null, error_type: status === 403 ? 'PermissionException' : 'InputException' } })
    })
    return answer
  }
  const status = page.getByTestId('status-button')
  let answer = await refuse('status', 400, 'This status is not used any more.')
  await page.keyboard.press('e')
  await expect(status).toContainText('Resolved') // shown before it is known
  answer()
  await expect(status).toContainText('Open')
  await expect(page.getByText('This status is not used any more.')).toBeVisible()

  const priority = page.getByTestId('priority')
  answer = await refuse('priority', 403, 'Your role may not set priorities.')
  await page.keyboard.press('p')
  await page.getByRole('option', { name: 'High' }).click()
  await expect(priority).toContainText('High')
  answer()
  await expect(priority).toContainText('None')
  await expect(page.getByText('Your role may not set priorities.')).toBeVisible()
  // Nothing was done: there is nothing to undo.
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0)
  expect(await statusOf(desk, uuid!)).toBe('Open')
})
