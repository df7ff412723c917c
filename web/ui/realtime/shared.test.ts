import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RealtimeClient, type ConnectionState, type Frame } from './client'
import { SharedConnection, type FromTab, type Socket, type ToTab } from './shared'
import { TabSocket } from './tab'

/** What is under way between tabs and their worker. */
const mail: (() => void)[] = []
function flow(): void {
  for (let next = mail.shift(); next; next = mail.shift()) next()
}

/** A connection whose server is the test. */
class Server implements Socket {
  static all: Server[] = []
  readyState = 0
  sent: { type: string; data: Record<string, unknown> }[] = []
  pings = 0
  onopen: Socket['onopen'] = null
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null

  constructor(readonly url: string) {
    Server.all.push(this)
  }
  accept(hello: number): void {
    this.readyState = WebSocket.OPEN
    this.onopen?.(new Event('open'))
    flow()
    this.push({ type: 'hello', data: { last_event_id: hello }, id: hello })
  }
  push(frame: Frame): void {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(frame) }))
    flow()
  }
  end(code = 1006, reason = ''): void {
    this.readyState = WebSocket.CLOSED
    this.onclose?.(new CloseEvent('close', { code, reason }))
    flow()
  }
  send(text: string): void {
    if (text === 'ping') this.pings++
    else this.sent.push(JSON.parse(text) as Server['sent'][number])
  }
  close(): void {
    this.readyState = WebSocket.CLOSED
  }
  /** The last of what was said of a type. */
  said(type: string): unknown {
    return this.sent.findLast((frame) => frame.type === type)?.data
  }
}

const server = (): Server => Server.all.at(-1)!

/** Two ends of a channel; the tab's can be cut as when it crashes. */
function channel(connection: SharedConnection) {
  const heard: ((event: { data: FromTab }) => void)[] = []
  let open = true
  const tab = {
    onmessage: null as ((event: MessageEvent<ToTab>) => void) | null,
    postMessage: (data: FromTab) => void (open && mail.push(() => heard.forEach((listener) => listener({ data })))),
    close: () => {
      open = false
    },
  }
  connection.connect({
    postMessage: (data: ToTab) => void mail.push(() => open && tab.onmessage?.({ data } as MessageEvent<ToTab>)),
    close: () => undefined,
    start: () => undefined,
    addEventListener: (type: string, listener: never) => void (type === 'message' && heard.push(listener)),
  })
  return tab
}

let connection: SharedConnection
const running: RealtimeClient[] = []

function openTab() {
  const frames: Frame[] = []
  const states: ConnectionState[] = []
  const onResync = vi.fn()
  const onKicked = vi.fn()
  let port: ReturnType<typeof channel>
  const client = new RealtimeClient({
    url: 'ws://desk/ws',
    open: (url) => new TabSocket((port = channel(connection)), url, vi.fn()),
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    onResync,
    onKicked,
  })
  client.start()
  running.push(client)
  flow()
  return {
    client: new Proxy(client, {
      get: (target, name: 'send') => (...said: Parameters<RealtimeClient['send']>) => {
        target[name](...said)
        flow()
      },
    }),
    frames,
    states,
    onResync,
    onKicked,
    heard: (type: string) => frames.filter((frame) => frame.type === type).map(({ data }) => data),
    crash: () => {
      port.close()
      client.stop()
    },
  }
}

function pass(milliseconds: number): void {
  vi.advanceTimersByTime(milliseconds)
  flow()
}

beforeEach(() => {
  vi.useFakeTimers()
  Server.all = []
  connection = new SharedConnection((url) => new Server(url))
})
afterEach(() => {
  running.splice(0).forEach((client) => client.stop())
  mail.length = 0
  vi.useRealTimers()
})

const message = (id: number) => ({ type: 'new_message', data: id, id })
const present = (uuid: string, ...agents: number[]) => ({ type: 'presence', data: { conversation_uuid: uuid, agents } })

describe('the connection that tabs share', () => {
  it('is one, and each tab hears all of it', () => {
    const one = openTab()
    server().accept(40)
    const two = openTab()
    expect(Server.all).toHaveLength(1)
    expect([one.states.at(-1), two.states.at(-1)]).toEqual(['open', 'open'])
    expect(two.heard('hello')).toEqual([{ last_event_id: 40 }])
    server().push(message(41))
    expect([one.heard('new_message'), two.heard('new_message')]).toEqual([[41], [41]])
    one.client.stop()
    expect(server().readyState).toBe(WebSocket.OPEN)
    two.client.stop()
    expect(server().readyState).toBe(WebSocket.CLOSED)
  })

  it('has a tab that opens while it is being opened wait with the others', () => {
    const one = openTab()
    const two = openTab()
    expect(two.states).not.toContain('open')
    server().accept(7)
    expect(Server.all).toHaveLength(1)
    expect([one.heard('hello'), two.heard('hello')]).toEqual([[{ last_event_id: 7 }], [{ last_event_id: 7 }]])
  })

  it('tells a tab that opens later where its stream begins', () => {
    openTab()
    server().accept(40)
    server().push(message(45))
    const late = openTab()
    expect(late.heard('hello')).toEqual([{ last_event_id: 45 }])
  })

  it('joins what the tabs have on screen', () => {
    const one = openTab()
    server().accept(1)
    const two = openTab()
    one.client.openConversation('a')
    expect(server().said('conversation_subscribe')).toEqual({ conversation_uuid: 'a' })
    two.client.openConversation('b')
    expect(server().said('conversation_subscribe')).toEqual({ conversation_uuid: 'b', beside: ['a'] })
    one.client.showList(['a', 'x'])
    two.client.showList(['x', 'y'])
    expect(server().said('list_subscribe_replace')).toEqual({ uuids: ['x', 'y', 'a'] })
    one.client.send('typing', { conversation_uuid: 'a', is_typing: true })
    expect(server().said('typing')).toEqual({ conversation_uuid: 'a', is_typing: true })
  })

  it('says that nobody is there when that is so of every tab, and still follows what they have open', () => {
    const one = openTab()
    server().accept(1)
    const two = openTab()
    one.client.openConversation('a')
    two.client.openConversation('b')
    one.client.setAway(true)
    expect(server().said('away')).toBeUndefined()
    expect(server().said('conversation_subscribe')).toEqual({ conversation_uuid: 'b' })
    expect(server().said('list_subscribe_replace')).toEqual({ uuids: ['a'] })
    two.client.setAway(true)
    expect(server().said('away')).toEqual({ away: true })
    one.client.setAway(false)
    expect(server().said('away')).toEqual({ away: false })
    expect(server().said('conversation_subscribe')).toEqual({ conversation_uuid: 'a' })
    one.client.stop()
    expect(server().said('away')).toEqual({ away: true })
  })

  it('tells a tab who is in the conversations that it comes to', () => {
    const one = openTab()
    server().accept(1)
    one.client.showList(['a', 'b', 'c'])
    for (const frame of [present('a', 2), present('b', 3), present('c', 4), present('c')]) server().push(frame)
    const two = openTab()
    two.client.showList(['b', 'c'])
    two.client.openConversation('a')
    expect(two.heard('presence')).toEqual([present('b', 3).data, present('a', 2).data])
  })

  it('resumes for all tabs with one connection after it is lost', () => {
    const one = openTab()
    server().accept(40)
    const two = openTab()
    server().push(message(41))
    server().end()
    expect([one.states.at(-1), two.states.at(-1)]).toEqual(['reconnecting', 'reconnecting'])
    pass(1_000)
    expect(Server.all).toHaveLength(2)
    expect(server().url).toBe('ws://desk/ws?last_event_id=41')
    server().accept(42)
    server().push(message(42))
    expect([one.heard('new_message'), two.heard('new_message')]).toEqual([
      [41, 42],
      [41, 42],
    ])
    expect(one.onResync).not.toHaveBeenCalled()
  })

  it('gives a tab that was away what it has missed, once and in order', () => {
    openTab()
    server().accept(40)
    const two = openTab()
    server().push(message(43))
    two.client.pause()
    for (const id of [44, 42, 45]) server().push(message(id))
    two.client.start()
    expect(two.heard('new_message')).toEqual([43, 44, 42, 45])
    expect(two.onResync).not.toHaveBeenCalled()
    expect(Server.all).toHaveLength(1)
  })

  it('has a tab fetch anew when more was missed than is kept', () => {
    openTab()
    server().accept(40)
    const two = openTab()
    two.client.pause()
    for (let id = 41; id <= 1_041; id++) server().push(message(id))
    two.client.start()
    expect(two.onResync).toHaveBeenCalledOnce()
    expect(two.heard('new_message')).toEqual([])
  })

  it('has all tabs fetch anew when the server says so, and one that was away as well', () => {
    const one = openTab()
    server().accept(40)
    const two = openTab()
    two.client.pause()
    server().push({ type: 'resync', data: {} })
    two.client.start()
    expect([one.onResync, two.onResync].map((heard) => heard.mock.calls.length)).toEqual([1, 1])
    two.client.pause()
    server().push(message(50))
    two.client.start()
    expect(two.onResync).toHaveBeenCalledTimes(2)
    two.client.pause()
    server().push(message(51))
    two.client.start()
    expect(two.heard('new_message')).toEqual([50, 51])
    expect(two.onResync).toHaveBeenCalledTimes(2)
  })

  it('resumes where the only tab was when the worker has begun anew', () => {
    const one = openTab()
    server().accept(40)
    connection = new SharedConnection((url) => new Server(url))
    one.client.pause()
    one.client.start()
    expect(server().url).toBe('ws://desk/ws?last_event_id=40')
  })

  it('passes on why the server closed it', () => {
    const one = openTab()
    server().accept(1)
    const two = openTab()
    server().end(1000, 'kicked')
    expect(one.onKicked).toHaveBeenCalledOnce()
    expect(two.onKicked).toHaveBeenCalledOnce()
    expect(Server.all).toHaveLength(2)
  })

  it('is opened anew when the network was lost meanwhile, for it may be dead', () => {
    const one = openTab()
    server().accept(1)
    const two = openTab()
    window.dispatchEvent(new Event('offline'))
    window.dispatchEvent(new Event('online'))
    flow()
    expect(Server.all).toHaveLength(2)
    server().accept(2)
    expect([one.states.at(-1), two.states.at(-1)]).toEqual(['open', 'open'])
  })

  it('gives up a server that does not answer, and a tab that is gone without a word', () => {
    const one = openTab()
    server().accept(1)
    const two = openTab()
    two.client.openConversation('b')
    two.crash()
    for (let minute = 0; minute < 4; minute++) {
      pass(60_000)
      server().push({ type: 'counts', data: {} })
    }
    expect(server().pings).toBeGreaterThan(5)
    expect(server().said('away')).toEqual({ away: true })
    expect(one.states.at(-1)).toBe('open')
    pass(120_000)
    pass(1_000)
    expect(one.states.slice(0, 2)).toEqual(['open', 'reconnecting'])
    expect(Server.all).toHaveLength(2)
  })

  it('lets a tab whose page is left or put aside go at once', () => {
    const one = openTab()
    server().accept(1)
    one.client.openConversation('a')
    window.dispatchEvent(new Event('pagehide'))
    flow()
    expect(server().readyState).toBe(WebSocket.CLOSED)
    pass(1_000)
    expect(Server.all).toHaveLength(2)
    expect(one.states.at(-1)).toBe('reconnecting')
  })

  it('is not waited for when its worker does not answer', () => {
    const onUnavailable = vi.fn()
    const onClose = vi.fn()
    const socket = new TabSocket({ postMessage: vi.fn(), close: vi.fn(), onmessage: null }, 'ws://desk/ws', onUnavailable)
    socket.onclose = onClose
    pass(5_000)
    expect(onUnavailable).toHaveBeenCalledOnce()
    expect(onClose).toHaveBeenCalledOnce()
  })
})
