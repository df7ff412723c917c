// What comes by itself is said to a screen reader: once, politely, in a few words.

import type { Page } from '@playwright/test'
import type { Desk } from '../support/desk.ts'
import { expect, test } from '../support/fixtures.ts'
import { answerBytes, customer, messageID } from '../support/mails.ts'

/** Everything that a status line said since, in order. */
async function listen(page: Page, line: string): Promise<() => Promise<string[]>> {
  await page.getByTestId(line).evaluate((element) => {
    const said: string[] = []
    Object.assign(element, { said })
    new MutationObserver(() => element.textContent && said.push(element.textContent)).observe(element, { childList: true, characterData: true, subtree: true })
  })
  return async () => await page.getByTestId(line).evaluate((element) => (element as unknown as { said: string[] }).said)
}

const begin = async (desk: Desk, inbox: number, subject: string): Promise<void> =>
  void (await desk.api.post('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>hello</p>', contact_email: customer, first_name: 'Mireille', last_name: 'M', subject, initiator: 'contact',
  }))

test('what comes is announced once', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('announced', dovecot, sink)
  await begin(desk, inbox, 'Heard at once')
  const { uuid } = await desk.api.conversationAbout('Heard at once')

  await test.step('a message in the open conversation, by who and what, but not one of one’s own', async () => {
    await page.goto(`/inboxes/all/conversation/${uuid}`)
    await expect(page.locator('article[data-testid="message"]')).toHaveCount(1)
    const said = await listen(page, 'announced')
    await desk.api.post(`/api/v1/conversations/${uuid}/messages`, { message: '<p>Mine.</p>', private: true, sender_type: 'agent' })
    await expect(page.locator('article[data-testid="message"]')).toHaveCount(2)
    await dovecot.deliver('announced', answerBytes(`announced+conv-${uuid}@desk.example`, 'Heard at once', messageID(), messageID(), 'And where is the lid?'))
    await expect.poll(said).toHaveLength(1)
    expect((await said())[0]).toMatch(/^New message from Mireille.*: And where is the lid\?/)
    expect(await page.getByTestId('announced').evaluate((element) => element.closest('[aria-live="off"]'))).toBeNull()
  })

  await test.step('rows that come to a list, together', async () => {
    await page.goto('/inboxes/all')
    await expect(page.getByTestId('conversation-row').first()).toBeVisible()
    const said = await listen(page, 'announced-rows')
    await Promise.all(['Heard second', 'Heard third'].map((subject) => begin(desk, inbox, subject)))
    await expect(page.getByTestId('conversation-row').filter({ hasText: 'Heard third' })).toBeVisible()
    await expect.poll(said).toEqual(['2 new conversations'])
  })
})
