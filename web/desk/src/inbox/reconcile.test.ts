import type { ConversationRow, Page } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { belongs, compareRows, oneMoreUnread, reconcile, type ListContext } from './reconcile'

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString()

function row(id: number, minute: number, more: Partial<ConversationRow> = {}): ConversationRow {
  return {
    id,
    uuid: `u${id}`,
    status: 'Open',
    last_message_at: at(minute),
    assigned_user_id: 7,
    assigned_team_id: null,
    unread_message_count: 0,
    ...more,
  } as ConversationRow
}

function page(rows: ConversationRow[], next: string | null = null, total = rows.length): Page<ConversationRow> {
  return { results: rows, total, per_page: 50, total_pages: 1, page: 1, next_cursor: next ?? undefined }
}

const mine: ListContext = { scope: 'assigned', status: 'Open', sort: 'newest', me: 7 }
const uuids = (pages: Page<ConversationRow>[]): string[] => pages.flatMap(({ results }) => results.map(({ uuid }) => uuid))

describe('what only the server knows', () => {
  it('is asked: whether a row is part of a view, or matches filters', () => {
    const view: ListContext = { scope: 'view:3', status: '', sort: 'newest', me: 7 }
    expect(belongs(row(1, 1), view)).toBeUndefined()
    expect(reconcile([page([row(1, 1)])], row(1, 2), view).ask).toBe(true)
    expect(reconcile([page([row(1, 1)])], row(2, 2), view)).toMatchObject({ ask: true, pages: [{ total: 1 }] })
    expect(belongs(row(1, 1), { ...mine, filtered: true })).toBeUndefined()
  })

  it('is not asked for a row that the list cannot have', () => {
    expect(belongs(row(1, 1, { assigned_user_id: 8 }), { ...mine, filtered: true })).toBe(false)
    expect(belongs(row(1, 1, { status: 'Closed' }), { ...mine, filtered: true })).toBe(false)
  })
})

describe('reconcile', () => {
  it('inserts a new row where it sorts and counts it', () => {
    const { pages } = reconcile([page([row(1, 30), row(2, 10)])], row(3, 20), mine)
    expect(uuids(pages)).toEqual(['u1', 'u3', 'u2'])
    expect(pages[0]?.total).toBe(3)
  })

  it('moves a known row without counting it again', () => {
    const { pages } = reconcile([page([row(1, 30), row(2, 10)])], row(2, 40), mine)
    expect(uuids(pages)).toEqual(['u2', 'u1'])
    expect(pages[0]?.total).toBe(2)
  })

  it('moves a row from a later page to the first', () => {
    const { pages } = reconcile([page([row(1, 30)], 'c1', 2), page([row(2, 10)], null, 2)], row(2, 40), mine)
    expect(pages.map(({ results }) => results.map(({ uuid }) => uuid))).toEqual([['u2', 'u1'], []])
  })

  it('takes out a row that was given to somebody else', () => {
    const { pages } = reconcile([page([row(1, 30), row(2, 10)])], row(1, 31, { assigned_user_id: 8 }), mine)
    expect(uuids(pages)).toEqual(['u2'])
    expect(pages[0]?.total).toBe(1)
  })

  it('takes out a row whose status is filtered away', () => {
    const { pages } = reconcile([page([row(1, 30)])], row(1, 30, { status: 'Resolved' }), mine)
    expect(uuids(pages)).toEqual([])
  })

  it('leaves a row that sorts behind the loaded pages to the next page, but counts it', () => {
    const { pages } = reconcile([page([row(1, 30)], 'c1', 60)], row(2, 5), mine)
    expect(uuids(pages)).toEqual(['u1'])
    expect(pages[0]?.total).toBe(61)
  })

  it('appends to a list that is loaded to its end, and fills an empty one', () => {
    expect(uuids(reconcile([page([row(1, 30)])], row(2, 5), mine).pages)).toEqual(['u1', 'u2'])
    expect(uuids(reconcile([page([])], row(2, 5), mine).pages)).toEqual(['u2'])
  })

  it('does not touch a list that the row has nothing to do with', () => {
    const pages = [page([row(1, 30)])]
    expect(reconcile(pages, row(2, 40, { assigned_user_id: 8 }), mine)).toEqual({ pages, ask: false })
    expect(reconcile(pages, row(2, 40, { assigned_user_id: 8 }), mine).pages).toBe(pages)
  })

  it('asks the server about mentions it does not know, and keeps those it does', () => {
    const mentioned: ListContext = { ...mine, scope: 'mentioned' }
    const pages = [page([row(1, 30)])]
    expect(reconcile(pages, row(2, 40), mentioned)).toEqual({ pages, ask: true })
    const changed = reconcile(pages, row(1, 41, { unread_message_count: 3 }), mentioned)
    expect(changed.pages[0]?.results[0]?.unread_message_count).toBe(3)
    expect(changed.ask).toBe(true)
  })
})

describe('belongs', () => {
  const any = { ...mine, status: '' }
  const free = { assigned_user_id: null }
  const cases: [string, Partial<ConversationRow>, ListContext, boolean | undefined][] = [
    ['mine', {}, mine, true],
    ['somebody else’s is not mine', { assigned_user_id: 8 }, mine, false],
    ['unassigned means neither agent nor team', { ...free, assigned_team_id: 3 }, { ...any, scope: 'unassigned' }, false],
    ['unassigned', free, { ...any, scope: 'unassigned' }, true],
    ['a team’s inbox holds what no agent has', { ...free, assigned_team_id: 3 }, { ...any, scope: 'team:3' }, true],
    ['another team’s', { ...free, assigned_team_id: 4 }, { ...any, scope: 'team:3' }, false],
    ['taken from the team', { assigned_team_id: 3 }, { ...any, scope: 'team:3' }, false],
    ['all, any status', { status: 'Closed' }, { ...any, scope: 'all' }, true],
    ['all, another status', { status: 'Closed' }, { ...mine, scope: 'all' }, false],
    ['mentions are the server’s to say', {}, { ...mine, scope: 'mentioned' }, undefined],
  ]
  it.each(cases)('%s', (_, change, list, expected) => {
    expect(belongs(row(1, 1, change), list)).toBe(expected)
  })
})

describe('compareRows', () => {
  it('knows which of two was written later within a millisecond, and by its id where that is the same', () => {
    const earlier = row(2, 0, { last_message_at: '2026-01-01T12:00:00.123456Z' })
    const later = row(1, 0, { last_message_at: '2026-01-01T12:00:00.123457Z' })
    const same = row(3, 0, { last_message_at: '2026-01-01T12:00:00.123457Z' })
    const short = row(4, 0, { last_message_at: '2026-01-01T12:00:00.124Z' })
    expect([earlier, later, same, short].sort(compareRows('newest')).map(({ id }) => id)).toEqual([4, 3, 1, 2])
    expect([same, later, short, earlier].sort(compareRows('oldest')).map(({ id }) => id)).toEqual([2, 1, 3, 4])
  })

  it('puts what has no value last, in both directions', () => {
    const rows = [row(1, 1, { waiting_since: null }), row(2, 1, { waiting_since: at(5) }), row(3, 1, { waiting_since: at(2) })]
    expect(rows.sort(compareRows('waiting')).map(({ id }) => id)).toEqual([3, 2, 1])
    const ranked = [row(1, 1, { priority_id: null }), row(2, 1, { priority_id: 1 }), row(3, 1, { priority_id: 3 })]
    expect(ranked.sort(compareRows('priority')).map(({ id }) => id)).toEqual([3, 2, 1])
  })
})

it('stops counting unread messages at ten', () => {
  expect([0, 8, 9, 10].map(oneMoreUnread)).toEqual([1, 9, 10, 10])
})
