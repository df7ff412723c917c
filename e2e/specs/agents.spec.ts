// How people come to the desk: from a file, by an invitation, and with a face.

import { readFileSync } from 'node:fs'
import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { png } from '../support/mails.ts'

const header = 'first_name,last_name,email,roles,teams\n'
const csv = (text: string) => ({ name: 'agents.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })

test('agents are imported from a file after a look at what would happen', async ({ desk, signedIn: page }) => {
  const rows = 150
  await desk.api.post('/api/v1/agents', { first_name: 'First', last_name: 'Agent', email: 'first@import.example', roles: ['Agent'] })
  await page.goto('/admin/teams/agents')
  await page.getByTestId('import-agents').click()
  const dialog = page.getByRole('dialog')
  const download = page.waitForEvent('download')
  await dialog.getByTestId('import-template').click()
  expect(readFileSync(await (await download).path(), 'utf8')).toContain('first_name,last_name,email,roles,teams')
  await examineLooks(page, 'import-pick')

  await dialog.getByTestId('import-file').setInputFiles(csv('nothing of use'))
  await expect(dialog.getByRole('alert')).toBeVisible()
  const mixed = header + 'Nia,Okafor,nia@import.example,Agent,\nTom,Berg,tom@import.example,Wizard,\nKim,Lee,first@import.example,Agent,\nLi,Wei,no-address,Agent,\n'
  await dialog.getByTestId('import-file').setInputFiles(csv(mixed))
  await expect(dialog.getByTestId('import-line')).toHaveCount(4)
  await expect(dialog.getByTestId('import-line').first()).toContainText('Wizard')
  await expect(dialog.getByText('1 of 4 agents can be created')).toBeVisible()
  await examineLooks(page, 'import-look')
  expect(await desk.api.get<unknown[]>('/api/v1/agents')).not.toContainEqual(expect.objectContaining({ email: 'nia@import.example' }))

  await dialog.getByRole('button', { name: 'Choose another file' }).click()
  const many = mixed + Array.from({ length: rows }, (_, i) => `Agent,No ${i},a${i}@import.example,Agent,\n`).join('')
  await dialog.getByTestId('import-file').setInputFiles(csv(many))
  await dialog.getByRole('switch').click() // nobody here has a mailbox
  await dialog.getByTestId('import-start').click()
  await expect(dialog.getByText(`${rows + 1} agents were created`)).toBeVisible({ timeout: 120_000 })
  await examineLooks(page, 'import-end')
  const report = page.waitForEvent('download')
  await dialog.getByTestId('import-report').click()
  expect(readFileSync(await (await report).path(), 'utf8')).toContain('tom@import.example,refused,roles')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('searchbox', { name: 'Search this list' }).fill('Nia Okafor')
  await expect(page.getByTestId('agent-row')).toHaveCount(1)
  for (const agent of await desk.api.get<{ id: number; email: string }[]>('/api/v1/agents')) {
    if (agent.email.endsWith('@import.example')) await desk.api.delete(`/api/v1/agents/${agent.id}`)
  }
})

test('an agent who never came is invited again, and a disabled one is told apart', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('invites', dovecot, sink)
  const role = await desk.api.post<{ id: number }>('/api/v1/roles', { name: 'Lead', permissions: ['messages:read'] })
  const nia = await desk.api.post<{ id: number }>('/api/v1/agents', { first_name: 'Nia', last_name: 'Okafor', email: 'nia@invite.example', roles: ['Agent', 'Lead'] })
  const tom = await desk.api.post<{ id: number }>('/api/v1/agents', { first_name: 'Tom', last_name: 'Berg', email: 'tom@invite.example', roles: ['Agent'] })
  await desk.api.put(`/api/v1/agents/${tom.id}`, { first_name: 'Tom', last_name: 'Berg', email: 'tom@invite.example', roles: ['Agent'], enabled: false, availability_status: 'offline' })
  await page.goto(`/admin/teams/agents/${nia.id}/edit`)
  const invitation = page.getByTestId('invitation')
  await invitation.getByRole('button', { name: 'Send invitation' }).click()
  await expect(invitation.getByRole('button', { name: 'Send invitation again' })).toBeVisible()
  await invitation.getByRole('button').click()
  await expect(invitation.getByRole('alert')).toContainText('5 minutes')
  await examineLooks(page, 'agent')

  await page.goto('/admin/teams/agents')
  const row = page.getByRole('row').filter({ hasText: 'Tom Berg' })
  await expect(row).toContainText('Disabled')
  await expect(page.getByRole('row').filter({ hasText: 'Nia Okafor' })).toContainText('Agent, Lead')
  await expect(page.getByRole('row').filter({ hasText: 'Nia Okafor' })).toContainText('Invited')
  await examineLooks(page, 'agents')
  await page.getByTestId('agent-filter').click()
  await page.getByRole('option', { name: /^Disabled/ }).click()
  await expect(page.getByTestId('agent-row')).toHaveCount(1)
  for (const path of [`agents/${nia.id}`, `agents/${tom.id}`, `roles/${role.id}`, `inboxes/${inbox}`]) await desk.api.delete(`/api/v1/${path}`)
})

test('a picture is cut to the square that was chosen, by pointer and by keys', async ({ desk, signedIn: page }) => {
  const agent = await desk.api.post<{ id: number }>('/api/v1/agents', { first_name: 'Pia', last_name: 'Lund', email: 'pia@picture.example', roles: ['Agent'] })
  await page.goto(`/admin/teams/agents/${agent.id}/edit`)
  await page.getByTestId('avatar-file').setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no picture') })
  await expect(page.getByTestId('avatar-editor').getByRole('alert')).toBeVisible()
  await page.getByTestId('avatar-file').setInputFiles({ name: 'pia.png', mimeType: 'image/png', buffer: png(70, 130, 180, 900) })
  const dialog = page.getByRole('dialog')
  const area = dialog.getByTestId('crop-area')
  const zoom = dialog.getByTestId('crop-zoom')
  await area.focus()
  await page.keyboard.press('+')
  await page.keyboard.press('ArrowLeft')
  await expect(zoom).toHaveJSProperty('value', '1.1')
  const box = (await area.boundingBox())!
  await page.mouse.move(box.x + 100, box.y + 100)
  await page.mouse.down()
  await page.mouse.move(box.x + 60, box.y + 140, { steps: 4 })
  await page.mouse.up()
  await examineLooks(page, 'crop')
  await dialog.getByRole('button', { name: 'Use this square' }).click()
  await expect(dialog).toHaveCount(0)
  const picture = page.getByTestId('avatar-editor').locator('img')
  await expect(picture).toBeVisible()
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([512, 512])
  await page.getByTestId('avatar-editor').getByRole('button', { name: 'Remove' }).click()
  await expect(picture).toHaveCount(0)

  await page.goto('/account/profile')
  await page.getByTestId('avatar-file').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: png(180, 90, 60, 300) })
  await page.getByRole('dialog').getByRole('button', { name: 'Use this square' }).click()
  await expect(page.getByTestId('avatar-editor').locator('img')).toBeVisible()
  await desk.api.delete('/api/v1/agents/me/avatar')
  await desk.api.delete(`/api/v1/agents/${agent.id}`)
})
