import type { Message } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { arrivals, arrivalWords } from './announcing'

const message = (id: number, more: Partial<Message> = {}): Message =>
  ({
    uuid: `m${id}`, type: 'incoming', private: false, sender_type: 'contact', sender_id: 7, text_content: 'Where is\n it?',
    author: { first_name: 'Ida', last_name: 'Quill' }, ...more,
  }) as Message

describe('arrivals', () => {
  it('are what others wrote since', () => {
    const thread = [message(1), message(2), message(3, { type: 'activity' }), message(4, { type: 'outgoing', sender_type: 'agent', sender_id: 1 }), message(5)]
    expect(arrivals(thread, 'm1', 1).map(({ uuid }) => uuid)).toEqual(['m2', 'm5'])
    expect(arrivals(thread, 'm5', 1)).toEqual([])
    expect(arrivals(thread, 'unknown', 1)).toEqual([])
  })

  it('say who wrote what in a few words, and of several how many', () => {
    expect(arrivalWords([message(1)])).toBe('New message from Ida Quill: Where is it?')
    expect(arrivalWords([message(1, { private: true })])).toBe('New note by Ida Quill: Where is it?')
    expect(arrivalWords([message(1), message(2)])).toBe('2 new messages')
    expect(arrivalWords([message(1, { text_content: 'word '.repeat(60) })]).length).toBeLessThan(140)
    expect(arrivalWords([])).toBe('')
  })
})
