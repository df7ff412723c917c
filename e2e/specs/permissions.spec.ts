// What an agent's roles do not include is not shown, or says why it may not be used; and the server is never asked for it.

import type { Page } from '@playwright/test'
import { password, signInAs } from '../support/agents.ts'
import { expect, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

/** Collects what the server refuses a page. */
function refusals(page: Page): string[] {
  const refused: string[] = []
  page.on('response', (response) => {
    if (response.status() === 403) refused.push(`${response.request().method()} ${new URL(response.url()).pathname}`)
  })
  return refused
}

test('a typed address without permission shows that there is no access, and asks for nothing', async ({ desk, dovecot, sink, page }) => {
  const inbox = await desk.api.createInbox('permissions', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>Is the small one in stock?</p>', contact_email: 'ida@permissions.example', first_name: 'Ida', subject: 'In stock (permissions)', initiator: 'contact',
  })
  const { contact_id: contact } = await desk.api.get<{ contact_id: number }>(`/api/v1/conversations/${uuid}`)
  const { id: organization } = await desk.api.post<{ id: number }>('/api/v1/organizations', { name: 'Permissions Ltd' })
  const role = await desk.api.post<{ id: number }>('/api/v1/roles', { name: 'Reads along', permissions: ['conversations:read', 'conversations:read_assigned', 'messages:read'] })
  const nia = { first_name: 'Nia', email: 'nia@permissions.example', enabled: true, availability_status: 'offline', new_password: password, roles: [role.id] }
  const { id } = await desk.api.post<{ id: number }>('/api/v1/agents', nia)
  await desk.api.put(`/api/v1/conversations/${uuid}/assignee/user`, { assignee_id: id })

  const refused = refusals(page)
  await signInAs(page, nia.email)
  const row = page.getByTestId('conversation-row').filter({ hasText: 'In stock (permissions)' })
  await expect(row).toBeVisible()
  const sidebar = page.getByRole('navigation')
  await expect(sidebar.getByRole('link', { name: 'My inbox' })).toBeVisible()
  for (const name of ['All', 'Unassigned', 'Contacts', 'Administration']) await expect(sidebar.getByRole('link', { name, exact: true })).toHaveCount(0)
  await expect(page.getByText('Views', { exact: true })).toHaveCount(0)

  const noToast = (): Promise<void> => expect(page.locator('[data-testid^="toast-"]')).toHaveCount(0)
  await noToast()
  const refusedPages = [
    '/contacts', `/contacts/${contact}`, '/organizations', `/organizations/${organization}`,
    '/admin', '/admin/inboxes', '/admin/general', '/admin/teams/roles/1/edit', '/admin/set-up',
  ]
  for (const path of refusedPages) {
    await page.goto(path)
    await expect(page.getByTestId('no-access'), path).toBeVisible()
    await noToast()
    if (path === '/contacts') await examineLooks(page, 'no-access')
  }
  for (const path of ['/inboxes/all', '/inboxes/unassigned', '/inboxes/teams/1']) {
    await page.goto(path)
    await expect(page.getByTestId('list-empty'), path).toContainText('You may not see this list')
    await noToast()
  }

  await page.goto('/inboxes/assigned')
  await row.click()
  await expect(page.getByTestId('message').first()).toBeVisible()
  await expect(page.getByTestId('composer')).toHaveCount(0)
  await expect(page.getByTestId('composer-withheld')).toContainText('Your roles do not allow you to reply')
  for (const [control, why] of [
    [page.getByTestId('status-button'), 'change the status'],
    [page.getByTestId('assignee'), 'assign conversations'],
    [page.getByTestId('team'), 'assign teams'],
    [page.getByTestId('priority'), 'set priorities'],
  ] as const) {
    await expect(control).toBeDisabled()
    await expect(control).toHaveAccessibleDescription(new RegExp(why))
    await control.focus()
    await expect(control).toBeFocused()
  }
  // A press opens nothing, and whoever points at it reads why.
  await page.getByTestId('status-button').click({ force: true })
  await expect(page.getByRole('menu')).toHaveCount(0)
  await page.mouse.move(0, 0)
  await page.getByTestId('status-button').hover()
  await expect(page.getByRole('tooltip')).toContainText('Your roles do not allow you to change the status.')
  await examine(page, 'withheld-tooltip')
  await examineLooks(page, 'withheld')
  expect(refused).toEqual([])
  await desk.api.delete(`/api/v1/organizations/${organization}`)
})

test('who administers one part has no access to the others', async ({ desk, page }) => {
  const role = await desk.api.post<{ id: number }>('/api/v1/roles', { name: 'Tags only', permissions: ['conversations:read', 'conversations:read_assigned', 'messages:read', 'tags:manage'] })
  const tom = { first_name: 'Tom', email: 'tom@permissions.example', enabled: true, availability_status: 'offline', new_password: password, roles: [role.id] }
  await desk.api.post('/api/v1/agents', tom)
  const refused = refusals(page)
  await signInAs(page, tom.email)
  await page.goto('/admin/conversations/tags')
  await expect(page.getByRole('heading', { name: 'Tags' })).toBeVisible()
  await page.goto('/admin/inboxes')
  await expect(page.getByTestId('no-access')).toBeVisible()
  // The way to what they have stays.
  await expect(page.getByRole('link', { name: 'Tags' })).toBeVisible()
  await examineLooks(page, 'no-access-section')
  expect(refused).toEqual([])
})
