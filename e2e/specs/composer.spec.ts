// What an agent writes: a picture from the clipboard, a draft that outlives the tab, the keys to send it.

import PostalMime from 'postal-mime'
import { expect, narrow, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { until } from '../support/mailserver.ts'
import { customer, plainBytes, png } from '../support/mails.ts'

test('a pasted picture and a draft outlive the tab and leave as one mail', async ({ desk, dovecot, sink, signedIn: page }) => {
  await desk.api.createInbox('composer', dovecot, sink)
  const subject = 'Which part is it?'
  await dovecot.deliver('composer', plainBytes('composer@desk.example', subject, 'Please send a picture.'))
  const { uuid } = await desk.api.conversationAbout(subject)
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()

  const editor = page.getByTestId('composer-editor')
  const drawn = editor.getByAltText('part.png')
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await page.keyboard.type('Here is the part: ')
  const picture = png(40, 160, 90)
  await editor.evaluate((target, bytes) => {
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File([new Uint8Array(bytes)], 'part.png', { type: 'image/png' }))
    target.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, [...picture])
  await expect.poll(async () => await drawn.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(48)
  await until('the draft to be kept', async () => {
    const drafts = await desk.api.get<{ conversation_uuid: string; content: string }[]>('/api/v1/drafts')
    return drafts.some((draft) => draft.conversation_uuid === uuid && draft.content.includes('the part') && draft.content.includes('<img'))
  })

  await page.reload()
  await expect(editor).toContainText('Here is the part:')
  await expect(drawn).toBeVisible()
  const before = sink.mails().length
  await editor.click()
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('[data-testid="message"][data-type="outgoing"]')).toHaveAttribute('data-status', 'sent')
  await expect(editor).not.toContainText('Here is the part')

  const mail = await PostalMime.parse((await sink.mailTo(customer, before)).raw)
  const [file] = mail.attachments
  expect(file?.disposition).toBe('inline')
  expect(mail.html).toContain(`cid:${(file?.contentId ?? '').replace(/[<>]/g, '')}`)
  expect(Buffer.from(file?.content as ArrayBuffer)).toEqual(picture)
  await expect.poll(async () => (await desk.api.get<{ conversation_uuid: string }[]>('/api/v1/drafts')).filter((draft) => draft.conversation_uuid === uuid)).toEqual([])
})

test('a variable is found by what it stands for, put at the caret, and filled when the reply leaves', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('variables', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>Where is it?</p>', contact_email: 'vera@variables.example', first_name: 'Vera', last_name: 'Lind', subject: 'Parcel of Vera', initiator: 'contact',
  })
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message')).toBeVisible()
  const editor = page.getByTestId('composer-editor')
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await page.keyboard.type('Dear , {{ name }} stays')
  for (let n = 0; n < ', {{ name }} stays'.length; n++) await page.keyboard.press('ArrowLeft')
  await page.getByTestId('composer-variable').click()
  const line = page.getByRole('option', { name: 'Customer: full name' })
  await expect(line).toContainText('Vera Lind')
  await examineLooks(page, 'composer-variables')
  await narrow(page, 'full name vera')
  await expect(page.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(editor).toBeFocused()
  await expect(editor).toHaveText('Dear {{ .Contact.FullName }}, {{ name }} stays')
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('[data-testid="message"][data-type="outgoing"]')).toHaveAttribute('data-status', 'sent')
  const sent = (await desk.api.messages(uuid)).find((message) => message.type === 'outgoing')
  expect(sent?.text_content).toContain('Dear Vera Lind, {{ name }} stays')
})

test('what keys do in the reply box and with a letter is in the command bar and among the shortcuts', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('by-command', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>How does it open?</p>', contact_email: 'cora@command.example', first_name: 'Cora', last_name: 'Mann', subject: 'Door of Cora', initiator: 'contact',
  })
  const bar = page.getByTestId('command-bar')
  const offered = (name: string | RegExp) => bar.getByRole('option', { name })
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toContainText('Door of Cora')
  await page.keyboard.press('Control+k')
  await expect(offered(/^Open the conversation/)).toHaveText(/↵$/)
  await expect(offered(/^Select up to here/)).toHaveCount(0)
  await offered(/^Open the conversation/).click()
  await expect(page).toHaveURL(new RegExp(uuid))
  await expect(page.getByTestId('message')).toBeVisible()

  await page.keyboard.press('Control+k')
  await expect(offered(/^Send/)).toHaveCount(0)
  await offered(/^Previous message/).click()
  await expect(page.getByTestId('message')).toBeFocused()
  await page.keyboard.press('Control+k')
  await offered(/^Message actions/).click()
  await expect(page.getByRole('menuitem', { name: 'Copy link' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('menu')).toBeHidden()

  const editor = page.getByTestId('composer-editor')
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await page.keyboard.type('By its handle.')
  await page.keyboard.press('Control+k')
  await expect(offered(/^Send and open the next/)).toBeVisible()
  await examineLooks(page, 'command-bar-reply')
  await offered(/^Leave the reply box/).click()
  await expect(editor).not.toBeFocused()
  await expect(editor).toHaveText('By its handle.')

  await page.keyboard.press('?')
  const sheet = page.getByRole('dialog')
  const keysOf = (title: string) => sheet.locator('dl > div').filter({ has: page.locator('dt').getByText(title, { exact: true }) }).locator('dd')
  await expect(keysOf('Send')).toHaveText('Ctrl↵')
  await expect(keysOf('Send and resolve')).toHaveText('Ctrl⇧↵')
  await expect(keysOf('Send and open the next')).toHaveText('Alt↵')
  await expect(keysOf('Redo')).toHaveText('⇧Z')
  await examineLooks(page, 'shortcuts')
  await sheet.getByRole('switch').click()
  await expect(keysOf('Redo')).toHaveCount(0)
  await expect(keysOf('Show or hide the lists')).toHaveText('CtrlB')
  await expect(keysOf('Send')).toHaveText('Ctrl↵')
  await examineLooks(page, 'shortcuts-chords')
  await sheet.getByRole('switch').click()
  await expect(keysOf('Redo')).toHaveText('⇧Z')
  await page.keyboard.press('Escape')

  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await page.keyboard.press('Control+k')
  await offered(/^Send and resolve/).click()
  await expect.poll(async () => (await desk.api.conversation(uuid)).status).toBe('Resolved')
  const sent = (await desk.api.messages(uuid)).find((message) => message.type === 'outgoing')
  expect(sent?.text_content).toContain('By its handle.')
})
