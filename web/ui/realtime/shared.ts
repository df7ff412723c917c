import type { Frame } from './client'

/** What is used of a WebSocket. */
export interface Socket {
  readonly readyState: number
  onopen: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  send(text: string): void
  close(): void
}

/** What a tab says to the shared connection. A port serves one connection of its tab, from `join` to `leave`. */
export type FromTab =
  | { kind: 'join'; url: string; last: number }
  | { kind: 'say'; text: string }
  | { kind: 'leave' }
  /** The browser has lost the network: what is connected now may be dead without knowing. */
  | { kind: 'offline' }

/** What the shared connection says to a tab. */
export type ToTab = { kind: 'joined' } | { kind: 'open' } | { kind: 'frame'; text: string } | { kind: 'closed'; code: number; reason: string }

/** What is used of a MessagePort; not every browser knows its `close` event. */
export interface Port {
  postMessage(message: ToTab): void
  close(): void
  addEventListener(type: 'message', listener: (event: { data: FromTab }) => void): void
  addEventListener(type: 'close', listener: () => void): void
  start(): void
}

/** Code of a close that nobody sent (RFC 6455, section 7.1.5). */
export const abnormal = 1006
const pingEvery = 30_000
/** Looks, one with each ping, after which a server or a tab that said nothing is taken for gone. Tabs are slowed down while nobody sees them. */
const serverGone = 3
const tabGone = 6
/** The server keeps so many conversations of a list. */
const mostListed = 500
/** Frames kept for a tab that comes back. */
const kept = 1_000

/** The frames with a number that were heard last, in the order in which they came. */
class Past {
  /** The highest number so far: where to go on from. */
  top = 0
  /** From here on all that came is kept. */
  private floor = Infinity
  private readonly frames: { top: number; text: string }[] = []

  /** All that comes after a number will be kept. */
  begin(number: number): void {
    this.top = Math.max(this.top, number)
    if (this.floor === Infinity) this.floor = this.top
  }

  add(number: number, text: string): void {
    this.begin(number)
    this.frames.push({ top: this.top, text })
    // Of an event may be kept one frame and not another.
    if (this.frames.length > kept) this.floor = this.frames.shift()!.top + 1
  }

  /** Something was left out: what is kept has a gap. */
  tear(): void {
    this.floor = Infinity
    this.frames.length = 0
  }

  forget(): void {
    this.tear()
    this.top = 0
  }

  /** What a tab may have missed that saw a number, and some that it has seen; null if that is not known. */
  since(number: number): string[] | null {
    return number < this.floor ? null : this.frames.filter(({ top }) => top >= number).map(({ text }) => text)
  }
}

/** One connection of a tab, as far as the server has to know it. */
interface Member {
  port: Port
  last: number
  conversation: string | null
  listed: string[]
  away: boolean
  /** Looks since it said something. */
  quiet: number
}

interface Said {
  type: string
  data: { conversation_uuid?: string; uuids?: string[]; away?: boolean; agents?: unknown[] }
}

/**
 * The one socket of all tabs of an agent in a browser. To each tab it behaves as a socket of its own: the tab resumes after the
 * last event that it saw, from what is kept here, and its subscriptions are joined with those of the others. Runs in a shared worker.
 */
export class SharedConnection {
  private socket: Socket | null = null
  private readonly members = new Set<Member>()
  private readonly past = new Past()
  /** Who is in conversations: the server says it once, each tab has to hear it. */
  private readonly present = new Map<string, string>()
  /** The server has said where its stream goes on from. */
  private greeted = false
  private suspect = false
  private quiet = 0
  /** What the server was told last. */
  private opened = ''
  private listed = ''
  private away = false
  private timer: ReturnType<typeof setInterval> | undefined

  constructor(private readonly open: (url: string) => Socket) {}

  /** Serves a tab's connection. */
  connect(port: Port): void {
    let member: Member | undefined
    port.addEventListener('message', ({ data }) => {
      if (data.kind === 'join') this.join((member = { port, last: data.last, conversation: null, listed: [], away: false, quiet: 0 }), data.url)
      else if (data.kind === 'offline') this.suspect = true
      else if (member && this.members.has(member)) {
        if (data.kind === 'leave') this.leave(member)
        else this.say(member, data.text)
      }
    })
    port.addEventListener('close', () => member && this.leave(member))
    port.start()
  }

  private join(member: Member, url: string): void {
    member.port.postMessage({ kind: 'joined' })
    if (this.suspect) this.lose(abnormal, '')
    this.members.add(member)
    if (!this.socket) this.dial(url, member.last)
    else if (this.socket.readyState === WebSocket.OPEN) this.welcome(member)
  }

  private leave(member: Member): void {
    if (!this.members.delete(member)) return
    member.port.close()
    this.went()
  }

  /** Without tabs there is no connection, and nothing to go on from. */
  private went(): void {
    if (this.members.size) return this.tell()
    this.hangUp()
    this.past.forget()
  }

  private dial(url: string, last: number): void {
    if (!this.past.top && last) this.past.begin(last)
    const socket = this.open(this.past.top ? `${url}?last_event_id=${this.past.top}` : url)
    this.socket = socket
    this.suspect = this.greeted = this.away = false
    this.quiet = 0
    this.opened = this.listed = ''
    socket.onopen = () => {
      for (const member of [...this.members]) this.welcome(member)
    }
    socket.onmessage = ({ data }) => this.hear(String(data))
    socket.onclose = ({ code, reason }) => {
      if (this.socket === socket) this.lose(code, reason)
    }
    this.timer = setInterval(() => this.look(), pingEvery)
  }

  private hangUp(): void {
    clearInterval(this.timer)
    this.present.clear()
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  /** The connection is gone, for all tabs. Each comes back in its own time. */
  private lose(code: number, reason: string): void {
    this.hangUp()
    for (const member of [...this.members]) this.dismiss(member, code, reason)
  }

  private dismiss(member: Member, code: number, reason: string): void {
    this.members.delete(member)
    member.port.postMessage({ kind: 'closed', code, reason })
    member.port.close()
  }

  private welcome({ port, last }: Member): void {
    port.postMessage({ kind: 'open' })
    if (last) {
      const missed = this.past.since(last) ?? [JSON.stringify({ type: 'resync', data: {} })]
      for (const text of missed) port.postMessage({ kind: 'frame', text })
    }
    const { top } = this.past
    if (this.greeted) port.postMessage({ kind: 'frame', text: JSON.stringify({ type: 'hello', data: { last_event_id: top }, id: top }) })
  }

  private hear(text: string): void {
    this.quiet = 0
    if (text === 'pong') return
    const frame = JSON.parse(text) as Frame & Said
    if (frame.type === 'hello') {
      this.greeted = true
      this.past.begin(frame.id ?? 0)
    } else if (frame.type === 'resync') {
      this.past.tear()
      this.present.clear()
    } else if (frame.id !== undefined) this.past.add(frame.id, text)
    if (frame.type === 'presence' && frame.data.conversation_uuid) {
      if (frame.data.agents?.length) this.present.set(frame.data.conversation_uuid, text)
      else this.present.delete(frame.data.conversation_uuid)
    }
    for (const { port } of [...this.members]) port.postMessage({ kind: 'frame', text })
  }

  private say(member: Member, text: string): void {
    member.quiet = 0
    if (text === 'ping') return member.port.postMessage({ kind: 'frame', text: 'pong' })
    this.members.delete(member)
    this.members.add(member)
    const { type, data } = JSON.parse(text) as Said
    if (type === 'conversation_subscribe' && data.conversation_uuid) {
      member.conversation = data.conversation_uuid
      this.introduce(member, [data.conversation_uuid])
    } else if (type === 'list_subscribe_replace' && data.uuids) {
      const before = new Set(member.listed)
      member.listed = data.uuids
      this.introduce(
        member,
        data.uuids.filter((uuid) => !before.has(uuid)),
      )
    } else if (type === 'away') member.away = data.away === true
    else return this.socket?.send(text)
    this.tell()
  }

  /** Says who is in conversations that a tab comes to and the server has told of already. */
  private introduce({ port }: Member, uuids: string[]): void {
    for (const uuid of uuids) {
      const text = this.present.get(uuid)
      if (text) port.postMessage({ kind: 'frame', text })
    }
  }

  /** Tells the server what the tabs have on screen, together, where that has changed. */
  private tell(): void {
    const members = [...this.members].reverse()
    const seen = [...new Set(members.filter(({ away }) => !away).flatMap(({ conversation }) => conversation ?? []))]
    const [first, ...beside] = seen
    const opened = seen.toSorted().join()
    if (first && opened !== this.opened) this.send('conversation_subscribe', beside.length ? { conversation_uuid: first, beside } : { conversation_uuid: first })
    if (first) this.opened = opened
    if (!first !== this.away) this.send('away', { away: (this.away = !first) })

    const unseen = members.filter(({ away }) => away).flatMap(({ conversation }) => conversation ?? [])
    const list = [...new Set([...unseen, ...members.flatMap(({ listed }) => listed)])].slice(0, mostListed)
    if (list.join() === this.listed) return
    this.listed = list.join()
    for (const uuid of this.present.keys()) if (!seen.includes(uuid) && !list.includes(uuid)) this.present.delete(uuid)
    this.send('list_subscribe_replace', { uuids: list })
  }

  private send(type: string, data: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type, data }))
  }

  /** Keeps the connection alive, and gives up a server or a tab that says nothing any more. */
  private look(): void {
    const gone = [...this.members].filter((member) => ++member.quiet > tabGone)
    for (const member of gone) this.dismiss(member, abnormal, '')
    if (gone.length) this.went()
    if (++this.quiet > serverGone) this.lose(abnormal, '')
    else if (this.socket?.readyState === WebSocket.OPEN) this.socket.send('ping')
  }
}
