// A session ends at any moment: nothing that was being written is lost, and nothing is shown to whoever comes next.

import type { Page } from '@playwright/test'
import { admin, type Desk } from '../support/desk.ts'
import { addAgent, signInAs } from '../support/agents.ts'
import { expect, goOffline, signIn, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { type Dovecot, type Sink, until } from '../support/mailserver.ts'

interface Draft {
  conversation_uuid: string
  content: string
}

async function conversation(desk: Desk, dovecot: Dovecot, sink: Sink, user: string): Promise<{ uuid: string; inbox: number }> {
  const inbox = await desk.api.createInbox(user, dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: `${user}@customer.example`, first_name: 'Nora', subject: `Session ${user}`, content: '<p>It is dark.</p>', initiator: 'contact',
  })
  return { uuid, inbox }
}

const draftOf = async (desk: Desk, uuid: string): Promise<string> =>
  (await desk.api.get<Draft[]>('/api/v1/drafts')).find((draft) => draft.conversation_uuid === uuid)?.content ?? ''

async function write(page: Page, uuid: string, text: string): Promise<void> {
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await page.keyboard.press('r')
  await expect(page.getByTestId('composer-editor')).toBeFocused()
  await page.keyboard.type(text)
}

test('what is typed when the session ends is saved after signing in again in place', async ({ desk, dovecot, sink, signedIn: page }) => {
  const { uuid } = await conversation(desk, dovecot, sink, 'ending')
  await write(page, uuid, 'First half')
  await until('the first half to be kept', async () => (await draftOf(desk, uuid)).includes('First half'))

  // Without any cookie a write is refused for want of the CSRF token rather than of the session.
  await page.context().clearCookies()
  await page.keyboard.insertText(' and second half') // at once: the question for the password may come with the first letter
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('Your session has ended')
  await expect(page.getByRole('dialog')).toHaveCount(1)
  await expect(page.locator('[data-testid^="toast-"]')).toHaveCount(0)
  await examineLooks(page, 'session-ended', false)

  await dialog.getByLabel('Password', { exact: true }).fill(admin.password)
  await dialog.getByLabel('Password', { exact: true }).press('Enter')
  await expect(dialog).toBeHidden()
  await expect(page.getByTestId('composer-editor')).toContainText('First half and second half')
  await until('the whole draft to be kept', async () => (await draftOf(desk, uuid)).includes('First half and second half'))

  // The socket hears of the opened conversation again.
  await desk.api.post(`/api/v1/conversations/${uuid}/messages`, { message: '<p>From a colleague</p>', private: true, sender_type: 'agent' })
  await expect(page.getByTestId('message').last().locator('iframe').contentFrame().getByText('From a colleague')).toBeVisible()
  await desk.api.delete(`/api/v1/conversations/${uuid}/draft`)
})

test('a tab that was killed while its agent typed brings the text back', async ({ desk, dovecot, sink, signedIn: page }) => {
  const { uuid } = await conversation(desk, dovecot, sink, 'killed')
  const context = page.context()
  // The server never hears of it: only the browser has what was typed.
  await context.route('**/draft', (route) => route.abort())
  await write(page, uuid, 'Never saved by the server')
  await page.waitForFunction((text) => Object.values(localStorage).some((kept: string) => kept.includes(text)), 'Never saved by the server')
  await page.close()
  await context.unroute('**/draft')

  const again = await context.newPage()
  await again.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(again.getByTestId('composer-editor')).toContainText('Never saved by the server')
  await until('the draft to reach the server', async () => (await draftOf(desk, uuid)).includes('Never saved by the server'))
  await desk.api.delete(`/api/v1/conversations/${uuid}/draft`)
})

test('whoever signs in next in the same browser finds nothing of the one before', async ({ desk, dovecot, sink, browser }) => {
  const { uuid } = await conversation(desk, dovecot, sink, 'next')
  const email = await addAgent(desk.api, 'Nils', ['Agent'])
  const context = await browser.newContext({ baseURL: desk.url })
  const theirs = await context.newPage()
  await signInAs(theirs, email)
  await expect(theirs).toHaveURL(/\/inboxes\//)
  await context.clearCookies()

  const page = await context.newPage()
  await signIn(page)
  await context.route('**/draft', (route) => route.abort())
  await write(page, uuid, 'For my eyes only')
  await context.unroute('**/draft')
  await context.clearCookies()

  // The other agent signs in beside the page that is still open and still tries to save.
  await signInAs(theirs, email)
  await expect(theirs).toHaveURL(/\/inboxes\//)
  await expect(page.getByRole('dialog')).toContainText('Your session has ended')
  await theirs.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(theirs.getByTestId('message')).toBeVisible()
  await expect(theirs.getByTestId('composer')).not.toContainText('For my eyes only')
  const drafts = await theirs.evaluate(async () => ((await (await fetch('/api/v1/drafts')).json()) as { data: unknown[] | null }).data)
  expect(drafts ?? []).toEqual([])

  // Back in place, the first agent has it still.
  await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill(admin.password)
  await page.getByRole('dialog').getByLabel('Password', { exact: true }).press('Enter')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByTestId('composer-editor')).toContainText('For my eyes only')
  await until('the draft to reach the server', async () => (await draftOf(desk, uuid)).includes('For my eyes only'))
  await desk.api.delete(`/api/v1/conversations/${uuid}/draft`)
  await context.close()
})

test('a new version asks to be loaded, never while something is written, and the text outlives it', async ({ desk, dovecot, sink, signedIn: page, context }) => {
  const { uuid } = await conversation(desk, dovecot, sink, 'released')
  await write(page, uuid, 'Half a sentence')
  await until('the text to be kept', async () => (await draftOf(desk, uuid)).includes('Half a sentence'))
  await page.evaluate(() => document.body.setAttribute('data-same-page', ''))
  // The desk is upgraded while the connection is down.
  const whole = page.url()
  await page.route(whole, async (route) => {
    if (route.request().isNavigationRequest()) return await route.continue()
    await route.fulfill({ contentType: 'text/html', body: '<!doctype html><script type="module" src="/assets/of-another-version.js"></script>' })
  })
  await goOffline(page)
  await context.setOffline(false)
  await page.evaluate(() => dispatchEvent(new Event('online')))
  const prompt = page.getByTestId('release')
  await expect(prompt).toContainText('A new version is here')
  await examineLooks(page, 'release')
  await expect(page.getByTestId('composer-editor')).toContainText('Half a sentence')
  await expect(page.locator('body[data-same-page]')).toHaveCount(1)
  await prompt.getByRole('button', { name: 'Reload' }).click()
  await expect(page.locator('body[data-same-page]')).toHaveCount(0)
  await expect(page.getByTestId('composer-editor')).toContainText('Half a sentence')
  await expect(prompt).toHaveCount(0)
  await desk.api.delete(`/api/v1/conversations/${uuid}/draft`)
})
