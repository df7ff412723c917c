// Beginning a conversation: to somebody new, to a contact, and in the name of one who called.

import type { Page } from '@playwright/test'
import PostalMime from 'postal-mime'
import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

const dialog = (page: Page) => page.getByTestId('form-dialog')
const field = (page: Page, name: string) => dialog(page).locator(`[name="${name}"]`)
const send = (page: Page, name = 'Send') => page.getByRole('dialog').getByRole('button', { name, exact: true })

async function choose(page: Page, label: string, option: string): Promise<void> {
  await dialog(page).getByLabel(label).click()
  await page.getByRole('option', { name: option }).click()
}

async function write(page: Page, text: string): Promise<void> {
  await dialog(page).getByTestId('composer-editor').click()
  await page.keyboard.type(text)
}

test('a conversation is begun to a new address, once, and its mail arrives', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('compose', dovecot, sink, 'Compose')
  await desk.api.post('/api/v1/tags', { name: 'outreach' })
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('new-conversation')).toBeVisible()
  await page.keyboard.press('c')
  await expect(field(page, 'contact_email')).toBeFocused()
  await examine(page, 'compose-empty')
  await send(page).click()
  await expect(dialog(page).getByText('Fill this in.')).toHaveCount(4)

  await field(page, 'contact_email').fill('Nils@New.example')
  await field(page, 'first_name').fill('Nils')
  await field(page, 'last_name').fill('Holm')
  await choose(page, 'Inbox', 'compose@desk.example')
  await field(page, 'subject').fill('Your order 4711')
  await field(page, 'subject').press('Enter') // goes on to the message, and sends nothing
  await expect(dialog(page).getByTestId('composer-editor')).toBeFocused()
  await page.keyboard.type('Dear Nils, the lamp is here.')
  await dialog(page).getByTestId('compose-file').setInputFiles({ name: 'lamp.txt', mimeType: 'text/plain', buffer: Buffer.from('a lamp') })
  await expect(dialog(page).getByTestId('attachment')).toContainText('lamp.txt')
  await dialog(page).getByTestId('compose-tags').click()
  await page.getByRole('option', { name: 'outreach' }).click()
  await page.keyboard.press('Escape')
  await expect(dialog(page).getByTestId('compose-tags')).toContainText('outreach')
  await examineLooks(page, 'compose')

  let posts = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/v1/conversations')) posts++
  })
  const before = sink.mails().length
  await send(page).dblclick()
  await expect(page).toHaveURL(/\/inboxes\/all\/conversation\/[0-9a-f-]{36}/)
  await expect(dialog(page)).toBeHidden()
  await expect(page.getByTestId('message').first()).toBeVisible()
  expect(posts).toBe(1)

  const mail = await PostalMime.parse((await sink.mailTo('nils@new.example', before)).raw)
  expect(mail.subject).toContain('Your order 4711')
  expect(mail.from?.address).toBe('compose@desk.example')
  expect(mail.text).toContain('the lamp is here')
  expect(mail.attachments.map((file) => file.filename)).toEqual(['lamp.txt'])
  const uuid = page.url().split('/').at(-1)!.split('?')[0]!
  const made = await desk.api.get<{ inbox_id: number; tags: string[]; contact: { email: string; last_name: string } }>(`/api/v1/conversations/${uuid}`)
  expect(made).toMatchObject({ inbox_id: inbox, tags: ['outreach'], contact: { email: 'nils@new.example', last_name: 'Holm' } })
})

test('a contact is found as one types, what was written is not lost, and a call is written down without a mail', async ({ desk, dovecot, sink, signedIn: page }) => {
  await desk.api.createInbox('compose-call', dovecot, sink, 'Compose calls')
  const { id } = await desk.api.post<{ id: number }>('/api/v1/contacts', { email: 'selma@caller.example', first_name: 'Selma', last_name: 'Lind' })
  await page.goto('/inboxes/all')
  await page.getByTestId('new-conversation').click()
  await expect(async () => {
    await field(page, 'contact_email').fill('')
    await field(page, 'contact_email').pressSequentially('selma@cal')
    await expect(page.getByTestId('compose-suggestion')).toContainText('Selma Lind', { timeout: 5_000 })
  }).toPass()
  await examine(page, 'compose-suggestions')
  await field(page, 'contact_email').press('Enter')
  await expect(field(page, 'contact_email')).toHaveValue('selma@caller.example')
  await expect(field(page, 'first_name')).toHaveValue('Selma')
  await expect(field(page, 'first_name')).toHaveAttribute('readonly', '')
  await field(page, 'contact_email').press('Backspace') // somebody else
  await expect(field(page, 'first_name')).toHaveValue('')
  await expect(field(page, 'first_name')).not.toHaveAttribute('readonly')

  // Leaving asks; the answer may be no.
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('Discard this message?')
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialog(page)).toBeVisible()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await question.getByRole('button', { name: 'Discard' }).click()
  await expect(dialog(page)).toBeHidden()

  await page.goto(`/contacts/${id}`)
  await page.getByTestId('contact-write').click()
  await expect(field(page, 'contact_email')).toHaveValue('selma@caller.example')
  await expect(field(page, 'subject')).toBeFocused()
  await page.keyboard.type('Asked about the lamp')
  await choose(page, 'First message', 'From the contact')
  await choose(page, 'Inbox', 'compose-call@desk.example')
  await write(page, 'When does it arrive?')

  // What the server refuses stands at its field.
  await page.route('**/api/v1/conversations', (route) =>
    route.fulfill({ status: 400, json: { status: 'error', message: 'Not this subject', error_type: 'InputException', field: 'subject' } }))
  await send(page, 'Add conversation').click()
  await expect(field(page, 'subject')).toBeFocused()
  await expect(dialog(page).getByText('Not this subject').first()).toBeVisible()
  await examine(page, 'compose-refused')
  await page.unroute('**/api/v1/conversations')
  const before = sink.mails().length
  await page.keyboard.press('Control+Enter')
  await expect(page).toHaveURL(/\/inboxes\/all\/conversation\//)
  const uuid = page.url().split('/').at(-1)!.split('?')[0]!
  expect((await desk.api.messages(uuid)).map(({ type }) => type)).toContain('incoming')
  expect(sink.mails().slice(before).filter((mail) => mail.to.includes('selma@caller.example'))).toEqual([])
})

test('what was being written survives a crash of the tab, until it is discarded', async ({ desk, dovecot, sink, context, signedIn: page }) => {
  const inbox = await desk.api.createInbox('compose-crash', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'crash@customer.example', first_name: 'Cara', subject: 'Before the crash', content: '<p>hi</p>', initiator: 'contact',
  })
  const { contact } = await desk.api.get<{ contact: { id: number } }>(`/api/v1/conversations/${uuid}`)
  await page.goto(`/contacts/${contact.id}`)
  const notes = page.getByTestId('contact-notes')
  await notes.getByTestId('add-note').click()
  await notes.getByRole('textbox').click()
  await page.keyboard.type('Calls on Mondays')
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  await page.keyboard.press('c')
  await field(page, 'contact_email').fill('new@customer.example')
  await field(page, 'subject').fill('Half a letter')
  await write(page, 'It began well')
  await page.close({ runBeforeUnload: false })

  const next = await context.newPage()
  await next.goto('/inboxes/all')
  await expect(next.getByTestId('conversation-row').first()).toBeVisible()
  await next.keyboard.press('c')
  await expect(next.getByTestId('compose-brought-back')).toBeVisible()
  await expect(field(next, 'subject')).toHaveValue('Half a letter')
  await expect(next.getByTestId('compose-letter')).toContainText('It began well')
  await examineLooks(next, 'compose-brought-back')
  await next.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await next.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
  await expect(dialog(next)).toBeHidden()
  await next.keyboard.press('c')
  await expect(field(next, 'subject')).toHaveValue('')
  await expect(next.getByTestId('compose-brought-back')).toBeHidden()

  await next.goto(`/contacts/${contact.id}`)
  await expect(next.getByTestId('contact-notes').getByRole('textbox')).toContainText('Calls on Mondays')
  await next.getByTestId('contact-notes').getByRole('button', { name: 'Cancel' }).click()
  await next.reload()
  await expect(next.getByTestId('add-note')).toBeVisible()
})
