import { describe, expect, it } from 'vitest'
import { columnNames, knownColumns, moved, nextSort, resized, tableWidth, toggled, tracks, usualColumns, type Column } from './columns'

const names = (columns: readonly Column[]): string[] => columns.map(({ name }) => name)
const three: Column[] = [{ name: 'contact' }, { name: 'subject' }, { name: 'created_at', width: 90 }]

describe('the columns of the table', () => {
  it('passes over what it does not know, and what comes twice', () => {
    const stored = [{ name: 'shoe_size' }, { name: 'tags' }, { name: 'subject', width: 9_000 }, { name: 'tags' }]
    expect(knownColumns(stored)).toEqual([{ name: 'tags' }, { name: 'subject', width: 1_200 }])
  })

  it('is the usual table when there is none, or none that leads to conversations', () => {
    expect(knownColumns(undefined)).toEqual(usualColumns)
    expect(knownColumns([{ name: 'tags' }])).toEqual(usualColumns)
  })

  it('shows and hides any column but the one with the link', () => {
    expect(names(toggled(three, 'contact'))).toEqual(['subject', 'created_at'])
    expect(names(toggled(three, 'subject'))).toEqual(names(three))
    expect(names(toggled(three, 'tags'))).toEqual(['contact', 'subject', 'tags', 'created_at'])
    expect(names(toggled(three, 'resolved_at')).at(-1)).toBe('resolved_at')
    const all = columnNames.reduce<Column[]>((columns, name) => (columns.some((one) => one.name === name) ? columns : toggled(columns, name)), three)
    expect(new Set(names(all)).size).toBe(columnNames.length)
  })

  it('moves a column within the line', () => {
    expect(names(moved(three, 'created_at', 0))).toEqual(['created_at', 'contact', 'subject'])
    expect(names(moved(three, 'contact', 9))).toEqual(['subject', 'created_at', 'contact'])
  })

  it('gives what is left to the subject, or to nobody', () => {
    expect(tracks(three)).toBe('44px 172px minmax(260px, 1fr) 90px 12px')
    expect(tableWidth(three)).toBe(44 + 172 + 260 + 90 + 12)
    expect(tracks(resized(three, 'subject', 300))).toBe('44px 172px 300px 90px minmax(12px, 1fr)')
    expect(resized(three, 'created_at')[2]).toEqual({ name: 'created_at' })
    expect(resized(three, 'created_at', 3)[2]?.width).toBe(56)
  })

  it('sorts by what the server can sort by', () => {
    expect(nextSort('last_message_at', 'newest')).toBe('oldest')
    expect(nextSort('last_message_at', 'priority')).toBe('newest')
    expect(nextSort('priority', 'priority')).toBe('priority')
    expect(nextSort('tags', 'newest')).toBeUndefined()
  })
})
