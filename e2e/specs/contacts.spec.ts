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
  const inbox = await desk.api.createInbox('merge', dovecot, sink)
  const into = (await desk.api.post('/api/v1/contacts', { email: 'bo@home.example', first_name: 'Bo', last_name: 'Home' })) as Made
  const opened = (await desk.api.post('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>hello</p>', contact_email: 'bo@work.example', first_name: 'Bo', last_name: 'Work', subject: 'A lamp to merge', initiator: 'contact',
  })) as { contact_id: number }
  await page.goto(`/contacts/${opened.contact_id}`)
  await page.getByTestId('contact-actions').click()
  await page.getByRole('menuitem', { name: 'Merge into another contact' }).click()
  await expect(async () => {
    await page.getByTestId('merge-search').fill('')
    await page.getByTestId('merge-search').fill('bo@home')
    await expect(page.getByText('bo@home.example').first()).toBeVisible({ timeout: 2000 })
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
  const question = page.getByRole('alertdialog')
  await expect(question.getByRole('button', { name: 'Erase contact' })).toBeDisabled()
  await question.getByRole('textbox').fill('bo@home.example')
  await examine(page, 'contact-erase')
  await question.getByRole('button', { name: 'Erase contact' }).click()
  await expect(page).toHaveURL(/\/contacts$/)
  await expect(page.getByText('The contact was erased.')).toBeVisible()
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
