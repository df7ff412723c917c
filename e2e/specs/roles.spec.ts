// What a role allows is what its agents see, on screens that are open already; and no form of the administration loses
// what was typed into it.

import type { Page } from '@playwright/test'
import { password, signInAs } from '../support/agents.ts'
import { expect, follow, test } from '../support/fixtures.ts'
import { examine, examineLooks } from '../support/look.ts'

const permissions = [
  'conversations:read', 'conversations:read_all', 'conversations:update_status', 'conversations:update_priority',
  'conversations:update_user_assignee', 'conversations:update_team_assignee', 'conversations:update_tags', 'messages:read', 'messages:write',
]
const robin = { first_name: 'Robin', last_name: 'Vale', email: 'robin@example.com', enabled: true, availability_status: 'offline', new_password: 'Robin-helps-7-people' }

async function toggle(page: Page, ...names: string[]): Promise<void> {
  for (const name of names) await page.locator(`[data-permission="${name}"]`).getByRole('checkbox').click()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('button', { name: 'Save changes' })).toHaveCount(0)
}

test.describe.configure({ timeout: 300_000 })

test('what is taken from a role is gone from open screens at once, and what is given is there', async ({ desk, dovecot, sink, signedIn: page, browser }) => {
  const inbox = await desk.api.createInbox('roles', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>May I have a receipt?</p>', contact_email: 'bo@customer.example', first_name: 'Bo', subject: 'A receipt', initiator: 'contact',
  })
  const role = await desk.api.post<{ id: number }>('/api/v1/roles', { name: 'Helper', description: 'Answers', permissions })
  await desk.api.post('/api/v1/agents', { ...robin, roles: [role.id] })
  const theirs = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await theirs.goto('/')
  await theirs.locator('#email').fill(robin.email)
  await theirs.locator('#password').fill(robin.new_password)
  await theirs.locator('#password').press('Enter')
  await expect(theirs).toHaveURL(/\/inboxes\//)
  await theirs.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(theirs.getByTestId('composer')).toBeVisible()
  await expect(theirs.getByTestId('resolve')).toBeVisible()
  await expect(theirs.getByTestId('assignee')).toBeEnabled()
  await theirs.evaluate(() => document.body.setAttribute('data-same-page', ''))

  await page.goto(`/admin/teams/roles/${role.id}/edit`)
  await expect(page.locator('[data-permission="messages:write"]')).toContainText('Send replies and write notes')
  await examineLooks(page, 'role-matrix')
  await toggle(page, 'messages:write', 'conversations:update_status', 'conversations:update_user_assignee', 'conversations:update_tags', 'conversations:update_priority')
  await expect(theirs.getByTestId('composer')).toHaveCount(0)
  await expect(theirs.getByTestId('resolve')).toHaveCount(0)
  await expect(theirs.getByTestId('snooze')).toHaveCount(0)
  await expect(theirs.getByTestId('status-button')).toBeDisabled()
  await expect(theirs.getByTestId('assignee')).toHaveCount(0)
  await expect(theirs.getByTestId('team')).toBeEnabled()
  await expect(theirs.getByTestId('add-tag')).toHaveCount(0)
  await expect(theirs.getByTestId('message').first()).toBeVisible()
  await theirs.keyboard.press('e') // the key of a control that is gone does nothing either
  await examine(theirs, 'conversation-only-read')

  await toggle(page, 'messages:write', 'teams:manage')
  await expect(theirs.getByTestId('composer')).toBeVisible()
  await expect(theirs.locator('a[href^="/admin"]').first()).toBeVisible()
  await expect(theirs.locator('body[data-same-page]')).toHaveCount(1)
  expect((await desk.api.get<{ status: string }>(`/api/v1/conversations/${uuid}`)).status).toBe('Open')
  await theirs.context().close()
})

test('every form of the administration asks before it loses what was typed', async ({ signedIn: page }) => {
  for (const path of ['general', 'notification', 'inboxes/new', 'teams/agents/new', 'teams/teams/new', 'teams/roles/new', 'sso/new']) {
    await page.goto(`/admin/${path}`)
    const field = page.locator('main form input[name]:not([type="hidden"]):not([type="checkbox"]):not([type="radio"]):not([type="search"]):visible').first()
    if (path === 'sso/new' || path === 'inboxes/new') await page.locator('main').getByRole('button').first().waitFor()
    await field.fill('Something unsaved')
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Activity log' }).click()
    const question = page.getByRole('alertdialog')
    await expect(question, path).toContainText('Leave without saving?')
    if (path === 'general') await examineLooks(page, 'unsaved')
    await question.getByRole('button', { name: 'Cancel' }).click()
    await expect(field, path).toHaveValue('Something unsaved')
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Activity log' }).click()
    await question.getByRole('button', { name: 'Discard changes' }).click()
    await expect(page).toHaveURL(/activity-log/)
  }
})

test('a setting is found by its help, and a refusal stands at its field', async ({ signedIn: page }) => {
  await page.goto('/admin')
  const search = page.getByRole('searchbox', { name: 'Search all settings' })
  await search.fill('led to set one up')
  await expect(page.getByRole('link', { name: 'Require a second factor' })).toBeVisible()
  await search.fill('block contacts')
  await expect(page.getByRole('link', { name: 'Permissions' })).toBeVisible()
  await search.fill('time')
  await examineLooks(page, 'settings-search')
  const { width, height } = page.viewportSize()!
  await page.setViewportSize({ width: 390, height: 844 }) // where the list of settings is a page of its own
  await page.goto('/admin')
  await search.fill('time')
  await examine(page, 'settings-search-phone')
  await page.setViewportSize({ width, height })
  await page.goto('/admin')
  await search.fill('time zone')
  await page.getByRole('link', { name: 'Time zone' }).first().click()
  await expect(page).toHaveURL(/\/admin\/general#app\.timezone/)

  await page.goto('/admin/teams/roles/new')
  const name = page.getByRole('textbox', { name: 'Name', exact: true })
  await name.fill('Admin')
  await page.locator('[data-permission="messages:read"]').getByRole('checkbox').click()
  await page.getByRole('button', { name: 'Create role' }).click()
  await expect(name).toHaveAttribute('aria-invalid', 'true')
  await expect(name).toBeFocused()
  await examineLooks(page, 'role-refused')
})

test('a conversation that may not be read takes the place of the one that was open, with its composer', async ({ desk, dovecot, sink, page }) => {
  const inbox = await desk.api.createInbox('not-mine', dovecot, sink)
  const open = (subject: string): Promise<{ uuid: string }> =>
    desk.api.post('/api/v1/conversations', { inbox_id: inbox, content: `<p>${subject}</p>`, contact_email: 'una@refused.example', first_name: 'Una', subject, initiator: 'contact' })
  const [mine, theirs] = [await open('Mine to read'), await open('Not mine to read')]
  const role = await desk.api.post<{ id: number }>('/api/v1/roles', { name: 'Own only', permissions: ['conversations:read', 'conversations:read_assigned', 'messages:read', 'messages:write'] })
  const maya = { first_name: 'Maya', email: 'maya@refused.example', enabled: true, availability_status: 'offline', new_password: password, roles: [role.id] }
  const { id } = await desk.api.post<{ id: number }>('/api/v1/agents', maya)
  await desk.api.put(`/api/v1/conversations/${mine.uuid}/assignee/user`, { assignee_id: id })

  await signInAs(page, maya.email)
  await page.getByTestId('conversation-row').filter({ hasText: 'Mine to read' }).click()
  await expect(page.getByTestId('message').first()).toBeVisible()
  await expect(page.getByTestId('composer')).toBeVisible()
  await follow(page, `/inboxes/assigned/conversation/${theirs.uuid}`)
  await expect(page.getByTestId('conversation-error')).toBeVisible()
  await expect(page.getByTestId('message')).toHaveCount(0)
  await expect(page.getByTestId('composer')).toHaveCount(0)
  await examineLooks(page, 'conversation-refused')
  await page.goBack()
  await expect(page.getByTestId('composer')).toBeVisible()
})
