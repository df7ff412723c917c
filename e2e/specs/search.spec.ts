// The search finds conversations by their words and by conditions, shows where, and opens them there.

import { type Page } from '@playwright/test'
import { type Message } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

const notes = 60 // more than a thread shows at first

/** The words of the search's box, as if typed. */
async function search(page: Page, text: string): Promise<void> {
  await page.getByTestId('search-input').fill('')
  await page.getByTestId('search-input').pressSequentially(text)
}

test('a search finds messages by words and conditions and opens them where they are', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('search', dovecot, sink)
  const open = async (subject: string, first: string, email: string, text: string): Promise<string> =>
    (await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
      inbox_id: inbox, content: `<p>${text}</p>`, contact_email: email, first_name: first, last_name: 'Quill', subject, initiator: 'contact',
    })).uuid
  const kettle = await open('Kettle leaks', 'Zoë', 'zoe@kettle.example', 'My kettle leaks porcelain water everywhere. Please send a replacement or a refund before the end of the week.')
  await open('Invoice for porcelain', 'Bo', 'bo@shop.example', 'Where is the invoice of the porcelain set?')
  await open('A question', 'Ida', 'ida@shop.example', 'Is there a discount for schools?')
  const note = async (text: string): Promise<Message> => await desk.api.post<Message>(`/api/v1/conversations/${kettle}/messages`, { message: `<p>${text}</p>`, private: true, sender_type: 'agent' })
  const early = await note('The warehouse calls this batch obsidian-7.')
  for (let n = 0; n < notes; n++) await note(`Call ${n}: nobody answered.`)

  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  await page.keyboard.press('/')
  const box = page.getByTestId('search-input')
  await expect(box).toBeFocused()
  await examineLooks(page, 'search-empty')

  const hits = page.getByTestId('search-hit')
  await expect(async () => {
    await search(page, 'porcel')
    await expect(hits).toHaveCount(2, { timeout: 5_000 })
  }, 'the index is a moment behind').toPass()
  await expect(hits.first().locator('mark').first()).toHaveText('porcelain')
  await examineLooks(page, 'search-results')

  // Names of conditions and their values are offered, and completed by the keyboard.
  await box.fill('')
  await box.pressSequentially('porcelain sta')
  const offered = page.getByTestId('search-suggestions').getByRole('option')
  await expect(offered).toHaveText([/status:/])
  await box.press('ArrowDown')
  await box.press('Enter')
  await expect(offered.first()).toBeVisible()
  await box.pressSequentially('op')
  await expect(offered).toHaveText([/Open/])
  await examineLooks(page, 'search-suggestions')
  await box.press('Tab')
  await expect(box).toHaveValue('porcelain status:open ')
  await expect(hits).toHaveCount(2)

  for (const [query, found] of [['porcelain from:bo', /Invoice/], ['porcelain -invoice', /Kettle/], ['has:note obsidian', /Kettle/], ['"discount for schools"', /question/]] as const) {
    await search(page, query)
    await expect(hits).toHaveCount(1)
    await expect(hits).toContainText(found)
  }

  await search(page, 'quill ida')
  await expect(page.getByTestId('search-contact')).toHaveCount(1) // no more those of what was typed first
  await page.getByTestId('search-contact').click()
  await expect(page).toHaveURL(/\/contacts\/\d+/)
  await page.goBack()
  await search(page, 'from:ida@shop.example')
  await expect(hits).toHaveCount(1)

  await search(page, 'nothing-like-this')
  await expect(page.getByText('Nothing found for “nothing-like-this”')).toBeVisible()
  await search(page, 'status:no-such-status')
  await expect(page.getByText('There is no “no-such-status” for “status:”.')).toBeVisible()
  await examineLooks(page, 'search-refused')
  await search(page, 'ab')
  await expect(page.getByText('Type at least three characters.')).toBeVisible()

  await page.getByTestId('search-help').click()
  await expect(page.getByRole('heading', { name: 'What you can type' })).toBeVisible()
  await examineLooks(page, 'search-help')
  await page.keyboard.press('Escape')

  // A hit far back in a long thread is on screen when its conversation opens.
  await search(page, 'obsidian-7')
  await expect(hits).toHaveCount(1)
  await box.press('ArrowDown')
  await expect(hits.first()).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`${kettle}\\?scrollTo=${early.uuid}`))
  await expect(page.locator(`[data-uuid="${early.uuid}"]`)).toBeInViewport()

  // What was looked for is remembered in this browser.
  await page.keyboard.press('/')
  await expect(page.getByTestId('recent-searches')).toContainText('obsidian-7')
  await page.getByTestId('recent-searches').getByText('obsidian-7').click()
  await expect(hits).toHaveCount(1)

  // The command bar finds the same.
  await box.blur()
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('textbox').fill('obsidian')
  await expect(page.getByTestId('command-hit')).toHaveCount(1)
  await examineLooks(page, 'search-command-bar')
  await page.getByTestId('command-hit').click()
  await expect(page).toHaveURL(new RegExp(early.uuid))
})
