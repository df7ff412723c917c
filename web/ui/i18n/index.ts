import type en from '@locales/en-US.json'
import { createI18n, type MessageContext } from 'vue-i18n'
import words from 'virtual:words/desk'
import { dateFormat, numberFormat, relativeTimeFormat } from './formatters'
import { dayOf, zone } from './zone'

/** Every text the interface can show. A key that is not in the catalogue does not compile. */
export type MessageKey = keyof typeof en

type Params = Record<string, string | number>

/**
 * The catalogue's format is shared with the server: `{name}` is a placeholder and ` | ` separates
 * plural forms; everything else is literal, addresses with an @ included.
 */
export function compileMessage(text: string) {
  const forms = text.split(' | ')
  return (context: Pick<MessageContext<string>, 'plural' | 'named'>): string => {
    const form = forms.length > 1 ? context.plural(forms) : text
    return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = context.named(name)
      return value === undefined || value === null ? whole : isolate(String(value))
    })
  }
}

/** Which way a language is written. */
export function directionOf(code: string): 'rtl' | 'ltr' {
  return /^(ar|fa|he|ur)\b/.test(code) ? 'rtl' : 'ltr'
}

/**
 * A Latin name or address inside a sentence that runs right to left keeps its own order, and the marks around it stay
 * with the sentence: it stands between U+2068 and U+2069 (UAX #9, isolates).
 */
function isolate(value: string): string {
  return directionOf(i18n.global.locale.value) === 'rtl' && /[A-Za-z]/.test(value) ? `\u2068${value}\u2069` : value
}

export const i18n = createI18n({
  legacy: false,
  locale: 'en-US',
  fallbackLocale: 'en-US',
  missingWarn: false,
  fallbackWarn: false,
  messages: { 'en-US': words },
  messageResolver: (messages, key) => (messages as Record<string, string>)[key] ?? null,
  messageCompiler: (message) => compileMessage(String(message)) as never,
})

/**
 * The text for `key`, in the agent's language, with numbers in its digits. With `count` the plural form is chosen and
 * `{count}` filled in. Reactive: used in a template it follows a change of language.
 */
export function t(key: MessageKey, params?: Params, count?: number): string {
  if (!params && count === undefined) return textOf(key)
  const said = Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, typeof value === 'number' ? formatNumber(value) : value]))
  if (count === undefined) return i18n.global.t(key, said)
  return i18n.global.t(key, { count: formatNumber(count), ...said }, count)
}

/** What is said without numbers and names is looked up once for each language: the screens ask for hundreds of texts at every change. */
const texts = new Map<string, Map<MessageKey, string>>()

function textOf(key: MessageKey): string {
  const language = i18n.global.locale.value
  let known = texts.get(language)
  if (!known) texts.set(language, (known = new Map()))
  let text = known.get(key)
  if (text === undefined) known.set(key, (text = i18n.global.t(key)))
  return text
}

/** Adds English texts that did not come with the first script. Every other language comes whole. */
export function learn(more: Readonly<Record<string, string>>): void {
  i18n.global.mergeLocaleMessage('en-US', more)
  texts.clear()
}

/** Loads a language from the server, which fills what is not translated with English. */
export async function setLanguage(code: string): Promise<void> {
  if (code !== 'en-US' && !i18n.global.availableLocales.includes(code as 'en-US')) {
    const reply = await fetch(`/api/v1/lang/${encodeURIComponent(code)}`)
    if (!reply.ok) return
    i18n.global.setLocaleMessage(code as 'en-US', await reply.json())
  }
  i18n.global.locale.value = code as 'en-US'
  // Setting what is set already makes the browser compute the styles of the whole page anew.
  const page = document.documentElement
  const dir = directionOf(code)
  if (page.lang !== code) page.lang = code
  if (page.dir !== dir) page.dir = dir
}

/** The first of the wanted languages that is known, by the whole code or by the language alone: de-AT finds de-DE. */
export function matchLanguage(wanted: readonly string[], known: readonly string[]): string | undefined {
  const primary = (code: string): string => code.toLowerCase().split('-')[0]!
  for (const code of wanted) {
    const found = known.find((other) => other.toLowerCase() === code.toLowerCase()) ?? known.find((other) => primary(other) === primary(code))
    if (found) return found
  }
  return undefined
}

/** A number in the agent's language and its digits. */
export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
  return numberFormat(i18n.global.locale.value, options).format(value)
}

const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** The size of a file: 1.4 MB. */
export function formatSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < sizes.length - 1) {
    value /= 1000
    unit += 1
  }
  return formatNumber(value, {
    style: 'unit',
    unit: sizes[unit],
    // Latin letters among Persian digits would be read in the wrong order.
    unitDisplay: unit === 0 || directionOf(i18n.global.locale.value) === 'rtl' ? 'long' : 'short',
    maximumFractionDigits: unit > 1 && value < 10 ? 1 : 0,
  })
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

type Age = { unit: 'minute' | 'hour' | 'day' | 'month' | 'year'; n: number }

/** How long ago a time is, in whole units of the size one would say; null within the last minute. */
function ageOf(time: string | number | Date, now: number): Age | null {
  const age = Math.max(0, now - new Date(time).getTime())
  if (age < minute) return null
  if (age < hour) return { unit: 'minute', n: Math.floor(age / minute) }
  if (age < day) return { unit: 'hour', n: Math.floor(age / hour) }
  if (age <= 30 * day) return { unit: 'day', n: Math.floor(age / day) }
  if (age < 365 * day) return { unit: 'month', n: Math.floor(age / (30 * day)) }
  return { unit: 'year', n: Math.floor(age / (365 * day)) }
}

const short = { minute: 'time.minutes', hour: 'time.hours', day: 'time.days', month: 'time.months', year: 'time.years' } as const

/** Short age for lists: now, 5m, 3h, 2d, 4mo, 1y. */
export function formatAge(time: string | number | Date, now = Date.now()): string {
  const age = ageOf(time, now)
  return age ? t(short[age.unit], { n: formatNumber(age.n) }) : t('time.now')
}

/** The age in words, for sentences: just now, 5 minutes ago. */
export function formatAgo(time: string | number | Date, now = Date.now()): string {
  const age = ageOf(time, now)
  return age ? relativeTimeFormat(i18n.global.locale.value).format(-age.n, age.unit) : t('time.just_now')
}

/** A time in the language, the calendar and the zone of the agent. */
function formatTime(time: string | number | Date, options: Intl.DateTimeFormatOptions): string {
  return dateFormat(i18n.global.locale.value, { ...options, timeZone: zone.value }).format(new Date(time))
}

/** The year, unless it is the present one, which goes without saying. */
const yearOf = (time: string | number | Date, now: number | Date): 'numeric' | undefined =>
  formatTime(time, { year: 'numeric' }) === formatTime(now, { year: 'numeric' }) ? undefined : 'numeric'

/** The exact time, for titles and tooltips. */
export const formatExact = (time: string | number | Date): string => formatTime(time, { dateStyle: 'full', timeStyle: 'short' })

/** The date alone. */
export const formatDate = (time: string | number | Date): string => formatTime(time, { dateStyle: 'long' })

/** Clock time today, otherwise day and clock time: the head of a letter. */
export function formatMoment(time: string | number | Date, now = new Date()): string {
  const clock: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' }
  if (dayOf(time) === dayOf(now)) return formatTime(time, clock)
  return formatTime(time, { ...clock, day: 'numeric', month: 'short', year: yearOf(time, now) })
}

/** The day of a time: Today, Yesterday, Monday, 4 May. */
export function formatDay(time: string | number | Date, now = new Date()): string {
  const days = Math.round((Date.parse(dayOf(now)) - Date.parse(dayOf(time))) / day)
  if (days !== 0 && days !== 1) return formatTime(time, { weekday: 'long', day: 'numeric', month: 'long', year: yearOf(time, now) })
  const locale = i18n.global.locale.value
  const word = relativeTimeFormat(locale, { numeric: 'auto' }).format(-days, 'day')
  return word.charAt(0).toLocaleUpperCase(locale) + word.slice(1)
}
