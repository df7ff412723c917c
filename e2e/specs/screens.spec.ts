// Every screen is accessible and looks as it should, in light, in dark and on a phone. What axe calls serious or worse
// fails; the pictures in screenshots/ are for people to look at.

import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, signIn, test } from '../support/fixtures.ts'
import { firstMail, firstMailBytes, htmlBytes, messageID, png } from '../support/mails.ts'

const looks = [
  { name: 'light', scheme: 'light', width: 1440, height: 900 },
  { name: 'dark', scheme: 'dark', width: 1440, height: 900 },
  { name: 'phone', scheme: 'light', width: 390, height: 844 },
] as const

async function examine(page: Page, screen: string, look: string): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.screenshot({ path: `screenshots/${screen}-${look}.png`, animations: 'disabled' })
  // What is inside a mail is the customer's work, not the desk's.
  const { violations } = await new AxeBuilder({ page }).exclude('[data-testid="message"] iframe').analyze()
  const serious = violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
  expect.soft(serious, `${screen} in ${look}`).toEqual([])
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect.soft(sideways, `${screen} in ${look} scrolls sideways`).toBeLessThanOrEqual(0)
}

for (const look of looks) {
  test.describe(look.name, () => {
    test.use({ colorScheme: look.scheme, viewport: { width: look.width, height: look.height } })

    test('each screen is accessible', async ({ desk, dovecot, sink, page }) => {
      const mailbox = `screens-${look.name}`
      const inbox = await desk.api.createInbox(mailbox, dovecot, sink)
      await dovecot.deliver(
        mailbox,
        htmlBytes(`Order 1042 (${look.name})`, '<h2>Order 1042</h2><table border="1"><tr><td>Kettle</td><td>29 €</td></tr></table>'),
        firstMailBytes(messageID(), png(40, 90, 200)),
      )
      const { uuid } = await desk.api.conversationAbout(firstMail.subject)
      await desk.api.conversationAbout(`Order 1042 (${look.name})`)

      await page.goto('/')
      await expect(page.locator('#email')).toBeVisible()
      await examine(page, 'sign-in', look.name)
      await signIn(page)

      await page.goto('/inboxes/all')
      await expect(page.getByTestId('conversation-row').first()).toBeVisible()
      await examine(page, 'list', look.name)

      await page.goto(`/inboxes/all/conversation/${uuid}`)
      await expect(page.getByTestId('message').first()).toBeVisible()
      await examine(page, 'conversation', look.name)

      await page.keyboard.press('Control+k')
      await expect(page.getByRole('dialog')).toBeVisible()
      await examine(page, 'command-bar', look.name)
      await page.keyboard.press('Escape')

      for (const [screen, path] of [['inboxes', '/admin/inboxes'], ['inbox', `/admin/inboxes/${inbox}/edit`], ['agents', '/admin/teams/agents'], ['activity-log', '/admin/teams/activity-log'], ['own-mail', '/admin/notification'], ['general', '/admin/general']] as const) {
        await page.goto(path)
        await expect(page.getByRole('heading').first()).toBeVisible()
        await examine(page, screen, look.name)
      }
    })
  })
}
