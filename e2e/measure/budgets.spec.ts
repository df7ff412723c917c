// How fast the screens are, in chromium on a desk of many conversations: the budgets of the inbox, and what a rush of events does to
// the page. It measures and prints; it fails only if something never happens. `make measure`, with nothing else at work on the machine.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page, test as base } from '@playwright/test'
import { admin, Desk } from '../support/desk.ts'
import { removeFolder } from '../support/mailserver.ts'
import { signIn } from '../support/fixtures.ts'

const conversations = Number(process.env['FOYER_MEASURE_CONVERSATIONS'] ?? 10_000)
const roundTrip = 100 // milliseconds that the network adds to each answer
const reading = 1000 // milliseconds between two things an agent does, in which what the first one caused comes to its end

const test = base.extend<object, { desk: Desk }>({
  desk: [
    async ({}, use) => {
      const dir = mkdtempSync(join(tmpdir(), 'foyer-measure-'))
      const env = { FOYER_DATA_DIR: join(dir, 'data'), FOYER_SYSTEM_USER_PASSWORD: admin.password }
      execFileSync(join(import.meta.dirname, '../../bin/foyer'), ['bench', 'fill', '--count', String(conversations), '--messages', '10'], {
        env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'ignore', 'inherit'],
      })
      const desk = await Desk.start('sqlite', env)
      await use(desk)
      await desk.stop()
      await removeFolder(dir)
    },
    { scope: 'worker', timeout: 600_000 },
  ],
  baseURL: async ({ desk }, use) => await use(desk.url),
})

interface Watch {
  /** Where events come from. */
  live?: MessagePort
  /** Milliseconds of each task that kept the page from doing anything else for more than 50. */
  long: number[]
  /** From a key to the next picture, where that took 16 milliseconds or more. */
  keys: number[]
  shown?: Promise<number>
}

declare global {
  interface Window {
    watch: Watch
  }
}

/** Has the page note what it does, from its beginning on. */
async function watched(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.watch = { long: [], keys: [] }
    new PerformanceObserver((list) => window.watch.long.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' })
    new PerformanceObserver((list) => {
      window.watch.keys.push(...list.getEntries().filter((e) => e.name === 'keydown').map((e) => e.duration))
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit)
    window.SharedWorker = class extends SharedWorker {
      constructor(url: string | URL, options?: string | WorkerOptions) {
        super(url, options)
        window.watch.live = this.port
      }
    }
  })
}

/** Milliseconds from a key, or what else an agent does, until an element has one of some texts and the picture of it is made: until the next one begins. */
async function from(page: Page, event: 'keydown' | 'pointerdown', act: () => Promise<void>, selector: string, ...texts: string[]): Promise<number> {
  await page.waitForTimeout(reading)
  await page.evaluate(
    ([event, selector, texts]) => {
      window.watch.shown = new Promise((done) => {
        const begun = ({ timeStamp }: Event): void => {
          const look = (): void => {
            if (![...document.querySelectorAll(selector)].some(({ textContent }) => texts.some((text) => textContent.includes(text)))) return void requestAnimationFrame(look)
            requestAnimationFrame(() => done(performance.now() - timeStamp))
          }
          look()
        }
        addEventListener(event, begun, { once: true, capture: true })
      })
    },
    [event, selector, texts] as const,
  )
  await act()
  return page.evaluate(() => window.watch.shown!)
}

const fromKey = (page: Page, key: string, selector: string, ...texts: string[]): Promise<number> =>
  from(page, 'keydown', () => page.keyboard.press(key), selector, ...texts)

function tell(what: string, budget: string, all: number[]): void {
  const some = all.toSorted((a, b) => a - b)
  const at = (share: number): string => (some[Math.min(some.length - 1, Math.floor(some.length * share))] ?? 0).toFixed(0)
  console.log(`${what.padEnd(46)} p50 ${at(0.5).padStart(5)} ms   p95 ${at(0.95).padStart(5)} ms   most ${at(1).padStart(5)} ms   n ${String(some.length).padStart(3)}   budget ${budget}`)
}

async function far(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: roundTrip, downloadThroughput: -1, uploadThroughput: -1 })
}

interface Row {
  uuid: string
  subject: string
  last_message: string
}

/** Of the list as it is shown first: what is open. */
const rowsOf = async (desk: Desk, page: number, size: number): Promise<Row[]> => {
  const filters = encodeURIComponent(JSON.stringify([{ model: 'conversations', field: 'status_id', operator: 'equals', value: '1' }]))
  return (await desk.api.get<{ results: Row[] }>(`/api/v1/conversations/all?page=${page}&page_size=${size}&filters=${filters}`)).results
}

test.beforeEach(async ({ page }) => {
  await watched(page)
  await signIn(page)
})

test('from nothing to a list', async ({ page, context }) => {
  const times: number[] = []
  let scripts = 0
  for (let n = 0; n < 7; n++) {
    const cold = await context.newPage()
    await far(cold)
    const cdp = await context.newCDPSession(cold)
    await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
    await cold.goto('/inboxes/all')
    await expect(cold.getByTestId('conversation-row').first()).toBeVisible()
    times.push(await cold.evaluate(() => performance.now()))
    scripts = await cold.evaluate(() =>
      performance.getEntriesByType('resource').filter((e) => e.name.endsWith('.js')).reduce((sum, e) => sum + (e as PerformanceResourceTiming).encodedBodySize, 0),
    )
    await cold.close()
  }
  tell('cold start to the list', '2,000 ms', times)
  console.log(`script until then ${(scripts / 1024).toFixed(0)} kB   budget 250 kB`)
  await page.close()
})

test('from conversation to conversation', async ({ desk, page }) => {
  const list = await rowsOf(desk, 1, 60)
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  await far(page)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  /** Selects the letters of a conversation. */
  const lettersOf = async ({ uuid }: Row): Promise<string> => {
    const all = await desk.api.get<{ results: { type: string; uuid: string }[] }>(`/api/v1/conversations/${uuid}/messages?page_size=30`)
    return all.results.filter(({ type }) => type !== 'activity').map((letter) => `article[data-uuid="${letter.uuid}"]`).join()
  }
  await expect(page).toHaveURL(/conversation\//)
  const first = list.findIndex(({ uuid }) => page.url().includes(uuid))
  const next: number[] = []
  const passed: number[] = []
  const cached: number[] = []
  const other: number[] = []
  const letters: string[] = []
  for (const row of list) letters.push(await lettersOf(row))
  for (let n = first + 1; n < 19; n++) next.push(await fromKey(page, 'j', letters[n]!, ''))
  // Going past is no reading: all that is unread in them is open when they are seen again.
  for (let n = 17; n > first; n--) {
    passed.push(await fromKey(page, 'k', letters[n]!, ''))
    await page.waitForResponse((answer) => answer.url().includes('/last-seen'))
  }
  for (let times = 0; times < 2; times++) {
    for (let n = first + 2; n < 18; n++) cached.push(await fromKey(page, 'j', letters[n]!, ''))
    for (let n = 16; n > first; n--) cached.push(await fromKey(page, 'k', letters[n]!, ''))
  }
  for (let n = 22; n < 60; n += 2) {
    const row = page.locator(`[data-testid="conversation-row"][data-uuid="${list[n]!.uuid}"]`)
    for (let tries = 0; tries < 20 && !(await row.count()); tries++) await page.getByTestId('conversation-list').evaluate((box) => box.scrollBy(0, 300))
    await row.scrollIntoViewIfNeeded()
    other.push(await from(page, 'pointerdown', () => row.getByRole('link').click(), letters[n]!, ''))
  }
  tell('switch to a conversation read before', '100 ms', cached)
  tell('switch to one passed before, unread', '', passed)
  tell('switch to the next one', '400 ms', next)
  tell('switch to any other', '400 ms', other)
})

test('what keys do', async ({ desk, page }) => {
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  const bar: number[] = []
  for (let n = 0; n < 40; n++) {
    bar.push(await fromKey(page, 'Control+k', '[data-testid="command-bar"]', ''))
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('command-bar')).toBeHidden()
  }
  tell('command bar', '50 ms', bar)

  await far(page)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('status-button')).toBeVisible()
  const status: number[] = []
  for (let n = 0; n < 20; n++) {
    status.push(await fromKey(page, 'e', '[data-testid="status-button"]', 'Resolved'))
    status.push(await fromKey(page, 'z', '[data-testid="status-button"]', 'Open'))
  }
  tell('status', '50 ms', status)

  const inboxes = await desk.api.get<{ id: number }[]>('/api/v1/inboxes')
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inboxes[0]!.id, initiator: 'contact', contact_email: 'long@customer.example', first_name: 'Long', subject: 'A long story',
    content: `<p>See below</p><blockquote>${'<p>It was a dark and stormy night, and the parcel had not come.</p>'.repeat(3000)}</blockquote>`,
  })
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message').first()).toBeVisible()
  await page.keyboard.press('n')
  await expect(page.getByTestId('composer-editor')).toBeVisible()
  await page.evaluate(() => void (window.watch.keys.length = 0))
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(3)
  await page.keyboard.type(text, { delay: 40 })
  await page.waitForTimeout(500) // for the browser to tell of the last
  const slow = await page.evaluate(() => window.watch.keys)
  tell('a letter in the editor, below 200 kB', '16 ms', [...Array<number>(Math.max(0, text.length - slow.length)).fill(8), ...slow])
})

/** Scrolls a pane by hand's speed until it has nothing more to show, or a time is over. Tells how the pictures came and what they cost. */
async function scrolled(page: Page, what: string, selector: string, speed: number, seconds: number): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  const busy = async (): Promise<number> => (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value * 1000
  const before = await busy()
  const gaps = await page.locator(selector).evaluate(
    (box, [speed, seconds]) =>
      new Promise<number[]>((done) => {
        const gaps: number[] = []
        let last = performance.now()
        const end = last + seconds * 1000
        const step = (): void => {
          const now = performance.now()
          gaps.push(now - last)
          box.scrollTop += (speed * Math.min(now - last, 100)) / 1000
          last = now
          if (now < end) requestAnimationFrame(step)
          else done(gaps.slice(1))
        }
        requestAnimationFrame(step)
      }),
    [speed, seconds] as const,
  )
  const cost = (await busy()) - before
  const memory = await memoryOf(page)
  tell(what, '60 a second', gaps)
  console.log(`  ${(gaps.length / seconds).toFixed(0)} pictures a second, the page's thread at work for ${(cost / gaps.length).toFixed(1)} ms of each; tab ${memory.now.toFixed(0)} MB, ${memory.kept.toFixed(0)} without garbage   budget 300 MB`)
}

/** Megabytes that the process of the page holds, the largest of its kind: as it is, and with its garbage collected. What it shares counts in part. */
async function memoryOf(page: Page): Promise<{ now: number; kept: number }> {
  const browser = await page.context().browser()!.newBrowserCDPSession()
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo')
  const largest = (): number =>
    Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))![1]) / 1024))
  const now = largest()
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('HeapProfiler.collectGarbage')
  return { now, kept: largest() }
}

test('what is long', async ({ desk, page }) => {
  await page.goto('/inboxes/all')
  const list = page.getByTestId('conversation-list')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  const size = async (): Promise<number> => list.evaluate((box) => box.scrollHeight)
  // The list is read on while it is scrolled: the end of what is loaded is gone to until there are enough.
  const row = (await page.getByTestId('conversation-row').first().boundingBox())!.height
  for (let n = 0; n < 200 && (await size()) < 3_000 * row; n++) {
    await list.evaluate((box) => (box.scrollTop = box.scrollHeight))
    await page.waitForTimeout(150)
  }
  console.log(`a list of ${((await size()) / row).toFixed(0)} rows`)
  await scrolled(page, '  scrolled back', '[data-testid="conversation-list"]', -4_000, 10)

  const inboxes = await desk.api.get<{ id: number }[]>('/api/v1/inboxes')
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inboxes[0]!.id, initiator: 'contact', contact_email: 'many@customer.example', first_name: 'Many', subject: 'A story in 2,000 parts', content: '<p>Once upon a time</p>',
  })
  for (let n = 0; n < 2_000; n += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, at) =>
      desk.api.post(`/api/v1/conversations/${uuid}/messages`, { message: `<p>Part ${n + at}</p>${'<p>It was a dark and stormy night, and the parcel had not come.</p>'.repeat(3)}`, private: (n + at) % 3 > 0, sender_type: (n + at) % 3 ? 'agent' : 'contact' }),
    ))
  }
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message').first()).toBeVisible()
  const pane = page.getByRole('region', { name: 'Messages' })
  for (let n = 0; n < 80 && !(await page.getByText('Once upon a time').count()); n++) {
    await pane.evaluate((box) => (box.scrollTop = 0))
    await page.waitForTimeout(250)
  }
  await pane.evaluate((box) => (box.id = 'measured'))
  console.log(`a thread of ${await page.locator('[data-row]').count()} messages`)
  await scrolled(page, '  scrolled', '#measured', 3_000, 10)
})

test('a command bar of 2,000 tags', async ({ desk, page }) => {
  for (let n = 0; n < 2_000; n += 20) await Promise.all(Array.from({ length: 20 }, (_, at) => desk.api.post('/api/v1/tags', { name: `measured-${n + at}` })))
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('status-button')).toBeVisible()
  await page.waitForTimeout(reading)
  const slow: number[] = []
  const words = 'measured-19'
  for (let n = 0; n < 6; n++) {
    await page.keyboard.press('Control+k')
    await expect(page.getByTestId('command-bar')).toBeVisible()
    await page.waitForTimeout(reading)
    await page.evaluate(() => void (window.watch.keys.length = 0))
    await page.keyboard.type(words, { delay: 250 })
    await page.waitForTimeout(500)
    slow.push(...(await page.evaluate(() => window.watch.keys)))
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('command-bar')).toBeHidden()
  }
  tell('a letter in the command bar, among 2,000', '16 ms', [...Array<number>(Math.max(0, words.length * 6 - slow.length)).fill(8), ...slow])
})

test('a rush of events', async ({ desk, page }) => {
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  const delays: number[] = []
  const top = (await rowsOf(desk, 1, 5))[3]!
  for (let n = 0; n < 15; n++) {
    const words = `Event ${n} of the measurement`
    const begun = Date.now()
    await desk.api.post(`/api/v1/conversations/${top.uuid}/messages`, { message: `<p>${words}</p>`, private: false, sender_type: 'contact' })
    const answered = Date.now() - begun
    await page.waitForFunction((text) => document.querySelector('[data-testid="conversation-row"]')?.textContent.includes(text), words, { polling: 'raf' })
    delays.push(Date.now() - begun - answered / 2)
  }
  tell('an event until it is on the screen', '150 ms', delays)

  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('conversation-header')).toBeVisible()
  await page.keyboard.press('n')
  await expect(page.getByTestId('composer-editor')).toBeVisible()
  const known: Row[] = []
  for (let n = 1; n <= 10; n++) known.push(...(await rowsOf(desk, n, 100)))
  for (const [seconds, perSecond] of [[5, 0], [5, 1000], [5, 3000]] as const) {
    await page.evaluate(([rows, total]) => {
      const began = Date.now()
      const frames = Array.from({ length: total }, (_, n) => {
        const at = new Date(began + n).toISOString().replace('Z', '000Z')
        const row = { ...rows[(n * 7919) % rows.length]!, last_message: `Rush ${n}`, last_message_at: at, updated_at: at }
        return JSON.stringify({ type: 'new_message', data: {
          conversation_uuid: row.uuid, sender_type: 'contact', type: 'incoming', content: row.last_message, created_at: at, uuid: crypto.randomUUID(), conversation: row,
        } })
      })
      Object.assign(window, { frames })
    }, [known, seconds * perSecond] as const)
    await page.waitForTimeout(500) // for the making of the frames to be over
    const rush = page.evaluate(async ([seconds, perSecond]) => {
      const { frames } = window as unknown as { frames: string[] }
      window.watch.long.length = window.watch.keys.length = 0
      const began = performance.now()
      let pictures = 0
      const picture = (): void => {
        pictures++
        if (performance.now() - began < seconds * 1000) requestAnimationFrame(picture)
      }
      requestAnimationFrame(picture)
      let sent = 0
      await new Promise<void>((done) => {
        const timer = setInterval(() => {
          const due = Math.min(frames.length, Math.floor(((performance.now() - began) / 1000) * perSecond))
          for (; sent < due; sent++) window.watch.live!.dispatchEvent(new MessageEvent('message', { data: { kind: 'frame', text: frames[sent]! } }))
          if (performance.now() - began >= seconds * 1000) {
            clearInterval(timer)
            done()
          }
        }, 10)
      })
      await new Promise((done) => setTimeout(done, 300))
      return { sent, pictures, took: performance.now() - began - 300, long: window.watch.long, keys: window.watch.keys }
    }, [seconds, perSecond] as const)
    const text = 'Meanwhile somebody writes a note. '.repeat(2)
    await page.keyboard.type(text, { delay: 60 })
    const got = await rush
    const blocked = got.long.reduce((sum, d) => sum + d - 50, 0)
    console.log(`${perSecond} events a second: ${got.sent} in ${(got.took / 1000).toFixed(1)} s, blocking time ${blocked.toFixed(0)} ms in ${got.long.length} tasks of up to ${Math.max(0, ...got.long).toFixed(0)} ms, ${(got.pictures / seconds).toFixed(0)} pictures a second`)
    tell('  a letter meanwhile', '', [...Array<number>(Math.max(0, text.length - got.keys.length)).fill(8), ...got.keys])
  }
})
