// Connecting a mailbox to its provider as administrators meet it, and the form of an inbox with several servers.

import { Desk } from '../support/desk.ts'
import { expect, signIn, test as base } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { MailProvider } from '../support/mailprovider.ts'

/** The desk of these tests takes a provider of their own for Google and Microsoft. */
const test = base.extend<object, { provider: MailProvider }>({
  provider: [
    async ({}, use) => {
      const provider = await MailProvider.start()
      await use(provider)
      await provider.stop()
    },
    { scope: 'worker' },
  ],
  desk: [
    async ({ engine, provider }, use) => {
      const desk = await Desk.start(engine, { FOYER_OAUTH_GOOGLE_URL: provider.url, FOYER_OAUTH_MICROSOFT_URL: provider.url })
      await use(desk)
      await desk.stop()
    },
    { scope: 'worker' },
  ],
})

interface Inbox {
  id: number
  name: string
  from: string
  config: { oauth: Record<string, unknown>; imap: { host: string; username: string; scan_inbox_since: string }[]; smtp: unknown[]; enable_plus_addressing: boolean }
}

test('a mailbox is connected to its provider, loses the connection and gets it back', async ({ desk, page, provider }) => {
  await signIn(page)
  await page.goto('/admin/inboxes/new')
  await page.getByText('Microsoft 365', { exact: true }).click()
  const offer = page.getByTestId('oauth-offer')
  await expect(offer).toContainText('need no password')
  await examineLooks(page, 'inbox-oauth-offer')
  await offer.getByRole('button', { name: 'Connect with Microsoft' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByTestId('callback-url')).toHaveText(`${desk.url}/api/v1/inboxes/oauth/microsoft/callback`)
  await dialog.getByRole('button', { name: 'Continue to Microsoft' }).click()
  await expect(dialog.getByLabel('Client ID')).toBeFocused() // it says first what is missing
  await dialog.getByLabel('Client ID').fill(MailProvider.clientID)
  await dialog.getByLabel('Client secret').fill(MailProvider.clientSecret)
  await examineLooks(page, 'inbox-oauth-dialog')

  await test.step('nobody agrees', async () => {
    await provider.tell({ account: 'help@acme.test', faults: { Deny: 'access_denied' } })
    await dialog.getByRole('button', { name: 'Continue to Microsoft' }).click()
    await expect(page).toHaveURL(`${desk.url}/admin/inboxes?error=oauth_denied`)
    await expect(page.getByTestId('oauth-outcome')).toContainText('nobody agreed')
    await examineLooks(page, 'inboxes-oauth-denied')
  })

  await provider.tell({ faults: {} })
  await page.goto('/admin/inboxes/new')
  await page.getByText('Microsoft 365', { exact: true }).click()
  await page.getByTestId('oauth-offer').getByRole('button').click()
  await dialog.getByLabel('Client ID').fill(MailProvider.clientID)
  await dialog.getByLabel('Client secret').fill(MailProvider.clientSecret)
  await dialog.getByLabel('Client secret').press('Enter')
  await expect(page.getByTestId('oauth-outcome')).toContainText('The mailbox is connected')
  await expect(page).toHaveURL(`${desk.url}/admin/inboxes?success=oauth_connected`)

  await page.getByRole('link', { name: 'help@acme.test Inbox' }).click()
  const state = page.getByTestId('oauth-state')
  await expect(state).toContainText('Connected with Microsoft')
  await expect(state).toContainText('help@acme.test')
  await expect(page.getByLabel('Password', { exact: true })).toHaveCount(0)
  await expect(page.getByRole('switch', { name: 'Reply address for each conversation' })).toBeDisabled()
  await examineLooks(page, 'inbox-oauth')

  await test.step('saving the form keeps the connection', async () => {
    await page.getByLabel('Name', { exact: true }).fill('Help desk')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.getByRole('heading', { name: 'Help desk' })).toBeVisible()
    await expect(state).toContainText('Connected with Microsoft')
  })

  await test.step('the provider ends it', async () => {
    await provider.tell({ revoke: true })
    const [inbox] = await desk.api.get<Inbox[]>('/api/v1/inboxes')
    const { id, name, from, config } = inbox!
    Object.assign(config.oauth, { access_token: 'ended', expires_at: '2020-01-01T00:00:00Z' })
    await desk.api.put(`/api/v1/inboxes/${id}`, { name, from, config, channel: 'email', enabled: true })
    await expect(async () => {
      await page.reload()
      await expect(state).toContainText('has ended the connection', { timeout: 2000 })
    }).toPass()
    await examineLooks(page, 'inbox-oauth-revoked')
    await state.getByRole('button', { name: 'Reconnect' }).click()
    await expect(dialog.getByLabel('Client ID')).toHaveValue(MailProvider.clientID)
    await dialog.getByRole('button', { name: 'Continue to Microsoft' }).click() // the secret is kept
    await expect(page.getByTestId('oauth-outcome')).toContainText('connected again')
    await page.getByRole('link', { name: 'Help desk' }).click()
    await expect(state).toContainText('Connected with Microsoft')
  })

  await test.step('a password takes its place', async () => {
    await state.getByRole('button', { name: 'Use a password instead' }).click()
    await expect(page.getByLabel('Password', { exact: true }).first()).toBeVisible()
    await page.getByRole('button', { name: 'Stay connected' }).click()
    await expect(state).toBeVisible()
  })
})

test('an inbox has several mailboxes and servers, in an order', async ({ desk, page }) => {
  await signIn(page)
  await page.goto('/admin/inboxes/new')
  await page.getByLabel('Name', { exact: true }).fill('Orders')
  await page.getByLabel('From', { exact: true }).fill('Acme <orders@acme.test>')
  await page.getByLabel('Sender name of replies').fill('{{ .Agent.FirstName }} at {{ .Inbox.Name }}')
  await expect(page.getByTestId('sender-preview')).toContainText('System at Orders <orders@acme.test>')
  const imap = page.getByTestId('imap-server')
  const smtp = page.getByTestId('smtp-server')
  for (const server of [imap.first(), smtp.first()]) {
    await server.getByLabel('Server').fill('127.0.0.1')
    await server.getByLabel('User name').fill('orders')
    await server.getByLabel('Password', { exact: true }).fill('secret')
  }
  await imap.first().getByLabel('Port').fill('1')
  await expect(imap.first().getByRole('combobox', { name: 'Begin with mail of' })).toHaveText('the last 2 days')
  await imap.first().getByRole('combobox', { name: 'Begin with mail of' }).click()
  await page.getByRole('option', { name: 'the last 30 days' }).click()
  await examineLooks(page, 'inbox-since')
  await smtp.first().getByLabel('Port').fill('1')
  await page.getByRole('button', { name: 'Read another mailbox' }).click()
  await expect(imap).toHaveCount(2)
  await expect(imap.nth(1).getByLabel('Server')).toBeFocused()
  await page.getByRole('button', { name: 'Create inbox' }).click()
  await expect(imap.nth(1).getByLabel('Server')).toBeFocused() // what is missing is found
  await page.keyboard.type('localhost')
  await imap.nth(1).getByLabel('Port').fill('1')
  await imap.nth(1).getByLabel('User name').fill('archive')
  await imap.nth(1).getByLabel('Password', { exact: true }).fill('other secret')
  await page.getByTestId('test-connection').click()
  const results = page.getByTestId('test-result')
  await expect(results).toHaveCount(3)
  await expect(results.nth(1)).toContainText('localhost does not accept connections')
  await examineLooks(page, 'inbox-servers')
  await page.getByRole('button', { name: 'Move localhost up' }).click()
  await page.getByRole('button', { name: 'Create inbox' }).click()
  await expect(page).toHaveURL(`${desk.url}/admin/inboxes`)

  const made = (await desk.api.get<Inbox[]>('/api/v1/inboxes')).find((one) => one.name === 'Orders')!
  expect(made.config.imap.map((server) => [server.username, server.scan_inbox_since])).toEqual([['archive', '48h'], ['orders', '720h']])
  await page.getByRole('link', { name: 'Orders' }).click()
  await expect(page.getByText('Saved. Leave it empty to keep it.')).toHaveCount(3)
  await page.getByRole('button', { name: 'Remove 127.0.0.1' }).click()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible()
  const [only, ...more] = (await desk.api.get<Inbox>(`/api/v1/inboxes/${made.id}`)).config.imap
  expect([only?.username, more.length]).toEqual(['archive', 0])
})
