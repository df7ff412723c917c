// A reply that the mail server does not take: what its conversation and the outbox say, and what can be done with it.

import type { Page } from '@playwright/test'
import type { Desk } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'
import { until } from '../support/mailserver.ts'

// The desk and the mail server are shared with the specs after this one.
test.afterEach(async ({ desk, sink }) => {
  await sink.treat('accept')
  await desk.api.speak('en-US')
})

async function ask(desk: Desk, inbox: number, subject: string): Promise<string> {
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'rosa@customer.example', first_name: 'Rosa', last_name: 'Lind', subject, content: '<p>When will the spare part arrive?</p>', initiator: 'contact',
  })
  return uuid
}

/** Sends a reply and waits until it is in a state of the outbox. */
async function reply(desk: Desk, conversation: string, state: string, cc: string[] = []): Promise<string> {
  const { uuid } = await desk.api.post<{ uuid: string }>(`/api/v1/conversations/${conversation}/messages`, {
    sender_type: 'agent', private: false, message: '<p>It left our stock this morning and is with you on Thursday.</p>', to: ['rosa@customer.example'],
    cc, bcc: [], attachments: [], mentions: [], echo_id: '',
  })
  await inState(desk, uuid, state)
  return uuid
}

const inState = (desk: Desk, message: string, state: string) =>
  until(`the reply to be ${state}`, async () =>
    (await desk.api.get<{ replies: { message_uuid: string }[] | null }>(`/api/v1/outbox?state=${state}&page_size=100`)).replies?.some((one) => one.message_uuid === message))

const last = (page: Page) => page.locator('[data-testid="message"][data-type="outgoing"]').last()

/** The language is that of the page when it is loaded. */
async function examineIn(page: Page, desk: Desk, language: string, name: string, ready: () => Promise<void>): Promise<void> {
  await desk.api.speak(language)
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('lang', language)
  for (const [look, width, height] of [['', 1440, 900], ['-phone', 390, 844]] as const) {
    await page.setViewportSize({ width, height })
    await ready()
    await examine(page, `${name}-${language}${look}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
}

test('a reply that was not taken yet is tried at once, sent to others, or taken back', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const inbox = await desk.api.createInbox('delivery', dovecot, sink, 'Delivery')
  const conversation = await ask(desk, inbox, 'Spare part for the kettle')
  await sink.treat('data 451 4.3.0 The mailbox is busy, try later')
  const message = await reply(desk, conversation, 'delayed')
  await page.goto(`/inboxes/all/conversation/${conversation}`)
  const now = last(page).getByTestId('message-now')
  await expect(now).toBeVisible()
  await expect(last(page)).toContainText('The mailbox is busy')
  await examineLooks(page, 'delivery-delayed')
  for (const language of ['de-DE', 'fa-IR']) await examineIn(page, desk, language, 'delivery-delayed', () => expect(now).toBeVisible())
  await desk.api.speak('en-US')
  await page.reload()

  await test.step('it is refused when it is tried at once', async () => {
    await sink.treat('rcpt 550 5.1.1 No such user')
    // On a slow machine the time of the next attempt has come by itself, and there is nothing left to click.
    await now.click({ timeout: 10_000 }).catch(() => undefined)
    await expect(last(page).getByRole('alert')).toContainText('not delivered')
    await expect(last(page).getByRole('alert')).toContainText('No such user')
    await examineLooks(page, 'delivery-failed')
    for (const language of ['de-DE', 'fa-IR']) await examineIn(page, desk, language, 'delivery-failed', () => expect(last(page).getByRole('alert')).toBeVisible())
    await desk.api.speak('en-US')
    await page.reload()
  })

  await test.step('and sent to somebody else', async () => {
    await last(page).getByTestId('message-readdress').click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByLabel('To', { exact: true })).toHaveValue('rosa@customer.example')
    await examineLooks(page, 'delivery-recipients')
    await sink.treat('accept')
    await dialog.getByLabel('To', { exact: true }).fill('rosa.lind@customer.example')
    await dialog.getByRole('button', { name: 'Send again' }).click()
    await expect(dialog).toBeHidden()
    await inState(desk, message, 'sent')
    await expect(last(page)).toHaveAttribute('data-status', 'sent')
    expect((await sink.mailTo('rosa.lind@customer.example')).raw.toString()).toContain('Thursday')
  })

  await test.step('one that waits is taken back', async () => {
    await sink.treat('data 451 4.3.0 The mailbox is busy, try later')
    const second = await reply(desk, conversation, 'delayed')
    await desk.api.put(`/api/v1/outbox/${second}/cancel`)
    await expect(last(page).getByTestId('message-cancelled')).toBeVisible()
    await examineLooks(page, 'delivery-cancelled')
    await examineIn(page, desk, 'fa-IR', 'delivery-cancelled', () => expect(last(page).getByTestId('message-cancelled')).toBeVisible())
  })
})

test('a reply that some have waits for the others, or says who does not get it', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const inbox = await desk.api.createInbox('some', dovecot, sink, 'Some')
  const conversation = await ask(desk, inbox, 'Warranty of the kettle')
  await sink.treat('rcpt=ines@customer.example 450 4.2.0 Greylisted, try later')
  const message = await reply(desk, conversation, 'delayed', ['ines@customer.example'])
  await page.goto(`/inboxes/all/conversation/${conversation}`)
  await expect(last(page)).toContainText('Not everybody has it yet')
  await expect(last(page)).toContainText('Greylisted')
  await expect(last(page)).toHaveAttribute('data-status', 'sent')
  await examineLooks(page, 'delivery-some-wait')
  for (const language of ['de-DE', 'fa-IR']) await examineIn(page, desk, language, 'delivery-some-wait', () => expect(last(page).getByTestId('message-now')).toBeVisible())
  await desk.api.speak('en-US')
  await page.reload()

  await sink.treat('rcpt=ines@customer.example 550 5.1.1 No such user')
  // On a slow machine the time of the next attempt has come by itself, and there is nothing left to click.
  await last(page).getByTestId('message-now').click({ timeout: 10_000 }).catch(() => undefined)
  await inState(desk, message, 'bounced')
  await expect(last(page).getByTestId('message-bounces')).toContainText('ines@customer.example did not get it: No such user')
  await examineLooks(page, 'delivery-some-refused')
  await examineIn(page, desk, 'fa-IR', 'delivery-some-refused', () => expect(last(page).getByTestId('message-bounces')).toBeVisible())
  await desk.api.speak('en-US')
  await page.reload()

  await last(page).getByTestId('message-readdress').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Cc', { exact: true }).fill('ines.lind@customer.example')
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await inState(desk, message, 'sent')
  await expect(last(page).getByTestId('message-bounces')).toBeHidden()
  await sink.mailTo('ines.lind@customer.example')
})

test('the outbox shows replies in all states, and what the servers said', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const inbox = await desk.api.createInbox('states', dovecot, sink, 'States')
  for (const [subject, treatment, state] of [
    ['Invoice 2041 once more', 'accept', 'sent'],
    ['Delivery to the new address, third floor, and the bell does not work', 'rcpt 550 5.1.1 No such user', 'failed'],
    ['Spare part for the kettle', 'data 451 4.3.0 The mailbox is busy, try later', 'delayed'],
  ] as const) {
    const conversation = await ask(desk, inbox, subject)
    await sink.treat(treatment)
    await reply(desk, conversation, state)
  }
  const conversation = await ask(desk, inbox, 'Not this one')
  await desk.api.put(`/api/v1/outbox/${await reply(desk, conversation, 'delayed')}/cancel`)

  await page.goto('/admin/outbox')
  const row = page.getByTestId('outbox-row')
  for (const state of ['sent', 'failed', 'delayed', 'cancelled']) await expect(page.locator(`[data-testid="outbox-row"][data-state="${state}"]`).first()).toBeVisible()
  await expect(row.filter({ hasText: 'Spare part' }).first()).toContainText('Next attempt')
  await examineLooks(page, 'outbox-filled')
  for (const language of ['de-DE', 'fa-IR']) await examineIn(page, desk, language, 'outbox-filled', () => expect(row.first()).toBeVisible())
})

test('a mailbox that is not read is said on every page', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const inbox = await desk.api.createInbox('silent', dovecot, sink, 'Billing')
  const alarm = (id: number, name: string) => ({
    inbox_id: id, inbox_name: name, part: 'mailbox', mailbox: 'INBOX', since: new Date(Date.now() - 95 * 60_000).toISOString(), last_error: 'sign in: NO [AUTHENTICATIONFAILED] Invalid credentials',
  })
  // A desk alarms after a minute at the earliest.
  await page.route('**/api/v1/mail-alarms', (route) => route.fulfill({ json: { status: 'success', data: [alarm(inbox, 'Billing'), alarm(inbox + 1, 'Support')] } }))
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('mail-alarm')).toContainText('Billing')
  await examineLooks(page, 'mail-alarm')
  for (const language of ['de-DE', 'fa-IR']) await examineIn(page, desk, language, 'mail-alarm', () => expect(page.getByTestId('mail-alarm')).toBeVisible())
})

test('the settings of an inbox are tried by a test mail, and what the server said is shown', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('trial', dovecot, sink, 'Trial')
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(`/admin/inboxes/${inbox}/edit`)
  const address = page.getByLabel('Test address')
  await expect(address).toHaveValue('') // the user System has no address
  const before = sink.mails().length
  await address.fill('ana@home.example')
  await page.getByTestId('test-mail').click()
  const result = page.getByTestId('test-result').last()
  await expect(result).toHaveAttribute('data-ok', 'true')
  await expect(result).toContainText('127.0.0.1 took a test mail for ana@home.example')
  expect((await sink.mailTo('ana@home.example', before)).from).toBe('trial@desk.example')
  await result.getByText('Show what the server said').click()
  await expect(result).toContainText('RCPT TO:<ana@home.example>')
  await examineLooks(page, 'inbox-test-mail')

  await sink.treat('rcpt 550 5.1.1 No such user')
  await page.getByTestId('test-mail').click()
  await expect(page.getByTestId('test-result').last()).toHaveAttribute('data-ok', 'false')
  await page.getByTestId('test-dialogue').last().getByText('Show what the server said').click()
  await expect(page.getByTestId('test-dialogue').last()).toContainText('55')
  await examineIn(page, desk, 'fa-IR', 'inbox-test-refused', async () => {
    await page.locator('form input[type=email]').last().fill('ana@home.example')
    await page.getByTestId('test-mail').click()
    await expect(page.getByTestId('test-result').last()).toHaveAttribute('data-ok', 'false')
    if (await page.getByTestId('test-dialogue').last().getAttribute('open')) return
    await page.getByTestId('test-dialogue').last().locator('summary').click()
  })
  await desk.api.delete(`/api/v1/inboxes/${inbox}`)
})

test('an inbox keeps copies of its replies where it is told to', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('copies', dovecot, sink, 'Copies')
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(`/admin/inboxes/${inbox}/edit`)
  await page.getByRole('switch', { name: 'Keep a copy of replies' }).click()
  await page.getByLabel('Folder for sent mail').fill('Sent')
  await examineLooks(page, 'inbox-sent-copy')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible()
  const { config } = await desk.api.get<{ config: { sent_copy: boolean; sent_folder: string } }>(`/api/v1/inboxes/${inbox}`)
  expect([config.sent_copy, config.sent_folder]).toEqual([true, 'Sent'])
  await desk.api.delete(`/api/v1/inboxes/${inbox}`)
})
