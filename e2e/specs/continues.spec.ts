// A mail that answers a conversation without joining it: what its own conversation says, and how the two become one.

import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'
import { until } from '../support/mailserver.ts'

test.afterEach(({ desk }) => desk.api.speak('en-US'))

const mail = (from: string, subject: string, id: string, text: string, ...headers: string[]): Buffer =>
  Buffer.from([...headers, `From: ${from}`, 'To: lamps@desk.example', `Subject: ${subject}`, `Message-ID: <${id}@continues.example>`, `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, '', text, ''].join('\r\n'))

test('an answer from another address, or of a forged sender, leads to the conversation that it answers', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await desk.api.createInbox('lamps', dovecot, sink, 'Lamps')
  const answers = 'In-Reply-To: <lamp@continues.example>'
  const found = async (subject: string) => {
    await until(`the mail ${subject}`, async () => (await desk.api.conversations()).some((one) => one.subject === subject))
    return (await desk.api.conversations()).find((one) => one.subject === subject)!
  }
  await dovecot.deliver('lamps', mail('Nora Holm <nora@work.example>', 'Reading lamp flickers', 'lamp', 'Since yesterday the lamp flickers.'))
  const lamp = await found('Reading lamp flickers')
  await dovecot.deliver('lamps', mail('Nora Holm <nora.holm@home.example>', 'Re: Reading lamp flickers', 'home', 'I write from home: it is the dimmer, I think.', answers))
  const home = await found('Re: Reading lamp flickers')
  await dovecot.deliver(
    'lamps',
    mail('Nora Holm <nora@work.example>', 'Re: Reading lamp flickers, refund', 'forged', 'Please send the refund to this new account.',
      'Authentication-Results: mx.desk.example; spf=fail smtp.mailfrom=work.example; dmarc=fail (p=REJECT dis=QUARANTINE) header.from=work.example',
      'Received: from somewhere.example by mx.desk.example; Mon, 2 Mar 2026 10:00:00 +0000', answers),
  )
  const forged = await found('Re: Reading lamp flickers, refund')

  const notice = page.getByTestId('continues')
  for (const [uuid, name] of [[forged.uuid, 'continues-forged'], [home.uuid, 'continues']] as const) {
    await page.goto(`/inboxes/all/conversation/${uuid}`)
    await expect(notice.getByRole('link')).toContainText('Reading lamp flickers')
    await examineLooks(page, name)
    for (const language of ['de-DE', 'fa-IR']) {
      await desk.api.speak(language)
      await page.reload()
      await expect(page.locator('html')).toHaveAttribute('lang', language)
      await expect(notice).toBeVisible()
      await examine(page, `${name}-${language}`)
    }
    await desk.api.speak('en-US')
    await page.reload()
  }

  await expect(notice).toContainText('nora.holm@home.example takes no part')
  await notice.getByTestId('continues-merge').click()
  await expect(page).toHaveURL(new RegExp(lamp.uuid))
  await expect(page.locator('[data-testid="message"][data-type="incoming"]')).toHaveCount(2)
  await expect(notice).toHaveCount(0)
})

test('who wrote in a contact form is the customer, once the inbox knows the form', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  const inbox = await desk.api.createInbox('forms', dovecot, sink, 'Forms')
  await page.goto(`/admin/inboxes/${inbox}/edit`)
  const relays = page.getByLabel('Contact forms and groups')
  await relays.fill('form@shop.example groups')
  await relays.press('Enter')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Enter addresses or domains')).toBeVisible()
  await page.getByRole('button', { name: 'Remove groups', exact: true }).click()
  await relays.fill('@Groups.example,')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('button', { name: 'Remove groups.example' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save changes' })).toBeHidden()
  await relays.scrollIntoViewIfNeeded()
  await examineLooks(page, 'inbox-relays')

  await dovecot.deliver('forms', mail('Shop <form@shop.example>', 'A question about delivery', 'form', 'Do you deliver to Oslo?', 'Reply-To: Signe Dahl <signe@fjord.example>'))
  await until('the mail of the form', async () => (await desk.api.conversations()).some((one) => one.subject === 'A question about delivery'))
  const { uuid } = (await desk.api.conversations()).find((one) => one.subject === 'A question about delivery')!
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message').first()).toContainText('via form@shop.example')
  await expect(page.getByTestId('message').first()).toContainText('Signe Dahl')
  await examineLooks(page, 'relayed')
})
