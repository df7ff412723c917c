// A language that is written from right to left mirrors the whole app; what is Latin in it keeps its own direction.

import { expect, signIn, test } from '../support/fixtures.ts'
import { examine } from '../support/look.ts'
import { firstMail, firstMailBytes, htmlBytes, messageID, png } from '../support/mails.ts'

test.use({ viewport: { width: 1440, height: 900 }, locale: 'fa-IR' })

// The desk is shared with the specs after this one, which read English.
test.afterEach(({ desk }) => desk.api.speak('en-US'))

test('in Persian the inbox and a conversation are mirrored', async ({ desk, dovecot, sink, page }) => {
  await desk.api.speak('fa-IR')
  await desk.api.createInbox('rtl', dovecot, sink)
  await dovecot.deliver('rtl', firstMailBytes(messageID(), png(40, 90, 200)), htmlBytes('سفارش ۱۰۴۲', '<p>سلام، کتری من هنوز نرسیده است.</p>'))
  const { uuid } = await desk.api.conversationAbout(firstMail.subject)
  await desk.api.conversationAbout('سفارش')

  await page.goto('/')
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
  await expect(page.locator('html')).toHaveAttribute('lang', 'fa-IR')
  await signIn(page)

  await page.goto('/inboxes/all')
  const row = page.getByTestId('conversation-row').first()
  await expect(row).toBeVisible()
  // The list begins at the right edge, beside the lists of the sidebar; what is opened stands to its left.
  const box = (await row.boundingBox())!
  expect(box.x + box.width / 2, 'the list is on the right').toBeGreaterThan(720)
  await examine(page, 'rtl-list')

  await page.goto(`/inboxes/all/conversation/${uuid}`)
  const message = page.getByTestId('message').first()
  await expect(message).toBeVisible()
  const letter = (await message.boundingBox())!
  expect(letter.x, 'the conversation is left of the list').toBeLessThan((await row.boundingBox())!.x)
  await examine(page, 'rtl-conversation')

  await page.setViewportSize({ width: 390, height: 844 })
  await examine(page, 'rtl-conversation-phone')
  await page.goto('/inboxes/all')
  await expect(row).toBeVisible()
  await examine(page, 'rtl-list-phone')
})
