// Contacts: the list, a contact's page with its edits, notes, block, merge and erasure, and what of it stands beside a
// conversation.

import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

interface Made {
  id: number
}

test('a contact is found, corrected in place, noted about, blocked and let in again', async ({ desk, signedIn: page }) => {
  const api = desk.api
  for (const [email, first_name, last_name] of [
    ['ida.berg@nordlicht.example', 'Ida', 'Berg'], ['noor@harbour.example', 'Noor', 'de Vries'], ['sam@paper.example', 'Sam', ''],
    ['reception@very-long-domain-of-a-company.example', 'Reception of a company with a long name', 'GmbH & Co. KG'],
  ]) {
    await api.post('/api/v1/contacts', { email, first_name, last_name })
  }
  await page.goto('/contacts')
  await expect(page.getByTestId('contact-row').filter({ hasText: 'Ida Berg' })).toBeVisible()
  await examineLooks(page, 'contacts')

  await page.getByTestId('contact-filter').fill('nordl')
  await expect(page.getByTestId('contact-row')).toHaveCount(1)
  await expect(page).toHaveURL(/q=nordl/)
  await page.getByTestId('contact-filter').fill('nobody-at-all')
  await expect(page.getByText('No address contains “nobody-at-all”')).toBeVisible()
  await examine(page, 'contacts-none')
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await page.getByRole('link', { name: 'Ida Berg' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Ida Berg')

  // Click, type, Enter; Escape gives it back; what is wrong says so and stays open.
  await page.getByTestId('contact-last-name').click()
  await page.keyboard.type('Bergström')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Ida Bergström')
  await page.getByTestId('contact-phone').click()
  await page.keyboard.type('call me')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('Enter a phone number')
  await page.getByTestId('contact-phone-input').fill('+46 8 123 45')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('contact-phone')).toHaveText('+46 8 123 45')
  await page.getByTestId('contact-email').click()
  await page.keyboard.type('noor@harbour.example')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('Another contact has the address')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('contact-email')).toHaveText('ida.berg@nordlicht.example')

  await page.getByTestId('add-note').click()
  await expect(page.getByRole('textbox', { name: 'Note about the contact' })).toBeFocused()
  await page.keyboard.type('Prefers to be called on Mondays.')
  await page.keyboard.press('Control+Enter')
  const note = page.getByTestId('contact-note')
  await expect(note.frameLocator('iframe').getByText('Prefers to be called on Mondays.')).toBeVisible()
  await page.reload() // as it is come to, with the note's frame from the beginning
  await expect(note).toBeVisible()
  await examineLooks(page, 'contact')

  await page.getByTestId('contact-block').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Block' }).click()
  await expect(page.getByText('This contact is blocked')).toBeVisible()
  await examine(page, 'contact-blocked')
  await page.getByTestId('contact-block').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Unblock' }).click()
  await expect(page.getByText('This contact is blocked')).toBeHidden()

  await note.hover()
  await note.getByRole('button', { name: 'Delete note' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete note' }).click()
  await expect(note).toBeHidden()
})

test('two contacts are merged, and the one that is left is erased by its address', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('contact-merge', dovecot, sink)
  const into = (await desk.api.post('/api/v1/contacts', { email: 'bo@home.example', first_name: 'Bo', last_name: 'Home' })) as Made
  const opened = (await desk.api.post('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>hello</p>', contact_email: 'bo@work.example', first_name: 'Bo', last_name: 'Work', subject: 'A lamp to merge', initiator: 'contact',
  })) as { contact_id: number; uuid: string }
  await page.goto(`/contacts/${opened.contact_id}`)
  await page.getByTestId('contact-actions').click()
  await page.getByRole('menuitem', { name: 'Merge into another contact' }).click()
  await expect(async () => {
    await page.getByTestId('merge-search').fill('')
    await page.getByTestId('merge-search').fill('bo@home')
    await expect(page.getByText('bo@home.example').first()).toBeVisible({ timeout: 5_000 })
  }).toPass()
  await page.getByText('bo@home.example').first().click()
  await expect(page.getByTestId('merge-summary')).toContainText('Bo Work leaves the list')
  await examine(page, 'contact-merge')
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  await expect(page).toHaveURL(new RegExp(`/contacts/${into.id}$`))
  await expect(page.getByText('Also writes from bo@work.example')).toBeVisible()
  await expect(page.getByTestId('contact-conversations')).toContainText('A lamp to merge')

  await page.getByTestId('contact-actions').click()
  await page.getByRole('menuitem', { name: 'Erase contact' }).click()
  const question = page.getByRole('dialog')
  await expect(question.getByRole('button', { name: 'Erase contact' })).toBeDisabled()
  await question.getByTestId('erase-delete').check()
  await question.getByRole('textbox').fill('bo@home.example')
  await examineLooks(page, 'contact-erase')
  await question.getByRole('button', { name: 'Erase contact' }).click()
  await expect(page).toHaveURL(/\/contacts$/)
  await expect(page.getByText('The contact was erased.')).toBeVisible()
  await expect(async () => {
    const answer = await page.request.get(`/api/v1/conversations/${opened.uuid}`)
    expect(answer.status()).toBe(404)
  }).toPass()
})

test('several contacts are blocked, taken back, exported and erased at once', async ({ desk, signedIn: page }) => {
  for (const name of ['Ann', 'Ben', 'Cai', 'Dee']) await desk.api.post('/api/v1/contacts', { email: `${name}@many.example`, first_name: name })
  await page.goto('/contacts')
  await page.getByTestId('contact-filter').fill('many.example')
  await expect(page).toHaveURL(/q=many/)
  const rows = page.getByTestId('contact-row')
  await expect(rows).toHaveCount(4)
  await rows.nth(0).hover()
  await rows.nth(0).getByTestId('row-select').click()
  await rows.nth(2).getByTestId('row-select').click({ modifiers: ['Shift'] })
  const bar = page.getByTestId('contact-bulk')
  await expect(bar).toContainText('3 selected')
  await examineLooks(page, 'contacts-bulk')

  const [file] = await Promise.all([page.waitForEvent('download'), bar.getByTestId('bulk-export').click()])
  expect(file.suggestedFilename()).toMatch(/^contacts-.*\.csv$/)
  await bar.getByTestId('bulk-block').click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Block' }).click()
  await expect(rows.filter({ hasText: 'Blocked' })).toHaveCount(3)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(rows.filter({ hasText: 'Blocked' })).toHaveCount(0)

  await rows.nth(3).hover()
  await rows.nth(3).getByTestId('row-select').click()
  await bar.getByRole('checkbox').click()
  await expect(bar).toContainText('4 selected')
  await page.keyboard.press('Escape')
  await expect(bar).toBeHidden()
  await rows.nth(0).getByTestId('row-select').focus()
  await page.keyboard.press('Space')
  await bar.getByTestId('bulk-erase').click()
  await page.getByRole('dialog').getByRole('textbox').fill('1')
  await page.getByRole('dialog').getByRole('button', { name: 'Erase contact' }).click()
  await expect(page.getByText('1 contact erased.')).toBeVisible()
  await expect(rows).toHaveCount(3)
})

test('beside a conversation stands what else its customer wrote about, and who takes part', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('past', dovecot, sink, 'Past support')
  await desk.api.createInbox('past-other', dovecot, sink, 'Another past')
  const open = async (subject: string) =>
    (await desk.api.post('/api/v1/conversations', {
      inbox_id: inbox, content: `<p>about ${subject}</p>`, contact_email: 'pia@past.example', first_name: 'Pia', last_name: 'Past', subject, initiator: 'contact',
    })) as { uuid: string }
  const old = await open('An old lamp')
  await desk.api.put(`/api/v1/conversations/${old.uuid}/status`, { status: 'Resolved' })
  await open('A newer lamp')
  const now = await open('The lamp of today')
  await desk.api.post(`/api/v1/conversations/${now.uuid}/messages`, { message: '<p>Which lamp?</p>', sender_type: 'agent', to: ['pia@past.example'], cc: ['shop@past.example'] })
  await page.goto(`/inboxes/all/conversation/${now.uuid}`)
  const pane = page.getByTestId('context')
  const past = pane.getByTestId('past-conversations')
  await expect(past.getByRole('listitem')).toHaveCount(3)
  await expect(past.locator('[aria-current]')).toContainText('This conversation')
  await pane.getByTestId('contact-conversations-done').click()
  await expect(past.getByRole('listitem')).toHaveCount(1)
  await expect(past).toContainText('An old lamp')
  await pane.getByTestId('contact-conversations-any').click()
  // Of one inbox, and by a word of the subject; on the page of the contact, too.
  await pane.getByTestId('contact-conversations-inbox').click()
  await page.getByRole('menuitem', { name: 'Another past' }).click()
  await expect(pane).toContainText('None like this.')
  await pane.getByTestId('contact-conversations-inbox').click()
  await page.getByRole('menuitem', { name: 'Past support' }).click()
  await expect(past.getByRole('listitem')).toHaveCount(3)
  await pane.getByTestId('contact-conversations-search').click()
  await page.keyboard.type('newer')
  await expect(past.getByRole('listitem')).toHaveCount(1)
  await expect(past).toContainText('A newer lamp')
  await pane.getByTestId('contact-conversations-text').scrollIntoViewIfNeeded()
  await examineLooks(page, 'context-past-filtered')
  await page.keyboard.press('Escape')
  await expect(past.getByRole('listitem')).toHaveCount(3)
  await expect(page).toHaveURL(new RegExp(now.uuid))

  const people = pane.getByTestId('participants')
  await expect(people.getByRole('listitem').filter({ hasText: 'Pia Past' })).toContainText('Customer')
  const copied = people.getByRole('listitem').filter({ hasText: 'shop@past.example' })
  await expect(copied).toContainText('Received mail')
  await people.scrollIntoViewIfNeeded()
  await examineLooks(page, 'context-past')
  await copied.hover()
  await copied.getByRole('button', { name: 'Write to shop@past.example' }).click()
  await page.getByRole('menuitem', { name: 'Put into Bcc' }).click()
  await expect(page.getByTestId('composer').getByText('shop@past.example')).toHaveCount(1)

  await past.getByText('An old lamp').click()
  await expect(page).toHaveURL(new RegExp(old.uuid))

  await page.getByTestId('context-contact').click()
  const all = page.getByTestId('contact-conversations')
  await expect(all.getByRole('listitem')).toHaveCount(3)
  await page.getByTestId('contact-conversations-inbox').click()
  await page.getByRole('menuitem', { name: 'Past support' }).click()
  await page.getByTestId('contact-conversations-open').click()
  await expect(all.getByRole('listitem')).toHaveCount(2)
  await page.getByTestId('contact-conversations-search').click()
  await page.keyboard.type('newer')
  await expect(all.getByRole('listitem')).toHaveCount(1)
  await examineLooks(page, 'contact-conversations-filtered')
})

test('beside a conversation its contact is corrected, with attributes of every type', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('beside', dovecot, sink)
  const defined: number[] = []
  for (const [applies_to, name, key, data_type, more] of [
    ['contact', 'Plan', 'plan', 'list', { values: ['Free', 'Pro'] }], ['contact', 'Seats', 'seats', 'number', {}],
    ['contact', 'Newsletter', 'newsletter', 'checkbox', {}], ['conversation', 'Order', 'order_no', 'text', { regex: '^A-[0-9]+$', regex_hint: 'Such as A-123' }],
    ['conversation', 'Due', 'due', 'date', {}], ['conversation', 'Tracking', 'tracking', 'link', {}],
  ] as const) {
    const made = (await desk.api.post('/api/v1/custom-attributes', { applies_to, name, key, data_type, description: name, ...more })) as Made
    defined.push(made.id)
  }
  const opened = (await desk.api.post('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>hello</p>', contact_email: 'kim@beside.example', first_name: 'Kim', subject: 'Beside', initiator: 'contact',
  })) as { uuid: string }
  await page.goto(`/inboxes/all/conversation/${opened.uuid}`)
  const pane = page.getByTestId('context')
  await pane.getByTestId('contact-first-name').click()
  await page.keyboard.type('Kimberly')
  await page.keyboard.press('Enter')
  await expect(pane.getByTestId('context-contact')).toHaveText('Kimberly')

  await pane.getByTestId('attribute-order_no').click()
  await page.keyboard.type('123')
  await page.keyboard.press('Enter')
  await expect(pane.getByRole('alert')).toHaveText('Such as A-123')
  await pane.getByTestId('attribute-order_no-input').fill('A-123')
  await page.keyboard.press('Enter')
  await expect(pane.getByTestId('attribute-order_no')).toHaveText('A-123')
  await pane.getByTestId('attribute-tracking').click()
  await page.keyboard.type('https://parcel.example/1')
  await page.keyboard.press('Enter')
  await expect(pane.getByRole('link', { name: 'Open Tracking' })).toBeVisible()
  await pane.getByTestId('attribute-due').click()
  await pane.getByTestId('attribute-due-input').fill('2026-12-24')
  await page.keyboard.press('Enter')
  await expect(pane.getByTestId('attribute-due')).toHaveText('Dec 24, 2026')
  await pane.getByRole('switch', { name: 'Newsletter' }).click()
  await pane.getByRole('button', { name: 'Plan: Empty' }).click()
  await page.getByRole('option', { name: 'Pro' }).click()
  await expect(pane.getByRole('button', { name: 'Plan: Pro' })).toBeVisible()
  await page.reload()
  await expect(pane.getByTestId('attribute-order_no')).toHaveText('A-123')
  await expect(pane.getByRole('switch', { name: 'Newsletter' })).toBeChecked()
  await examineLooks(page, 'context')
  for (const id of defined) await desk.api.delete(`/api/v1/custom-attributes/${id}`)
})
