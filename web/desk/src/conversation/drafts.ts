import { api, ApiError } from '@ui/api/client'
import type { Draft, Uuid } from '@ui/api/types'
import { useQuery } from '@tanstack/vue-query'
import { reactive } from 'vue'
import { ownStorage } from '@/data/ownStorage'
import { keys, queryClient } from '@/data/query'
import { throughSessions } from '@/data/session'

export type Mode = 'reply' | 'private_note'

/** A file that belongs to a draft or a message that is being written. */
export interface DraftFile {
  id: number
  uuid: Uuid
  filename: string
  size: number
  content_type: string
  url: string
  disposition: 'attachment' | 'inline'
}

/** A message that a reply passes on, with those of its files that go with it. */
export interface Forwarded {
  message: Uuid
  subject: string
  files: Uuid[]
}

export interface DraftContent {
  content: string
  to?: string[]
  cc?: string[]
  bcc?: string[]
  attachments: DraftFile[]
  forward?: Forwarded
  /** It leaves without signature. */
  unsigned?: true
}

/** Where drafts are kept: the server, or a fake in tests. `leaving` asks for a write that outlives the page. */
export interface DraftStore {
  /** Resolves with the version that is stored now. `base` is the one that the text began from. Rejects with {@link DraftConflict}. */
  save: (uuid: Uuid, mode: Mode, draft: DraftContent, leaving: boolean, base: string) => Promise<string>
  /** Deletes it even if the page is left meanwhile: its message has been sent, it must not come back. */
  remove: (uuid: Uuid, mode: Mode) => Promise<unknown>
}

export type SaveState = 'saved' | 'saving' | 'unsaved' | 'failed' | 'conflict'

/** The server keeps another version of a draft than the one that was changed here. */
export class DraftConflict extends Error {
  constructor(readonly other: Draft) {
    super('the draft was changed elsewhere')
  }
}

/** True when nothing would be lost: no text, no image, no file, nothing to pass on. */
export function isEmptyDraft(draft: { content: string; attachments: readonly unknown[]; forward?: Forwarded | null }): boolean {
  if (draft.attachments.length || draft.forward || /<(?:img|hr)\b/i.test(draft.content)) return false
  return !draft.content
    .replace(/<[^>]*>/g, '')
    .replace(/&nbsp;/g, ' ')
    .trim()
}

/** Whether two drafts say the same: the server signs the addresses of their pictures anew each time. */
export function sameText(one: string, other: string): boolean {
  const plain = (html: string): string => html.replace(/(?:https?:\/\/[^/"]+)?(\/uploads\/[0-9a-f-]{36})(?:\?[^"]*)?(?=")/g, '$1')
  return plain(one) === plain(other)
}

interface Slot {
  uuid: Uuid
  mode: Mode
  latest: DraftContent
  /** What the server has, as text; empty when it has nothing, null before we know. */
  stored: string | null
  /** When that was stored, by the server's clock; empty when it has nothing. */
  version: string
  /** What was sent lately: a write that overtook another of ours is no conflict. */
  sent: string[]
  /** Its message has arrived, the draft is still to be deleted. */
  done?: boolean
  timer?: ReturnType<typeof setTimeout>
}

const saveDelay = 500

/**
 * Keeps drafts on the server. A draft is written half a second after the last change; writes of one
 * draft never overtake each other; what did not change is not sent; a draft that became empty is
 * deleted. A copy stays in the browser until the server has confirmed.
 */
export class DraftQueue {
  private readonly slots = new Map<string, Slot>()
  private chain: Promise<void> = Promise.resolve()
  readonly states = reactive(new Map<string, SaveState>())
  /** When a draft was stored last, by the browser's clock. */
  readonly savedAt = reactive(new Map<string, number>())
  /** The other versions of drafts that were changed in two places: which one stays is the agent's to say. */
  readonly conflicts = reactive(new Map<string, Draft>())

  constructor(
    private readonly store: DraftStore,
    private readonly copies: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null = null,
  ) {}

  static key(uuid: Uuid, mode: Mode): string {
    return `${uuid}:${mode}`
  }

  /** Tells what the server has, before anything was typed. */
  known(uuid: Uuid, mode: Mode, draft: DraftContent | undefined, version = ''): void {
    const slot = this.slot(uuid, mode)
    if (slot.timer) return
    slot.stored = draft && !isEmptyDraft(draft) ? JSON.stringify(draft) : ''
    slot.version = version
  }

  /** Whether another version may be taken over here: it is not the one we have, and nothing typed here would be lost. */
  mayAdopt(uuid: Uuid, mode: Mode, version: string): boolean {
    const slot = this.slot(uuid, mode)
    return slot.version !== version && !slot.timer && this.text(slot) === slot.stored && !this.conflicts.has(DraftQueue.key(uuid, mode))
  }

  /** Takes another version over; it is what the server has. */
  adopt(uuid: Uuid, mode: Mode, draft: DraftContent, version: string): void {
    const slot = this.slot(uuid, mode)
    const key = DraftQueue.key(uuid, mode)
    clearTimeout(slot.timer)
    slot.timer = undefined
    slot.latest = draft
    slot.stored = this.text(slot)
    slot.version = version
    this.conflicts.delete(key)
    this.states.set(key, 'saved')
    this.copy(key, null)
  }

  /** Replaces the other version with what is here. */
  keepMine(uuid: Uuid, mode: Mode): Promise<void> {
    const slot = this.slot(uuid, mode)
    const key = DraftQueue.key(uuid, mode)
    slot.version = this.conflicts.get(key)?.updated_at ?? slot.version
    this.conflicts.delete(key)
    return this.write(slot, false)
  }

  /** Makes what is here and what the server has a choice. */
  offer(uuid: Uuid, mode: Mode, draft: DraftContent, other: Draft): void {
    const key = DraftQueue.key(uuid, mode)
    this.slot(uuid, mode).latest = draft
    this.conflicts.set(key, other)
    this.states.set(key, 'conflict')
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.chain
  }

  change(uuid: Uuid, mode: Mode, draft: DraftContent): void {
    const slot = this.slot(uuid, mode)
    slot.latest = draft
    const key = DraftQueue.key(uuid, mode)
    if (this.text(slot) === slot.stored && !slot.timer) return
    this.copy(key, isEmptyDraft(draft) ? null : { ...draft, base: slot.version })
    this.states.set(key, 'unsaved')
    clearTimeout(slot.timer)
    slot.timer = setTimeout(() => void this.write(slot, false), saveDelay)
  }

  /** Writes what waits, now. */
  flush(leaving = false): Promise<void> {
    for (const slot of this.slots.values()) if (slot.timer) void this.write(slot, leaving)
    return this.chain
  }

  /** Forgets a draft whose message was stored by the server. Text typed since is a new draft and stays. */
  sent(uuid: Uuid, mode: Mode): Promise<void> {
    const slot = this.slot(uuid, mode)
    if (!isEmptyDraft(slot.latest)) return this.chain
    clearTimeout(slot.timer)
    slot.timer = undefined
    slot.done = true
    this.copy(DraftQueue.key(uuid, mode), null)
    return this.write(slot, false)
  }

  /** Whether what the server may still show as a draft has become a message. */
  isDone(uuid: Uuid, mode: Mode): boolean {
    return !!this.slot(uuid, mode).done
  }

  /** The composer was emptied because its text is on its way; the stored draft stays until it arrived. */
  hold(uuid: Uuid, mode: Mode): void {
    const slot = this.slot(uuid, mode)
    clearTimeout(slot.timer)
    slot.timer = undefined
    slot.latest = { content: '', attachments: [] }
    this.states.delete(DraftQueue.key(uuid, mode))
  }

  /** The copy that a crash left behind, if the server never got it. */
  crashCopy(uuid: Uuid, mode: Mode): (DraftContent & { base?: string }) | null {
    const text = this.copies?.getItem(`foyer.draft.${DraftQueue.key(uuid, mode)}`)
    if (!text) return null
    try {
      return JSON.parse(text) as DraftContent & { base?: string }
    } catch {
      return null
    }
  }

  private slot(uuid: Uuid, mode: Mode): Slot {
    const key = DraftQueue.key(uuid, mode)
    const slot = this.slots.get(key) ?? { uuid, mode, latest: { content: '', attachments: [] }, stored: null, version: '', sent: [] }
    this.slots.set(key, slot)
    return slot
  }

  private text(slot: Slot): string {
    return isEmptyDraft(slot.latest) ? '' : JSON.stringify(slot.latest)
  }

  private write(slot: Slot, leaving: boolean): Promise<void> {
    clearTimeout(slot.timer)
    slot.timer = undefined
    const key = DraftQueue.key(slot.uuid, slot.mode)
    const job = async (): Promise<void> => {
      const text = this.text(slot)
      if (text === slot.stored) {
        slot.done = false
        if (slot.timer) return
        this.states.set(key, 'saved')
        this.copy(key, null)
        return
      }
      if (this.conflicts.has(key)) {
        slot.done = false
        return void this.states.set(key, 'conflict')
      }
      const draft = slot.latest
      this.states.set(key, 'saving')
      slot.sent = [...slot.sent.slice(-4), draft.content]
      try {
        if (text) slot.version = await this.store.save(slot.uuid, slot.mode, draft, leaving, slot.version)
        else {
          await this.store.remove(slot.uuid, slot.mode)
          slot.version = ''
        }
        slot.stored = text
        slot.done = false
        this.savedAt.set(key, Date.now())
        if (slot.timer) return
        this.states.set(key, 'saved')
        this.copy(key, null)
      } catch (error) {
        if (error instanceof DraftConflict && slot.sent.some((content) => sameText(content, error.other.content))) {
          slot.version = error.other.updated_at
          slot.timer ??= setTimeout(() => void this.write(slot, false), 0)
          return
        }
        if (error instanceof DraftConflict) {
          this.conflicts.set(key, error.other)
          return void this.states.set(key, 'conflict')
        }
        this.states.set(key, 'failed')
        slot.timer ??= setTimeout(() => void this.write(slot, false), 5_000)
      }
    }
    // A page that is going away cannot wait for its turn.
    if (leaving) return job()
    this.chain = this.chain.then(job)
    return this.chain
  }

  private copy(key: string, draft: (DraftContent & { base: string }) | null): void {
    try {
      if (draft) this.copies?.setItem(`foyer.draft.${key}`, JSON.stringify(draft))
      else this.copies?.removeItem(`foyer.draft.${key}`)
    } catch {
      // Storage is full or blocked: the server's copy has to do.
    }
  }
}

function cacheDraft(uuid: Uuid, mode: Mode, draft: Draft | null): void {
  queryClient.setQueryData<Draft[]>(keys.drafts, (drafts) => {
    const others = drafts?.filter((known) => known.conversation_uuid !== uuid || known.type !== mode)
    return draft && others ? [draft, ...others] : others
  })
  // A list that is on its way may be older than this.
  if (queryClient.isFetching({ queryKey: keys.drafts })) void queryClient.invalidateQueries({ queryKey: keys.drafts })
}

const serverStore: DraftStore = {
  async save(uuid, mode, { content, ...meta }, leaving, base) {
    const body = { type: mode, content, meta, base_updated_at: base }
    const write = () => api.post<Draft>(`/conversations/${uuid}/draft`, body, { keepalive: leaving })
    const draft = await (leaving ? write() : throughSessions(write)).catch((error: unknown) => {
      const other = error instanceof ApiError && error.status === 409 ? (error.data as Draft | null) : null
      throw other ? new DraftConflict(other) : error
    })
    cacheDraft(uuid, mode, draft)
    return draft.updated_at
  },
  async remove(uuid, mode) {
    await api.delete(`/conversations/${uuid}/draft`, { query: { type: mode }, keepalive: true })
    cacheDraft(uuid, mode, null)
  },
}

/** The drafts of the signed-in agent. */
export const drafts = new DraftQueue(serverStore, ownStorage())

window.addEventListener('pagehide', () => void drafts.flush(true))
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') void drafts.flush(true)
})

/** All stored drafts: for the composer, and for the marks in the list. */
export const useDrafts = () =>
  useQuery({
    queryKey: keys.drafts,
    queryFn: ({ signal }) => api.get<Draft[] | null>('/drafts', { signal }).then((all) => all ?? []),
    staleTime: Infinity,
  })

/** A stored draft as the composer uses it. */
export function draftContent(draft: Pick<Draft, 'content' | 'meta'>): DraftContent {
  const { to, cc, bcc, attachments, forward, unsigned } = draft.meta as Partial<DraftContent>
  return { content: draft.content, to, cc, bcc, attachments: attachments ?? [], ...(forward && { forward }), ...(unsigned && { unsigned }) }
}

/** What a draft says, in few words, to choose between two of them. */
export function draftText(html: string): string {
  return (new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '').trim().slice(0, 160)
}

/** Another browser of the agent changed a draft: ours is compared once what we write ourselves has arrived. */
export async function onDraftUpdate({ conversation_uuid: uuid, type, updated_at: version }: DraftUpdate): Promise<void> {
  await drafts.settled()
  const known = queryClient.getQueryData<Draft[]>(keys.drafts)?.find((draft) => draft.conversation_uuid === uuid && draft.type === type)
  if (known?.updated_at !== (version ?? undefined)) await queryClient.invalidateQueries({ queryKey: keys.drafts })
}

/** The frame `draft_update`; updated_at is null when the draft was deleted. */
export interface DraftUpdate {
  conversation_uuid: Uuid
  type: Mode
  updated_at: string | null
}
