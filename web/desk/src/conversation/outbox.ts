import { api, ApiError } from '@ui/api/client'
import type { Message, SendMessage, Uuid } from '@ui/api/types'
import { reactive } from 'vue'
import { KeptList } from '@/data/keptList'
import type { DraftContent, Mode } from './drafts'

/** A message that was sent here and that the server has not confirmed. */
export interface Pending {
  /** Ours, chosen once: a repeated attempt is stored once by the server. */
  echoId: string
  conversation: Uuid
  mode: Mode
  body: SendMessage
  /** What the composer held, to give it back. */
  draft: DraftContent
  createdAt: string
  /** Waiting: there is no connection. Refused: others wrote in between, and the server stored nothing. */
  state: 'sending' | 'waiting' | 'failed' | 'refused'
  error: string
  /** Status to set once the message is stored. */
  thenStatus?: string
  /** What others wrote that the writer of a refused reply did not know; oldest first. */
  newer?: Message[]
}

export interface OutboxHooks {
  post: (pending: Pending) => Promise<Message>
  /** The server has it. Called with the conversation it was written in, wherever the agent is by now. */
  confirmed: (pending: Pending, message: Message) => void
  /** Others wrote in between; the entry waits for its writer to decide. */
  refused?: (pending: Pending) => void
  wait?: (milliseconds: number) => Promise<void>
}

const storageKey = 'foyer.outbox'
const automaticAttempts = 3

/**
 * What leaves this browser. An entry lives until the server confirmed it by its HTTP reply or until
 * the agent takes it back; it survives a reload, and every attempt carries the same echo id. Tabs keep theirs in one place:
 * what one of them has sent or taken back, another that found it there leaves alone.
 */
export class Outbox {
  readonly entries = reactive<Pending[]>([])
  private readonly running = new Map<string, Promise<void>>()
  private readonly list: KeptList<Pending>
  /** Those that are in the list. */
  private readonly kept = new Set<string>()

  constructor(
    private readonly hooks: OutboxHooks,
    storage: Pick<Storage, 'getItem' | 'setItem'> | null = null,
  ) {
    this.list = new KeptList(storageKey, () => storage)
    for (const entry of this.list.all() ?? []) {
      this.entries.push({ ...entry, state: entry.state === 'sending' ? 'waiting' : entry.state })
      this.kept.add(entry.echoId)
    }
  }

  of(conversation: Uuid): Pending[] {
    return this.entries.filter((entry) => entry.conversation === conversation)
  }

  send(entry: Omit<Pending, 'state' | 'error'>): Promise<void> {
    const sent: Pending = { ...entry, state: 'sending', error: '' }
    this.entries.push(sent)
    this.keep(sent)
    return this.attempt(entry.echoId)
  }

  retry(echoId: string): Promise<void> {
    return this.running.get(echoId) ?? this.attempt(echoId)
  }

  /** Sends what waited for a connection, in the order it was written. What the server has already is stored once. */
  async resume(): Promise<void> {
    const list = this.list.all()
    for (const { echoId } of [...this.entries]) {
      if (list && this.kept.has(echoId) && !list.some((known) => known.echoId === echoId) && !this.running.has(echoId)) this.drop(echoId)
    }
    for (const entry of this.entries.filter(({ state }) => state === 'waiting')) await this.retry(entry.echoId)
  }

  /** Sends a refused reply all the same: its writer has seen what came in between. */
  sendAnyway(echoId: string): Promise<void> {
    const entry = this.entries.find((known) => known.echoId === echoId)
    const newer = entry?.newer ?? []
    const last = newer.findLast((message) => !message.held)
    if (entry && last) entry.body.seen_message = last.uuid
    if (entry) entry.body.seen_held = [...(entry.body.seen_held ?? []), ...newer.filter((message) => message.held).map(({ uuid }) => uuid)]
    return this.retry(echoId)
  }

  /** Takes a failed message back; its text goes where the caller puts it. */
  withdraw(echoId: string): Pending | undefined {
    const entry = this.drop(echoId)
    if (entry) this.list.change((all) => all.filter((known) => known.echoId !== echoId))
    return entry
  }

  /** The server's event shows that a message arrived whose reply we never got. */
  reconcile(messages: readonly Message[]): void {
    for (const message of messages) {
      const echo = message.meta.echo_id
      const entry = echo ? this.entries.find((known) => known.echoId === echo) : undefined
      if (entry && !this.running.has(entry.echoId)) this.settle(entry, message)
    }
  }

  /** Resolves when nothing of this conversation is on its way. */
  async settled(conversation: Uuid): Promise<void> {
    await Promise.allSettled(this.of(conversation).map((entry) => this.running.get(entry.echoId)))
  }

  private attempt(echoId: string): Promise<void> {
    const run = this.run(echoId).finally(() => this.running.delete(echoId))
    this.running.set(echoId, run)
    return run
  }

  private async run(echoId: string): Promise<void> {
    const entry = this.entries.find((known) => known.echoId === echoId)
    if (!entry) return
    entry.state = 'sending'
    entry.error = ''
    for (let attempt = 1; ; attempt++) {
      try {
        const message = await this.hooks.post(entry)
        this.settle(entry, message)
        return
      } catch (cause) {
        const temporary = cause instanceof ApiError && cause.status === 0
        if (temporary && attempt < automaticAttempts) {
          await (this.hooks.wait ?? pause)(attempt * 1_500)
          continue
        }
        const newer = newerMessages(cause)
        entry.state = newer ? 'refused' : temporary ? 'waiting' : 'failed'
        entry.newer = newer
        entry.error = cause instanceof Error ? cause.message : String(cause)
        this.keep(entry)
        if (newer) this.hooks.refused?.(entry)
        return
      }
    }
  }

  private settle(entry: Pending, message: Message): void {
    this.hooks.confirmed(entry, message)
    this.withdraw(entry.echoId)
  }

  private drop(echoId: string): Pending | undefined {
    const at = this.entries.findIndex((entry) => entry.echoId === echoId)
    this.kept.delete(echoId)
    return at < 0 ? undefined : this.entries.splice(at, 1)[0]
  }

  private keep(entry: Pending): void {
    const known = ({ echoId }: Pending): boolean => echoId === entry.echoId
    if (!this.entries.some(known)) return // taken back meanwhile
    if (this.list.change((all) => (all.some(known) ? all.map((one) => (known(one) ? entry : one)) : [...all, entry]))) this.kept.add(entry.echoId)
  }
}

/** The messages that a refused reply did not know; undefined for any other failure. */
function newerMessages(cause: unknown): Message[] | undefined {
  return cause instanceof ApiError && cause.status === 409 && Array.isArray(cause.data) ? (cause.data as Message[]) : undefined
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Posts a message so that a repeated attempt changes nothing. */
export const postMessage = (entry: Pending): Promise<Message> =>
  api.post<Message>(`/conversations/${entry.conversation}/messages`, entry.body, {
    timeout: 30_000,
    headers: { 'Idempotency-Key': entry.echoId },
  })
