/** A failed call. `status` is 0 when no reply came at all. `message` is fit to be shown. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
    readonly data: unknown = null,
    /** The JSON name of the field that is wrong, when the server names one. */
    readonly field: string | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** True when the session is over: the application asks for signing in again, and the call may be repeated after that. */
  get sessionOver(): boolean {
    return this.status === 401
  }

  /** True when trying again later may help: no answer, or the server's own trouble. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export type Query = Record<string, string | number | boolean | undefined | null>

export interface CallOptions {
  query?: Query
  body?: unknown
  signal?: AbortSignal
  /** Milliseconds; 0 waits for ever. Default 10 s, none for uploads. */
  timeout?: number
  headers?: Record<string, string>
  /** Lets a write outlive the page (64 KB at most). Short ones do it anyway: leaving takes nothing back that was done. */
  keepalive?: boolean
}

interface Hooks {
  /** Called once each time the server says that the session is gone. */
  unauthorised: () => void
  /** Id of the agent whose page this is, once known: the server refuses calls under a session of somebody else. */
  agent: () => number | undefined
  /** Called with each answer: the newest event when it was made, and when it was asked for, by `performance.now()`. */
  read: (event: number, began: number) => void
  /** Texts for failures that carry no message of their own. */
  text: (kind: 'offline' | 'timeout' | 'unknown') => string
}

const hooks: Hooks = { unauthorised: () => {}, agent: () => undefined, read: () => {}, text: (kind) => kind }

/** Connects the client to the application: what to do when the session ends, and its words. */
export function configureApi(next: Partial<Hooks>): void {
  Object.assign(hooks, next)
}

function cookie(name: string): string | undefined {
  const found = document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}

function address(path: string, query?: Query): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value))
  }
  const text = params.toString()
  return `/api/v1${path}${text ? `?${text}` : ''}`
}

/** A sign-in is answered by the form that asked; without the CSRF cookie the session's is gone as well. */
function tellsOfLostSession(status: number, path: string, method: string, csrf: string | undefined): boolean {
  return path !== '/auth/login' && (status === 401 || (status === 403 && method !== 'GET' && !csrf))
}

/** Characters of a write that is let outlive its page; browsers allow 64 KB for all that are on their way. */
const shortWrite = 2_000

async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const { body, query, signal } = options
  const upload = body instanceof FormData
  const timeout = options.timeout ?? (upload ? 0 : 10_000)
  const signals = [signal, timeout > 0 ? AbortSignal.timeout(timeout) : undefined].filter((s) => s !== undefined)

  const language = document.documentElement.lang
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language, ...options.headers }
  const csrf = cookie('csrf_token')
  if (csrf) headers['X-CSRFTOKEN'] = csrf
  const agent = hooks.agent()
  if (agent && path !== '/auth/login') headers['X-Agent-ID'] = String(agent)
  if (body !== undefined && !upload) headers['Content-Type'] = 'application/json'

  const content = body === undefined ? undefined : upload ? body : JSON.stringify(body)
  const began = performance.now()
  let reply: Response
  try {
    reply = await fetch(address(path, query), {
      method,
      headers,
      body: content,
      signal: signals.length ? AbortSignal.any(signals) : undefined,
      credentials: 'same-origin',
      keepalive: options.keepalive ?? (method !== 'GET' && typeof content !== 'object' && (content?.length ?? 0) <= shortWrite),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError'
    throw new ApiError(0, 'NetworkException', hooks.text(timedOut ? 'timeout' : 'offline'))
  }

  const event = reply.headers.get('X-Event-ID')
  if (event) hooks.read(Number(event), began)

  const envelope = (await reply.json().catch(() => null)) as {
    data?: unknown
    message?: string
    error_type?: string
    field?: string
  } | null
  if (reply.ok && envelope) return envelope.data as T

  const lost = tellsOfLostSession(reply.status, path, method, csrf)
  if (lost) hooks.unauthorised()
  throw new ApiError(
    lost ? 401 : reply.status,
    envelope?.error_type ?? 'GeneralException',
    envelope?.message || hooks.text('unknown'),
    envelope?.data ?? null,
    envelope?.field ?? null,
  )
}

/**
 * The REST interface below /api/v1. Resolves with the envelope's `data`, rejects with ApiError.
 * Pass vue-query's `signal` to reads: they are then aborted when nobody needs them any more.
 * Writes are never aborted.
 */
export const api = {
  get: <T>(path: string, options?: Omit<CallOptions, 'body'>) => call<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options?: CallOptions) => call<T>('POST', path, { ...options, body }),
  put: <T>(path: string, body?: unknown, options?: CallOptions) => call<T>('PUT', path, { ...options, body }),
  patch: <T>(path: string, body?: unknown, options?: CallOptions) => call<T>('PATCH', path, { ...options, body }),
  delete: <T>(path: string, options?: CallOptions) => call<T>('DELETE', path, options),
}
