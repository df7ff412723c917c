import type { AttributeDefinition } from '@ui/api/types'
import { t, type MessageKey } from '@ui/i18n'
import type { Condition } from './model'
import type { FilterOption } from './options'

/** How a field's value is chosen. */
export type Kind = 'status' | 'priority' | 'team' | 'agent' | 'inbox' | 'sender' | 'channel' | 'tags' | 'date' | 'text' | 'number' | 'checkbox' | 'choice' | 'organization' | 'unread'

export interface FilterField {
  model: string
  field: string
  label?: MessageKey
  /** Of a custom attribute: what the desk calls it. */
  name?: string
  kind: Kind
  operators: readonly string[]
  /** What can be chosen, of a custom attribute that is a list. */
  options?: FilterOption[]
}

const exact = ['equals', 'not equals', 'set', 'not set'] as const
const ofTags = ['contains', 'not contains', 'set', 'not set'] as const
const ofDates = ['equals', 'not equals', 'set', 'not set', 'greater than', 'less than', 'between'] as const
const ofText = ['equals', 'not equals', 'set', 'not set', 'contains', 'not contains', 'starts with'] as const
const ofSubjects = ['contains', 'not contains', 'starts with', 'equals'] as const
const ofNumbers = ['equals', 'not equals', 'greater than', 'less than', 'between', 'set', 'not set'] as const

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
  ...of('conversations', 'text', ofSubjects, { subject: 'filter.field.subject' }),
  ...of('conversations', 'unread', ['equals'], { unread: 'filter.field.unread' }),
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
  ...of('users', 'organization', exact, { organization_id: 'organizations.one' }),
  ...of('users', 'text', ofText, { email: 'filter.field.email' }),
  ...of('users', 'text', exact, { external_user_id: 'filter.field.external_user_id' }),
]

const ofType: Record<AttributeDefinition['data_type'], [Kind, readonly string[]]> = {
  text: ['text', ofText],
  link: ['text', ofText],
  number: ['number', ofNumbers],
  checkbox: ['checkbox', ['equals']],
  date: ['date', ofDates],
  list: ['choice', exact],
}

/** The model of the conditions on attributes of conversations or of their contacts. */
export const modelOf = (appliesTo: AttributeDefinition['applies_to']): string => (appliesTo === 'contact' ? 'users' : 'conversations')

export const attributeField = (key: string): string => `custom_attributes.${key}`

/** The custom attributes that the desk defined, as fields. */
export const attributeFields = (definitions: readonly AttributeDefinition[]): FilterField[] =>
  definitions
    .map((one): FilterField => {
      const [kind, operators] = ofType[one.data_type]
      const contact = one.applies_to === 'contact'
      return {
        model: modelOf(one.applies_to),
        field: attributeField(one.key),
        ...(contact && { label: 'filter.field.of_contact' }),
        name: one.name,
        kind,
        operators,
        ...(kind === 'choice' && { options: one.values.map((value) => ({ value, label: value })) }),
      }
    })
    .sort((a, b) => a.model.localeCompare(b.model) || a.name!.localeCompare(b.name!))

/** What a field is called. */
export const fieldName = ({ label, name }: FilterField): string => (label ? t(label, name === undefined ? {} : { name }) : (name ?? ''))

export const fieldId = ({ model, field }: { model: string; field: string }): string => `${model}.${field}`

/** The field of a condition; undefined for one that is not chosen yet, or that only other clients offer. */
export const fieldOf = (condition: Condition, fields: readonly FilterField[] = filterFields): FilterField | undefined =>
  fields.find((field) => fieldId(field) === fieldId(condition))

/** Whether a condition was made by another client, with what this one does not offer: it is kept as it is. */
export function isForeign(condition: Condition, fields: readonly FilterField[] = filterFields): boolean {
  if (!condition.field) return false
  const field = fieldOf(condition, fields)
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
  'starts with': 'filter.operator.starts_with',
}

/** What an operator is called for a field. */
export function operatorLabel(operator: string, kind: Kind): MessageKey {
  if (kind === 'tags' && operator === 'contains') return 'filter.operator.any_of'
  if (kind === 'tags' && operator === 'not contains') return 'filter.operator.none_of'
  if (kind === 'number' && operator === 'greater than') return 'filter.operator.more'
  if (kind === 'number' && operator === 'less than') return 'filter.operator.less'
  return labels[operator]!
}
