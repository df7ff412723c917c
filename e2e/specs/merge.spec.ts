// One conversation of several, and several of one again.

import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

test('conversations are merged from a menu and from a list, lead to where they went, and come apart again', async ({ desk, dovecot, sink, signedIn: page, context }) => {
  const inbox = await desk.api.createInbox('merge', dovecot, sink)
  const open = (subject: string, who = 'Mira'): Promise<{ uuid: string; reference_number: string }> =>
    desk.api.post('/api/v1/conversations', {
      inbox_id: inbox, content: `<p>About the ${subject.toLowerCase()}</p>`, contact_email: `${who.toLowerCase()}@merge.example`, first_name: who, last_name: 'Ost',
      subject, initiator: 'contact',
    })
  const [lamp, bulb, socket, fuse] = [await open('Lamp'), await open('Bulb'), await open('Socket', 'Tariq'), await open('Fuse')]
  const row = (uuid: string) => page.locator(`[data-testid="conversation-row"][data-uuid="${uuid}"]`)
  const dialog = page.getByRole('dialog')
  const target = (uuid: string) => dialog.locator(`[data-testid="merge-target"][data-uuid="${uuid}"]`)
  const letters = page.locator('[data-testid="message"][data-type="incoming"]')
  const line = (text: string) => page.locator('[data-testid="message"][data-type="activity"]').filter({ hasText: text })

  // From the menu: what else the contact wrote about is offered. A second window looks at the one that goes.
  await page.goto('/inboxes/all')
  const second = await context.newPage()
  await second.goto(`/inboxes/all/conversation/${bulb.uuid}`)
  await expect(second.getByTestId('conversation-subject')).toContainText('Bulb')
  await row(bulb.uuid).click()
  await expect(page.getByTestId('conversation-subject')).toContainText('Bulb')
  await page.getByTestId('conversation-more').click()
  await page.getByTestId('merge').click()
  await expect(target(lamp.uuid)).toBeVisible()
  await expect(target(socket.uuid)).toHaveCount(0)
  await target(lamp.uuid).click()
  await examineLooks(page, 'merge-dialog')
  await page.getByTestId('merge-submit').click()
  await expect(page).toHaveURL(new RegExp(lamp.uuid))
  await expect(row(bulb.uuid)).toHaveCount(0)
  await expect(letters).toHaveCount(2)
  await expect(line(`merged conversation #${bulb.reference_number} into this one`)).toBeVisible()
  await expect(second).toHaveURL(new RegExp(lamp.uuid))
  await expect(second.getByText(`#${bulb.reference_number} was merged into this conversation`)).toBeVisible()
  await second.close()
  await examineLooks(page, 'merged')

  // Undone, it is in the list again.
  await page.keyboard.press('z')
  await expect(row(bulb.uuid)).toBeVisible()
  await expect(letters).toHaveCount(1)

  // By key, into another contact's that is searched for.
  await row(bulb.uuid).click()
  await expect(page.getByTestId('conversation-subject')).toContainText('Bulb')
  await page.keyboard.press('Shift+M')
  await page.getByTestId('merge-search').fill(`#${socket.reference_number}`)
  await expect(target(socket.uuid)).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('merge-joining')).toContainText('Mira Ost')
  await examineLooks(page, 'merge-search')
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)

  // Of a selection one stays.
  await page.goto('/inboxes/all')
  for (const { uuid } of [lamp, bulb, fuse]) {
    await row(uuid).hover()
    await row(uuid).getByTestId('row-select').click()
  }
  await page.getByTestId('bulk-more').click()
  await page.getByTestId('bulk-merge').click()
  await expect(dialog).toContainText('Merge 3 conversations')
  await target(lamp.uuid).click()
  await examineLooks(page, 'merge-several')
  await page.getByTestId('merge-submit').click()
  await expect(page.getByText(`2 conversations merged into #${lamp.reference_number}`)).toBeVisible()
  await expect(row(bulb.uuid)).toHaveCount(0)
  await expect(row(fuse.uuid)).toHaveCount(0)
  await expect(page.getByTestId('bulk-bar')).toHaveCount(0)

  // An old address leads there, and the menu separates.
  await page.goto(`/inboxes/all/conversation/${fuse.uuid}`)
  await expect(page).toHaveURL(new RegExp(lamp.uuid))
  await page.getByTestId('conversation-more').click()
  await examineLooks(page, 'merge-menu')
  await page.getByTestId('separate').filter({ hasText: fuse.reference_number }).click()
  await expect(row(fuse.uuid)).toBeVisible()
  await expect(letters).toHaveCount(2)
  // Of many changes in a row the number is shown.
  const toFuse = page.getByRole('link', { name: `Open #${fuse.reference_number}`, exact: true })
  const folded = page.getByRole('button', { name: /^\d+ changes$/, expanded: false })
  await expect(async () => {
    if (await folded.isVisible()) await folded.click()
    await toFuse.click({ timeout: 1_000 })
  }).toPass()
  await expect(page.getByTestId('conversation-subject')).toContainText('Fuse')
  await expect(letters).toHaveCount(1)
})

test('what is another matter is split off, and merged back by undo', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('split', dovecot, sink)
  const whole = await desk.api.post<{ uuid: string; reference_number: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>The heater is cold</p>', contact_email: 'nils@split.example', first_name: 'Nils', last_name: 'Bjerg', subject: 'Heater', initiator: 'contact',
  })
  await desk.api.post(`/api/v1/conversations/${whole.uuid}/messages`, { message: '<p>And the invoice is wrong</p>', sender_type: 'contact' })
  const letters = page.locator('[data-testid="message"][data-type="incoming"]')

  await page.goto(`/inboxes/all/conversation/${whole.uuid}`)
  await expect(letters).toHaveCount(2)
  await letters.nth(1).hover()
  await letters.nth(1).getByTestId('message-menu').click()
  await examineLooks(page, 'split-menu')
  await page.getByTestId('split-from-here').click()
  await expect(page).not.toHaveURL(new RegExp(whole.uuid))
  await expect(letters).toHaveCount(1)
  await expect(page.getByText(`split this conversation off from #${whole.reference_number}`)).toBeVisible()
  await expect(page.getByTestId('conversation-row').filter({ hasText: 'Nils Bjerg' })).toHaveCount(2)
  await examineLooks(page, 'split')
  await page.getByRole('link', { name: `Open #${whole.reference_number}`, exact: true }).click()
  await expect(page).toHaveURL(new RegExp(whole.uuid))
  await expect(letters).toHaveCount(1)
  await page.keyboard.press('z')
  await expect(letters).toHaveCount(2)
  await expect(page.getByTestId('conversation-row').filter({ hasText: 'Nils Bjerg' })).toHaveCount(1)
  await expect(page.locator('[data-testid="message"][data-type="activity"]').filter({ hasText: 'split' })).toHaveCount(0)
})

test('a reply reaches the contact whose conversation was merged in, until one leaves without them', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('both', dovecot, sink)
  const open = (who: string) => desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>The lift is stuck</p>', contact_email: `${who.toLowerCase()}@lift.example`, first_name: who, subject: `Lift of ${who}`, initiator: 'contact',
  })
  const [other, mine] = [await open('Jon'), await open('Ida')]
  await page.goto(`/inboxes/all/conversation/${mine.uuid}`)
  await expect(page.getByTestId('composer-recipients')).toContainText('ida@lift.example')
  await desk.api.post(`/api/v1/conversations/${mine.uuid}/merge`, { uuids: [other.uuid] })
  const recipients = page.getByTestId('composer-recipients')
  await expect(recipients).toContainText('1 other')
  await recipients.click()
  await expect(page.getByTestId('chip-cc')).toHaveText('jon@lift.example')
  await page.getByTestId('composer-editor').click()
  await page.keyboard.type('Somebody is on their way.')
  await page.keyboard.press('Control+Enter')
  const anyway = page.getByRole('alertdialog').getByRole('button', { name: 'Send anyway' }) // of what came with the merge
  await expect(async () => {
    if (await anyway.isVisible()) await anyway.click()
    await expect(page.locator('[data-testid="message"][data-type="outgoing"]')).toHaveAttribute('data-status', 'sent', { timeout: 2_000 })
  }).toPass()
  expect((await sink.mailTo('jon@lift.example')).to.sort()).toEqual(['ida@lift.example', 'jon@lift.example'])
})
