// The list as a table: chosen columns, their order, width and sorting are the agent's, in whichever browser.

import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

const subjects = [
  'Where is my parcel?', 'Kettle leaks at the lid', 'Invoice for October', 'Change of address', 'Return of two lamps', 'Discount code does not work',
  'Wrong size delivered', 'Subscription cannot be cancelled', 'Payment was charged twice', 'Question about the warranty', 'Gift card balance', 'Order 4711 incomplete',
]
const people = [['Maya', 'Winter'], ['Jonas', 'Okafor'], ['Aylin', 'Demir'], ['Chiara', 'Rossi'], ['Tomasz', 'Nowak'], ['Priya', 'Raman']] as const

test('a table is arranged by its agent and comes back as it was', async ({ desk, dovecot, sink, signedIn: page, browser }) => {
  const inbox = await desk.api.createInbox('table', dovecot, sink)
  const agents: number[] = []
  for (const name of ['Ada', 'Leo', 'Noor']) {
    const { id } = await desk.api.post<{ id: number }>('/api/v1/agents', { first_name: name, last_name: 'Berg', email: `${name}@table.example`.toLowerCase(), roles: ['Agent'], enabled: true })
    agents.push(id)
  }
  for (const name of ['refund', 'vip', 'shipping']) await desk.api.post('/api/v1/tags', { name }).catch(() => {})
  for (const [n, subject] of subjects.entries()) {
    const [first, last] = people[n % people.length]!
    const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
      inbox_id: inbox, content: `<p>Hello, about “${subject.toLowerCase()}”: could you have a look at it, please? It has been a few days.</p>`,
      contact_email: `${first}.${n}@customer.example`.toLowerCase(), first_name: first, last_name: last, subject, initiator: 'contact',
    })
    const at = `/api/v1/conversations/${uuid}`
    if (n % 3 === 0) await desk.api.put(`${at}/priority`, { priority: ['High', 'Medium', 'Low'][(n / 3) % 3] })
    if (n % 2 === 0) await desk.api.put(`${at}/assignee/user`, { assignee_id: agents[n % 3] })
    if (n % 4 < 2) await desk.api.post(`${at}/tags`, { action: 'set_tags', tags: n % 4 ? ['refund'] : ['shipping', 'vip'] })
  }

  await page.goto('/inboxes/all')
  const rows = page.getByTestId('conversation-row')
  await expect(rows.first()).toBeVisible()
  await page.getByTestId('layout-toggle').click()
  const table = page.getByRole('table', { name: 'Conversations' })
  await expect(table.getByRole('columnheader')).toHaveText(['Contact', 'Subject', 'Tags', 'Status', 'Priority', 'Assignee', 'Activity'])
  await examineLooks(page, 'table')

  // A click on a head sorts; the next one the other way round.
  const activity = table.getByRole('columnheader', { name: 'Activity' })
  await expect(activity).toHaveAttribute('aria-sort', 'descending')
  await activity.getByRole('button').click()
  await expect(activity).toHaveAttribute('aria-sort', 'ascending')
  await table.getByRole('columnheader', { name: 'Priority' }).getByRole('button').click()
  await expect(activity).not.toHaveAttribute('aria-sort')
  await expect(rows.first()).toContainText('High')

  // Columns come and go, move and become wider.
  await page.getByTestId('columns').click()
  const menu = page.getByTestId('column-menu')
  await menu.getByRole('checkbox', { name: 'Reference' }).click()
  await menu.getByRole('checkbox', { name: 'Tags' }).click()
  await menu.getByRole('checkbox', { name: 'Waiting' }).click()
  await menu.getByRole('button', { name: 'Move Reference towards the start' }).click()
  await examine(page, 'table-columns')
  await page.keyboard.press('Escape')
  await expect(table.getByRole('columnheader')).toHaveText(['Contact', 'Subject', 'Status', 'Priority', 'Reference', 'Assignee', 'Waiting', 'Activity'])
  const contact = await table.getByRole('columnheader', { name: 'Contact' }).boundingBox()
  const status = await table.getByRole('columnheader', { name: 'Status' }).boundingBox()
  await page.mouse.move(status!.x + 20, status!.y + 18)
  await page.mouse.down()
  await page.mouse.move(contact!.x + 60, contact!.y + 18, { steps: 8 })
  await page.mouse.move(contact!.x + 8, contact!.y + 18, { steps: 4 })
  await page.mouse.up()
  const arranged = ['Status', 'Contact', 'Subject', 'Priority', 'Reference', 'Assignee', 'Waiting', 'Activity']
  await expect(table.getByRole('columnheader')).toHaveText(arranged)
  const edge = table.getByRole('separator', { name: 'Width of Contact' })
  await edge.focus()
  await page.keyboard.press('ArrowRight')
  await expect(edge).toHaveAttribute('aria-valuenow', String(172 + 16))

  // The keyboard and the mouse open; the conversation takes the whole width; the way back is to the same place.
  await rows.nth(2).getByRole('link').click()
  await expect(page).toHaveURL(/\/conversation\//)
  await expect(table).toBeHidden()
  await expect(page.getByTestId('conversation-header')).toBeVisible()
  await examineLooks(page, 'table-conversation')
  await page.keyboard.press('u')
  await expect(table).toBeVisible()

  // All of it is there in another browser, for this list and no other.
  await expect(async () => {
    const kept = await desk.api.get<{ lists: Record<string, { columns?: { name: string; width?: number }[] }> }>('/api/v1/agents/me/preferences')
    expect(kept.lists['all']?.columns?.[1]).toEqual({ name: 'contact', width: 188 })
  }).toPass()
  const other = await browser.newContext({ storageState: await page.context().storageState(), baseURL: desk.url })
  const there = await other.newPage()
  await there.goto('/inboxes/all')
  await expect(there.getByRole('columnheader')).toHaveText(arranged)
  await expect(there.getByRole('columnheader', { name: 'Priority' })).toHaveAttribute('aria-sort', 'descending')
  await there.goto('/inboxes/unassigned')
  await expect(there.getByTestId('conversation-row').first()).toBeVisible()
  await expect(there.getByRole('columnheader')).toHaveCount(0)
  await other.close()

  await page.keyboard.press('v')
  await expect(table).toBeHidden()
  // Put back only when the page has written its last change, which would bring the rest again.
  await expect(async () => {
    const kept = await desk.api.get<{ lists: Record<string, { layout?: string }> }>('/api/v1/agents/me/preferences')
    expect(kept.lists['all']?.layout).toBe('cards')
  }).toPass()
  await desk.api.put('/api/v1/agents/me/preferences', { lists: { all: {} } })
})
