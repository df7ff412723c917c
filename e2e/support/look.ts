// What every screen is looked at for: a picture for people, and what axe calls serious or worse.

import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

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
 * Takes the picture screenshots/<name>.png of a page that has loaded what it shows, lets axe look at it, and refuses a page
 * that scrolls sideways. One whose requests a test keeps back is examined as it stands.
 */
export async function examine(page: Page, name: string, silent = true): Promise<void> {
  if (silent) await settle(page)
  await page.screenshot({ path: `screenshots/${name}.png`, animations: 'disabled' })
  // What is inside a mail is the customer's work, not the desk's; nothing runs inside the frames of notes and previews either.
  const { violations } = await new AxeBuilder({ page }).exclude('[data-testid="message"] iframe').exclude('[data-testid="contact-note"] iframe').exclude('[data-testid="template-preview"] iframe').exclude('[data-testid="opened-mail"] iframe').analyze()
  const serious = violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
  expect.soft(serious, name).toEqual([])
  // To the left of a page that runs right to left scrollWidth counts too.
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect.soft(sideways, `${name} scrolls sideways`).toBeLessThanOrEqual(0)
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
