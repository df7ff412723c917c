// A conversation's thread: what can be done with a message, finding and narrowing down, threads of thousands, attachments.

import type { CDPSession, Locator, Page } from '@playwright/test'
import type { API, Message } from '../support/desk.ts'
import { expect, follow, test } from '../support/fixtures.ts'
import { examineLooks } from '../support/look.ts'
import { customer, plainBytes } from '../support/mails.ts'

const letters = (page: Page): Locator => page.locator('article[data-testid="message"]')
const letter = (page: Page, uuid: string): Locator => page.locator(`article[data-uuid="${uuid}"]`)

/** A mail whose receiving server noted what it found out of the sender, with attachments of several kinds. */
function mailWithFiles(subject: string): Buffer {
  const part = (type: string, name: string, body: string): string =>
    `--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\n${Buffer.from(body, 'latin1').toString('base64')}\r\n`
  return Buffer.from(
    `From: Ida Quill <ida@shop.example>\r\nTo: Support <thread@desk.example>, Leo <leo@shop.example>\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replace(/ /g, '.')}@shop.example>\r\n` +
      'Date: Mon, 2 Mar 2026 09:00:00 +0000\r\nReceived: from shop.example by mx.desk.example with ESMTPS; Mon, 2 Mar 2026 09:00:01 +0000\r\n' +
      'Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=shop.example; dkim=pass header.d=shop.example; dmarc=pass header.from=shop.example\r\n' +
      'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
      '--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>The porcelain arrived broken. <b>Three</b> cups are in pieces.</p><p>Please look at the pictures.</p><script>document.title="ran"</script>\r\n' +
      part('text/plain', 'notes.txt', 'one\ntwo <script>alert(1)</script>') +
      part('application/pdf', 'invoice.pdf', '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>') +
      part('audio/wav', 'call.wav', silence()) +
      '--b--\r\n',
  )
}

/** A tenth of a second of silence, as WAV. */
function silence(): string {
  const samples = 800
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8000, 24)
  head.writeUInt32LE(8000, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples, 40)
  return Buffer.concat([head, Buffer.alloc(samples, 128)]).toString('latin1')
}

const note = (api: API, uuid: string, text: string): Promise<Message> =>
  api.post<Message>(`/api/v1/conversations/${uuid}/messages`, { message: `<p>${text}</p>`, private: true, sender_type: 'agent' })

test('what can be done with a message is a key away', async ({ desk, dovecot, sink, signedIn: page }) => {
  test.setTimeout(240_000)
  await desk.api.createInbox('thread', dovecot, sink)
  await dovecot.deliver('thread', mailWithFiles('Broken porcelain'))
  const { uuid, reference_number: reference } = await desk.api.conversationAbout('Broken porcelain')
  const mine = await note(desk.api, uuid, 'Ask the warehouse.')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  const mail = page.locator('article[data-type="incoming"]')
  await expect(mail.locator('iframe').contentFrame().getByText('Three')).toBeVisible()

  await test.step('its menu opens by key and offers what may be done', async () => {
    await mail.focus()
    await page.keyboard.press('.')
    const menu = page.getByRole('menu')
    await expect(menu.getByRole('menuitem')).toHaveText([/^Reply/, /^Reply to all/, /^Forward/, /^Quote/, /^Copy link/, /^Headers and source/, /^Fold/, /^Split from here/, /^Split off/])
    await examineLooks(page, 'thread-menu')
    await page.keyboard.press('Escape')
    await expect(menu).toBeHidden()
  })

  await test.step('its headers say what the mail server found out, and its source is text', async () => {
    await mail.hover()
    await mail.getByTestId('message-menu').click()
    await page.getByTestId('message-details').click()
    const verdict = page.getByTestId('message-verdict')
    await expect(verdict).toContainText('The sender is who they say, says mx.desk.example')
    await expect(verdict).toContainText(/spf\s*passed\s*\(shop.example\)/i)
    await examineLooks(page, 'thread-headers')
    await page.getByRole('tab', { name: 'Source' }).click()
    await expect(page.getByTestId('message-source')).toContainText('<script>document.title="ran"</script>')
    await examineLooks(page, 'thread-source')
    expect(await page.title()).not.toBe('ran')
    await page.keyboard.press('Escape')
  })

  await test.step('what is selected of it is quoted', async () => {
    await mail.locator('iframe').contentFrame().locator('b').dblclick()
    await mail.getByTestId('message-menu').click()
    await page.getByRole('menuitem', { name: 'Quote selection' }).click()
    await expect(page.getByTestId('composer').locator('blockquote')).toHaveText('Three')
    await page.keyboard.press('Escape')
  })

  await test.step('a note of one’s own is deleted', async () => {
    await letter(page, mine.uuid).hover()
    await letter(page, mine.uuid).getByTestId('message-menu').click()
    await page.getByTestId('delete-note').click()
    await page.getByRole('alertdialog').or(page.getByRole('dialog')).getByRole('button', { name: 'Delete note' }).click()
    await expect(letter(page, mine.uuid)).toContainText('This note was deleted.')
  })

  await test.step('the transcript is a file', async () => {
    await page.getByTestId('conversation-more').click()
    const saved = page.waitForEvent('download')
    await page.getByTestId('transcript').click()
    expect((await saved).suggestedFilename()).toBe(`transcript-${reference}.txt`)
  })

  await test.step('its files are shown, heard and saved', async () => {
    await mail.getByText('notes.txt').click()
    const box = page.getByRole('dialog')
    await expect(box.locator('pre')).toContainText('two <script>alert(1)</script>')
    await examineLooks(page, 'lightbox-text')
    await page.keyboard.press('ArrowLeft')
    await expect(box.locator('iframe')).toHaveAttribute('src', /^blob:/)
    await box.getByRole('button', { name: 'Previous file' }).click()
    const sound = box.locator('audio')
    await expect.poll(() => sound.evaluate((element: HTMLAudioElement) => element.duration)).toBeGreaterThan(0.05)
    await examineLooks(page, 'lightbox-audio')
    await page.keyboard.press('Escape')
    await expect(box).toBeHidden()
    const saved = page.waitForEvent('download')
    await mail.getByTestId('download-all').click()
    expect((await saved).suggestedFilename()).toMatch(/^attachments-.*\.zip$/)
  })
})

test('an error in one message stays in it', async ({ desk, dovecot, sink, signedIn: page }) => {
  await desk.api.createInbox('contained', dovecot, sink)
  await dovecot.deliver('contained', mailWithFiles('Contained'))
  const { uuid } = await desk.api.conversationAbout('Contained')
  const good = await note(desk.api, uuid, 'Still here.')
  await page.route('**/messages?*', async (route) => {
    const reply = await route.fetch()
    const body = (await reply.json()) as { data: { results: { type: string; attachments: unknown }[] } }
    for (const message of body.data.results) if (message.type === 'incoming') message.attachments = null
    await route.fulfill({ response: reply, json: body })
  })
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(letter(page, good.uuid)).toContainText('Note')
  await expect(page.getByTestId('message-broken')).toContainText('could not be shown')
  await expect(page.getByTestId('message-broken').getByRole('link', { name: 'Open source' })).toHaveAttribute('href', /\/source$/)
  await expect(page.getByTestId('composer')).toBeVisible()
})

test('a very large mail is shown by its words until it is asked for', async ({ desk, dovecot, sink, signedIn: page }) => {
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: await desk.api.createInbox('large', dovecot, sink), initiator: 'contact', contact_email: 'large@customer.example', first_name: 'Large', subject: 'A very large mail',
    content: `<p>It begins here.</p>${'<p style="margin:0">It was a <b>dark</b> and stormy night, and the parcel had not come.</p>'.repeat(15_000)}<p>It ends here.</p>`,
  })
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  const mail = page.getByTestId('message').first()
  await expect(mail.getByTestId('mail-large')).toContainText('It begins here.')
  await expect(mail.getByTestId('mail-large')).toContainText(/very large \(1\.\d MB\)/)
  await expect(mail.locator('iframe')).toHaveCount(0)
  await mail.getByRole('button', { name: 'Show as it was written' }).click()
  // By its place: to look for words in so much takes longer than to draw it.
  await expect(mail.locator('iframe').contentFrame().locator('p').last()).toHaveText('It ends here.')
  await expect(mail.getByTestId('mail-large')).toHaveCount(0)

  // The mail keeps whoever cleans it busy for ever.
  await page.route('**/large.worker*', (route) => route.fulfill({ contentType: 'text/javascript', body: 'for (;;);' }))
  const cleaning = () => page.workers().filter((worker) => worker.url().includes('large.worker')).length

  await test.step('the page answers while one is cleaned, and who leaves it ends that', async () => {
    await page.reload()
    await mail.getByRole('button', { name: 'Show as it was written' }).click()
    await expect.poll(cleaning).toBe(1)
    await expect(mail.getByTestId('mail-large')).toHaveAttribute('aria-busy', 'true')
    await follow(page, '/inboxes/all')
    await expect.poll(cleaning).toBe(0)
  })

  await test.step('one that takes too long to clean says so, and is there as it came', async () => {
    await follow(page, `/inboxes/all/conversation/${uuid}`)
    await mail.getByRole('button', { name: 'Show as it was written' }).click()
    await expect.poll(cleaning).toBe(1)
    await expect(mail).toContainText('could not be shown', { timeout: 30_000 })
    await expect.poll(cleaning).toBe(0)
    await expect(mail.getByRole('button', { name: 'Open source' })).toBeVisible()
    await expect(mail.locator('iframe')).toHaveCount(0)
    await mail.getByRole('button', { name: 'Try again' }).click()
    await expect(mail.getByTestId('mail-large')).toContainText('It begins here.')
  })

  await test.step('one that cannot be cleaned at all says so, too', async () => {
    await page.unroute('**/large.worker*')
    await page.route('**/large.worker*', (route) => route.abort())
    await mail.getByRole('button', { name: 'Show as it was written' }).click()
    await expect(mail).toContainText('could not be shown')
  })
})

const many = 500

/** What a page takes of the browser. */
async function measured(cdp: CDPSession): Promise<{ nodes: number; heap: number }> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0
  return { nodes: of('Nodes'), heap: of('JSHeapUsedSize') }
}

test('a thread of hundreds is light, is searched as a whole and opened in its middle', async ({ desk, dovecot, sink, signedIn: page }) => {
  test.setTimeout(400_000)
  await desk.api.createInbox('long', dovecot, sink)
  await dovecot.deliver('long', mailWithFiles('A saga of porcelain'))
  const { uuid } = await desk.api.conversationAbout('A saga of porcelain')
  const notes: Message[] = []
  await test.step('many notes are written', async () => {
    for (let n = 0; n < many; n += 25) {
      notes.push(...(await Promise.all(Array.from({ length: 25 }, (_, i) => note(desk.api, uuid, n + i === 300 ? `Entry ${n + i} speaks of obsidian.` : `Entry ${n + i}: nobody answered.`)))))
    }
  })
  const old = notes[many - 150]!
  const newest = letters(page).last()

  await test.step('a link leads to a message far back', async () => {
    await page.goto(`/inboxes/all/conversation/${uuid}?scrollTo=${old.uuid}`)
    await expect(letter(page, old.uuid)).toBeInViewport()
    await expect(page.getByRole('button', { name: 'To the newest message' })).toBeVisible()
    // Nothing that comes moves what is read, and a reply goes to who wrote, however many notes have come since.
    await note(desk.api, uuid, 'Late entry.')
    await expect(page.getByTestId('composer-recipients')).toContainText('ida@shop.example')
    await expect(letter(page, old.uuid)).toBeInViewport()
  })

  await test.step('words are found wherever they are, and marked', async () => {
    await page.goto(`/inboxes/all/conversation/${uuid}`)
    await expect(newest).toBeInViewport()
    await page.keyboard.press('Shift+F')
    await page.getByTestId('find-input').fill('obsid')
    await expect(page.getByTestId('find-status')).toHaveText('1 of 1')
    await expect(letter(page, notes[300]!.uuid)).toBeInViewport()
    const frame = letter(page, notes[300]!.uuid).locator('iframe')
    await expect
      .poll(() => frame.evaluate((element: HTMLIFrameElement) => [...((element.contentWindow as (Window & typeof globalThis) | null)?.CSS.highlights.get('found') ?? [])].map(String)))
      .toEqual(['obsid'])
    await examineLooks(page, 'thread-find')
    await page.getByTestId('find-input').fill('porcelain')
    await expect(page.locator('article[data-type="incoming"]')).toBeInViewport()
    await page.getByTestId('find-input').fill('no-such-word')
    await expect(page.getByTestId('find-status')).toHaveText('Nothing found')
  })

  await test.step('the server narrows it down', async () => {
    await page.getByTestId('thread-filter-attachments').click()
    await expect(letters(page)).toHaveCount(1)
    await expect(letters(page)).toHaveAttribute('data-type', 'incoming')
    await examineLooks(page, 'thread-attachments')
    await page.getByTestId('thread-filter-public').click()
    await expect(letters(page)).toHaveCount(1)
    await page.getByTestId('find-input').press('Escape')
    await expect(page.getByTestId('thread-bar')).toBeHidden()
    await expect(letters(page).nth(5)).toBeAttached()
  })

  await test.step('however far it is scrolled, little of it is drawn', async () => {
    await page.goto(`/inboxes/all/conversation/${uuid}`)
    await expect(newest).toBeInViewport()
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const pane = page.getByRole('region', { name: 'Messages' })
    const before = await measured(cdp)
    await expect(async () => {
      await pane.evaluate((element) => element.scrollTo({ top: 0 }))
      await expect(page.locator('[data-row]')).toHaveCount(many + 2, { timeout: 50 })
    }).toPass({ timeout: 180_000, intervals: [20] })
    await expect.poll(() => letters(page).count()).toBeLessThan(200)
    await expect.poll(() => page.locator('main iframe').count()).toBeLessThan(60)
    // Through all of it, half a screen a frame.
    const frames = await pane.evaluate(async (element) => {
      const times: number[] = []
      let last = performance.now()
      for (let top = 0; top < element.scrollHeight; top += 400) {
        element.scrollTop = top
        await new Promise(requestAnimationFrame)
        const now = performance.now()
        times.push(now - last)
        last = now
      }
      return times.sort((a, b) => a - b)
    })
    const after = await measured(cdp)
    console.log(
      `thread of ${many}: ${frames.length} frames, median ${frames[frames.length >> 1]!.toFixed(1)} ms, p95 ${frames[Math.floor(frames.length * 0.95)]!.toFixed(1)} ms; ` +
        `nodes ${before.nodes}, then ${after.nodes}; heap ${(after.heap / 1e6).toFixed(1)} MB`,
    )
    expect(after.nodes).toBeLessThan(40_000)
    expect(after.heap).toBeLessThan(300e6)
  })
})

test('a reply by key answers the letter that has the focus', async ({ desk, dovecot, sink, signedIn: page }) => {
  await desk.api.createInbox('answer-by-key', dovecot, sink)
  const mail = plainBytes('answer-by-key@desk.example', 'Two of us ask', 'When do you open?').toString()
  await dovecot.deliver('answer-by-key', Buffer.from(mail.replace(/^Subject:/m, 'Cc: erik@kunde.example\r\nSubject:')))
  const { uuid } = await desk.api.conversationAbout('Two of us ask')
  await desk.api.post(`/api/v1/conversations/${uuid}/messages`, {
    message: '<p>At nine.</p>', private: false, sender_type: 'agent', to: [customer], cc: ['erik@kunde.example'], bcc: [],
  })
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(letters(page)).toHaveCount(2)
  const recipients = page.getByTestId('composer-recipients')
  const editor = page.getByTestId('composer-editor')

  // The newest is what a reply answers anyway, with everybody who had it.
  await page.keyboard.press('Shift+k')
  await expect(letters(page).last()).toBeFocused()
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await expect(recipients).toHaveText(`to ${customer}, 1 other`)
  await page.keyboard.press('Escape')

  await page.keyboard.press('Shift+k')
  await page.keyboard.press('Shift+k')
  await expect(letters(page).first()).toBeFocused()
  await page.keyboard.press('r')
  await expect(editor).toBeFocused()
  await expect(recipients).toHaveText(`to ${customer}`)
})

test('the jump to the first unread message loads what is between, and the rule stands there', async ({ desk, dovecot, sink, signedIn: page }) => {
  const inbox = await desk.api.createInbox('behind', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>The first of many</p>', contact_email: 'una@behind.example', first_name: 'Una', subject: 'Far behind', initiator: 'contact',
  })
  const write = (text: string): Promise<Message> => desk.api.post<Message>(`/api/v1/conversations/${uuid}/messages`, { message: `<p>${text}</p>`, sender_type: 'contact' })
  for (let n = 0; n < 5; n++) await write(`Known ${n}`)
  await desk.api.put(`/api/v1/conversations/${uuid}/last-seen`)
  const first = await write('New 0')
  for (let n = 1; n < 95; n++) await write(`New ${n}`)

  await page.goto(`/inboxes/all/conversation/${uuid}`)
  const rule = page.getByRole('separator', { name: /new messages|New/ })
  await expect(letter(page, first.uuid)).toHaveCount(0)
  await expect(rule).toHaveCount(1)
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await page.keyboard.press('Shift+N')
  await expect(rule).toBeInViewport()
  await expect(letter(page, first.uuid)).toBeInViewport()
  await expect(rule).toHaveAttribute('aria-label', '95 new messages')
  await expect(page.locator('[data-unread] + div article')).toHaveAttribute('data-uuid', first.uuid)
  await examineLooks(page, 'thread-unread-far')
})

test('links to a conversation and to one of its messages are copied, and lead there', async ({ desk, dovecot, sink, signedIn: page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: desk.url })
  const inbox = await desk.api.createInbox('links', dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>May I pass this on?</p>', contact_email: 'una@links.example', first_name: 'Una', subject: 'A thing to share', initiator: 'contact',
  })
  const mine = await note(desk.api, uuid, 'Look here.')
  const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText())
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await page.getByTestId('conversation-more').click()
  await page.getByRole('menuitem', { name: 'Copy link' }).click()
  await expect(page.getByText('Link copied')).toBeVisible()
  expect(await copied()).toBe(`${desk.url}/inboxes/all/conversation/${uuid}`)

  await letter(page, mine.uuid).hover()
  await letter(page, mine.uuid).getByTestId('message-menu').click()
  await page.getByRole('menuitem', { name: 'Copy link' }).click()
  await expect.poll(copied).toBe(`${desk.url}/inboxes/all/conversation/${uuid}?scrollTo=${mine.uuid}`)
  await page.goto(await copied())
  await expect(letter(page, mine.uuid)).toBeInViewport()
})
