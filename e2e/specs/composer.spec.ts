// What an agent writes: a picture from the clipboard, a draft that outlives the tab, the keys to send it.

import PostalMime from 'postal-mime'
import { expect, test } from '../support/fixtures.ts'
import { until } from '../support/mailserver.ts'
import { customer, plainBytes, png } from '../support/mails.ts'

test('a pasted picture and a draft outlive the tab and leave as one mail', async ({ desk, dovecot, sink, signedIn: page }) => {
  await desk.api.createInbox('composer', dovecot, sink)
  const subject = 'Which part is it?'
  await dovecot.deliver('composer', plainBytes('composer@desk.example', subject, 'Please send a picture.'))
  const { uuid } = await desk.api.conversationAbout(subject)
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()

  const editor = page.getByTestId('composer-editor')
  const drawn = editor.getByAltText('part.png')
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await page.keyboard.type('Here is the part: ')
  const picture = png(40, 160, 90)
  await editor.evaluate((target, bytes) => {
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File([new Uint8Array(bytes)], 'part.png', { type: 'image/png' }))
    target.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, [...picture])
  await expect.poll(async () => await drawn.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(48)
  await until('the draft to be kept', async () => {
    const drafts = await desk.api.get<{ conversation_uuid: string; content: string }[]>('/api/v1/drafts')
    return drafts.some((draft) => draft.conversation_uuid === uuid && draft.content.includes('the part') && draft.content.includes('<img'))
  })

  await page.reload()
  await expect(editor).toContainText('Here is the part:')
  await expect(drawn).toBeVisible()
  const before = sink.mails().length
  await editor.click()
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('[data-testid="message"][data-type="outgoing"]')).toHaveAttribute('data-status', 'sent')
  await expect(editor).not.toContainText('Here is the part')

  const mail = await PostalMime.parse((await sink.mailTo(customer, before)).raw)
  const [file] = mail.attachments
  expect(file?.disposition).toBe('inline')
  expect(mail.html).toContain(`cid:${(file?.contentId ?? '').replace(/[<>]/g, '')}`)
  expect(Buffer.from(file?.content as ArrayBuffer)).toEqual(picture)
  await expect.poll(() => desk.api.get<unknown[]>('/api/v1/drafts')).toEqual([])
})
