// Views: filters with a name, one's own and shared ones, that stay true while others work; and filters in passing.

import type { Page } from '@playwright/test'
import type { Desk } from '../support/desk.ts'
import { expect, pick, signIn, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

interface Named {
  id: number
  name: string
}

const leo = { email: 'leo@views.example', password: 'Passw0rd!Passw0rd' }

async function withLeo(desk: Desk): Promise<void> {
  const agents = await desk.api.get<{ email: string }[]>('/api/v1/agents')
  if (agents.some((agent) => agent.email === leo.email)) return
  const body = { first_name: 'Leo', last_name: 'Views', email: leo.email, roles: ['Admin'] }
  const { id } = await desk.api.post<Named>('/api/v1/agents', body)
  await desk.api.put(`/api/v1/agents/${id}`, { ...body, enabled: true, availability_status: 'offline', new_password: leo.password })
}

async function signInAs(page: Page, who: { email: string; password: string }): Promise<void> {
  await page.goto('/')
  await page.locator('#email').fill(who.email)
  await page.locator('#password').fill(who.password)
  await page.locator('#password').press('Enter')
  await expect(page).toHaveURL(/\/inboxes\//)
}

async function openOne(desk: Desk, inbox: number, subject: string): Promise<string> {
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>hello</p>', contact_email: 'v@customer.example', first_name: 'V', subject, initiator: 'contact',
  })
  return uuid
}

/** The desk is shared with other specs. */
async function forgetViews(desk: Desk): Promise<void> {
  for (const view of await desk.api.get<Named[]>('/api/v1/views/me')) await desk.api.delete(`/api/v1/views/me/${view.id}`)
  for (const view of await desk.api.get<Named[]>('/api/v1/shared-views')) await desk.api.delete(`/api/v1/shared-views/${view.id}`)
}

test.beforeEach(({ desk }) => forgetViews(desk))
test.afterEach(({ desk }) => forgetViews(desk))

async function choose(page: Page, row: number, field: string, operator: string, value: string): Promise<void> {
  const line = page.getByTestId('filter-row').nth(row)
  await line.getByTestId('filter-field').click()
  await page.getByRole('option', { name: field, exact: true }).click()
  await line.getByTestId('filter-operator').click()
  await page.getByRole('option', { name: operator, exact: true }).click()
  await line.getByTestId('filter-value').click()
  await pick(page, value)
}

test('a conversation leaves an open view when somebody changes it so that it no longer matches', async ({ desk, dovecot, sink, browser, signedIn: maya }) => {
  await withLeo(desk)
  const inbox = await desk.api.createInbox('views', dovecot, sink, 'Viewed')
  const high = await openOne(desk, inbox, 'Stays high')
  const c7 = await openOne(desk, inbox, 'C7 becomes low')
  for (const uuid of [high, c7]) await desk.api.put(`/api/v1/conversations/${uuid}/priority`, { priority: 'High' })

  await maya.reload() // an inbox is news only when one comes back to the window
  await maya.getByTestId('new-view').click()
  const dialog = maya.getByRole('dialog')
  await examineLooks(maya, 'view-dialog-new')
  await dialog.getByRole('button', { name: 'Create view' }).click()
  await expect(dialog.locator('[data-incomplete]')).toHaveCount(1)
  await expect(dialog).toContainText('Complete or remove the marked conditions.')
  await examineLooks(maya, 'view-dialog-incomplete')
  await dialog.locator('[name="name"]').fill('Priority high')
  await choose(maya, 0, 'Priority', 'is', 'High')
  await dialog.getByTestId('filter-add').click()
  await choose(maya, 1, 'Status', 'is not', 'Closed')
  await dialog.getByTestId('filter-add-group').click()
  await choose(maya, 2, 'Inbox', 'is', 'Viewed')
  await dialog.getByTestId('filter-root-logic').click()
  await dialog.getByTestId('filter-root-logic').click()
  await examineLooks(maya, 'view-dialog')
  await dialog.getByRole('button', { name: 'Create view' }).click()

  await expect(maya).toHaveURL(/\/inboxes\/views\/\d+$/)
  await expect(maya.getByRole('heading', { name: 'Priority high' })).toBeVisible()
  const rows = maya.getByTestId('conversation-row')
  await expect(rows.filter({ hasText: 'C7 becomes low' })).toBeVisible()
  const link = maya.getByTestId('own-view').filter({ hasText: 'Priority high' })
  await expect(link).toContainText('2')
  await examineLooks(maya, 'view')

  const other = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await signInAs(other, leo)
  await other.goto(`/inboxes/all/conversation/${c7}`)
  await expect(other.getByTestId('message').first()).toBeVisible()
  await other.keyboard.press('p')
  await pick(other, 'Low')
  await expect.poll(async () => (await desk.api.get<{ priority: string }>(`/api/v1/conversations/${c7}`)).priority).toBe('Low')
  await expect(rows.filter({ hasText: 'C7 becomes low' })).toBeHidden()
  await expect(rows.filter({ hasText: 'Stays high' })).toBeVisible()
  await expect(link).toContainText('1')
  await other.context().close()

  // Edited, the open list follows; deleted, it is left.
  await link.hover()
  await link.getByRole('button').click()
  await maya.getByRole('menuitem', { name: 'Edit view' }).click()
  await dialog.locator('[name="name"]').fill('Priority low')
  await choose(maya, 0, 'Priority', 'is', 'Low')
  await dialog.getByRole('button', { name: 'Save changes' }).click()
  await expect(rows.filter({ hasText: 'C7 becomes low' })).toBeVisible()
  await expect(maya.getByRole('heading', { name: 'Priority low' })).toBeVisible()

  await maya.keyboard.press('Control+k')
  await maya.getByTestId('command-bar').getByRole('textbox').fill('Go to view Priority low')
  await expect(maya.getByRole('option', { name: 'Go to view Priority low', exact: true })).toBeVisible()
  await maya.keyboard.press('Escape')

  const renamed = maya.getByTestId('own-view').filter({ hasText: 'Priority low' })
  await renamed.hover()
  await renamed.getByRole('button').click()
  await maya.getByRole('menuitem', { name: 'Delete view' }).click()
  await maya.getByRole('alertdialog').getByRole('button', { name: 'Delete view' }).click()
  await expect(maya).toHaveURL(/\/inboxes\/assigned/)
  await expect(renamed).toBeHidden()
})

test('a list is filtered in passing, shared by its address and kept as a view', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('quick', dovecot, sink)
  const urgent = await openOne(desk, inbox, 'Quick and high')
  await openOne(desk, inbox, 'Quick and plain')
  await desk.api.put(`/api/v1/conversations/${urgent}/priority`, { priority: 'High' })

  await page.goto('/inboxes/all')
  const rows = page.getByTestId('conversation-row')
  await expect(rows.filter({ hasText: 'Quick and plain' })).toBeVisible()
  await page.getByTestId('quick-filter').click()
  await examineLooks(page, 'quick-filter')
  await page.getByTestId('quick-priority').click()
  await pick(page, 'High')
  await expect(page).toHaveURL(/priority=\d+/)
  await expect(rows.filter({ hasText: 'Quick and plain' })).toBeHidden()
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('quick-chips')).toContainText('Priority: High')
  await page.getByTestId('status-filter').click()
  await page.getByRole('menuitem', { name: 'Any status' }).click()
  await expect(page).toHaveURL(/status=any/)

  // An open conversation keeps the filters of its list, and so does a reload.
  await rows.filter({ hasText: 'Quick and high' }).click()
  await expect(page).toHaveURL(/\/conversation\/.*priority=\d+/)
  const read = page.waitForResponse((response) => response.url().endsWith(`/${urgent}/last-seen`))
  await page.reload()
  await expect(page.getByTestId('quick-chips')).toContainText('Priority: High')
  await expect(rows.filter({ hasText: 'Quick and high' })).toBeVisible()
  await read
  await expect(rows.filter({ hasText: 'Quick and plain' })).toBeHidden()

  await page.goto('/inboxes/all?agent=none&status=any')
  await expect(rows.first()).toBeVisible()
  await examineLooks(page, 'quick-filtered')
  await page.getByTestId('save-as-view').click()
  await expect(page.getByTestId('filter-row')).toHaveCount(1)
  await page.getByRole('dialog').locator('[name="name"]').fill('Nobody cares')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Nobody cares' })).toBeVisible()

  // A view is narrowed down besides its own filters; it is kept already.
  await page.getByTestId('quick-filter').click()
  await page.getByTestId('quick-priority').click()
  await pick(page, 'High')
  await page.keyboard.press('Escape')
  await expect(rows.filter({ hasText: 'Quick and plain' })).toBeHidden()
  await expect(rows.filter({ hasText: 'Quick and high' })).toBeVisible()
  await expect(page.getByTestId('save-as-view')).toBeHidden()

  // What was read is not among the unread; it stays for as long as one looks at it.
  await page.goto('/inboxes/all?unread=true')
  await expect(page.getByTestId('quick-chips')).toContainText('Unread: Only what I have not read')
  await expect(rows.filter({ hasText: 'Quick and plain' })).toBeVisible()
  await expect(rows.filter({ hasText: 'Quick and high' })).toBeHidden()
  await examineLooks(page, 'quick-unread')

  await page.goto('/inboxes/all?agent=none')
  await page.getByRole('button', { name: 'Remove filter Assignee' }).click()
  await expect(page).toHaveURL(/\/inboxes\/all$/)
})

test('lists and views are filtered by subject and by custom attributes', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('attributes', dovecot, sink)
  const define = (body: object): Promise<Named> => desk.api.post<Named>('/api/v1/custom-attributes', { description: 'Of the test', values: [], ...body })
  const tier = await define({ name: 'Tier', key: 'filter_tier', applies_to: 'conversation', data_type: 'list', values: ['Gold', 'Silver'] })
  const seats = await define({ name: 'Seats', key: 'filter_seats', applies_to: 'contact', data_type: 'number' })
  try {
    const gold = await openOne(desk, inbox, 'Zebra in gold')
    const silver = await openOne(desk, inbox, 'Zebra in silver')
    await openOne(desk, inbox, 'Horse in gold')
    await desk.api.put(`/api/v1/conversations/${gold}/custom-attributes`, { filter_tier: 'Gold' })
    await desk.api.put(`/api/v1/conversations/${silver}/custom-attributes`, { filter_tier: 'Silver' })
    await desk.api.put(`/api/v1/conversations/${gold}/contacts/custom-attributes`, { filter_seats: 12 })

    await page.goto('/inboxes/all')
    const rows = page.getByTestId('conversation-row')
    await page.getByTestId('quick-filter').click()
    await page.getByTestId('quick-subject').fill('zebra')
    await expect(page).toHaveURL(/subject=zebra/)
    await expect(rows).toHaveCount(2)
    await page.getByTestId('quick-own.filter_tier').click()
    await examineLooks(page, 'quick-attributes')
    await pick(page, 'Gold')
    await expect(page).toHaveURL(/own\.filter_tier=Gold/)
    await expect(rows).toHaveCount(1)
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('quick-chips')).toContainText('Tier: Gold')

    // Kept as a view, with a number of the contact besides.
    await page.getByTestId('save-as-view').click()
    await expect(page.getByTestId('filter-row')).toHaveCount(3)
    await page.getByRole('dialog').locator('[name="name"]').fill('Golden zebras')
    await page.getByTestId('filter-add').click()
    const row = page.getByTestId('filter-row').nth(3)
    await row.getByTestId('filter-field').click()
    await page.getByRole('option', { name: 'Contact: Seats', exact: true }).click()
    await row.getByTestId('filter-operator').click()
    await page.getByRole('option', { name: 'is between', exact: true }).click()
    await row.getByLabel('Least').fill('10')
    await row.getByLabel('Most').fill('12.5')
    await examineLooks(page, 'view-attributes')
    await page.getByRole('button', { name: 'Create view' }).click()
    await expect(page.getByRole('heading', { name: 'Golden zebras' })).toBeVisible()
    await expect(rows).toHaveCount(1)
    await expect(rows).toContainText('Zebra in gold')
  } finally {
    for (const { id } of [tier, seats]) await desk.api.delete(`/api/v1/custom-attributes/${id}`)
  }
})

test('a shared view is made for everybody, found in their sidebar, and deleted with its name typed', async ({ desk, dovecot, sink, signedIn: page, browser }) => {
  await withLeo(desk)
  await desk.api.createInbox('shared', dovecot, sink)
  const other = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await signInAs(other, leo)
  await expect(other.getByTestId('new-view')).toBeVisible()

  await page.goto('/admin/conversations/shared-views')
  await expect(page.getByText('No shared views yet')).toBeVisible()
  await examineLooks(page, 'shared-views-empty')
  await page.getByRole('link', { name: 'New shared view' }).click()
  await page.locator('[name="name"]').fill('Waiting too long')
  await page.getByRole('button', { name: 'Create view' }).click()
  await expect(page.locator('[data-incomplete]')).toHaveCount(1)
  const line = page.getByTestId('filter-row').first()
  await line.getByTestId('filter-field').click()
  await page.getByRole('option', { name: 'Waiting since' }).click()
  await line.getByTestId('filter-operator').click()
  await page.getByRole('option', { name: 'is between' }).click()
  await line.getByLabel('From day').fill('2026-01-01')
  await line.getByLabel('To day').fill('2030-12-31')
  await examineLooks(page, 'shared-view')
  await page.getByRole('button', { name: 'Create view' }).click()
  await expect(page.getByRole('row', { name: /Waiting too long/ })).toContainText('Everybody')
  await examineLooks(page, 'shared-views')

  await expect(other.getByTestId('shared-view')).toContainText('Waiting too long')
  await other.getByTestId('shared-view').click()
  await expect(other.getByRole('heading', { name: 'Waiting too long' })).toBeVisible()

  await page.getByRole('link', { name: 'Waiting too long' }).click()
  await expect(page.getByRole('heading', { name: 'Waiting too long' })).toBeVisible()
  await page.locator('[name="name"]').fill('Waiting')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Saved.')).toBeVisible()
  await expect(other.getByRole('heading', { name: 'Waiting', exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Delete view' }).click()
  await page.getByRole('alertdialog').getByRole('textbox').fill('Waiting')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete view' }).click()
  await expect(page.getByText('No shared views yet')).toBeVisible()
  await expect(other.getByTestId('shared-view')).toBeHidden()
  await other.context().close()
})

/** Types what is chosen in the list that was just opened, which takes the focus a moment after it is drawn. */
async function selectByKeys(page: Page, name: string): Promise<void> {
  await expect(page.locator('[role="option"]:focus')).toHaveCount(1)
  await page.keyboard.type(name)
  await expect(page.getByRole('option', { name, exact: true })).toBeFocused()
  await page.keyboard.press('Enter')
}

test('a view is made by keyboard alone', async ({ signedIn: page }) => {
  await page.getByTestId('new-view').focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.locator('[name="name"]')).toBeFocused()
  await page.keyboard.type('By keys')
  await page.keyboard.press('Tab')
  await expect(page.getByTestId('filter-field')).toBeFocused()
  await page.keyboard.press('Enter')
  await selectByKeys(page, 'Priority')
  await page.keyboard.press('Tab')
  await expect(page.getByTestId('filter-operator')).toBeFocused()
  await page.keyboard.press('Enter')
  await selectByKeys(page, 'is set')
  await page.getByRole('button', { name: 'Create view' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'By keys' })).toBeVisible()
})
