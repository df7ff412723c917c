// The fixtures of every browser test: one desk and its mail servers for the tests of a file, and a signed-in page.

import { expect, type Page, test as base } from '@playwright/test'
import { admin, Desk, type Engine } from './desk.ts'
import { Dovecot, Sink } from './mailserver.ts'

export { expect } from '@playwright/test'

interface Servers {
  engine: Engine
  dovecot: Dovecot
  sink: Sink
  desk: Desk
}

/** Milliseconds for what is started, and built, before the first test. */
const starting = 300_000

export const test = base.extend<{ signedIn: Page }, Servers>({
  engine: ['sqlite', { option: true, scope: 'worker' }],
  dovecot: [
    async ({}, use) => {
      const dovecot = await Dovecot.start()
      await use(dovecot)
      await dovecot.stop()
    },
    { scope: 'worker', timeout: starting },
  ],
  sink: [
    async ({}, use) => {
      const sink = await Sink.start()
      await use(sink)
      await sink.stop()
    },
    { scope: 'worker', timeout: starting },
  ],
  desk: [
    async ({ engine }, use, info) => {
      const desk = await Desk.start(engine)
      await use(desk)
      if (process.env['FOYER_E2E_LOG']) console.log(`worker ${info.workerIndex}:\n${desk.log()}`)
      await desk.stop()
    },
    { scope: 'worker', timeout: starting },
  ],
  // An absolute baseURL cannot depend on a worker's desk in the configuration, so it is set here.
  baseURL: async ({ desk }, use) => await use(desk.url),
  signedIn: async ({ page }, use) => {
    await signIn(page)
    await use(page)
  },
})

export async function signIn(page: Page): Promise<void> {
  await page.goto('/')
  await page.locator('#email').fill(admin.email)
  await page.locator('#password').fill(admin.password)
  await page.locator('#password').press('Enter')
  await expect(page).toHaveURL(/\/inboxes\//)
}

/** Cuts a page off. If its connection was still being made, it is told once more. */
export async function goOffline(page: Page): Promise<void> {
  await page.context().setOffline(true)
  await expect(async () => {
    await page.evaluate(() => dispatchEvent(new Event('offline')))
    await expect(page.getByText('You are offline')).toBeVisible({ timeout: 1_000 })
  }).toPass()
}

/** Goes to an address of the app without loading the app anew, as its links do. */
export async function follow(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate', { state: null }))
  }, path)
}

/** Types into the list that was just opened, which takes the focus a moment after it is drawn. */
export async function narrow(page: Page, words: string): Promise<void> {
  const filter = page.locator('[data-reka-popper-content-wrapper] input').last()
  await expect(filter).toBeFocused()
  await page.keyboard.type(words)
}

/** Types into the list that was just opened, and chooses the first of what is left by Enter. */
export async function pick(page: Page, words: string): Promise<void> {
  await narrow(page, words)
  await expect(page.getByRole('option').first()).toBeVisible()
  await page.keyboard.press('Enter')
}

/** Goes somewhere by keys that are pressed one after the other: too slowly they are none. */
export async function goBy(page: Page, keys: string, address: RegExp): Promise<void> {
  await expect(async () => {
    for (const key of keys.split(' ')) await page.keyboard.press(key)
    await expect(page).toHaveURL(address, { timeout: 2_000 })
  }).toPass()
}
