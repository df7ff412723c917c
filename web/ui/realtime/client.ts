import type { Socket } from './shared'

/** What the server pushes. `id` is the position in the event log; frames of the moment carry none. */
export interface Frame {
  type: string
  data: unknown
  id?: number
}

export type ConnectionState = 'connecting' | 'open' | 'reconnecting' | 'offline'

export interface RealtimeOptions {
  /** Address of the socket, without a query. */
  url: string
  open?: (url: string) => Socket
  onFrame: (frame: Frame) => void
  onState?: (state: ConnectionState) => void
  /** The server could not replay what was missed: everything on screen must be fetched again. */
  onResync: () => void
  /** What the agent may do has changed, or the session is over: the server closed the socket for it. */
  onKicked?: () => void
}

const firstDelay = 1_000
const lastDelay = 30_000
const growth = 1.5
const pingEvery = 30_000
const silenceLimit = 90_000
/** Frames that are recognised when they come again. */
const remembered = 4_096

/**
 * The agent's socket. It reconnects by itself (1 s, growing by half, up to 30 s), resumes after the
 * last event it saw so that nothing is missed, and subscribes again to what was on screen.
 */
export class RealtimeClient {
  private socket: Socket | null = null
  private state: ConnectionState = 'connecting'
  private delay = firstDelay
  private timer: ReturnType<typeof setTimeout> | undefined
  private heartbeat: ReturnType<typeof setInterval> | undefined
  private heardAt = 0
  private lastEvent = 0
  private startedAt = Infinity
  /** The oldest state of the desk that was read before the first connection stood. */
  private readFrom = Infinity
  private hello: { event: number; at: number } | undefined
  private readonly seen = new Set<string>()
  private opened = false
  private stopped = true
  private conversation: string | null = null
  private listed: string[] = []
  private away = false

  constructor(private readonly options: RealtimeOptions) {}

  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.startedAt = Math.min(this.startedAt, performance.now())
    window.addEventListener('online', this.back)
    window.addEventListener('focus', this.wake)
    window.addEventListener('offline', this.lost)
    this.connect()
  }

  /** Closes until {@link start}, which resumes where this left off: the session ended. */
  pause(): void {
    this.stopped = true
    window.removeEventListener('online', this.back)
    window.removeEventListener('focus', this.wake)
    window.removeEventListener('offline', this.lost)
    clearTimeout(this.timer)
    this.timer = undefined
    this.drop()
  }

  /** Closes for good and forgets what was seen. */
  stop(): void {
    this.pause()
    this.lastEvent = 0
    this.startedAt = this.readFrom = Infinity
    this.hello = undefined
    this.seen.clear()
    this.opened = false
    this.conversation = null
    this.listed = []
  }

  /**
   * Says which event was the newest when something was read whose request began at a time. What happens between the reading
   * and the first connection is pushed to nobody: then everything is to be fetched again.
   */
  noteRead(event: number, began: number): void {
    if (began < this.startedAt) return
    if (!this.hello) this.readFrom = Math.min(this.readFrom, event)
    else if (began < this.hello.at && event < this.hello.event) this.options.onResync()
  }

  /** Connects now rather than at the end of the wait. */
  connectNow(): void {
    this.wake()
  }

  /** Names the one open conversation of this tab. */
  openConversation(uuid: string | null): void {
    this.conversation = uuid
    if (uuid) this.send('conversation_subscribe', { conversation_uuid: uuid })
  }

  /** Says that nobody is before this tab, or is again: colleagues then do not see the agent in a conversation. */
  setAway(away: boolean): void {
    if (away === this.away) return
    this.away = away
    this.send('away', { away })
  }

  /** Names the conversations on the list; the server keeps the first 500. */
  showList(uuids: string[]): void {
    const next = uuids.slice(0, 500)
    if (next.length === this.listed.length && next.every((uuid, at) => uuid === this.listed[at])) return
    this.listed = next
    this.send('list_subscribe_replace', { uuids: next })
  }

  /** Says something that is only worth saying now; nothing is queued while the socket is down. */
  send(type: string, data: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type, data }))
  }

  private connect(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.setState(this.opened ? 'reconnecting' : 'connecting')
    const url = this.lastEvent ? `${this.options.url}?last_event_id=${this.lastEvent}` : this.options.url
    const socket = (this.options.open ?? ((address) => new WebSocket(address)))(url)
    this.socket = socket
    socket.onopen = () => this.onOpen(socket)
    socket.onmessage = (event: MessageEvent) => this.onMessage(event)
    socket.onclose = (event: CloseEvent) => {
      if (this.socket !== socket) return
      const kicked = event.code === 1000 && event.reason === 'kicked'
      this.onClose()
      if (kicked && !this.stopped) {
        this.options.onKicked?.()
        this.wake()
      }
    }
  }

  private onOpen(socket: Socket): void {
    this.delay = firstDelay
    this.heardAt = Date.now()
    this.setState('open')
    // Without a position to resume from, a gap cannot be seen: fetch again.
    if (this.opened && !this.lastEvent) this.options.onResync()
    this.opened = true
    if (this.listed.length) this.send('list_subscribe_replace', { uuids: this.listed })
    if (this.conversation) this.send('conversation_subscribe', { conversation_uuid: this.conversation })
    if (this.away) this.send('away', { away: true })
    clearInterval(this.heartbeat)
    this.heartbeat = setInterval(() => {
      if (Date.now() - this.heardAt > silenceLimit) {
        this.drop()
        this.onClose()
      } else if (socket.readyState === WebSocket.OPEN) socket.send('ping')
    }, pingEvery)
  }

  private onMessage(event: MessageEvent): void {
    this.heardAt = Date.now()
    if (event.data === 'pong') return
    let frame: Frame
    try {
      frame = JSON.parse(String(event.data)) as Frame
    } catch {
      return
    }
    if (frame.id !== undefined) {
      if (this.isRepeated(frame)) return
      this.lastEvent = Math.max(this.lastEvent, frame.id)
    }
    if (frame.type === 'hello' && !this.hello) {
      this.hello = { event: frame.id ?? 0, at: performance.now() }
      if (this.readFrom < this.hello.event) this.options.onResync()
    }
    if (frame.type === 'resync') this.options.onResync()
    else this.options.onFrame(frame)
  }

  /**
   * After a reconnect the server replays a little more than was missed, because events may become
   * visible out of order; a smaller id alone does not mean that a frame was seen.
   */
  private isRepeated(frame: Frame): boolean {
    const mark = `${frame.id}:${frame.type}`
    if (this.seen.has(mark)) return true
    this.seen.add(mark)
    if (this.seen.size > remembered) this.seen.delete(this.seen.values().next().value!)
    return false
  }

  private onClose(): void {
    clearInterval(this.heartbeat)
    this.socket = null
    if (this.stopped) return
    this.setState(navigator.onLine ? 'reconnecting' : 'offline')
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.connect(), this.delay)
    this.delay = Math.min(this.delay * growth, lastDelay)
  }

  private drop(): void {
    clearInterval(this.heartbeat)
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  private readonly wake = (): void => {
    if (this.stopped || this.socket) return
    this.delay = firstDelay
    this.connect()
  }

  /** The network is there again. A socket that outlived the gap may be dead without knowing. */
  private readonly back = (): void => {
    if (this.stopped) return
    this.drop()
    this.wake()
  }

  private readonly lost = (): void => this.setState('offline')

  private setState(state: ConnectionState): void {
    if (state === this.state) return
    this.state = state
    this.options.onState?.(state)
  }
}
