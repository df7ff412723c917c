// Files that an agent sends: dropped anywhere, seen on their way, given up, tried again, and refused before they leave.

import type { Page } from '@playwright/test'
import { expect, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'

const kilobyte = 1_000

/** Drags a file over the conversation and lets go of it above its letters, far from the reply box. */
async function drop(page: Page, name: string, size: number): Promise<void> {
  const files = await page.evaluateHandle(([name, size]) => {
    const dragged = new DataTransfer()
    dragged.items.add(new File([new Uint8Array(size as number)], name as string, { type: 'application/octet-stream' }))
    return dragged
  }, [name, size] as const)
  const letter = page.getByTestId('message').first()
  await letter.dispatchEvent('dragenter', { dataTransfer: files })
  await expect(page.getByText('Drop files to attach them')).toBeVisible()
  await letter.dispatchEvent('drop', { dataTransfer: files })
  await expect(page.getByText('Drop files to attach them')).toHaveCount(0)
}

test('files are dropped anywhere, shown on their way, given up, tried again, and refused before they leave', async ({ desk, dovecot, sink, signedIn: page }) => {
  test.setTimeout(180_000)
  const settings = await desk.api.get<Record<string, unknown>>('/api/v1/settings/general')
  await desk.api.put('/api/v1/settings/general', { ...settings, 'app.max_file_upload_size': 5, 'app.allowed_file_upload_extensions': ['pdf', 'zip'] })
  const inbox = await desk.api.createInbox('attachments', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, contact_email: 'fila@customer.example', first_name: 'Fila', subject: 'Send me the plans', content: '<p>All of them.</p>', initiator: 'contact',
  })
  const asked: string[] = []
  page.on('request', (request) => request.url().endsWith('/api/v1/media') && asked.push(request.method()))
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  await expect(page.getByTestId('composer')).toBeVisible()
  const upload = page.getByTestId('upload')
  const attached = page.getByTestId('composer').getByTestId('attachment')

  await test.step('what is too large or of another kind is refused at once, in words', async () => {
    await drop(page, 'plans.zip', 9_000 * kilobyte)
    await expect(page.getByText('plans.zip has 9 MB. At most 5 MB can be attached.')).toBeVisible()
    await drop(page, 'plans.exe', kilobyte)
    await expect(page.getByText('Files like plans.exe are not allowed here.')).toBeVisible()
    // They would lie over what is looked at next.
    const close = page.getByRole('region', { name: 'Notices' }).getByRole('button', { name: 'Close' })
    while (await close.count()) await close.first().click()
    await expect(upload).toHaveCount(0)
    expect(asked).toEqual([])
  })

  const line = await page.context().newCDPSession(page)
  const slow = async (bytes: number): Promise<void> => {
    await line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes })
  }
  await line.send('Network.enable')

  await test.step('on a slow line the progress is seen, and it is given up by a click', async () => {
    await slow(50 * kilobyte)
    await drop(page, 'plans.zip', 4_000 * kilobyte)
    await expect(upload).toContainText('plans.zip')
    await expect(upload).toContainText(/[1-9]\d?%/)
    await expect(page.getByTestId('composer-send')).toBeDisabled()
    await examineLooks(page, 'upload', false)
    await page.getByRole('button', { name: 'Cancel the upload of plans.zip' }).click()
    await expect(upload).toHaveCount(0)
    await expect(attached).toHaveCount(0)
    await slow(-1)
  })

  await test.step('a file that did not arrive is tried again', async () => {
    await page.route('**/api/v1/media', (route) => route.abort(), { times: 1 })
    await drop(page, 'plans.pdf', 4_000 * kilobyte)
    await expect(upload).toContainText('plans.pdf could not be uploaded')
    await expect(page.getByTestId('composer-send')).toBeDisabled()
    await examineLooks(page, 'upload-failed', false)
    await upload.getByRole('button', { name: 'Try again' }).click()
    await expect(attached).toContainText('plans.pdf')
    await expect(attached).toContainText('4 MB')
    await expect(upload).toHaveCount(0)
  })

  await test.step('it leaves with the reply', async () => {
    await page.getByTestId('composer-editor').click()
    await page.keyboard.press('Control+Enter')
    await expect.poll(async () => (await desk.api.messages(uuid)).find((one) => one.type === 'outgoing')?.attachments.map(({ name, size }) => [name, size])).toEqual([['plans.pdf', 4_000 * kilobyte]])
  })
  await desk.api.put('/api/v1/settings/general', settings)
})
