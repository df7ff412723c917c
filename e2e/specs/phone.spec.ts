// A phone held upright: what an agent does between two stops of the bus, by finger.

import { admin } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { examine } from '../support/look.ts'

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })

test('on a phone one signs in, filters, reads, replies and resolves, and nothing scrolls sideways', async ({ desk, dovecot, sink, page }) => {
  const inbox = await desk.api.createInbox('phone', dovecot, sink)
  const begin = (subject: string): Promise<{ uuid: string }> =>
    desk.api.post('/api/v1/conversations', {
      inbox_id: inbox, content: `<p>Dear shop,</p><p>${subject}: my order of the second of March has not come, and the page of the carrier says that it was never handed over.</p>`,
      contact_email: 'una@phone.example', first_name: 'Una', last_name: 'Featherstonehaugh', subject, initiator: 'contact',
    })
  const { uuid } = await begin('Where is my parcel (phone)')
  const done = await begin('All is well (phone)')
  await desk.api.put(`/api/v1/conversations/${done.uuid}/status`, { status: 'Closed' })

  await page.goto('/')
  await examine(page, 'phone-sign-in')
  await page.locator('#email').fill(admin.email)
  await page.locator('#password').fill(admin.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).tap()
  await expect(page).toHaveURL(/\/inboxes\//)
  await page.goto('/inboxes/all')
  const row = page.getByTestId('conversation-row').filter({ hasText: 'Where is my parcel (phone)' })
  await expect(row).toBeVisible()

  await test.step('the list is filtered', async () => {
    await page.getByTestId('status-filter').tap()
    await page.getByRole('menuitem', { name: 'Closed' }).tap()
    await expect(row).toHaveCount(0)
    await expect(page.getByTestId('conversation-row').filter({ hasText: 'All is well (phone)' })).toBeVisible()
    await examine(page, 'phone-list')
    await page.getByTestId('status-filter').tap()
    await page.getByRole('menuitem', { name: 'Open', exact: true }).tap()
    await expect(row).toBeVisible()
    await page.getByTestId('quick-filter').tap()
    await expect(page.getByTestId('quick-form')).toBeVisible()
    await examine(page, 'phone-filter')
    await page.getByTestId('quick-subject').fill('parcel (phone)')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('quick-chips')).toBeVisible()
    await expect(row).toBeVisible()
  })

  await test.step('a conversation is read and answered', async () => {
    await row.tap()
    await expect(page.getByTestId('message').first()).toBeVisible()
    await examine(page, 'phone-conversation')
    await page.getByTestId('composer-tab-reply').tap()
    const editor = page.getByTestId('composer-editor')
    await expect(editor).toBeFocused()
    await page.keyboard.type('It leaves today, with our apologies.')
    await examine(page, 'phone-reply')
    await page.getByTestId('composer-send').tap()
    await expect(page.getByTestId('message').last().locator('iframe').contentFrame().getByText('It leaves today')).toBeVisible()
    await expect(editor).not.toContainText('It leaves today')
  })

  await test.step('it is resolved, and the way back is there', async () => {
    await page.getByTestId('resolve').tap()
    await expect.poll(async () => (await desk.api.conversation(uuid)).status).toBe('Resolved')
    await examine(page, 'phone-resolved')
    await page.getByRole('button', { name: 'Back to the list' }).tap()
    await expect(page.getByTestId('conversation-list').or(page.getByTestId('list-empty')).first()).toBeVisible()
    await expect(row).toHaveCount(0)
    await examine(page, 'phone-done')
  })
})
