import type { ConversationRow, Page } from '@ui/api/types'
import { hiddenScopes, isHiddenScope } from './scope'

/** What a list shows, as in its cache key. */
export interface ListContext {
  /** `assigned`, `unassigned`, `all`, `mentioned`, `spam`, `trash`, `team:3`, `view:7`. */
  scope: string
  /** Name of a status; empty means any. */
  status: string
  sort: SortId
  /** Whether more conditions hold than scope and status. */
  filtered?: boolean
  /** Id of the agent who looks at it. */
  me: number
}

export const sorts = {
  newest: { order_by: 'conversations.last_message_at', order: 'desc' },
  oldest: { order_by: 'conversations.last_message_at', order: 'asc' },
  created: { order_by: 'conversations.created_at', order: 'desc' },
  first: { order_by: 'conversations.created_at', order: 'asc' },
  waiting: { order_by: 'conversations.waiting_since', order: 'asc' },
  sla: { order_by: 'conversations.next_sla_deadline_at', order: 'asc' },
  priority: { order_by: 'conversations.priority_id', order: 'desc' },
} as const

export type SortId = keyof typeof sorts

type SortField = 'last_message_at' | 'created_at' | 'waiting_since' | 'next_sla_deadline_at' | 'priority_id'

/** Orders rows as the server does; nulls last whatever the direction, newest id first among equals. */
export function compareRows(sort: SortId): (a: ConversationRow, b: ConversationRow) => number {
  const { order_by, order } = sorts[sort]
  const field = order_by.slice(order_by.indexOf('.') + 1) as SortField
  const sign = order === 'asc' ? 1 : -1
  return (a, b) => {
    const left = a[field]
    const right = b[field]
    if (left === right) return sign * (a.id - b.id)
    if (left === null) return 1
    if (right === null) return -1
    return sign * (difference(left, right) || a.id - b.id)
  }
}

/** Of two numbers or times. Times of the server, to the microsecond, are all written alike and need not be read. */
function difference(a: string | number, b: string | number): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b)
  if (a.length === b.length) return a < b ? -1 : 1
  return Date.parse(a) - Date.parse(b)
}

/** Whether a row is part of a list; undefined where only the server knows: mentions, views, other filters. */
export function belongs(row: ConversationRow, list: ListContext): boolean | undefined {
  const hidden = hiddenScopes[row.status]
  if (hidden || isHiddenScope(list.scope)) return hidden === list.scope
  if (list.status && row.status !== list.status) return false
  if (list.scope === 'mentioned' || list.scope.startsWith('view:')) return undefined
  return inScope(row, list) && list.filtered ? undefined : inScope(row, list)
}

function inScope(row: ConversationRow, list: ListContext): boolean {
  if (list.scope === 'all') return true
  if (list.scope === 'assigned') return row.assigned_user_id === list.me
  if (list.scope === 'unassigned') return row.assigned_user_id === null && row.assigned_team_id === null
  return `team:${row.assigned_team_id}` === list.scope && row.assigned_user_id === null
}

export interface Reconciled {
  pages: Page<ConversationRow>[]
  /** The server has to be asked whether the row belongs. */
  ask: boolean
}

/**
 * Puts a changed row where it belongs in the loaded pages of a list, or takes it out. A row that
 * sorts behind what is loaded is left to the next page. Pages without a change stay the same objects.
 */
export function reconcile(pages: Page<ConversationRow>[], row: ConversationRow, list: ListContext): Reconciled {
  const known = pages.some((page) => page.results.some((other) => other.uuid === row.uuid))
  const member = belongs(row, list)
  if (member === false && !known) return { pages, ask: false }
  if (member === undefined && !known) return { pages, ask: true }

  const without = pages.map((page) => {
    const results = page.results.filter((other) => other.uuid !== row.uuid)
    return results.length === page.results.length ? page : { ...page, results }
  })
  const grow = (by: number, list: Page<ConversationRow>[]) =>
    by === 0 ? list : list.map((page) => ({ ...page, total: Math.max(0, page.total + by) }))
  if (member === false) return { pages: grow(-1, without), ask: false }

  const compare = compareRows(list.sort)
  let at = without.findIndex((page) => page.results.some((other) => compare(row, other) < 0))
  const last = without.at(-1)
  const complete = last !== undefined && !last.next_cursor // the last page of all has none
  if (at < 0 && (complete || known || without.every((page) => page.results.length === 0))) at = without.length - 1
  const placed = without.map((page, index) => {
    if (index !== at) return page
    const place = page.results.findIndex((other) => compare(row, other) < 0)
    const results = [...page.results]
    results.splice(place < 0 ? results.length : place, 0, row)
    return { ...page, results }
  })
  return { pages: grow(known ? 0 : 1, placed), ask: member === undefined }
}

/** Unread messages after one more arrived; ten means "more than nine". */
export const oneMoreUnread = (count: number): number => Math.min(count + 1, 10)
