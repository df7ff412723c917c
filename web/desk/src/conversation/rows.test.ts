import type { Message } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { firstUnread, openLetters, threadRows } from './rows'
import { mergeNewest, reachesNewestLetter } from './thread'

const message = (id: number, type: Message['type'] = 'incoming', more: Partial<Message> = {}): Message =>
  ({
    id,
    uuid: `m${id}`,
    type,
    status: 'received',
    created_at: `2026-03-0${id > 5 ? 3 : 2}T09:0${id % 10}:00`,
    sender_id: 7,
    meta: {},
    ...more,
  }) as Message

const kinds = (messages: Message[], ...more: unknown[]) =>
  threadRows(messages, ...(more as [])).map((row) => (row.kind === 'activities' ? `${row.messages.length} changes` : row.kind))

describe('thread rows', () => {
  it('fold consecutive activities, across nothing else', () => {
    expect(kinds([message(1), message(2, 'activity'), message(3, 'activity'), message(4), message(5, 'activity')])).toEqual([
      'day',
      'message',
      '2 changes',
      'message',
      '1 changes',
    ])
  })

  it('separate days, also within a run of activities', () => {
    expect(kinds([message(5, 'activity'), message(6, 'activity')])).toEqual(['day', '1 changes', 'day', '1 changes'])
  })

  it('draw the rule before the first unread message', () => {
    const messages = [message(1), message(2), message(3)]
    const unread = firstUnread(messages, 2)
    expect(unread).toEqual({ uuid: 'm2', count: 2 })
    expect(kinds(messages, [], unread)).toEqual(['day', 'message', 'unread', 'message', 'message'])
    expect(firstUnread(messages, 0)).toBeNull()
  })

  it('draw the rule after what was seen, however much came since', () => {
    const messages = Array.from({ length: 30 }, (_, at) => message(at, 'incoming', { created_at: `2026-03-02T09:${10 + at}:00.000000Z` }))
    expect(firstUnread(messages, 10, 1, '2026-03-02T09:12:00.000000Z')).toEqual({ uuid: 'm3', count: 27 })
    expect(firstUnread(messages, 0, 1, '2026-03-02T09:38:30.000000Z')).toEqual({ uuid: 'm29', count: 1 })
    expect(firstUnread(messages, 3, 1, '2026-03-02T09:39:00.000000Z')).toBeNull()
  })

  it('begin before what is loaded where that is all unread, and say so', () => {
    const messages = Array.from({ length: 40 }, (_, n) => message(n))
    const first = { uuid: messages[0]!.uuid, count: 40 }
    expect(firstUnread(messages, 10, 1, null, true)).toEqual({ ...first, more: true })
    expect(firstUnread(messages, 10, 1, null, false)).toEqual(first)
    expect(firstUnread(messages, 10, 1, '2020-01-01T00:00:00.000000Z', true)).toEqual({ ...first, more: true })
    expect(firstUnread(messages, 10, 1, messages[2]!.created_at, true)).toEqual({ uuid: messages[3]!.uuid, count: 37 })
  })

  it('do not take what one wrote oneself, or an activity, for unread', () => {
    const messages = [message(1, 'incoming', { sender_id: 7 }), message(2, 'outgoing', { sender_id: 2 }), message(3, 'activity', { sender_id: 3 })]
    expect(firstUnread(messages, 1, 2)).toEqual({ uuid: 'm1', count: 1 })
    expect(firstUnread(messages.slice(1), 1, 2)).toBeNull()
  })

  it('open the newest letters, the unread and the failed ones', () => {
    const messages = [message(1, 'outgoing', { status: 'failed' }), message(2), message(3), message(4), message(5, 'activity')]
    expect([...openLetters(messages, undefined)].sort()).toEqual(['m1', 'm3', 'm4'])
    expect(openLetters(messages, 'm2').has('m2')).toBe(true)
  })
})

describe('a refetched page', () => {
  it('joins what is known when they overlap', () => {
    const known = { messages: [message(1), message(2)], older: true, newer: false }
    expect(mergeNewest(known, [message(3), message(2)], true)).toMatchObject({ older: true, messages: [{ id: 1 }, { id: 2 }, { id: 3 }] })
  })

  it('stands alone when messages were missed between', () => {
    const known = { messages: [message(1)], older: false, newer: false }
    expect(mergeNewest(known, [message(4), message(3)], true)).toMatchObject({ older: true, messages: [{ id: 3 }, { id: 4 }] })
  })
})

describe('the letter that a reply answers', () => {
  const note = message(2, 'outgoing', { private: true })
  it.each([
    ['is loaded', { messages: [message(1), note], older: true, newer: false }, 'all', true],
    ['was pushed out by notes', { messages: [note], older: true, newer: false }, 'all', false],
    ['does not exist', { messages: [note], older: false, newer: false }, 'all', true],
    ['is newer than what a link led to', { messages: [message(1)], older: true, newer: true }, 'all', false],
    ['is not among notes', { messages: [note], older: false, newer: false }, 'notes', false],
  ] as const)('%s', (_, { messages, older, newer }, filter, there) => {
    expect(reachesNewestLetter({ messages: [...messages], older, newer }, filter)).toBe(there)
  })
})
