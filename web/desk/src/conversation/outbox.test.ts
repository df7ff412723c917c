import { ApiError } from '@ui/api/client'
import type { Message, SendMessage } from '@ui/api/types'
import { describe, expect, it, vi } from 'vitest'
import { Outbox, type Pending } from './outbox'
import { threadRows, unconfirmed } from './rows'

const entry = (echoId: string, conversation = 'u1'): Omit<Pending, 'state' | 'error'> => ({
  echoId,
  conversation,
  mode: 'reply',
  body: { message: 'Hello' } as SendMessage,
  draft: { content: 'Hello', attachments: [] },
  createdAt: '2026-03-02T09:00:00Z',
})

const stored = (echoId: string): Message =>
  ({
    id: 1,
    uuid: 'm1',
    type: 'outgoing',
    created_at: '2026-03-02T09:00:01Z',
    meta: { echo_id: echoId },
  }) as Message

const offline = () => new ApiError(0, 'NetworkException', 'No answer')
const wait = () => Promise.resolve()

function memory() {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  }
}

describe('outbox', () => {
  it('is confirmed by the HTTP reply, with the conversation it was written in', async () => {
    const confirmed = vi.fn()
    const outbox = new Outbox({ post: async () => stored('e1'), confirmed, wait })
    const sending = outbox.send(entry('e1', 'u1'))
    expect(outbox.of('u1')).toHaveLength(1)
    expect(outbox.of('u2')).toHaveLength(0)
    await sending
    expect(outbox.entries).toHaveLength(0)
    expect(confirmed).toHaveBeenCalledOnce()
    expect(confirmed.mock.calls[0]![0].conversation).toBe('u1')
  })

  it('repeats an unanswered attempt with the same echo id', async () => {
    const post = vi.fn().mockRejectedValueOnce(offline()).mockResolvedValueOnce(stored('e1'))
    const outbox = new Outbox({ post, confirmed: () => {}, wait })
    await outbox.send(entry('e1'))
    expect(post.mock.calls.map(([sent]) => sent.echoId)).toEqual(['e1', 'e1'])
    expect(outbox.entries).toHaveLength(0)
  })

  it('loses nothing of another tab, and leaves alone what that has sent or taken back', async () => {
    const storage = memory()
    const post = vi.fn().mockRejectedValue(offline())
    const tab = () => new Outbox({ post, confirmed: () => {}, wait }, storage)
    const [one, two] = [tab(), tab()]
    await one.send(entry('e1'))
    await two.send(entry('e2'))
    const third = tab()
    expect(third.entries.map(({ echoId }) => echoId)).toEqual(['e1', 'e2'])
    expect(one.withdraw('e1')?.echoId).toBe('e1')
    post.mockReset().mockImplementation(async ({ echoId }: Pending) => stored(echoId))
    await two.resume()
    expect(post.mock.calls.map(([sent]) => (sent as Pending).echoId)).toEqual(['e2'])
    await third.resume()
    expect(post).toHaveBeenCalledOnce()
    expect(third.entries).toHaveLength(0)
    expect(tab().entries).toHaveLength(0)
  })

  it('loses nothing when the browser forgets what it kept', async () => {
    let text: string | null = null
    const storage = { getItem: () => text, setItem: (_: string, now: string) => void (text = now) }
    const post = vi.fn().mockRejectedValue(offline())
    const outbox = new Outbox({ post, confirmed: () => {}, wait }, storage)
    await outbox.send(entry('e1'))
    post.mockReset().mockResolvedValue(stored('e1'))
    for (const lost of [null, '{broken']) {
      text = lost
      await outbox.resume()
    }
    expect(post).toHaveBeenCalledOnce()
  })

  it('stays taken back when that happens during an attempt', async () => {
    const storage = memory()
    const outbox = new Outbox({ post: () => Promise.reject(offline()), confirmed: () => {}, wait }, storage)
    const sending = outbox.send(entry('e1'))
    outbox.withdraw('e1')
    await sending
    expect(new Outbox({ post: vi.fn(), confirmed: () => {}, wait }, storage).entries).toHaveLength(0)
  })

  it('keeps a refused message with its text and the reason', async () => {
    const post = vi.fn().mockRejectedValue(new ApiError(500, 'GeneralException', 'Broken'))
    const outbox = new Outbox({ post, confirmed: () => {}, wait })
    await outbox.send(entry('e1'))
    expect(post).toHaveBeenCalledOnce()
    expect(outbox.entries[0]).toMatchObject({ state: 'failed', error: 'Broken', draft: { content: 'Hello' } })
    post.mockResolvedValueOnce(stored('e1'))
    await outbox.retry('e1')
    expect(outbox.entries).toHaveLength(0)
  })

  it('survives a reload and waits for a connection', async () => {
    const storage = memory()
    const hanging = new Outbox({ post: () => new Promise(() => {}), confirmed: () => {} }, storage)
    void hanging.send(entry('e1'))
    const reloaded = new Outbox({ post: async () => stored('e1'), confirmed: () => {} }, storage)
    expect(reloaded.entries[0]).toMatchObject({ echoId: 'e1', state: 'waiting' })
    reloaded.reconcile([stored('e1')])
    expect(reloaded.entries).toHaveLength(0)
  })

  it('is sent once when the connection is back', async () => {
    const post = vi.fn().mockRejectedValue(new ApiError(0, 'NetworkException', 'offline'))
    const confirmed = vi.fn()
    const outbox = new Outbox({ post, confirmed, wait })
    await outbox.send(entry('e1'))
    expect(outbox.entries[0]).toMatchObject({ state: 'waiting' })
    post.mockResolvedValue(stored('e1'))
    await Promise.all([outbox.resume(), outbox.resume()])
    expect(confirmed).toHaveBeenCalledOnce()
    expect(outbox.entries).toHaveLength(0)
  })

  it('never shows a message twice', () => {
    const pending = [{ ...stored('e1'), uuid: 'e1', status: 'pending' as const }]
    expect(unconfirmed([stored('e1')], pending)).toEqual([])
    const rows = threadRows([stored('e1')], pending)
    expect(rows.map((row) => row.kind)).toEqual(['day', 'message'])
    // The row keeps its key, so that it is not drawn anew.
    expect(rows[1]!.key).toBe(threadRows([], pending)[1]!.key)
  })
})
