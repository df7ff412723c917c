// For whoever needs it larger, stronger or still: twice the size, 320 pixels, more contrast, the system's own colours, no motion.

import type { Page } from '@playwright/test'
import type { Desk } from '../support/desk.ts'
import { expect, signIn, test } from '../support/fixtures.ts'
import { examine } from '../support/look.ts'
import type { Dovecot, Sink } from '../support/mailserver.ts'

/** Controls that cannot be reached because they stand beside the window, and nothing scrolls them into it. */
const beyond = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const scrolled = (element: Element | null): boolean =>
      !!element && (/auto|scroll/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth ? true : scrolled(element.parentElement))
    return [...document.querySelectorAll('button, a[href], input, select, textarea, [role="combobox"]')]
      .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest('[inert], [aria-hidden="true"], .sr-only'))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect()
        return width > 1 && (left < -1 || right > innerWidth + 1) && !scrolled(element.parentElement)
      })
      .map((element) => element.outerHTML.slice(0, 120))
  })

async function visit(page: Page, desk: Desk, dovecot: Dovecot, sink: Sink, name: string): Promise<void> {
  const inbox = await desk.api.createInbox(`access-${name}`, dovecot, sink)
  const { uuid } = await desk.api.post<{ uuid: string }>('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>The lid of my kettle leaks.</p>', contact_email: 'lena@access.example', first_name: 'Lena', last_name: 'Hartmann',
    subject: `A kettle that leaks at its lid (${name})`, initiator: 'contact',
  })
  const look = async (screen: string): Promise<void> => {
    await examine(page, `access-${name}-${screen}`)
    expect.soft(await beyond(page), `${screen} has controls beside the window`).toEqual([])
  }
  await page.goto('/')
  await expect(page.locator('#email')).toBeVisible()
  await look('sign-in')
  await signIn(page)
  await page.goto('/inboxes/all')
  await expect(page.getByTestId('conversation-row').first()).toBeVisible()
  await look('list')
  await page.goto(`/inboxes/all/conversation/${uuid}`)
  await expect(page.getByTestId('message').first()).toBeVisible()
  await page.getByTestId('composer-tab-reply').click()
  await expect(page.getByTestId('composer-editor')).toBeFocused()
  await look('conversation')
  for (const [screen, path] of [['contacts', '/contacts'], ['account', '/account/profile'], ['general', '/admin/general'], ['inbox', `/admin/inboxes/${inbox}/edit`]] as const) {
    await page.goto(path)
    await expect(page.getByRole('heading').first()).toBeVisible()
    await look(screen)
  }
}

test.describe('at twice the size', () => {
  test.use({ viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 })
  test('everything is there', ({ page, desk, dovecot, sink }) => visit(page, desk, dovecot, sink, 'zoom'))
})

test.describe('at 320 pixels', () => {
  test.use({ viewport: { width: 320, height: 568 } })
  test('nothing scrolls two ways', ({ page, desk, dovecot, sink }) => visit(page, desk, dovecot, sink, 'narrow'))
})

test.describe('with more contrast', () => {
  test.use({ contrast: 'more' })
  test('lines and text are stronger', async ({ page, desk, dovecot, sink }) => {
    await visit(page, desk, dovecot, sink, 'contrast')
    await expect(page.locator('html')).toHaveClass(/\bcontrast\b/)
  })
})

test.describe('in the colours of the system, without motion', () => {
  test.use({ forcedColors: 'active', reducedMotion: 'reduce' })
  test('what is chosen is outlined, and nothing moves', async ({ page, desk, dovecot, sink }) => {
    await visit(page, desk, dovecot, sink, 'forced')
    await page.goto('/inboxes/all')
    await expect(page.locator('nav [aria-current="page"]').first()).toHaveCSS('outline-style', 'solid')
    await page.keyboard.press('?')
    await expect(page.getByRole('dialog')).toBeVisible()
    const moving = await page.evaluate(() => document.getAnimations().filter((one) => Number(one.effect?.getComputedTiming().duration) > 1).length)
    expect(moving).toBe(0)
  })
})

test('everything is as large as its reader wants, in the next browser, too', async ({ desk, dovecot, sink, page, browser }) => {
  const rowHeight = async (of: Page): Promise<number> => (await of.getByTestId('conversation-row').first().boundingBox())!.height
  const letters = (of: Page): Promise<number> => of.getByTestId('conversation-row').first().getByRole('link').evaluate((link) => parseFloat(getComputedStyle(link).fontSize))
  const inbox = await desk.api.createInbox('text-size', dovecot, sink)
  await desk.api.post('/api/v1/conversations', {
    inbox_id: inbox, content: '<p>It is too small.</p>', contact_email: 'lena@size.example', first_name: 'Lena', subject: 'The print on the box', initiator: 'contact',
  })
  await signIn(page)
  await page.goto('/inboxes/all')
  const [height, size] = [await rowHeight(page), await letters(page)]
  const choose = async (label: string): Promise<void> => {
    await page.goto('/account/profile')
    await page.getByTestId('text-size').click()
    await page.getByRole('option', { name: label, exact: true }).click()
  }
  await choose('150%')
  await expect(page.locator('html')).toHaveCSS('--text-scale', '1.5')
  await examine(page, 'text-size-account')
  await page.goto('/inboxes/all')
  await expect.poll(async () => Math.abs((await rowHeight(page)) - height * 1.5)).toBeLessThan(1)
  expect(await letters(page)).toBeCloseTo(size * 1.5, 0)
  await examine(page, 'text-size-list')
  const other = await (await browser.newContext({ baseURL: desk.url })).newPage()
  await signIn(other)
  await other.goto('/inboxes/all')
  await expect.poll(async () => Math.abs((await rowHeight(other)) - height * 1.5)).toBeLessThan(1)
  await other.getByTestId('conversation-row').first().click()
  await expect(other.getByTestId('message').first()).toBeVisible()
  const mail = other.getByTestId('message').first().locator('iframe').contentFrame()
  await expect(mail.locator('body')).toHaveCSS('font-size', '21px')
  // There is room to read: the context comes over the conversation when asked for.
  expect((await other.getByRole('main').boundingBox())!.width).toBeGreaterThan(600)
  await examine(other, 'text-size-conversation')
  await choose('100%')
  await page.goto('/inboxes/all')
  await expect.poll(() => rowHeight(page)).toBeCloseTo(height, 0)
  await other.context().close()
})
