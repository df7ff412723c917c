import type { FilterLeaf, Id } from '@ui/api/types'
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import { attributeField, modelOf } from './fields'
import { serialise, type Condition, type Filters } from './model'

/** A custom attribute of conversations or of their contacts, by its key. */
export type AttributeName = `own.${string}` | `contact.${string}`

/** What any list can be narrowed by in passing. Empty means any; `none` that there is none. */
export interface QuickFilters {
  unread: string
  subject: string
  agent: string
  team: string
  tags: string
  inbox: string
  channel: string
  priority: string
  organization: string
  [attribute: AttributeName]: string
}

export type QuickName = keyof QuickFilters
type PlainName = (typeof quickNames)[number]

export const quickNames = ['unread', 'subject', 'agent', 'team', 'tags', 'inbox', 'channel', 'priority', 'organization'] as const

export const noQuickFilters = (): QuickFilters => ({ unread: '', subject: '', agent: '', team: '', tags: '', inbox: '', channel: '', priority: '', organization: '' })

/** Whether a filter is by a custom attribute. */
export const isAttribute = (name: string): name is AttributeName => /^(own|contact)\.[^]/.test(name)

/** The filters that say something, attributes last. */
export const activeNames = (filters: QuickFilters): QuickName[] =>
  [...quickNames, ...Object.keys(filters).filter(isAttribute).sort()].filter((name) => filters[name])

/** How an attribute is named among the filters. */
export const attributeName = ({ applies_to, key }: { applies_to: 'contact' | 'conversation'; key: string }): AttributeName =>
  applies_to === 'contact' ? `contact.${key}` : `own.${key}`

const fields: Record<PlainName, { model: string; field: string }> = {
  unread: { model: 'conversations', field: 'unread' },
  subject: { model: 'conversations', field: 'subject' },
  agent: { model: 'conversations', field: 'assigned_user_id' },
  team: { model: 'conversations', field: 'assigned_team_id' },
  tags: { model: 'conversations', field: 'tags' },
  inbox: { model: 'conversations', field: 'inbox_id' },
  channel: { model: 'inboxes', field: 'channel' },
  priority: { model: 'conversations', field: 'priority_id' },
  organization: { model: 'users', field: 'organization_id' },
}

const none = /^none$/
const id = /^[1-9]\d{0,15}$/
const accepted: Record<PlainName, RegExp[]> = {
  unread: [/^true$/],
  subject: [/^[^\0]{0,199}\S[^\0]{0,199}$/],
  agent: [none, id],
  team: [none, id],
  tags: [none, /^[1-9]\d{0,15}(,[1-9]\d{0,15}){0,49}$/],
  inbox: [id],
  channel: [/^(email|livechat)$/],
  priority: [none, id],
  organization: [none, id],
}

/** The filters in an address. What could not be one is passed over. */
export function fromQuery(query: LocationQuery): QuickFilters {
  const filters = noQuickFilters()
  for (const name of quickNames) {
    const value = query[name]
    if (typeof value === 'string' && accepted[name].some((form) => form.test(value))) filters[name] = value
  }
  for (const [name, value] of Object.entries(query)) {
    if (isAttribute(name) && typeof value === 'string' && value.length <= 140) filters[name] = value
  }
  return filters
}

/** The filters as they stand in an address, without those that say nothing. */
export const toQuery = (filters: QuickFilters): Record<string, string> =>
  Object.fromEntries(activeNames(filters).map((name) => [name, filters[name] ?? '']))

/** The part of an address that says how its list is filtered: it goes along when a conversation of the list is opened. */
export function listQuery(query: LocationQuery): Record<string, string> {
  const status = query.status
  return { ...(typeof status === 'string' && status ? { status } : {}), ...toQuery(fromQuery(query)) }
}

function leaf(name: QuickName, value: string): FilterLeaf {
  if (isAttribute(name)) {
    const [, owner, key] = /^(own|contact)\.([^]*)$/.exec(name)!
    return { model: modelOf(owner === 'contact' ? 'contact' : 'conversation'), field: attributeField(key!), operator: 'equals', value }
  }
  const { model, field } = fields[name as PlainName]
  if (name === 'subject') return { model, field, operator: 'contains', value: value.trim() }
  if (value === 'none') return { model, field, operator: 'not set', value: '' }
  if (name === 'tags') return { model, field, operator: 'contains', value: `[${value}]` }
  return { model, field, operator: 'equals', value }
}

/** The filters as the lists of the server take them. */
export const toLeaves = (filters: QuickFilters): FilterLeaf[] =>
  activeNames(filters).map((name) => leaf(name, filters[name] ?? ''))

const equals = (field: string, value: Id | string): Condition => ({ model: 'conversations', field, operator: 'equals', value: String(value) })
const unset = (field: string): Condition => ({ model: 'conversations', field, operator: 'not set', value: '' })

/** What makes a list what it is. Mentions cannot be said by conditions. */
function ofScope(scope: string, me: Id): Condition[] {
  if (scope === 'assigned') return [equals('assigned_user_id', me)]
  if (scope === 'unassigned') return [unset('assigned_user_id'), unset('assigned_team_id')]
  if (scope.startsWith('team:')) return [equals('assigned_team_id', scope.slice(5)), unset('assigned_user_id')]
  return []
}

/** A list as it is filtered now, to be kept as a view. */
export function asView(scope: string, statusId: Id | undefined, filters: QuickFilters, me: Id): Filters {
  const conditions = [...ofScope(scope, me), ...(statusId === undefined ? [] : [equals('status_id', statusId)]), ...toLeaves(filters)]
  return serialise({ logic: 'AND', rules: [{ logic: 'AND', rules: conditions }] })
}

/** A query with the named parts changed; empty ones go. */
export function changedQuery(query: LocationQuery, change: Record<string, string>): LocationQueryRaw {
  const next: LocationQueryRaw = { ...query, ...change }
  for (const [name, value] of Object.entries(change)) if (!value) delete next[name]
  return next
}
