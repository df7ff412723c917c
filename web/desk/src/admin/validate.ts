import { formatNumber, t } from '@ui/i18n'

/** What is wrong, by field name. An empty text means that nothing is. */
export type Errors = Record<string, string>

export const required = (value: string): string => (value.trim() ? '' : t('admin.error.required'))

/** Empty is allowed. */
export const email = (value: string): string =>
  !value.trim() || /^[^\s@<>]+@[^\s@<>]+$/.test(value.trim()) ? '' : t('admin.error.email')

/** Empty is allowed. */
export function url(value: string): string {
  if (!value.trim()) return ''
  try {
    return /^https?:$/.test(new URL(value.trim()).protocol) ? '' : t('admin.error.url')
  } catch {
    return t('admin.error.url')
  }
}

export const longest = (value: string, max: number): string =>
  [...value].length <= max ? '' : t('admin.error.long', { max: formatNumber(max) })

/** Not empty, and of a length between two. */
export function between(value: string, min: number, max: number): string {
  const length = [...value.trim()].length
  if (!length) return t('admin.error.required')
  return length < min ? t('admin.error.short', { min: formatNumber(min) }) : longest(value.trim(), max)
}

export const integer = (value: number, min: number, max: number): string =>
  Number.isInteger(value) && value >= min && value <= max
    ? ''
    : t('admin.error.number', { min: formatNumber(min), max: formatNumber(max) })
