import type { ListColumn } from '@ui/api/types'
import type { SortId } from './reconcile'

/** What a column of the table is like. Widths are in pixels. */
interface Kind {
  width: number
  /** Takes what the others leave, unless somebody gave it a width. */
  fills?: boolean
  /** Orders that a click on its head goes through. */
  sorts?: readonly SortId[]
}

/** Every column that there is, in the order in which they are offered. */
export const columnKinds = {
  contact: { width: 172 },
  email: { width: 200 },
  subject: { width: 360, fills: true },
  reference: { width: 84 },
  status: { width: 112 },
  priority: { width: 100, sorts: ['priority'] },
  assignee: { width: 144 },
  team: { width: 132 },
  tags: { width: 152 },
  inbox: { width: 140 },
  channel: { width: 104 },
  last_message_at: { width: 92, sorts: ['newest', 'oldest'] },
  created_at: { width: 104, sorts: ['created', 'first'] },
  waiting_since: { width: 116, sorts: ['waiting'] },
  next_sla_deadline_at: { width: 116, sorts: ['sla'] },
  snoozed_until: { width: 148 },
  first_reply_at: { width: 116 },
  last_reply_at: { width: 116 },
  resolved_at: { width: 116 },
} as const satisfies Record<string, Kind>

export type ColumnName = keyof typeof columnKinds
export interface Column extends ListColumn {
  name: ColumnName
}

export const columnNames = Object.keys(columnKinds) as ColumnName[]
export const kindOf = (name: ColumnName): Kind => columnKinds[name]

/** It carries the link to the conversation. */
export const alwaysShown: ColumnName = 'subject'

export const usualColumns: readonly Column[] = (['contact', 'subject', 'tags', 'status', 'priority', 'assignee', 'last_message_at'] as const).map((name) => ({ name }))

export const narrowestColumn = 56
export const widestColumn = 1200
/** In front of all columns: the mark of what is unread, and the box to select by. */
export const leadWidth = 44
/** A column that fills is never narrower. */
const leastFilling = 260

export const clampColumn = (width: number): number => Math.round(Math.min(widestColumn, Math.max(narrowestColumn, width)))

/** The columns that this version knows, each once; without the one that is always shown they are not a table. */
export function knownColumns(stored: readonly ListColumn[] | null | undefined): Column[] {
  const columns: Column[] = []
  for (const { name, width } of stored ?? []) {
    if (!Object.hasOwn(columnKinds, name) || columns.some((column) => column.name === name)) continue
    columns.push(width ? { name: name as ColumnName, width: clampColumn(width) } : { name: name as ColumnName })
  }
  return columns.some(({ name }) => name === alwaysShown) ? columns : [...usualColumns]
}

const fills = (column: Column): boolean => !!kindOf(column.name).fills && !column.width
export const widthOf = (column: Column): number => column.width || kindOf(column.name).width

/** The tracks of the grid that head and rows share. What no column takes stays empty at the end. */
export function tracks(columns: readonly Column[]): string {
  const each = columns.map((column) => (fills(column) ? `minmax(${leastFilling}px, 1fr)` : `${widthOf(column)}px`))
  return [`${leadWidth}px`, ...each, columns.some(fills) ? '12px' : 'minmax(12px, 1fr)'].join(' ')
}

/** What all columns need at least, in pixels. */
export const tableWidth = (columns: readonly Column[]): number =>
  columns.reduce((sum, column) => sum + (fills(column) ? leastFilling : widthOf(column)), leadWidth + 12)

/** With a column shown, or not any more. New ones stand before the times at the end. */
export function toggled(columns: readonly Column[], name: ColumnName): Column[] {
  if (name === alwaysShown) return [...columns]
  if (columns.some((column) => column.name === name)) return columns.filter((column) => column.name !== name)
  const last = columns.at(-1)
  const at = last?.name.endsWith('_at') && !name.endsWith('_at') ? columns.length - 1 : columns.length
  return columns.toSpliced(at, 0, { name })
}

/** With a column at another place. */
export function moved(columns: readonly Column[], name: ColumnName, to: number): Column[] {
  const from = columns.findIndex((column) => column.name === name)
  if (from < 0) return [...columns]
  const without = columns.toSpliced(from, 1)
  return without.toSpliced(Math.min(without.length, Math.max(0, to)), 0, columns[from]!)
}

/** With a column of another width; none gives it the usual one. */
export const resized = (columns: readonly Column[], name: ColumnName, width?: number): Column[] =>
  columns.map((column) => (column.name === name ? (width ? { name, width: clampColumn(width) } : { name }) : column))

/** The order that a click on the head of a column leads to. */
export function nextSort(name: ColumnName, now: SortId): SortId | undefined {
  const { sorts } = kindOf(name)
  return sorts?.[(sorts.indexOf(now) + 1) % sorts.length]
}
