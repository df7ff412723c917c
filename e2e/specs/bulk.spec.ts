// Many conversations at once: some, or a whole list, with what was refused, and back again.

import { expect, goOffline, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

const count = 60

test('a whole list is changed at once and taken back', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('bulk', dovecot, sink)
  for (let n = 0; n < count; n++) {
    await desk.api.post('/api/v1/conversations', {
      inbox_id: inbox, content: '<p>hello</p>', contact_email: `b${n}@customer.example`, first_name: 'Bo', last_name: `No ${n}`, subject: `Parcel ${n}`, initiator: 'contact',
    })
  }
  await page.goto('/inboxes/all')
  const rows = page.getByTestId('conversation-row')
  const bar = page.getByTestId('bulk-bar')
  await expect(rows.first()).toContainText(`Bo No ${count - 1}`)
  const total = page.locator('header h1 + span').first()
  /** What those of this test have, whatever the desk has besides. */
  const priorities = async (): Promise<(string | null)[]> => {
    const list = await desk.api.get<{ results: { subject: string; priority: string | null }[] }>('/api/v1/conversations/all?page_size=500')
    const own = list.results.filter((row) => row.subject.startsWith('Parcel '))
    expect(own).toHaveLength(count)
    return [...new Set(own.map((row) => row.priority))]
  }
  const before = Number(await total.textContent())

  // Some, by key: they leave the list, and come back by the key that undoes.
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(bar).toContainText('2 selected')
  await page.keyboard.press('#')
  await expect(bar).toBeHidden()
  await expect(total).toHaveText(String(before - 2))
  await expect(page.getByText('2 conversations changed.')).toBeVisible()
  await page.keyboard.press('z')
  await expect(total).toHaveText(String(before))

  // Everything, by mouse: first what is loaded, then what is not.
  await rows.first().hover()
  await rows.first().getByTestId('row-select').click()
  await bar.getByRole('checkbox').click()
  const whole = page.getByTestId('bulk-whole')
  await expect(whole).toContainText('loaded conversations are selected')
  await examineLooks(page, 'bulk-whole-offer')
  await whole.getByRole('button').click()
  await expect(bar).toContainText(`${before} selected`)
  // What a list has is known to the server alone: without a connection nothing is done, and the selection stays.
  await goOffline(page)
  await page.keyboard.press('Shift+e')
  await expect(page.getByText('This needs a connection and cannot wait for one.')).toBeVisible()
  await expect(bar).toContainText(`${before} selected`)
  await examineLooks(page, 'bulk-needs-connection', false)
  await page.context().setOffline(false)
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await expect(page.getByText('You are offline')).toBeHidden()
  await bar.getByTestId('bulk-more').click()
  await examineLooks(page, 'bulk-menu')
  await page.getByRole('menuitem', { name: 'Set priority' }).click()
  await page.getByRole('option', { name: 'High' }).click()
  await expect(page.getByText(`${before} conversations changed.`)).toBeVisible()
  expect(await priorities()).toEqual(['High'])
  await page.keyboard.press('z')
  await expect.poll(priorities).toEqual([null])
})

test('what was refused is listed with its reason', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('bulk-refused', dovecot, sink)
  for (const subject of ['Refuse one', 'Refuse two']) {
    await desk.api.post('/api/v1/conversations', { inbox_id: inbox, content: '<p>hello</p>', contact_email: 'r@customer.example', first_name: 'Ru', subject, initiator: 'contact' })
  }
  await page.goto('/inboxes/all')
  const rows = page.getByTestId('conversation-row')
  await expect(rows.first()).toContainText('Refuse two')
  const bar = page.getByTestId('bulk-bar')
  await rows.first().hover()
  await rows.first().getByTestId('row-select').click()
  await rows.nth(1).hover()
  await rows.nth(1).getByTestId('row-select').click()
  const changed = await rows.first().getAttribute('data-uuid')
  await bar.getByTestId('bulk-status').click()
  await page.getByRole('option', { name: 'Closed' }).click()
  await expect(page.getByText('2 conversations changed.')).toBeVisible()
  // Somebody else was faster than the undo.
  await desk.api.put(`/api/v1/conversations/${changed}/status`, { status: 'Resolved' })
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(page.getByTestId('unchanged-rows')).toContainText('It was changed since.')
  await examineLooks(page, 'bulk-refused')
  await page.getByTestId('unchanged-rows').getByRole('link', { name: /Refuse two/ }).click()
  await expect(page).toHaveURL(new RegExp(`/conversation/${changed}`))
  await expect(page.getByRole('dialog')).toBeHidden()
  await desk.api.put(`/api/v1/conversations/${changed}/status`, { status: 'Open' })
})
