import { ApiError } from '@ui/api/client'
import type { Conversation, Uuid } from '@ui/api/types'
import { reactive } from 'vue'
import { KeptList } from '@/data/keptList'

/** A request as it can be kept. `until` is a time that the server is told as a duration, counted when the request leaves. */
export interface Request {
  method: 'put' | 'post' | 'patch'
  path: string
  body?: Record<string, unknown>
  until?: string
}

/** A change of a conversation. */
export interface Change {
  uuid: Uuid
  /** What is shown. */
  to: Partial<Conversation>
  /** What was there before. */
  from: Partial<Conversation>
  requests: Request[]
  /** What was done, in words. */
  said: string
}

/** A change that the server has not got. */
export interface WaitingChange extends Change {
  id: string
}

export interface ChangeHooks {
  send: (request: Request) => Promise<unknown>
  /** The conversation as the server has it. */
  read: (uuid: Uuid) => Promise<Conversation>
  /** The server has it. */
  done: (change: WaitingChange) => void
  /** The server does not take it; without a cause, somebody else changed the same meanwhile. */
  refused: (change: WaitingChange, cause?: Error) => void
  /** Runs while no other tab of the agent does the same. */
  alone?: (work: () => Promise<void>) => Promise<void>
}

const storageKey = 'foyer.changes'

/** What two agents cannot both have set. Tags can be given and taken by many. */
const exclusive = ['status', 'priority', 'assigned_user_id', 'assigned_team_id', 'subject'] as const

const unreachable = (cause: unknown): boolean => cause instanceof ApiError && cause.status === 0

/**
 * Changes that found no connection. They are kept in this browser, shown as if they were made, and made in their order once
 * the server can be reached: each once, and not over what somebody else did meanwhile.
 */
export class ChangeQueue {
  readonly waiting = reactive<WaitingChange[]>([])
  private readonly list: KeptList<WaitingChange>
  private loaded = false
  private running: Promise<void> | undefined
  /** Of those that could not be kept in the browser. */
  private readonly unkept = new Set<string>()

  constructor(
    private readonly hooks: ChangeHooks,
    storage: () => Pick<Storage, 'getItem' | 'setItem'> | null = () => null,
  ) {
    this.list = new KeptList(storageKey, storage)
  }

  of(uuid: Uuid): WaitingChange[] {
    return this.waiting.filter((change) => change.uuid === uuid)
  }

  /** Takes over what an earlier page left. */
  load(): void {
    if (this.loaded) return
    this.loaded = true
    this.waiting.unshift(...(this.list.all() ?? []).filter(({ id }) => !this.waiting.some((known) => known.id === id)))
  }

  /** Makes a change, or keeps it: then its id is returned. Rejects when the server refuses. */
  async make(change: Change): Promise<string | undefined> {
    if (!this.of(change.uuid).length) {
      try {
        await this.send(change)
        return undefined
      } catch (cause) {
        if (!unreachable(cause)) throw cause
      }
    }
    const id = crypto.randomUUID()
    this.waiting.push({ ...change, id })
    if (!this.list.change((all) => [...all, { ...change, id }])) this.unkept.add(id)
    return id
  }

  /** Takes back what still waits; false when it is too late for that. */
  withdraw(id: string): boolean {
    if (this.running) return false
    return this.forget(id)
  }

  /** Makes what waits, in its order. */
  resume(): Promise<void> {
    this.load()
    const alone = this.hooks.alone ?? ((work) => work())
    this.running ??= alone(() => this.replay()).finally(() => (this.running = undefined))
    return this.running
  }

  private async replay(): Promise<void> {
    for (let change = this.waiting[0]; change; change = this.waiting[0]) {
      // Another tab made it.
      if (!this.unkept.has(change.id) && this.list.all()?.every(({ id }) => id !== change!.id)) {
        this.forget(change.id)
        continue
      }
      let cause: Error | undefined
      let refused = false
      try {
        refused = !(await this.settle(change))
      } catch (error) {
        if (unreachable(error)) return
        refused = true
        cause = error instanceof Error ? error : new Error(String(error))
      }
      this.forget(change.id)
      if (refused) this.hooks.refused(change, cause)
      else this.hooks.done(change)
    }
  }

  /** Makes one change unless it is made already; false when somebody else changed the same. */
  private async settle(change: WaitingChange): Promise<boolean> {
    const now = await this.hooks.read(change.uuid)
    const fields = exclusive.filter((name) => name in change.to && change.from[name] !== undefined)
    const is = (wanted: Partial<Conversation>): boolean => fields.every((name) => (now[name] ?? null) === (wanted[name] ?? null))
    if (!is(change.from) && !is(change.to)) return false
    if (!fields.length || !is(change.to) || change.requests.some(({ until }) => until)) await this.send(change)
    return true
  }

  private async send({ requests }: Change): Promise<void> {
    for (const request of requests) await this.hooks.send(request)
  }

  private forget(id: string): boolean {
    const at = this.waiting.findIndex((change) => change.id === id)
    if (at < 0) return false
    this.waiting.splice(at, 1)
    this.list.change((all) => all.filter((change) => change.id !== id))
    return true
  }
}
