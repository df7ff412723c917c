import { abnormal, type FromTab, type Socket, type ToTab } from './shared'
import workerURL from './shared.worker.ts?sharedworker&url'

/** A worker that has not answered by then is not there. */
const answersWithin = 5_000

/** What is used of the port to the worker. */
type Port = Pick<MessagePort, 'close'> & { postMessage(message: FromTab): void; onmessage: ((event: MessageEvent<ToTab>) => void) | null }

/** A tab's part of the connection that it shares with the other tabs. It behaves like a WebSocket of its own. */
export class TabSocket implements Socket {
  readyState: number = WebSocket.CONNECTING
  onopen: Socket['onopen'] = null
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  private readonly patience: ReturnType<typeof setTimeout>

  constructor(
    private readonly port: Port,
    url: string,
    private readonly onUnavailable: () => void,
  ) {
    const address = new URL(url)
    const last = Number(address.searchParams.get('last_event_id') ?? 0)
    address.search = ''
    this.patience = setTimeout(() => this.unavailable(), answersWithin)
    port.onmessage = ({ data }: MessageEvent<ToTab>) => this.hear(data)
    port.postMessage({ kind: 'join', url: address.href, last })
    window.addEventListener('offline', this.lost)
    window.addEventListener('pagehide', this.hidden)
  }

  send(text: string): void {
    this.port.postMessage({ kind: 'say', text })
  }

  close(): void {
    this.port.postMessage({ kind: 'leave' })
    this.end()
  }

  /** There is no worker to share a connection with: whoever wants one has to open it alone. */
  unavailable(): void {
    if (this.readyState === WebSocket.CLOSED) return
    this.onUnavailable()
    this.fail(abnormal, '')
  }

  private hear(message: ToTab): void {
    if (this.readyState === WebSocket.CLOSED) return
    if (message.kind === 'joined') clearTimeout(this.patience)
    else if (message.kind === 'open') {
      this.readyState = WebSocket.OPEN
      this.onopen?.(new Event('open'))
    } else if (message.kind === 'frame') this.onmessage?.(new MessageEvent('message', { data: message.text }))
    else this.fail(message.code, message.reason)
  }

  private fail(code: number, reason: string): void {
    this.end()
    this.onclose?.(new CloseEvent('close', { code, reason }))
  }

  private end(): void {
    clearTimeout(this.patience)
    this.readyState = WebSocket.CLOSED
    this.port.close()
    window.removeEventListener('offline', this.lost)
    window.removeEventListener('pagehide', this.hidden)
  }

  private readonly lost = (): void => this.port.postMessage({ kind: 'offline' })

  /** Colleagues are told at once. The page may be shown again as it was: then it has lost its connection. */
  private readonly hidden = (): void => {
    this.close()
    this.onclose?.(new CloseEvent('close', { code: abnormal }))
  }
}

let shares = typeof SharedWorker !== 'undefined'

/**
 * Opens the connection that all tabs of an agent in this browser share; one of its own where the browser cannot, or the worker
 * that holds it does not start. A name keeps the connections of two agents apart.
 */
export function openShared(url: string, name: string): Socket {
  if (!shares) return new WebSocket(url)
  const worker = new SharedWorker(workerURL, { type: 'module', name })
  const socket = new TabSocket(worker.port, url, () => (shares = false))
  worker.onerror = () => socket.unavailable()
  return socket
}
