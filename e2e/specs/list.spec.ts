// A long list: it is read on as one goes down, only what is seen is drawn, and the keyboard is enough.

import { expect, test } from '../support/fixtures.ts'

const count = 120

test('a long list is walked by wheel and by keyboard', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('list', dovecot, sink)
  for (let n = 0; n < count; n++) {
    await desk.api.post('/api/v1/conversations', {
      inbox_id: inbox, content: '<p>hello</p>', contact_email: `n${n}@customer.example`, first_name: 'N', subject: `Long list ${n}`, initiator: 'contact',
    })
  }
  await page.goto('/inboxes/all')
  const rows = page.getByTestId('conversation-row')
  await expect(rows.first()).toContainText(`Long list ${count - 1}`)
  const oldest = rows.filter({ hasText: /Long list 0(?!\d)/ })
  await rows.first().hover()
  // Less than what is drawn at a time: other tests' conversations are further down, and the row is not to be jumped over.
  await expect(async () => {
    await page.mouse.wheel(0, 600)
    await expect(oldest).toBeVisible({ timeout: 500 })
  }).toPass({ intervals: [0] })
  expect(await rows.count(), 'rows that are drawn').toBeLessThan(60)

  await page.goto('/inboxes/all')
  await expect(rows.first()).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/conversation\//)
  // The first row is where one begins.
  expect(page.url()).toContain((await rows.nth(1).getAttribute('data-uuid')) ?? 'no row')
})
