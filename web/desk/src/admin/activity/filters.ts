import { t, type MessageKey } from '@ui/i18n'
import words from 'virtual:words/admin'
import type { ActivityEntry } from '../wire'

export interface ActivityFilters {
  type: string
  /** An agent's id; 0 for anybody. */
  actor: number
  /** Days, as YYYY-MM-DD. */
  from: string
  to: string
  text: string
}

export const noFilters = (): ActivityFilters => ({ type: '', actor: 0, from: '', to: '', text: '' })

const prefix = 'admin.activity.type.'

/** The name of an event; one that this app does not know yet is shown as it is called. */
export const typeLabel = (type: string): string => (prefix + type in words ? t((prefix + type) as MessageKey) : type)

/** Every event there is a name for, by name. */
export const typeOptions = (): { value: string; label: string }[] =>
  Object.keys(words)
    .filter((key) => key.startsWith(prefix) && key !== `${prefix}any`)
    .map((key) => ({ value: key.slice(prefix.length), label: t(key as MessageKey) }))
    .sort((a, b) => a.label.localeCompare(b.label))

/** The filters in the grammar of the server; '' for none. */
export function toQuery(filters: ActivityFilters): string {
  const rule = (field: string, operator: string, value: string) => ({ model: 'activity_logs', field, operator, value })
  const rules = [
    filters.type && rule('activity_type', 'equals', filters.type),
    filters.actor && rule('actor_id', 'equals', String(filters.actor)),
    (filters.from || filters.to) && rule('created_at', 'between', `${filters.from || '1970-01-01'},${filters.to || '9999-12-31'}`),
    filters.text.trim() && rule('activity_description', 'contains', filters.text.trim()),
  ].filter(Boolean)
  return rules.length ? JSON.stringify(rules) : ''
}

export interface Change {
  field: string
  before: string
  after: string
}

/** One value as a person reads it. */
function shown(value: unknown): string {
  if (value === undefined || value === null || value === '' || (Array.isArray(value) && !value.length)) return ''
  if (typeof value === 'boolean') return t(value ? 'admin.activity.yes' : 'admin.activity.no')
  if (Array.isArray(value)) return value.map(shown).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The fields of an entry side by side, as they were and as they are. */
export function changesOf(entry: Pick<ActivityEntry, 'before' | 'after'>): Change[] {
  const fields = [...new Set([...Object.keys(entry.before), ...Object.keys(entry.after)])].sort()
  return fields.map((field) => ({ field, before: shown(entry.before[field]), after: shown(entry.after[field]) }))
}
