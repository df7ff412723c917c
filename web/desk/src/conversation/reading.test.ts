import type { Conversation, Message } from '@ui/api/types'
import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import { readAfter, useReading } from './reading'

const markSeen = vi.hoisted(() => vi.fn(async () => {}))
const frames = vi.hoisted(() => new Map<string, (data: unknown) => void>())
vi.mock('./actions', () => ({ markSeen }))
vi.mock('@/data/live', () => ({ useFrames: (type: string, listener: (data: unknown) => void) => void frames.set(type, listener) }))

const message = (minute: number): Message => ({ uuid: `m${minute}`, type: 'incoming', sender_id: 7, created_at: `2026-03-02T09:0${minute}:00.000000Z`, meta: {} }) as Message

function open() {
  const uuid = ref('u1')
  const conversation = ref<Conversation>()
  const messages = ref<Message[]>()
  const older = ref(false)
  let unread: ReturnType<typeof useReading>
  const page = mount({
    setup: () => {
      unread = useReading({ uuid: () => uuid.value, conversation: () => conversation.value, messages: () => messages.value, older: () => older.value, me: () => 1 })
      return () => null
    },
  })
  return { uuid, conversation, messages, older, unread: unread!, page }
}

const arrives = (uuid: string, type = 'incoming') => frames.get('new_message')!({ conversation_uuid: uuid, type })

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  markSeen.mockClear()
})

describe('an open conversation', () => {
  it('is read once it was looked at for a while, and what comes then at once', async () => {
    const { messages, page } = open()
    messages.value = [message(1)]
    await nextTick()
    vi.advanceTimersByTime(readAfter - 1)
    arrives('u1')
    expect(markSeen).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(markSeen.mock.calls).toEqual([['u1']])
    arrives('u1')
    arrives('u1', 'activity')
    arrives('u2')
    expect(markSeen).toHaveBeenCalledTimes(2)
    page.unmount()
  })

  it('is not read by going past it', async () => {
    const { uuid, messages, page } = open()
    messages.value = [message(1)]
    await nextTick()
    vi.advanceTimersByTime(1_000)
    uuid.value = 'u2'
    await nextTick()
    vi.advanceTimersByTime(readAfter)
    expect(markSeen.mock.calls).toEqual([['u2']])
    uuid.value = 'u3'
    await nextTick()
    page.unmount()
    vi.advanceTimersByTime(readAfter)
    expect(markSeen).toHaveBeenCalledOnce()
  })

  it('shows what was unread when it was opened, wherever one came from', async () => {
    const { conversation, messages, unread, page } = open()
    messages.value = [message(1), message(2), message(3)]
    await nextTick()
    conversation.value = { uuid: 'u1', last_seen_at: message(1).created_at } as Conversation
    await nextTick()
    expect(unread.value).toEqual({ uuid: 'm2', count: 2 })
    conversation.value = { ...conversation.value, last_seen_at: message(3).created_at }
    await nextTick()
    expect(unread.value).toEqual({ uuid: 'm2', count: 2 })
    page.unmount()
  })

  it('moves the rule to where what is unread begins, once that is loaded', async () => {
    const { conversation, messages, older, unread, page } = open()
    older.value = true
    messages.value = [message(5), message(6)]
    conversation.value = { uuid: 'u1', last_seen_at: message(2).created_at } as Conversation
    await nextTick()
    expect(unread.value).toEqual({ uuid: 'm5', count: 2, more: true })
    // That it was read meanwhile changes nothing.
    conversation.value = { ...conversation.value, last_seen_at: message(6).created_at }
    messages.value = [message(1), message(2), message(3), message(4), ...messages.value]
    await nextTick()
    expect(unread.value).toEqual({ uuid: 'm3', count: 4 })
    messages.value = [message(0), ...messages.value]
    await nextTick()
    expect(unread.value).toEqual({ uuid: 'm3', count: 4 })
    page.unmount()
  })
})
