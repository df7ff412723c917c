// What became of every mail: the books of a mailbox, and releasing what was set aside.

import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { messageID, plainBytes } from '../support/mails.ts'

const crlf = (lines: string[]): Buffer => Buffer.from(lines.join('\r\n') + '\r\n')

test('mails are listed by what became of them, read safely and released', async ({ desk, dovecot, sink, signedIn: page }) => {
  await desk.api.createInbox('ledger', dovecot, sink, 'Ledger')
  await dovecot.deliver('ledger', plainBytes('ledger@acme.test', 'An invoice is missing', 'Where is it?'))
  await dovecot.deliver('ledger', plainBytes('ledger@acme.test', 'The second invoice, too', 'Where is that?'))
  await dovecot.deliver('ledger', crlf(['From: Bo Li <bo@x.test>', 'To: ledger@acme.test', 'Subject: Out of office until Monday', `Message-ID: ${messageID()}`, 'Auto-Submitted: auto-replied', '', 'I am away.']))
  await dovecot.deliver('ledger', crlf(['To: ledger@acme.test', 'Subject: A form without a sender', `Message-ID: ${messageID()}`, 'Content-Type: text/html', '', '<p>Please call <b>me</b>.</p><img src="https://spy.test/a.png"><script>top.broken = 1</script>']))

  await page.goto('/admin/inboxes')
  await page.getByRole('link', { name: 'Ledger', exact: true }).click()
  await page.getByRole('link', { name: 'Show mails' }).click()
  await expect(page.getByTestId('mail-row')).toHaveCount(4)
  await expect(page.getByTestId('state-bar')).toContainText('The server holds 4 mails')
  await expect(page.getByTestId('state-bar')).toContainText('every one is accounted for')
  await examineLooks(page, 'mail-ledger')

  await page.getByRole('button', { name: /^Set aside/ }).click()
  await page.getByRole('button', { name: 'A form without a sender' }).click()
  const opened = page.getByTestId('opened-mail')
  await expect(opened.locator('iframe').contentFrame().getByText('Please call me.')).toBeVisible()
  await expect(opened.getByText('Images from other servers')).toBeVisible()
  await examineLooks(page, 'mail-ledger-opened')
  await page.getByRole('button', { name: 'Make a conversation' }).click()
  await expect(opened.getByRole('alert')).toBeVisible()
  await opened.getByLabel('Sender').fill('ann@x.test')
  await page.getByRole('button', { name: 'Make a conversation' }).click()
  await expect(opened).toBeHidden()
  await expect(page.getByText('No mails here')).toBeVisible()

  await page.getByRole('button', { name: /^Ignored by rule/ }).click()
  await page.getByRole('button', { name: /^Automatic answer/ }).click()
  await page.getByRole('button', { name: 'Out of office until Monday' }).click()
  await page.getByRole('button', { name: 'Release', exact: true }).click()
  await expect(opened).toBeHidden()
  await page.getByRole('button', { name: /^Filed/ }).click()
  await expect(page.getByTestId('mail-row')).toHaveCount(4)
  await page.getByRole('link', { name: 'Out of office until Monday' }).click()
  await expect(page).toHaveURL(/\/inboxes\/conversation\//)

  await page.goBack()
  await page.getByRole('button', { name: 'Read older mail' }).click()
  await examineLooks(page, 'mail-ledger-older')
  await page.getByRole('button', { name: 'Read', exact: true }).click()
  await expect(page.getByText('Older mail is being read')).toBeVisible()
  await expect(page.getByTestId('state-bar')).toContainText('every one is accounted for', { timeout: 60_000 }) // once the mailbox was read through again
})

test('the outbox says how replies fare', async ({ signedIn: page }) => {
  await page.goto('/admin/outbox')
  await page.getByRole('button', { name: /^Failed/ }).click()
  await expect(page.getByText('No replies here').or(page.getByTestId('outbox'))).toBeVisible()
  await examineLooks(page, 'outbox')
})
