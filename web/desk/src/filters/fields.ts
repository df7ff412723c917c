import type { MessageKey } from '@ui/i18n'
import type { Condition } from './model'

/** How a field's value is chosen. */
export type Kind = 'status' | 'priority' | 'team' | 'agent' | 'inbox' | 'sender' | 'channel' | 'tags' | 'date' | 'text'

export interface FilterField {
  model: string
  field: string
  label: MessageKey
  kind: Kind
  operators: readonly string[]
}

const exact = ['equals', 'not equals', 'set', 'not set'] as const
const ofTags = ['contains', 'not contains', 'set', 'not set'] as const
const ofDates = ['equals', 'not equals', 'set', 'not set', 'greater than', 'less than', 'between'] as const
const ofText = ['equals', 'not equals', 'set', 'not set', 'contains', 'not contains'] as const

const of = (model: string, kind: Kind, operators: readonly string[], fields: Record<string, MessageKey>): FilterField[] =>
  Object.entries(fields).map(([field, label]) => ({ model, field, label, kind, operators }))

/** What conversations can be filtered by, in the order in which it is offered. */
export const filterFields: readonly FilterField[] = [
  ...of('conversations', 'status', exact, { status_id: 'filter.field.status' }),
  ...of('conversations', 'priority', exact, { priority_id: 'filter.field.priority' }),
  ...of('conversations', 'agent', exact, { assigned_user_id: 'filter.field.agent' }),
  ...of('conversations', 'team', exact, { assigned_team_id: 'filter.field.team' }),
  ...of('conversations', 'tags', ofTags, { tags: 'filter.field.tags' }),
  ...of('conversations', 'inbox', exact, { inbox_id: 'filter.field.inbox' }),
  ...of('inboxes', 'channel', exact, { channel: 'filter.field.channel' }),
  ...of('conversations', 'sender', exact, { last_interaction_sender: 'filter.field.last_sender' }),
  ...of('conversations', 'date', ofDates, {
    created_at: 'filter.field.created_at',
    waiting_since: 'filter.field.waiting_since',
    snoozed_until: 'filter.field.snoozed_until',
    last_message_at: 'filter.field.last_message_at',
    last_interaction_at: 'filter.field.last_interaction_at',
    next_sla_deadline_at: 'filter.field.next_sla_deadline_at',
  }),
  ...of('users', 'text', ofText, { email: 'filter.field.email' }),
  ...of('users', 'text', exact, { external_user_id: 'filter.field.external_user_id' }),
]

export const fieldId = ({ model, field }: { model: string; field: string }): string => `${model}.${field}`

const byId = new Map(filterFields.map((field) => [fieldId(field), field]))

/** The field of a condition; undefined for one that is not chosen yet, or that only other clients offer. */
export const fieldOf = (condition: Condition): FilterField | undefined => byId.get(fieldId(condition))

/** Whether a condition was made by another client, with what this one does not offer: it is kept as it is. */
export function isForeign(condition: Condition): boolean {
  if (!condition.field) return false
  const field = fieldOf(condition)
  return !field || (condition.operator !== '' && !field.operators.includes(condition.operator))
}

const labels: Record<string, MessageKey> = {
  equals: 'filter.operator.equals',
  'not equals': 'filter.operator.not_equals',
  set: 'filter.operator.set',
  'not set': 'filter.operator.not_set',
  'greater than': 'filter.operator.after',
  'less than': 'filter.operator.before',
  between: 'filter.operator.between',
  contains: 'filter.operator.contains',
  'not contains': 'filter.operator.not_contains',
}

/** What an operator is called for a field. */
export function operatorLabel(operator: string, kind: Kind): MessageKey {
  if (kind === 'tags' && operator === 'contains') return 'filter.operator.any_of'
  if (kind === 'tags' && operator === 'not contains') return 'filter.operator.none_of'
  return labels[operator]!
}
