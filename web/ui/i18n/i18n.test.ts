import german from '@locales/de-DE.json'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { compileMessage, formatAge, formatAgo, formatDay, formatMoment, formatNumber, formatSize, i18n, matchLanguage, setLanguage, t } from './index'
import { setZone } from './zone'

const context = (values: Record<string, unknown>, count = 1) => ({
  named: ((name: string) => values[name]) as never,
  plural: ((forms: string[]) => forms[count === 1 ? 0 : 1]) as never,
})

describe('messages', () => {
  it('fills placeholders and leaves everything else as it is', () => {
    expect(compileMessage('Write to a@x.io, {name} ({{ .Agent }})')(context({ name: 'Ida' }))).toBe('Write to a@x.io, Ida ({{ .Agent }})')
  })

  it('chooses the plural form', () => {
    const text = 'One field | {count} fields'
    expect([1, 3].map((count) => compileMessage(text)(context({ count }, count)))).toEqual(['One field', '3 fields'])
    expect(t('admin.error.check', {}, 2)).toBe('2 fields need your attention.')
  })
})

it.each([
  [30, 'now'],
  [5 * 60, '5m'],
  [3 * 3600, '3h'],
  [30 * 86_400, '30d'],
  [45 * 86_400, '1mo'],
  [400 * 86_400, '1y'],
])('an age of %d seconds reads %s', (seconds, text) => {
  expect(formatAge(Date.now() - seconds * 1000)).toBe(text)
})

it.each([
  [30, 'just now'],
  [60, '1 minute ago'],
  [5 * 60, '5 minutes ago'],
  [3 * 86_400, '3 days ago'],
])('%d seconds ago reads %s in a sentence', (seconds, text) => {
  expect(formatAgo(Date.now() - seconds * 1000)).toBe(text)
})

describe('a language of the desk', () => {
  afterEach(async () => {
    vi.unstubAllGlobals()
    await setLanguage('en-US')
  })

  it('is loaded from the server and used for texts, numbers, dates and ages', async () => {
    const load = vi.fn(async (_: string) => Response.json(german))
    vi.stubGlobal('fetch', load)
    await setLanguage('de-DE')
    expect(load.mock.calls.map(([url]) => url)).toEqual(['/api/v1/lang/de-DE'])
    expect(document.documentElement.lang).toBe('de-DE')
    expect(t('bulk.done', {}, 1234)).toBe('1.234 Konversationen geändert.')
    expect(formatNumber(1234.5)).toBe('1.234,5')
    const now = new Date(2026, 4, 9, 15, 30)
    expect(formatAgo(new Date(2026, 4, 6, 15, 30), now.getTime())).toBe('vor 3 Tagen')
    expect(formatMoment(new Date(2026, 4, 9, 8, 5), now)).toBe('8:05')
    expect(formatMoment(new Date(2026, 2, 3, 14, 5), now)).toBe('3. März, 14:05')
  })

  it('leaves the language as it was when the server has no such catalogue', async () => {
    vi.stubGlobal('fetch', async () => new Response(null, { status: 404 }))
    await setLanguage('xx')
    expect(i18n.global.locale.value).toBe('en-US')
  })
})

describe('the zone of the agent', () => {
  afterEach(() => setZone(undefined))

  it('decides which day a time is on', () => {
    const now = new Date('2026-11-28T22:00:00Z')
    setZone('Asia/Tehran')
    expect([formatDay('2026-11-28T21:00:00Z', now), formatDay('2026-11-28T20:00:00Z', now)]).toEqual(['Today', 'Yesterday'])
    expect(formatMoment('2026-11-28T21:00:00Z', now)).toBe('12:30 AM')
    setZone('UTC')
    expect(formatDay('2026-11-28T20:00:00Z', now)).toBe('Today')
  })
})

it.each([
  [['de-AT', 'en'], 'de-DE'],
  [['fr', 'fa'], 'fa-IR'],
  [['de-de'], 'de-DE'],
  [['fr'], undefined],
  [[], undefined],
])('a browser that wants %j is spoken to in %s', (wanted, language) => {
  expect(matchLanguage(wanted, ['en-US', 'de-DE', 'fa-IR'])).toBe(language)
})

describe('a language that runs right to left', () => {
  beforeEach(() => void (i18n.global.locale.value = 'fa-IR' as 'en-US'))
  afterEach(() => void (i18n.global.locale.value = 'en-US'))

  it('sets Latin names and addresses apart, and nothing else', () => {
    expect(compileMessage('به {name}، {other}')(context({ name: 'a@x.io', other: 'آرش' }))).toBe('به \u2068a@x.io\u2069، آرش')
  })

  it('has its own digits', () => {
    expect(formatAge(Date.now() - 5 * 60_000)).toContain('۵')
    expect(t('conversation.position', { at: 4, total: 1441 })).toContain('۱٬۴۴۱')
    expect(formatSize(11_000)).toMatch(/^۱۱ [^a-z]+$/i)
  })

  it('has its own calendar', () => {
    const now = new Date('2026-11-28T12:00:00Z')
    expect(formatMoment('2026-05-09T12:00:00Z', now)).toMatch(/۱۹ اردیبهشت/)
    // The Persian year began in March, so that February was in the one before.
    expect(formatMoment('2026-02-09T12:00:00Z', now)).toContain('۱۴۰۴')
  })
})
