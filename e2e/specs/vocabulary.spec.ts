// The words of a desk: statuses, tags, custom attributes. What is made in one browser can be chosen in another at once.

import { expect, pick, signIn, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

interface Named {
  id: number
  name: string
}

test('a status is made, held to what it says, and goes only when nobody has it', async ({ desk, dovecot, sink, signedIn: page }) => {
  await page.goto('/admin/conversations/statuses')
  await expect(page.getByTestId('built-in')).toHaveCount(4)
  await examineLooks(page, 'statuses')

  await page.getByTestId('new-status').click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.locator('[name="name"]')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(dialog).toContainText('Fill this in.')
  await dialog.locator('[name="name"]').fill('Waiting for supplier')
  await dialog.getByRole('combobox', { name: 'Category' }).click()
  await page.getByRole('option', { name: 'Waiting' }).click()
  await examineLooks(page, 'status-dialog')

  // Unsaved changes are not lost by a slip.
  await page.keyboard.press('Escape')
  await expect(page.getByRole('alertdialog')).toContainText('Leave without saving?')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
  await dialog.getByRole('button', { name: 'Create status' }).click()
  await expect(dialog).toBeHidden()
  const row = page.getByRole('row', { name: /Waiting for supplier/ })
  await expect(row).toContainText('Waiting')

  await page.getByTestId('new-status').click()
  await dialog.locator('[name="name"]').fill('Waiting for supplier')
  await page.keyboard.press('Enter')
  await expect(dialog.locator('[name="name"]')).toHaveAttribute('aria-invalid', 'true')
  await page.keyboard.press('Escape')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Discard changes' }).click()

  const inbox = await desk.api.createInbox('statuses', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>hello</p>', contact_email: 's@customer.example', first_name: 'S', subject: 'Held by a supplier', initiator: 'contact',
  })
  await desk.api.put(`/api/v1/conversations/${uuid}/status`, { status: 'Waiting for supplier' })
  await row.getByTestId('row-menu').click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  const asked = page.getByRole('alertdialog')
  await expect(asked).toContainText('1 conversation has this status')
  await examineLooks(page, 'status-used')
  await asked.getByRole('button', { name: 'Show them' }).click()
  await expect(page).toHaveURL(/\/inboxes\/all\?status=Waiting/)
  await expect(page.getByTestId('conversation-row')).toContainText('Held by a supplier')

  await desk.api.put(`/api/v1/conversations/${uuid}/status`, { status: 'Closed' })
  await page.goto('/admin/conversations/statuses')
  await row.getByTestId('row-menu').click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await asked.getByRole('button', { name: 'Delete status' }).click()
  await expect(row).toBeHidden()
})

test('tags are made by hand and from a file, and reach the pickers of an open browser', async ({ desk, dovecot, sink, signedIn: page, browser }) => {
  for (const tag of await desk.api.get<Named[]>('/api/v1/tags')) await desk.api.delete(`/api/v1/tags/${tag.id}`)
  await page.goto('/admin/conversations/tags')
  await expect(page.getByText('No tags yet')).toBeVisible()
  await examineLooks(page, 'tags-empty')

  const inbox = await desk.api.createInbox('tags', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>hello</p>', contact_email: 't@customer.example', first_name: 'T', subject: 'To be tagged', initiator: 'contact',
  })
  const other = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await signIn(other)
  await other.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(other.getByTestId('message').first()).toBeVisible()
  await other.keyboard.press('l')
  await expect(other.getByRole('listbox')).not.toContainText('billing')
  await other.keyboard.press('Escape')

  await page.getByTestId('new-tag').click()
  await page.getByRole('dialog').locator('[name="name"]').fill('bi')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toContainText('Use at least 3 characters.')
  await page.getByRole('dialog').locator('[name="name"]').fill('billing')
  await examineLooks(page, 'tag-dialog')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('row', { name: /billing/ })).toBeVisible()

  await other.keyboard.press('l')
  await pick(other, 'billing')
  await expect.poll(async () => (await desk.api.get<{ tags: string[] }>(`/api/v1/conversations/${uuid}`)).tags).toEqual(['billing'])
  await other.context().close()

  await page.getByTestId('import-tags').click()
  await examineLooks(page, 'tags-import')
  await page.getByTestId('import-file').setInputFiles({ name: 'tags.csv', mimeType: 'text/csv', buffer: Buffer.from('name\nreturn\nbilling\nspare part\n') })
  await expect(page.getByRole('dialog')).toContainText('The import has ended')
  await examineLooks(page, 'tags-imported')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await expect(page.getByRole('row', { name: /return/ })).toBeVisible()
  await examineLooks(page, 'tags')

  await page.getByRole('row', { name: /billing/ }).getByTestId('row-menu').click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('1 conversation has this tag and loses it.')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete tag' }).click()
  await expect(page.getByRole('row', { name: /billing/ })).toBeHidden()
})

test('a custom attribute takes its key from its name, keeps its type, and tries its pattern', async ({ desk, signedIn: page }) => {
  for (const one of await desk.api.get<Named[]>('/api/v1/custom-attributes')) await desk.api.delete(`/api/v1/custom-attributes/${one.id}`)
  await page.goto('/admin/custom-attributes')
  await expect(page.getByText('Nothing is kept of contacts yet')).toBeVisible()
  await examineLooks(page, 'attributes-empty')

  await page.getByTestId('new-attribute').click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('[name="name"]').fill('Customer number')
  await expect(dialog.locator('[name="key"]')).toHaveValue('customer_number')
  await dialog.locator('[name="description"]').fill('As on the invoice')
  await dialog.locator('[name="regex"]').fill('^[A-Z]{2}-[0-9]{4}$')
  await dialog.locator('[name="regex_hint"]').fill('Two letters, a dash and four digits')
  await dialog.getByTestId('regex-sample').fill('nonsense')
  await expect(dialog.getByTestId('regex-result')).toHaveText('Two letters, a dash and four digits')
  await examineLooks(page, 'attribute-dialog')
  await dialog.getByTestId('regex-sample').fill('AB-1234')
  await expect(dialog.getByTestId('regex-result')).toHaveText('This text is accepted.')
  await dialog.getByRole('button', { name: 'Create attribute' }).click()
  await expect(page.getByRole('row', { name: /Customer number/ })).toContainText('customer_number')

  await page.getByRole('tab', { name: /Conversations/ }).click()
  await expect(page).toHaveURL(/applies_to=conversation/)
  await page.getByTestId('new-attribute').click()
  await dialog.locator('[name="name"]').fill('Cause')
  await dialog.locator('[name="description"]').fill('Why the customer complains')
  await dialog.getByRole('combobox', { name: 'Type' }).click()
  await page.getByRole('option', { name: 'List' }).click()
  await dialog.getByRole('button', { name: 'Create attribute' }).click()
  await expect(dialog).toContainText('A list needs at least one choice.')
  await dialog.locator('[name="values"]').fill('Broken')
  await dialog.locator('[name="values"]').press('Enter')
  await page.keyboard.type('Late, or lost')
  await examineLooks(page, 'attribute-list-dialog')
  await dialog.getByRole('button', { name: 'Create attribute' }).click()
  await expect(dialog).toBeHidden()
  await page.getByRole('button', { name: 'Cause', exact: true }).click()
  await expect(dialog.getByRole('combobox', { name: 'Type' })).toBeDisabled()
  await expect(dialog.locator('[name="key"]')).toHaveAttribute('readonly', '')
  await page.keyboard.press('Escape')
  await page.goto('/admin/custom-attributes?applies_to=conversation')
  await expect(page.getByRole('row', { name: /Cause/ })).toBeVisible()
  await examineLooks(page, 'attributes')
})
