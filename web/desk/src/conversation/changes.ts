import { ApiError } from '@ui/api/client'
import type { Conversation, Uuid } from '@ui/api/types'
import { computed, shallowReactive } from 'vue'
import { KeptList } from '@/data/keptList'

/** A request as it can be kept. `until` is a time that the server is told as a duration, counted when the request leaves. */
export interface Request {
  method: 'put' | 'post' | 'patch'
  path: string
  body?: Record<string, unknown>
  until?: string
  /** Names the conversations in its body, and is repeated under the id of its change, by which the server makes it once. */
  many?: boolean
}

/** What a change is to one conversation. */
export interface ChangedPart {
  uuid: Uuid
  /** What is shown. */
  to: Partial<Conversation>
  /** What was there before. */
  from: Partial<Conversation>
}

/** A change of a conversation, or the same one of many. */
export interface Change {
  parts: ChangedPart[]
  requests: Request[]
  /** What was done, in words. */
  said: string
}

/** A change that the server has not got. */
export interface WaitingChange extends Change {
  id: string
}

/** As a page of an earlier release kept it, when there were no changes of many. */
type KeptChange = WaitingChange | (Omit<WaitingChange, 'parts'> & ChangedPart)

/** What a change came to: the server's answer to its last request, or the id under which it is kept. */
export interface Made {
  answer?: unknown
  kept?: string
}

export interface ChangeHooks {
  /** Makes a request of the change with an id, for some of its conversations. */
  send: (request: Request, uuids: Uuid[], id: string) => Promise<unknown>
  /** The conversation as the server has it; undefined for one that the agent does not see, which is for the server to refuse. */
  read: (uuid: Uuid) => Promise<Conversation | undefined>
  /** The server has it, but for conversations of which somebody else changed the same meanwhile: those are `left` as they are. */
  done: (change: WaitingChange, left: Conversation[], answer?: unknown) => void
  /** The server does not take it. */
  refused: (change: WaitingChange, cause: Error) => void
  /** Runs while no other tab of the agent does the same. */
  alone?: (work: () => Promise<void>) => Promise<void>
}

const storageKey = 'foyer.changes'

/** What two agents cannot both have set. Tags can be given and taken by many. */
const exclusive = ['status', 'priority', 'assigned_user_id', 'assigned_team_id', 'subject'] as const

/** Conversations that are read at the same time. */
const readAtOnce = 4

export const unreachable = (cause: unknown): boolean => cause instanceof ApiError && cause.status === 0

/**
 * Changes that found no connection. They are kept in this browser, shown as if they were made, and made in their order once
 * the server can be reached: each once, and not over what somebody else did meanwhile.
 */
export class ChangeQueue {
  readonly waiting = shallowReactive<WaitingChange[]>([])
  private readonly byConversation = computed(() => {
    const all = new Map<Uuid, (ChangedPart & Pick<WaitingChange, 'id' | 'said'>)[]>()
    for (const { id, said, parts } of this.waiting) {
      for (const part of parts) all.set(part.uuid, [...(all.get(part.uuid) ?? []), { ...part, id, said }])
    }
    return all
  })
  private readonly list: KeptList<KeptChange>
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

  /** What waits for a conversation, in its order. */
  of(uuid: Uuid) {
    return this.byConversation.value.get(uuid) ?? []
  }

  /** Takes over what an earlier page left. */
  load(): void {
    if (this.loaded) return
    this.loaded = true
    const kept = (this.list.all() ?? []).map((change) => ('parts' in change ? change : { ...change, parts: [change] }))
    this.waiting.unshift(...kept.filter(({ id }) => !this.waiting.some((known) => known.id === id)))
  }

  /** Makes a change, or keeps it. Rejects when the server refuses. */
  async make(change: Change): Promise<Made> {
    const made = { ...change, id: crypto.randomUUID() }
    if (!change.parts.some(({ uuid }) => this.of(uuid).length)) {
      try {
        return { answer: await this.send(made) }
      } catch (cause) {
        if (!unreachable(cause)) throw cause
      }
    }
    this.waiting.push(made)
    if (!this.list.change((all) => [...all, made])) this.unkept.add(made.id)
    return { kept: made.id }
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
      let tell: () => void
      try {
        const [left, answer] = await this.settle(change)
        tell = () => this.hooks.done(change!, left, answer)
      } catch (error) {
        if (unreachable(error)) return
        tell = () => this.hooks.refused(change!, error instanceof Error ? error : new Error(String(error)))
      }
      this.forget(change.id)
      tell()
    }
  }

  /** Makes one change unless it is made already, of all conversations but those of which somebody else changed the same. */
  private async settle(change: WaitingChange): Promise<[left: Conversation[], answer?: unknown]> {
    const { parts, requests } = change
    const many = requests.some((request) => request.many)
    const left: Conversation[] = []
    const meant: Uuid[] = []
    let open = many || requests.some(({ until }) => until)
    for (let at = 0; at < parts.length; at += readAtOnce) {
      const some = parts.slice(at, at + readAtOnce)
      const states = await Promise.all(some.map((part) => this.compare(part, many)))
      for (const [n, state] of states.entries()) {
        if (typeof state === 'object') left.push(state)
        else meant.push(some[n]!.uuid)
        open ||= state === 'as before'
      }
    }
    return [left, open && meant.length ? await this.send(change, meant) : undefined]
  }

  /** How a conversation is now, which itself is returned if somebody else changed the same of it. */
  private async compare({ uuid, to, from }: ChangedPart, many: boolean): Promise<Conversation | 'as before' | 'as wanted'> {
    const fields = exclusive.filter((name) => name in to && from[name] !== undefined)
    const now = many && !fields.length ? undefined : await this.hooks.read(uuid)
    if (!now || !fields.length) return 'as before'
    const is = (wanted: Partial<Conversation>): boolean => fields.every((name) => (now[name] ?? null) === (wanted[name] ?? null))
    if (is(to)) return 'as wanted'
    return is(from) ? 'as before' : now
  }

  private async send({ id, parts, requests }: WaitingChange, uuids = parts.map(({ uuid }) => uuid)): Promise<unknown> {
    let answer: unknown
    for (const request of requests) answer = await this.hooks.send(request, uuids, id)
    return answer
  }

  private forget(id: string): boolean {
    const at = this.waiting.findIndex((change) => change.id === id)
    if (at < 0) return false
    this.waiting.splice(at, 1)
    this.list.change((all) => all.filter((change) => change.id !== id))
    return true
  }
}
