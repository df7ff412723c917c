// Spam, the trash, and the end; and the subject.

import type { Desk } from '../support/desk.ts'
import { expect, goBy, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

async function open(desk: Desk, inbox: number, subject: string): Promise<string> {
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>You have won!</p>', contact_email: 'mallory@customer.example', first_name: 'Mallory', subject, initiator: 'contact',
  })
  return uuid
}

test('a conversation goes to spam and to the trash, comes back, and is deleted for good', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('trash', dovecot, sink)
  const prize = await open(desk, inbox, 'Win a prize')
  await open(desk, inbox, 'Kept')
  const row = (subject: string) => page.getByTestId('conversation-row').filter({ hasText: subject })
  const notice = page.getByTestId('hidden-notice')

  // By key from the conversation; the next one takes its place.
  await page.goto('/inboxes/all')
  await row('Win a prize').click()
  await expect(page.getByTestId('conversation-subject')).toContainText('Win a prize')
  await page.keyboard.press('!')
  await expect(page.getByText('Marked as spam', { exact: true })).toBeVisible()
  await expect(row('Win a prize')).toHaveCount(0)
  await page.keyboard.press('z')
  await expect(row('Win a prize')).toBeVisible()
  await row('Win a prize').click()
  await expect(page.getByTestId('conversation-subject')).toContainText('Win a prize')
  await page.keyboard.press('!')
  await expect(row('Win a prize')).toHaveCount(0)
  await page.getByRole('navigation').getByRole('link', { name: 'Spam' }).click()
  await row('Win a prize').click()
  await expect(notice).toContainText('marked as spam')
  await expect(page.getByTestId('composer')).toBeHidden()
  await examineLooks(page, 'spam')

  // From spam to the trash, by the menu.
  await page.getByTestId('conversation-more').click()
  await page.getByTestId('move-to-trash').click()
  await goBy(page, 'g #', /\/inboxes\/trash/)
  await row('Win a prize').click()
  await expect(notice).toContainText('in the trash')
  await examineLooks(page, 'trash')
  await notice.getByTestId('restore').click()
  await expect(notice).toBeHidden()
  await expect(page.getByTestId('status-button')).toContainText('Open')

  // And for good.
  await page.keyboard.press('#')
  await expect.poll(async () => (await desk.api.conversation(prize)).status).toBe('Trash')
  await page.goto('/inboxes/trash')
  await row('Win a prize').click()
  await notice.getByTestId('delete-for-good').click()
  await examineLooks(page, 'trash-delete')
  await page.getByRole('alertdialog').or(page.getByRole('dialog')).getByRole('button', { name: 'Delete for good' }).click()
  await expect(page.getByText('Deleted for good', { exact: true })).toBeVisible()
  await expect(row('Win a prize')).toHaveCount(0)
})

test('the subject is changed in place', async ({ desk, dovecot, sink, signedIn: page }) => {
  await open(desk, await desk.api.createInbox('subject', dovecot, sink), 'Kept')
  await page.goto('/inboxes/all')
  await page.getByTestId('conversation-row').filter({ hasText: 'Kept' }).first().click()
  const subject = page.getByTestId('conversation-subject')
  await expect(subject).toContainText('Kept')
  await subject.hover()
  await page.getByTestId('edit-subject').click()
  await page.getByTestId('subject-field').fill('Kept and renamed')
  await examineLooks(page, 'subject')
  await page.getByTestId('subject-field').press('Enter')
  await expect(subject).toHaveText('Kept and renamed')
  await expect(page.getByTestId('conversation-row').filter({ hasText: 'Kept and renamed' })).toBeVisible()
  await page.getByTestId('edit-subject').focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('subject-field').fill('Never mind')
  await page.keyboard.press('Escape')
  await expect(subject).toHaveText('Kept and renamed')
})
