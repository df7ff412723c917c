import type { Conversation, ConversationRow, SearchMatch } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { candidates } from './candidates'

const contact = { first_name: 'Kim', last_name: 'Lee' }
const row = (uuid: string, created_at: string): ConversationRow =>
  ({ uuid, created_at, reference_number: uuid, subject: uuid, status: 'Open', contact, contact_id: 1, last_message_at: null }) as unknown as ConversationRow
const source = {
  contact, contact_id: 1,
  previous_conversations: [
    { uuid: 'old', reference_number: '7', subject: 'Old', status: 'Open', last_message_at: null, created_at: '2026-01-01T00:00:00Z' },
    { uuid: 'b', reference_number: '8', subject: 'B', status: 'Open', last_message_at: null, created_at: '2026-01-01T00:00:00Z' },
    { uuid: 'spam', reference_number: '9', subject: 'Spam', status: 'Spam', last_message_at: null, created_at: '2026-01-01T00:00:00Z' },
  ],
} as unknown as Conversation
const uuidsOf = (groups: ReturnType<typeof candidates>): string[] => groups.flatMap(({ list }) => list.map(({ uuid }) => uuid))

describe('what conversations can be merged into', () => {
  it('is what else the contact wrote about, but neither spam nor the conversation itself', () => {
    expect(uuidsOf(candidates({ uuids: ['b'], rows: [row('b', '2026-01-02T00:00:00Z')], source }))).toEqual(['old'])
  })
  it('is one of several chosen ones first, the oldest first', () => {
    const rows = [row('b', '2026-01-03T00:00:00Z'), row('a', '2026-01-02T00:00:00Z')]
    expect(uuidsOf(candidates({ uuids: ['b', 'a'], rows, source }))).toEqual(['a', 'b', 'old'])
  })
  it('is what a search found, without the conversation itself', () => {
    const match = (uuid: string, status: string) =>
      ({ uuid, status, reference_number: uuid, subject_parts: [{ text: 'La', hit: true }, { text: 'mp', hit: false }], contact, last_message_at: '2026-01-01T00:00:00Z' }) as unknown as SearchMatch
    const groups = candidates({ uuids: ['b'], rows: [], source, found: [match('b', 'Open'), match('x', 'Open'), match('t', 'Trash')] })
    expect(uuidsOf(groups)).toEqual(['x'])
    expect(groups[0]?.list[0]?.subject).toBe('Lamp')
  })
})
