import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RealtimeClient, type ConnectionState, type Frame } from './client'

/** A socket whose server is the test. */
class FakeSocket {
  static all: FakeSocket[] = []
  readyState = 0
  sent: string[] = []
  onopen?: () => void
  onclose?: (event: { code: number; reason: string }) => void
  onmessage?: (event: { data: string }) => void

  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }
  accept(): void {
    this.readyState = 1
    this.onopen?.()
  }
  push(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
  }
  fail(): void {
    this.end(1006, '')
  }
  end(code: number, reason: string): void {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }
  send(text: string): void {
    this.sent.push(text)
  }
  close(): void {
    this.readyState = 3
  }
}

const running: RealtimeClient[] = []
const last = (): FakeSocket => FakeSocket.all.at(-1)!

function start() {
  const frames: Frame[] = []
  const states: ConnectionState[] = []
  const onResync = vi.fn()
  const onKicked = vi.fn()
  const client = new RealtimeClient({
    url: 'ws://desk/ws',
    open: (url) => new FakeSocket(url) as unknown as WebSocket,
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    onResync,
    onKicked,
  })
  client.start()
  running.push(client)
  return { client, frames, states, onResync, onKicked }
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
})
afterEach(() => {
  running.splice(0).forEach((client) => client.stop())
  vi.useRealTimers()
})

describe('RealtimeClient', () => {
  it('resumes after a pause with what was on screen', () => {
    const { client } = start()
    last().accept()
    client.openConversation('u1')
    last().push({ type: 'new_message', data: {}, id: 41 })
    client.pause()
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(1)
    client.start()
    expect(last().url).toBe('ws://desk/ws?last_event_id=41')
    last().accept()
    expect(last().sent).toContain(JSON.stringify({ type: 'conversation_subscribe', data: { conversation_uuid: 'u1' } }))
  })

  it('resumes after the last event it saw', () => {
    const { frames, onResync } = start()
    expect(last().url).toBe('ws://desk/ws')
    last().accept()
    last().push({ type: 'new_message', data: {}, id: 41 })
    last().push({ type: 'typing', data: {} })
    last().fail()
    vi.advanceTimersByTime(1_000)
    expect(last().url).toBe('ws://desk/ws?last_event_id=41')
    last().accept()
    expect(onResync).not.toHaveBeenCalled()
    last().push({ type: 'new_message', data: {}, id: 42 })
    expect(frames.map(({ id }) => id)).toEqual([41, undefined, 42])
  })

  it('passes over what it has seen already, but not what becomes visible late', () => {
    const { frames } = start()
    last().accept()
    for (const id of [5, 5, 4, 6]) last().push({ type: 'conversation_update', data: {}, id })
    last().push({ type: 'conversation_row', data: {}, id: 6 })
    expect(frames.map(({ id, type }) => `${id} ${type}`)).toEqual([
      '5 conversation_update',
      '4 conversation_update',
      '6 conversation_update',
      '6 conversation_row',
    ])
    last().fail()
    vi.advanceTimersByTime(1_000)
    expect(last().url).toBe('ws://desk/ws?last_event_id=6')
  })

  it('replaces a socket that outlived a gap in the network', () => {
    const { states } = start()
    last().accept()
    last().push({ type: 'hello', data: {}, id: 7 })
    window.dispatchEvent(new Event('offline'))
    expect(states.at(-1)).toBe('offline')
    window.dispatchEvent(new Event('online'))
    expect(FakeSocket.all).toHaveLength(2)
    expect(last().url).toBe('ws://desk/ws?last_event_id=7')
    last().accept()
    expect(states.at(-1)).toBe('open')
  })

  it('has everything fetched again when the server cannot replay', () => {
    const { frames, onResync } = start()
    last().accept()
    last().push({ type: 'resync', data: {}, id: 3 })
    expect(onResync).toHaveBeenCalledOnce()
    expect(frames).toEqual([])
  })

  it('has everything fetched again after a gap it cannot measure', () => {
    const { onResync } = start()
    last().accept()
    expect(onResync).not.toHaveBeenCalled()
    last().fail()
    vi.advanceTimersByTime(1_000)
    last().accept()
    expect(onResync).toHaveBeenCalledOnce()
  })

  it('has everything fetched again that was read before something happened and the first connection stood', () => {
    const { client, onResync } = start()
    client.noteRead(40, performance.now())
    vi.advanceTimersByTime(5)
    last().accept()
    last().push({ type: 'hello', data: {}, id: 41 })
    expect(onResync).toHaveBeenCalledOnce()
    client.noteRead(40, performance.now() - 1) // it was on its way
    expect(onResync).toHaveBeenCalledTimes(2)
    client.noteRead(40, performance.now() + 1) // another node that is a moment behind
    last().fail()
    vi.advanceTimersByTime(1_000)
    last().accept()
    last().push({ type: 'hello', data: {}, id: 50 }) // resumed, nothing was missed
    expect(onResync).toHaveBeenCalledTimes(2)
  })

  it('has nothing fetched again when nothing happened before the first connection stood', () => {
    const { client, onResync } = start()
    client.noteRead(7, -1) // before it was started nothing was on the screen
    client.noteRead(41, performance.now())
    last().accept()
    last().push({ type: 'hello', data: {}, id: 41 })
    client.noteRead(41, performance.now())
    expect(onResync).not.toHaveBeenCalled()
  })

  it('tries again after 1 s, half as long again each time, at most 30 s', () => {
    start()
    const waits: number[] = []
    for (let attempt = 0; attempt < 12; attempt++) {
      last().fail()
      const before = FakeSocket.all.length
      let waited = 0
      while (FakeSocket.all.length === before) {
        vi.advanceTimersByTime(250)
        waited += 250
      }
      waits.push(waited)
    }
    expect(waits.slice(0, 3)).toEqual([1_000, 1_500, 2_250])
    expect(waits.at(-1)).toBe(30_000)
  })

  it('subscribes again to what is on screen', () => {
    const { client } = start()
    last().accept()
    client.showList(['a', 'b'])
    client.showList(['a', 'b'])
    client.openConversation('a')
    const expected = [
      '{"type":"list_subscribe_replace","data":{"uuids":["a","b"]}}',
      '{"type":"conversation_subscribe","data":{"conversation_uuid":"a"}}',
    ]
    expect(last().sent).toEqual(expected)
    last().fail()
    vi.advanceTimersByTime(1_000)
    last().accept()
    expect(last().sent).toEqual(expected)
  })

  it('pings every 30 s and gives up on a server that is silent', () => {
    const { states } = start()
    const first = last()
    first.accept()
    vi.advanceTimersByTime(30_000)
    expect(first.sent).toEqual(['ping'])
    first.push('pong')
    vi.advanceTimersByTime(120_000)
    expect(states.at(-1)).toBe('reconnecting')
    vi.advanceTimersByTime(1_000)
    expect(last()).not.toBe(first)
  })

  it('stays closed once stopped, and forgets where it was', () => {
    const { client } = start()
    last().accept()
    last().push({ type: 'counts', data: {}, id: 9 })
    client.stop()
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(1)
    client.start()
    expect(last().url).toBe('ws://desk/ws')
  })

  it('survives what is no JSON', () => {
    const { frames } = start()
    last().accept()
    last().push('{"type":')
    expect(frames).toEqual([])
  })

  it('says when it was kicked, and connects again at once', () => {
    const { onKicked } = start()
    last().accept()
    last().end(1000, 'kicked')
    expect(onKicked).toHaveBeenCalledTimes(1)
    expect(FakeSocket.all).toHaveLength(2)
    last().accept()
    last().fail()
    expect(onKicked).toHaveBeenCalledTimes(1)
    expect(FakeSocket.all).toHaveLength(2)
  })
})
