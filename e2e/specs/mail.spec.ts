// The main job, end to end: a customer's mail becomes a conversation, an agent answers it in the browser, the answer
// arrives in the customer's thread, and what the customer writes back lands in the same conversation.

import PostalMime from 'postal-mime'
import { expect, test } from '../support/fixtures.ts'
import { until } from '../support/mailserver.ts'
import { answerBytes, customer, firstMail, firstMailBytes, messageID, pdf, plainBytes, png } from '../support/mails.ts'

const attachment = { name: 'Antwort – été.pdf', mimeType: 'application/pdf', buffer: Buffer.concat([pdf.bytes, Buffer.from([0, 255, 13, 10])]) }

test('a mail is answered in the browser and the customer answers back', async ({ desk, dovecot, sink, signedIn: page }) => {
  await desk.api.createInbox('support', dovecot, sink)
  await page.goto('/inboxes/unassigned')
  const image = png(200, 40, 40)
  const firstID = messageID()

  await test.step('the mail appears on the open screen', async () => {
    await dovecot.deliver('support', firstMailBytes(firstID, image))
    const accepted = Date.now()
    await expect(page.getByTestId('conversation-row').filter({ hasText: firstMail.subject })).toBeVisible()
    test.info().annotations.push({ type: 'accepted → on the screen', description: `${Date.now() - accepted} ms` })
  })

  const row = page.getByTestId('conversation-row').filter({ hasText: firstMail.subject })
  const uuid = (await row.getAttribute('data-uuid')) ?? ''
  await row.click()
  await expect(page).toHaveURL(new RegExp(`/conversation/${uuid}`))

  await test.step('it is shown as it was written', async () => {
    const message = page.locator('[data-testid="message"][data-type="incoming"]')
    const body = message.locator('iframe').contentFrame()
    await expect(body.getByText(firstMail.html)).toBeVisible()
    await expect
      .poll(async () => await body.getByAltText('logo').evaluate((img: HTMLImageElement) => img.naturalWidth))
      .toBe(48)
    await expect(message.getByTestId('attachment').filter({ hasText: pdf.name })).toBeVisible()
  })

  await test.step('its attachments are those that were sent, byte for byte', async () => {
    const [message] = (await desk.api.messages(uuid)).filter((m) => m.type === 'incoming')
    const files = new Map(message?.attachments.map((a) => [a.name, a]))
    expect(await desk.api.download(files.get(pdf.name)?.url ?? '')).toEqual(pdf.bytes)
    expect(await desk.api.download(files.get('logo.png')?.url ?? '')).toEqual(image)
  })

  const before = sink.mails().length
  await test.step('the agent replies with an attachment', async () => {
    await page.getByTestId('composer-editor').click()
    await page.keyboard.type('Wir kümmern uns darum.')
    const chooser = page.waitForEvent('filechooser')
    await page.getByTestId('composer-attach').click()
    await (await chooser).setFiles(attachment)
    await expect(page.getByTestId('composer').getByTestId('attachment').filter({ hasText: attachment.name })).toBeVisible()
    await page.getByTestId('composer-send').click()
    const reply = page.locator('[data-testid="message"][data-type="outgoing"]')
    await expect(reply).toHaveAttribute('data-status', 'sent')
  })

  const sent = await sink.mailTo(customer, before)
  const reply = await PostalMime.parse(sent.raw)
  const header = (name: string) => reply.headers.find((h) => h.key === name)?.value ?? ''
  await test.step('the customer gets a mail that belongs to theirs', () => {
    expect(sent).toMatchObject({ from: 'support@desk.example', to: [customer], answered: true })
    expect(reply.from?.address).toBe('support@desk.example')
    expect(reply.to?.map((a) => a.address)).toEqual([customer])
    expect(reply.subject).toContain(firstMail.subject)
    expect(reply.inReplyTo).toBe(firstID)
    expect(reply.references?.split(/\s+/)).toContain(firstID)
    expect(reply.messageId).toMatch(/^<\S+@desk\.example>$/)
    expect(header('date')).not.toBe('')
    expect(reply.html ?? '').toContain('Wir kümmern uns darum.')
    expect(reply.text ?? '').toContain('Wir kümmern uns darum.')
    const [file] = reply.attachments
    expect(file?.filename).toBe(attachment.name)
    expect(Buffer.from(file?.content as ArrayBuffer)).toEqual(attachment.buffer)
  })

  await test.step('the answer lands in the same conversation, which opens again', async () => {
    await desk.api.put(`/api/v1/conversations/${uuid}/status`, { status: 'Resolved' })
    const replyTo = reply.replyTo?.[0]?.address ?? 'support@desk.example'
    await dovecot.deliver(
      'support',
      answerBytes(replyTo, reply.subject ?? '', reply.messageId ?? '', reply.references ?? '', 'Merci, reçu. 谢谢!'),
    )
    await until('the conversation to open again', async () => (await desk.api.conversation(uuid)).status === 'Open')
    await expect(page.locator('[data-testid="message"][data-type="incoming"]')).toHaveCount(2)
    const incoming = (await desk.api.messages(uuid)).filter((m) => m.type === 'incoming')
    expect(incoming.map((m) => m.text_content).join()).toContain('Merci, reçu. 谢谢!')
    expect((await desk.api.conversations()).filter((c) => c.subject.includes(firstMail.subject))).toHaveLength(1)
  })
})

test('a reply that the server refuses says so, and goes out on retry', async ({ desk, dovecot, sink, signedIn: page }) => {
  await desk.api.createInbox('refused', dovecot, sink)
  const subject = 'A mail to be refused'
  await dovecot.deliver('refused', plainBytes('refused@desk.example', subject, 'Hello?'))
  const { uuid } = await desk.api.conversationAbout(subject)
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await sink.treat('rcpt 550 5.1.1 No such user here')
  await page.getByTestId('composer-editor').click()
  await page.keyboard.type('Does this reach you?')
  await page.getByTestId('composer-send').click()
  const reply = page.locator('[data-testid="message"][data-type="outgoing"]')
  await expect(reply).toHaveAttribute('data-status', 'failed')
  await expect(reply).toContainText('No such user here')

  await sink.treat('accept')
  const before = sink.mails().length
  await reply.getByRole('button', { name: /retry|send again/i }).click()
  await expect(reply).toHaveAttribute('data-status', 'sent')
  expect((await PostalMime.parse((await sink.mailTo(customer, before)).raw)).text).toContain('Does this reach you?')
})
