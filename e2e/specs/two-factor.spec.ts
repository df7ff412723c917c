// Signing in with a second factor: an authenticator app whose codes the test computes, recovery codes, and passkeys of
// Chromium's virtual authenticator. Each agent is the test's own.

import { createHmac } from 'node:crypto'
import type { Page } from '@playwright/test'
import { addAgent, password, signInAs } from '../support/agents.ts'
import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { until } from '../support/mailserver.ts'

/** A code of RFC 6238: SHA-1, 30 seconds, six digits. */
function totp(secret: string, step: number): string {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const now = (): number => Math.floor(Date.now() / 30_000)

/** A virtual key. Returns what says whether somebody touches it at once when it is asked. */
async function authenticator(page: Page): Promise<(touched: boolean) => Promise<void>> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  return async (touched) => void (await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: touched }))
}

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto('/account/profile')
  const security = page.getByTestId('security')
  await security.getByRole('button', { name: 'Add a passkey' }).click()
  await security.getByLabel('Name of the passkey').fill(name)
  await security.getByLabel('Name of the passkey').press('Enter')
  await expect(page.getByTestId('passkey')).toContainText(name)
}

async function signOut(page: Page): Promise<void> {
  await page.context().clearCookies()
}

test('an authenticator app and recovery codes guard the password', async ({ desk, page }) => {
  const email = await addAgent(desk.api, 'Tova')
  await signInAs(page, email)
  await expect(page).toHaveURL(/\/inboxes\//)
  await page.goto('/account/profile')
  const security = page.getByTestId('security')
  await security.getByRole('button', { name: 'Set up' }).click()
  const secret = (await page.getByTestId('totp-secret').innerText()).replaceAll(' ', '')
  await examineLooks(page, 'security-totp')
  const used = now()
  await security.getByRole('textbox', { name: 'Code' }).fill(totp(secret, used))
  await security.getByRole('textbox', { name: 'Code' }).press('Enter')
  const codes = page.getByTestId('recovery-codes').getByRole('listitem')
  await expect(codes).toHaveCount(10)
  const recovery = await codes.first().innerText()
  await examineLooks(page, 'security-codes')

  await signOut(page)
  await signInAs(page, email)
  const code = page.locator('#code')
  await expect(code).toBeFocused()
  await expect(code).toHaveAttribute('autocomplete', 'one-time-code')
  await examineLooks(page, 'second-factor')
  await code.fill(totp(secret, used))
  await code.press('Enter')
  await expect(page.getByText('This code is wrong')).toBeVisible()
  await code.fill(totp(secret, Math.max(used + 1, now())))
  await code.press('Enter')
  await expect(page).toHaveURL(/\/inboxes\//)

  await signOut(page)
  await signInAs(page, email)
  await page.getByRole('button', { name: 'Use a recovery code' }).click()
  await code.fill(recovery)
  await code.press('Enter')
  await expect(page).toHaveURL(/\/inboxes\//)

  await page.goto('/account/profile')
  await expect(security.getByText('9 recovery codes are left.')).toBeVisible()
  await security.getByRole('button', { name: 'Remove', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password', { exact: true }).fill('wrong')
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await expect(dialog.getByText('This password is wrong.')).toBeVisible()
  await examineLooks(page, 'security-proof')
  await dialog.getByLabel('Password', { exact: true }).fill(password)
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await expect(dialog).toBeHidden()
  await expect(security.getByRole('button', { name: 'Set up' })).toBeVisible()
})

test('a passkey signs in without a password', async ({ desk, page }) => {
  const email = await addAgent(desk.api, 'Petra')
  await authenticator(page)
  await signInAs(page, email)
  await expect(page).toHaveURL(/\/inboxes\//)
  await addPasskey(page, 'Test key')
  const security = page.getByTestId('security')
  await security.getByRole('button', { name: 'Rename Test key' }).click()
  await security.getByLabel('Name of the passkey').fill('Laptop')
  await security.getByLabel('Name of the passkey').press('Enter')
  await expect(page.getByTestId('passkey')).toContainText('Laptop')
  await examineLooks(page, 'security-passkey')

  await signOut(page)
  // The virtual key is touched at once, also when it is only suggested: then there would be no button left to press.
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)
  })
  await page.goto('/')
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await expect(page).toHaveURL(/\/inboxes\//)
})

test('the browser suggests a passkey with the address, also on a page that was left open', async ({ desk, page }) => {
  const email = await addAgent(desk.api, 'Selma')
  const touch = await authenticator(page)
  await signInAs(page, email)
  await expect(page).toHaveURL(/\/inboxes\//)
  await addPasskey(page, 'Laptop')

  await signOut(page)
  await touch(false)
  await page.clock.install()
  const questions: string[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/auth/passkey/options')) questions.push(request.url())
  })
  await page.goto('/')
  await expect(page.locator('#email')).toHaveAttribute('autocomplete', /webauthn/)
  await expect.poll(() => questions.length).toBe(1)
  await page.clock.fastForward('09:30')
  await expect.poll(() => questions.length, { message: 'the question is asked anew before it is over' }).toBe(2)
  // Whoever touches the key has chosen what the browser suggests.
  await touch(true)
  await page.clock.fastForward('09:30')
  await expect(page).toHaveURL(/\/inboxes\//)
})

test('after a session ended the second factor is asked for in place', async ({ desk, page }) => {
  const email = await addAgent(desk.api, 'Enno')
  await signInAs(page, email)
  await expect(page).toHaveURL(/\/inboxes\//)
  await page.goto('/account/profile')
  await page.getByTestId('security').getByRole('button', { name: 'Set up' }).click()
  const secret = (await page.getByTestId('totp-secret').innerText()).replaceAll(' ', '')
  await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret, now()))
  await page.getByRole('textbox', { name: 'Code' }).press('Enter')
  const codes = page.getByTestId('recovery-codes').getByRole('listitem')
  await expect(codes).toHaveCount(10)
  const recovery = await codes.first().innerText()

  // Whatever is asked next finds that the session has ended, and the dialog covers what would be clicked after.
  await page.getByRole('combobox', { name: 'You are' }).click()
  const away = page.getByRole('option').nth(1)
  await expect(away).toBeVisible()
  await page.context().clearCookies({ name: 'libredesk_session' })
  await away.click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password', { exact: true }).fill(password)
  await dialog.getByLabel('Password', { exact: true }).press('Enter')
  await dialog.getByRole('button', { name: 'Use a recovery code' }).click()
  await examineLooks(page, 'session-ended-code')
  await dialog.locator('#code').fill(recovery)
  await dialog.locator('#code').press('Enter')
  await expect(dialog).toBeHidden()
  await expect(page).toHaveURL(/account\/profile/)
})

test('a role that requires a second factor leads to setting one up', async ({ desk, page }) => {
  const role = await desk.api.post<{ id: number }>('/api/v1/roles', { name: 'Careful', permissions: ['conversations:read', 'conversations:read_all', 'messages:read'] })
  await desk.api.put(`/api/v1/roles/${role.id}/two-factor`, { require_two_factor: true })
  const email = await addAgent(desk.api, 'Rika', ['Careful'])
  await signInAs(page, email)
  await expect(page.getByRole('heading', { name: 'Protect your account' })).toBeVisible()
  await examineLooks(page, 'two-factor-setup')
  await page.goto('/inboxes/all')
  await expect(page).toHaveURL(/two-factor-setup/)
  await page.getByRole('button', { name: 'Set up' }).click()
  const secret = (await page.getByTestId('totp-secret').innerText()).replaceAll(' ', '')
  await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret, now()))
  await page.getByRole('textbox', { name: 'Code' }).press('Enter')
  await expect(page.getByTestId('recovery-codes')).toBeVisible()
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(/\/inboxes\/all/)
})

test('an administrator requires a second factor for a role', async ({ desk, signedIn: page }) => {
  const role = await desk.api.post<{ id: number }>('/api/v1/roles', { name: 'Guarded', permissions: ['messages:read'] })
  await page.goto(`/admin/teams/roles/${role.id}/edit`)
  await page.getByRole('switch', { name: 'Require a second factor' }).click()
  await page.getByRole('button', { name: /save/i }).click()
  await until('the role to require it', async () => (await desk.api.get<{ require_two_factor: boolean }>(`/api/v1/roles/${role.id}`)).require_two_factor)
  await examineLooks(page, 'role-two-factor')
})
