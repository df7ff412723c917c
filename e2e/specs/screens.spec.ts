// Every screen is accessible and looks as it should, in light, in dark and on a phone. What axe calls serious or worse
// fails; the pictures in screenshots/ are for people to look at.

import { expect, signIn, test } from '../support/fixtures.ts'
import { examine, looks } from '../support/look.ts'
import { firstMail, firstMailBytes, htmlBytes, messageID, png } from '../support/mails.ts'

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
      await examine(page, `sign-in-${look.name}`)
      await signIn(page)

      await page.goto('/inboxes/all')
      await expect(page.getByTestId('conversation-row').first()).toBeVisible()
      await examine(page, `list-${look.name}`)

      await page.goto(`/inboxes/all/conversation/${uuid}`)
      await expect(page.getByTestId('message').first()).toBeVisible()
      await examine(page, `conversation-${look.name}`)

      await page.keyboard.press('Control+k')
      await expect(page.getByRole('dialog')).toBeVisible()
      await examine(page, `command-bar-${look.name}`)
      await page.keyboard.press('Escape')

      for (const [screen, path] of [['inboxes', '/admin/inboxes'], ['inbox', `/admin/inboxes/${inbox}/edit`], ['agents', '/admin/teams/agents'], ['activity-log', '/admin/teams/activity-log'], ['own-mail', '/admin/notification'], ['general', '/admin/general']] as const) {
        await page.goto(path)
        await expect(page.getByRole('heading').first()).toBeVisible()
        await examine(page, `${screen}-${look.name}`)
      }
    })
  })
}
