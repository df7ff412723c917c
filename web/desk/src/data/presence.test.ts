import { beforeEach, expect, test } from 'vitest'
import { byUrgency, forgetPresent, presentIn, setPresent, type Present } from './presence'

const one = (id: number, more: Partial<Present> = {}): Present => ({ id, name: `A${id}`, viewing: true, typing: false, private: false, ...more })

beforeEach(() => forgetPresent())

test('a frame replaces what was known of a conversation, and an empty one ends it', () => {
  setPresent({ conversation_uuid: 'a', agents: [one(1), one(2)] })
  setPresent({ conversation_uuid: 'a', agents: [one(2, { typing: true })] })
  expect(presentIn('a')).toEqual([one(2, { typing: true })])
  setPresent({ conversation_uuid: 'a', agents: [] })
  expect(presentIn('a')).toEqual([])
})

test('what left the screen is forgotten', () => {
  setPresent({ conversation_uuid: 'a', agents: [one(1)] })
  setPresent({ conversation_uuid: 'b', agents: [one(1)] })
  forgetPresent((uuid) => uuid === 'b')
  expect(presentIn('a')).toEqual([])
  expect(presentIn('b')).toEqual([one(1)])
})

test('who writes a reply comes first', () => {
  const order = byUrgency([one(1), one(2, { typing: true, private: true }), one(3, { typing: true }), one(4)])
  expect(order.map((each) => each.id)).toEqual([3, 2, 1, 4])
})
