// What every screen is looked at for: a picture for people, and what axe calls serious or worse.

import { expect, type Page } from '@playwright/test'
import axe from 'axe-core'

export const looks = [
  { name: 'light', scheme: 'light', width: 1440, height: 900 },
  { name: 'dark', scheme: 'dark', width: 1440, height: 900 },
  { name: 'phone', scheme: 'light', width: 390, height: 844 },
] as const

/** Waits for what a screen loads, for a while. The browser never calls a page idle whose mails stand in frames. */
async function settle(page: Page): Promise<void> {
  const limit = { timeout: 5_000 }
  const drawn = page.waitForFunction(() => document.fonts.status === 'loaded' && !document.querySelector('.animate-breathe'), undefined, limit)
  await drawn.catch(() => undefined)
  if (!(await page.locator('iframe').count())) await page.waitForLoadState('networkidle', limit).catch(() => undefined)
}

/**
 * What axe calls serious or worse. It runs in the page itself and lists nothing but what is wrong, which takes a tenth of the
 * time that its wrapper for Playwright does. Frames are judged as elements: what is inside is a mail, a file or a preview.
 */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  return await page.evaluate(async () => {
    const run = (window as unknown as { axe: typeof axe }).axe.run
    const { violations } = await run(document, { resultTypes: ['violations'], iframes: false, preload: false })
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
  })
}

/**
 * Takes the picture screenshots/<name>.png of a page that has loaded what it shows, lets axe look at it, and refuses a page
 * that scrolls sideways. One whose requests a test keeps back is examined as it stands.
 */
export async function examine(page: Page, name: string, silent = true): Promise<void> {
  if (silent) await settle(page)
  await page.screenshot({ path: `screenshots/${name}.png`, animations: 'disabled' })
  let found = await faults(page)
  if (found.serious.length || found.sideways > 0) {
    await rest(page)
    found = await faults(page)
  }
  expect.soft(found.serious, name).toEqual([])
  expect.soft(found.sideways, `${name} scrolls sideways`).toBeLessThanOrEqual(0)
}

/** What is wrong with a page as it stands. */
async function faults(page: Page): Promise<{ serious: string[]; sideways: number }> {
  // To the left of a page that runs right to left scrollWidth counts too.
  return { serious: await violations(page), sideways: await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth) }
}

/** Waits for what fades in or slides, such as a notice that came at this moment: half drawn it is too pale to be read. */
async function rest(page: Page): Promise<void> {
  const still = page.waitForFunction(
    () => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().iterations === Infinity),
    undefined,
    { timeout: 5_000 },
  )
  await still.catch(() => undefined)
}

/** Examines a screen in each look and leaves the page as it was. */
export async function examineLooks(page: Page, screen: string, silent = true): Promise<void> {
  const before = page.viewportSize()!
  for (const look of looks) {
    await page.emulateMedia({ colorScheme: look.scheme })
    await expect(page.locator('html')).toHaveClass(look.scheme === 'dark' ? /\bdark\b/ : /^(?!.*\bdark\b)/)
    await page.setViewportSize({ width: look.width, height: look.height })
    await examine(page, `${screen}-${look.name}`, silent)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(before)
}
