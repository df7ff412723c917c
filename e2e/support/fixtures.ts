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

export const test = base.extend<{ signedIn: Page }, Servers>({
  engine: ['sqlite', { option: true, scope: 'worker' }],
  dovecot: [
    async ({}, use) => {
      const dovecot = await Dovecot.start()
      await use(dovecot)
      await dovecot.stop()
    },
    { scope: 'worker' },
  ],
  sink: [
    async ({}, use) => {
      const sink = await Sink.start()
      await use(sink)
      await sink.stop()
    },
    { scope: 'worker' },
  ],
  desk: [
    async ({ engine }, use, info) => {
      const desk = await Desk.start(engine)
      await use(desk)
      if (process.env['FOYER_E2E_LOG']) console.log(`worker ${info.workerIndex}:\n${desk.log()}`)
      await desk.stop()
    },
    { scope: 'worker' },
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

/** Goes to an address of the app without loading the app anew, as its links do. */
export async function follow(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate', { state: null }))
  }, path)
}
