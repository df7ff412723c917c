// A mail's HTML runs nothing, fetches nothing and leaves the page around it alone, whatever it contains.

import { readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, follow, test } from '../support/fixtures.ts'
import { hostile } from '../support/hostile.ts'
import { examineLooks } from '../support/look.ts'
import { until } from '../support/mailserver.ts'
import { htmlBytes } from '../support/mails.ts'

/** A red point. */
const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC'

let canary: Server
let asked: string[]

test.beforeAll(async () => {
  asked = []
  canary = createServer((req, res) => {
    asked.push(req.url ?? '')
    res.setHeader('Content-Type', 'image/png')
    res.end(req.url === '/wanted.png' ? Buffer.from(picture, 'base64') : undefined)
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
})

test.afterAll(() => {
  canary.close()
  canary.closeAllConnections()
})

test('hostile HTML runs nothing and fetches nothing', async ({ desk, dovecot, sink, signedIn: page }) => {
  test.setTimeout(600_000)
  const host = `127.0.0.1:${(canary.address() as AddressInfo).port}`
  await desk.api.createInbox('hostile', dovecot, sink)
  const marker = 'The end of this mail'
  const mails = Object.entries(hostile).map(([name, html]) => {
    const filled = html.replaceAll('CANARYHOST', host).replaceAll('CANARY', `http://${host}`)
    return htmlBytes(`Hostile: ${name}`, `<p>${marker}</p>${filled}`)
  })
  await dovecot.deliver('hostile', ...mails)
  const filed = await until('all mails to be filed', async () => {
    const found = (await desk.api.conversations()).filter((c) => c.subject.startsWith('Hostile: '))
    return found.length === mails.length ? found : null
  })

  const trespasses: string[] = []
  page.on('dialog', (dialog) => {
    trespasses.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('popup', (popup) => trespasses.push(`popup: ${popup.url()}`))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== desk.url) trespasses.push(`request: ${request.url()}`)
  })

  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  for (const { uuid, subject } of filed) {
    await test.step(subject, async () => {
      await follow(page, `/inboxes/all/conversation/${uuid}`)
      await expect(page.getByTestId('conversation-header')).toContainText(subject)
      const frame = page.locator('[data-testid="message"][data-type="incoming"] iframe')
      await expect(frame.contentFrame().getByText(marker)).toBeVisible()
      // Without allow-scripts nothing in the frame can run; without allow-top-navigation it cannot leave.
      const sandbox = await frame.getAttribute('sandbox')
      expect(sandbox).not.toBeNull()
      expect(sandbox?.split(/\s+/)).not.toContain('allow-scripts')
      expect(sandbox?.split(/\s+/)).not.toContain('allow-top-navigation')
      const left = await frame.contentFrame().locator('html').evaluate((root) => ({
        elements: root.querySelectorAll('script, iframe, frame, object, embed, form, base, meta[http-equiv=refresh i], link').length,
        attributes: Array.from(root.querySelectorAll('*'), (e) => e.getAttributeNames())
          .flat()
          .filter((name) => name.startsWith('on')),
        links: Array.from(root.querySelectorAll('[href], [src]'), (e) => e.getAttribute('href') ?? e.getAttribute('src') ?? '')
          .filter((url) => /^\s*(javascript|vbscript|data:text)/i.test(url)),
      }))
      expect(left).toEqual({ elements: 0, attributes: [], links: [] })
      expect(new URL(page.url()).pathname).toBe(`/inboxes/all/conversation/${uuid}`)
      await expect(page.getByTestId('composer')).toBeVisible()
      expect(trespasses).toEqual([])
      expect(asked).toEqual([])
    })
  }
  // What a mail began late, such as a refresh after a second, has had its time by now.
  await page.waitForTimeout(2_000)
  expect(trespasses).toEqual([])
  expect(asked).toEqual([])
})

test('a very large mail is cleaned to what any other is, whatever it contains', async ({ desk, dovecot, sink, signedIn: page }) => {
  test.setTimeout(900_000)
  const worker = readdirSync(join(import.meta.dirname, '../../web/desk/dist/assets')).find((name) => /^large\.worker.*\.js$/.test(name))
  await desk.api.createInbox('two-ways', dovecot, sink)
  await dovecot.deliver('two-ways', htmlBytes('Cleaned in two ways', '<p>as it came</p>'))
  const { uuid } = await desk.api.conversationAbout('Cleaned in two ways')
  // What the server would have cleaned before comes as it is.
  let html = ''
  await page.route('**/messages?*', async (route) => {
    const reply = await route.fetch()
    const body = (await reply.json()) as { data: { results: { type: string; content: string }[] } }
    for (const message of body.data.results) if (message.type === 'incoming') message.content = html
    await route.fulfill({ response: reply, json: body })
  })
  const mails = { ...hostile, 'text in a table': '<table>before<tr>here<td>x</td>there</tr><div>y</div></table>', 'a whole document': '<html><head><title>x</title><style>p { color: red }</style></head><body><p>x</p></body></html>' }
  for (const [name, mail] of Object.entries(mails)) {
    if (name === 'deep nesting') continue // of which the ways keep different depths
    await test.step(name, async () => {
      html = `<p>${name}</p>${mail.replaceAll('CANARYHOST', 'canary.invalid').replaceAll('CANARY', 'https://canary.invalid')}`
      await page.goto(`/inboxes/all/conversation/${uuid}`)
      const frame = page.locator('[data-testid="message"][data-type="incoming"] iframe').contentFrame()
      await expect(frame.getByText(name, { exact: true }).first()).toBeAttached()
      const shown = await frame.locator('body').evaluate((body) => body.innerHTML)
      const { cleaned, left } = await page.evaluate(
        async ([address, html]) => {
          const worker = new Worker(address, { type: 'module' })
          const answer = await new Promise<{ html: string }>((resolve, reject) => {
            worker.onmessage = ({ data }) => resolve(data)
            worker.onerror = (event) => reject(new Error(event.message))
            worker.postMessage({ html, pictures: {} })
          })
          worker.terminate()
          const read = (markup: string) => new DOMParser().parseFromString(`<!doctype html><body>${markup}`, 'text/html').body
          const once = read(answer.html)
          const elements = (body: Element) => [...body.querySelectorAll('*')]
          const attributes = (body: Element) => elements(body).flatMap((e) => Array.from(e.attributes, ({ name, value }) => `${name}=${value}`))
          return {
            cleaned: once.innerHTML,
            left: [once, read(once.innerHTML)].flatMap((body) => [
              ...elements(body).map((e) => e.localName).filter((tag) => /^(?:script|i?frame|object|embed|form|input|button|base|meta|link|svg|math|template|noscript|title)$/.test(tag)),
              ...attributes(body).filter((text) => /^on|^(?:srcset|background|ping|(?:form)?action)=|^(?:href|src)=\s*(?:javascript|vbscript|data:(?!image\/))|^src=http/i.test(text)),
            ]),
          }
        },
        [`/assets/${worker}`, html] as const,
      )
      expect(left).toEqual([])
      // The order of attributes means nothing.
      const same = await page.evaluate(([a, b]) => {
        const [one, other] = [a, b].map((markup) => new DOMParser().parseFromString(`<!doctype html><body>${markup}`, 'text/html').body)
        return one!.isEqualNode(other!)
      }, [shown, cleaned] as const)
      if (!same) expect(cleaned).toBe(shown)
    })
  }
})

test('remote images are shown when the agent asks for them, and only then, by the desk', async ({ desk, dovecot, sink, signedIn: page }) => {
  const host = `127.0.0.1:${(canary.address() as AddressInfo).port}`
  const strangers: string[] = []
  page.on('request', (request) => {
    if (request.url().startsWith('http') && new URL(request.url()).origin !== desk.url) strangers.push(request.url())
  })
  await desk.api.createInbox('images', dovecot, sink)
  const html = `<p>look</p><img alt="chart" src="http://${host}/wanted.png"><img alt="none" src="http://${host}/none.png">`
  await dovecot.deliver('images', htmlBytes('Remote image', html))
  const { uuid } = await desk.api.conversationAbout('Remote image')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  const message = page.locator('[data-testid="message"][data-type="incoming"]')
  const frame = message.locator('iframe').contentFrame()
  await expect(frame.getByText('look')).toBeVisible()
  await expect.poll(() => frame.locator('body').evaluate((body) => body.ownerDocument.readyState)).toBe('complete')
  expect(asked).toEqual([])
  await message.getByRole('button', { name: 'Show images' }).click()
  const chart = frame.getByAltText('chart')
  await expect.poll(() => chart.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1)
  await expect(chart).toHaveAttribute('src', /^\/uploads\/remote\?/)
  await expect.poll(() => [...asked].sort()).toEqual(['/none.png', '/wanted.png'])
  expect(strangers).toEqual([])
})

test('remote images of a sender are always shown once that is chosen, until it is taken back', async ({ desk, dovecot, sink, signedIn: page }) => {
  const host = `127.0.0.1:${(canary.address() as AddressInfo).port}`
  await desk.api.createInbox('always', dovecot, sink)
  const html = `<p>look</p><img alt="chart" src="http://${host}/wanted.png">`
  await dovecot.deliver('always', htmlBytes('Always images one', html))
  await dovecot.deliver('always', htmlBytes('Always images two', html))
  await dovecot.deliver('always', htmlBytes('Always images three', html, 'Authentication-Results: mx.desk.example; spf=fail smtp.mailfrom=outside.example; dmarc=fail (p=REJECT dis=QUARANTINE) header.from=outside.example',
    'Received: from somewhere.example by mx.desk.example; Mon, 2 Mar 2026 10:00:00 +0000'))
  const [first, second] = [await desk.api.conversationAbout('Always images one'), await desk.api.conversationAbout('Always images two')]
  const forged = await desk.api.conversationAbout('Always images three')
  const message = page.locator('[data-testid="message"][data-type="incoming"]')
  const chart = message.locator('iframe').contentFrame().getByAltText('chart')
  const loaded = () => chart.evaluate((image: HTMLImageElement) => image.naturalWidth)

  await page.goto(`/inboxes/all/conversation/${first.uuid}`)
  await examineLooks(page, 'letter-images')
  await message.getByRole('button', { name: 'Always from someone@outside.example' }).click()
  await expect.poll(loaded).toBe(1)
  await expect(message.getByTestId('show-images')).toBeHidden()

  await test.step('another mail of theirs shows them at once, in every browser', async () => {
    await page.evaluate(() => localStorage.clear())
    await page.goto(`/inboxes/all/conversation/${second.uuid}`)
    await expect.poll(loaded).toBe(1)
  })

  await test.step('a mail that may be forged shows them by hand only', async () => {
    await page.goto(`/inboxes/all/conversation/${forged.uuid}`)
    await expect(message).toContainText('may be forged')
    await expect(message.getByTestId('always-show-images')).toBeHidden()
    await expect(chart).toBeAttached()
    await expect(chart).not.toHaveAttribute('src')
    await message.getByTestId('show-images').click()
    await expect.poll(loaded).toBe(1)
    await page.goto(`/inboxes/all/conversation/${second.uuid}`)
  })

  await test.step('the menu of the mail takes it back', async () => {
    await message.hover()
    await message.getByTestId('message-menu').click()
    await page.getByTestId('hide-images').click()
    await expect(message.getByTestId('show-images')).toBeVisible()
    await page.reload()
    await expect(message.getByTestId('show-images')).toBeVisible()
  })

  await test.step('so does the account', async () => {
    await message.getByTestId('always-show-images').click()
    await expect.poll(loaded).toBe(1)
    await page.goto('/account/profile')
    await page.getByRole('button', { name: 'Ask again for someone@outside.example' }).click()
    await expect(page.getByTestId('picture-senders')).toBeHidden()
    expect((await desk.api.get<{ picture_senders: string[] }>('/api/v1/agents/me/preferences')).picture_senders).toEqual([])
  })
})
