import { i18n, t } from '@ui/i18n'
import { dateFormat } from '@ui/i18n/formatters'
import type { AttributeDefinition } from '@ui/api/types'

export type Values = Record<string, unknown>

/** A value as a text to be edited: "" for none. */
export const textOf = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** What is wrong with the text of a value, "" if nothing is. An empty text takes the value away. */
export function wrongWith(definition: Pick<AttributeDefinition, 'data_type' | 'regex' | 'regex_hint'>, text: string): string {
  if (!text) return ''
  switch (definition.data_type) {
    case 'number':
      return Number.isFinite(Number(text)) ? '' : t('attribute.wrong.number')
    case 'link':
      return isLink(text) ? '' : t('attribute.wrong.link')
    case 'text':
      return matches(definition.regex, text) ? '' : definition.regex_hint || t('attribute.wrong.text')
  }
  return ''
}

export function isLink(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol)
  } catch {
    return false
  }
}

/** A pattern that is none lets everything through: it is not the agent's to mend. */
function matches(pattern: string, text: string): boolean {
  if (!pattern) return true
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true
  }
}

/** The value that a text stands for. */
export const valueOf = (definition: Pick<AttributeDefinition, 'data_type'>, text: string): unknown =>
  text === '' ? null : definition.data_type === 'number' ? Number(text) : text

/** How a value is shown. */
export function shownAs(definition: Pick<AttributeDefinition, 'data_type'>, value: unknown): string | undefined {
  const text = textOf(value)
  if (definition.data_type !== 'date' || !text) return undefined
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  // A day is the same day everywhere.
  return Number.isNaN(day.getTime()) ? text : dateFormat(i18n.global.locale.value, { dateStyle: 'medium', timeZone: 'UTC' }).format(day)
}

/** What integrations keep under keys that the desk does not know. */
export const others = (definitions: readonly AttributeDefinition[], values: Values): [string, string][] =>
  Object.entries(values)
    .filter(([key, value]) => value !== null && !definitions.some((one) => one.key === key))
    .map(([key, value]) => [key, textOf(value)])
