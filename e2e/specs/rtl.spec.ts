// A language that is written from right to left mirrors the whole app; what is Latin in it keeps its own direction.

import { AxeBuilder } from '@axe-core/playwright'
import type { Desk } from '../support/desk.ts'
import { expect, signIn, test } from '../support/fixtures.ts'
import { firstMail, firstMailBytes, htmlBytes, messageID, png } from '../support/mails.ts'

test.use({ viewport: { width: 1440, height: 900 } })

/** The desk is shared with the specs after this one, which read English. */
async function speak(desk: Desk, language: string): Promise<void> {
  const settings = await desk.api.get<Record<string, unknown>>('/api/v1/settings/general')
  await desk.api.put('/api/v1/settings/general', { ...settings, 'app.lang': language })
}

test.afterEach(({ desk }) => speak(desk, 'en-US'))

test('in Persian the inbox and a conversation are mirrored', async ({ desk, dovecot, sink, page }) => {
  await speak(desk, 'fa-IR')
  await desk.api.createInbox('rtl', dovecot, sink)
  await dovecot.deliver('rtl', firstMailBytes(messageID(), png(40, 90, 200)), htmlBytes('سفارش ۱۰۴۲', '<p>سلام، کتری من هنوز نرسیده است.</p>'))
  const { uuid } = await desk.api.conversationAbout(firstMail.subject)
  await desk.api.conversationAbout('سفارش')

  const examine = async (screen: string) => {
    await page.waitForLoadState('networkidle')
    await page.screenshot({ path: `screenshots/rtl-${screen}.png`, animations: 'disabled' })
    const { violations } = await new AxeBuilder({ page }).exclude('[data-testid="message"] iframe').analyze()
    const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
    expect.soft(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), screen).toEqual([])
    // To the left of a page that runs right to left scrollWidth counts too.
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect.soft(sideways, `${screen} scrolls sideways`).toBeLessThanOrEqual(0)
  }

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
  await examine('list')

  await page.goto(`/inboxes/all/conversation/${uuid}`)
  const message = page.getByTestId('message').first()
  await expect(message).toBeVisible()
  const letter = (await message.boundingBox())!
  expect(letter.x, 'the conversation is left of the list').toBeLessThan((await row.boundingBox())!.x)
  await examine('conversation')

  await page.setViewportSize({ width: 390, height: 844 })
  await examine('conversation-phone')
  await page.goto('/inboxes/all')
  await expect(row).toBeVisible()
  await examine('list-phone')
})
