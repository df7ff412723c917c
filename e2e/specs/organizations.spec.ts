// Organizations: the companies that contacts belong to, by the domain of their address or by hand, and what all of their
// people wrote.

import type { Page } from '@playwright/test'
import type { Desk } from '../support/desk.ts'
import { expect, narrow, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

interface Named {
  id: number
  name: string
}

async function wrote(desk: Desk, inbox: number, email: string, first_name: string, subject: string): Promise<string> {
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: `<p>About ${subject}.</p>`, contact_email: email, first_name, last_name: 'of the fair', subject, initiator: 'contact',
  })
  return uuid
}

/** The desk is shared with other specs. */
async function forget(desk: Desk): Promise<void> {
  const { results } = await desk.api.get<{ results: Named[] }>('/api/v1/organizations?page_size=500')
  for (const { id } of results) await desk.api.delete(`/api/v1/organizations/${id}`)
}

test.beforeEach(({ desk }) => forget(desk))
test.afterEach(({ desk }) => forget(desk))

async function fillIn(page: Page, name: string, domains: string, note: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.locator('[name="name"]').fill(name)
  await dialog.locator('[name="domains"]').fill(domains)
  await dialog.locator('[name="note"]').fill(note)
}

test('a company is added, its people belong to it by their address, and all they wrote stands together', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('organizations', dovecot, sink)
  const lamp = await wrote(desk, inbox, 'ann@fairground.example', 'Ann', 'Fair lamp')
  await wrote(desk, inbox, 'ben@fairground.example', 'Ben', 'Fair chair')
  await wrote(desk, inbox, 'col@elsewhere.example', 'Col', 'Foreign desk')

  await page.goto('/organizations')
  await expect(page.getByText('No organizations yet')).toBeVisible()
  await examineLooks(page, 'organizations-empty')

  // What is wrong is said at its field; what was typed stays.
  await page.getByTestId('new-organization').click()
  await fillIn(page, 'Fairground Ltd', 'gmail.com ', 'Pays by invoice.\nAsk for Ann.')
  await page.getByRole('button', { name: 'Add organization' }).click()
  await expect(page.getByRole('dialog')).toContainText('Anybody can have an address of gmail.com')
  await examineLooks(page, 'organization-dialog')
  await page.getByRole('button', { name: 'Remove gmail.com' }).click()
  await page.getByRole('dialog').locator('[name="domains"]').fill('@Fairground.example')
  await page.getByRole('button', { name: 'Add organization' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Fairground Ltd' })).toBeVisible()
  await expect(page.getByTestId('organization-contacts').getByRole('listitem')).toHaveCount(2)
  await expect(page.getByTestId('organization-conversations')).toContainText('Fair lamp')
  await expect(page.getByTestId('organization-conversations')).toContainText('Fair chair')
  await expect(page.getByTestId('organization-conversations')).not.toContainText('Foreign desk')
  await examineLooks(page, 'organization')

  // It is found in the list by its domain, and renamed.
  for (const name of ['Another company with a name that is much longer than any column of the list is wide', 'Zinc & Sons']) await desk.api.post('/api/v1/organizations', { name })
  await page.goto('/organizations')
  await expect(page.getByTestId('organization-row')).toHaveCount(3)
  await examineLooks(page, 'organizations')
  await page.getByTestId('organization-filter').fill('fairg')
  await expect(page.getByTestId('organization-row')).toHaveCount(1)
  await expect(page).toHaveURL(/q=fairg/)
  await page.getByTestId('organization-filter').fill('no such company')
  await expect(page.getByText('No organization matches “no such company”')).toBeVisible()
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await page.getByRole('link', { name: 'Fairground Ltd' }).click()
  await page.getByTestId('edit-organization').click()
  await page.getByRole('dialog').locator('[name="name"]').fill('Fairground Group')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Fairground Group' })).toBeVisible()

  // Beside a conversation stands what the others wrote.
  await page.goto(`/inboxes/all/conversation/${lamp}`)
  await expect(page.getByTestId('context-organization')).toHaveText('Fairground Group')
  await expect(page.getByTestId('organization-others')).toContainText('Fair chair')
  await expect(page.getByTestId('organization-others')).not.toContainText('Fair lamp')
  await page.getByTestId('organization-others').scrollIntoViewIfNeeded()
  await examine(page, 'organization-beside')

  // Lists are filtered by it, in passing and for good.
  await page.goto('/inboxes/all')
  const rows = page.getByTestId('conversation-row')
  await page.getByTestId('quick-filter').click()
  await page.getByTestId('quick-organization').click()
  await narrow(page, 'fairground')
  await page.getByRole('option', { name: 'Fairground Group' }).click()
  await expect(page).toHaveURL(/organization=\d+/)
  await expect(rows).toHaveCount(2)
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('quick-chips')).toContainText('Organization: Fairground Group')
  await page.goto('/inboxes/search?q=organization%3Afairground')
  await expect(page.getByText('Fair chair').first()).toBeVisible()

  // It is a hit itself, by its name and by its domain.
  const bar = page.getByTestId('command-bar')
  for (const [words, name] of [['fairground gr', 'Fairground Group'], ['fairground.exa', 'Fairground Group']] as const) {
    await page.goto('/inboxes/all')
    await expect(rows.first()).toBeVisible()
    await page.keyboard.press('Control+k')
    await bar.getByRole('textbox').fill(words)
    await expect(page.getByTestId('command-organization')).toHaveText(new RegExp(name))
  }
  await examineLooks(page, 'organization-command-bar')
  await page.getByTestId('command-organization').click()
  await expect(page.getByRole('heading', { level: 1, name: 'Fairground Group' })).toBeVisible()
  await page.goto('/inboxes/search?q=fairground')
  await expect(page.getByTestId('search-organization')).toContainText('fairground.example')
  await examineLooks(page, 'organization-search')

  // Deleting it takes no contact along.
  const { results } = await desk.api.get<{ results: Named[] }>('/api/v1/organizations?q=fairground')
  await page.goto(`/organizations/${results[0]!.id}`)
  await page.getByTestId('organization-actions').click()
  await page.getByRole('menuitem', { name: 'Delete organization' }).click()
  await examine(page, 'organization-delete')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete organization' }).click()
  await expect(page.getByTestId('organization-row')).toHaveCount(2)
  await page.goto(`/inboxes/all/conversation/${lamp}`)
  await expect(page.getByTestId('context-contact')).toBeVisible()
  await expect(page.getByTestId('context-organization')).toBeHidden()
})

test('a contact is put into an organization by hand, into a new one, and out of it for good', async ({ desk, signedIn: page }) => {
  const acme = await desk.api.post<Named>('/api/v1/organizations', { name: 'Marquee', domains: ['marquee.example'] })
  const { id } = await desk.api.post<{ id: number }>('/api/v1/contacts', { email: 'dot@home.example', first_name: 'Dot', last_name: 'Lane' })
  await page.goto(`/contacts/${id}`)
  const line = page.getByTestId('contact-organization')
  await line.focus()
  await page.keyboard.press('Enter')
  await narrow(page, 'marq')
  await expect(page.getByRole('option', { name: 'Marquee' })).toBeVisible()
  await examine(page, 'organization-picker')
  await page.getByRole('option', { name: 'Marquee' }).click()
  await expect(line).toHaveText('Marquee')
  await examineLooks(page, 'contact-organization')
  await line.click()
  await narrow(page, 'Carousel')
  await page.getByRole('option', { name: 'Add “Carousel”' }).click()
  await expect(line).toHaveText('Carousel')
  await line.click()
  await page.getByRole('option', { name: 'No organization' }).click()
  await expect(line).toHaveText('Empty')
  // Their domain does not bring them back.
  await page.getByTestId('contact-email').click()
  await page.getByTestId('contact-email-input').fill('dot@marquee.example')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('contact-email')).toHaveText('dot@marquee.example')
  await page.reload()
  await expect(line).toHaveText('Empty')
  await page.goto(`/organizations/${acme.id}`)
  await expect(page.getByText('Nobody belongs to it yet.')).toBeVisible()
})
