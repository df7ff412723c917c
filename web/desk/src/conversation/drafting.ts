import type { Conversation, Draft, Message } from '@ui/api/types'
import { formatAgo, t } from '@ui/i18n'
import { computed, watch, type Ref } from 'vue'
import { now } from '@/data/clock'
import { draftContent, DraftQueue, drafts, isEmptyDraft, sameText, useDrafts, type DraftContent, type Mode } from './drafts'
import type { Recipients } from './recipients'
import { outbox } from './sending'
import { lastMode, openingMode, sessionOf, type Session } from './session'

/** A conversation as its composer sees it. */
export interface Subject {
  readonly conversation: Conversation
  readonly messages: readonly Message[]
}

/** Pictures that are still on their way up are not part of what is kept. */
export const settledHtml = (html: string): string => html.replace(/<img[^>]+src="blob:[^>]*>/gi, '')

/** What is kept of what is being written. */
export function contentOf({ content, recipients, attachments, forward, unsigned }: Session): DraftContent {
  return { content: settledHtml(content), ...(recipients ?? {}), attachments: [...attachments], ...(forward && { forward }), ...(unsigned && { unsigned }) }
}

/**
 * Keeps what is written in a composer as drafts of both modes, and takes over what is stored: at the start, and when
 * another window of the agent changed it while nothing was typed here.
 */
export function useDrafting(options: {
  subject: Subject
  mode: Ref<Mode>
  session: Readonly<Ref<Session>>
  /** Whom a reply goes to as long as nobody chose otherwise. */
  proposed: Readonly<Ref<Recipients>>
  /** The agent is at it: its mode stays. */
  focused: Readonly<Ref<boolean>>
}) {
  const { subject, mode, session } = options
  const { uuid } = subject.conversation
  const { data: stored } = useDrafts()
  const newestPublic = computed(() => subject.messages.findLast((m) => m.type !== 'activity' && !m.private))
  const key = computed(() => DraftQueue.key(uuid, mode.value))

  /** Makes a draft what the composer says in a mode. */
  function takeOver(kind: Mode, draft: DraftContent): void {
    const target = sessionOf(uuid, kind)
    target.content = draft.content
    target.attachments = [...draft.attachments]
    target.forward = draft.forward ?? null
    target.unsigned = !!draft.unsigned
    if (draft.to) target.recipients = { to: draft.to, cc: draft.cc ?? [], bcc: draft.bcc ?? [] }
    target.since = newestPublic.value?.id ?? 0
  }

  /**
   * The stored draft of a mode has come for the first time. Who typed before it came wins; a copy that a crash left is newer
   * than the server's version that it began from, and a choice where that has changed since.
   */
  function load(kind: Mode, found: Draft | undefined, onWay: boolean): void {
    const target = sessionOf(uuid, kind)
    target.loaded = true
    const kept = drafts.crashCopy(uuid, kind)
    const other = kept && found && kept.base !== undefined && kept.base !== found.updated_at && !sameText(kept.content, found.content) ? found : undefined
    drafts.known(uuid, kind, found && draftContent(found), found?.updated_at)
    if (onWay) return
    if (isEmptyDraft(target)) {
      if (kept) takeOver(kind, kept)
      else if (found) takeOver(kind, draftContent(found))
    }
    if (other) drafts.offer(uuid, kind, contentOf(target), other)
    else if (kept) drafts.change(uuid, kind, contentOf(target))
  }

  watch(
    stored,
    (all) => {
      if (!all) return
      const has = { reply: false, private_note: false }
      for (const kind of ['reply', 'private_note'] as const) {
        const found = all.find((draft) => draft.conversation_uuid === uuid && draft.type === kind)
        const onWay = drafts.isDone(uuid, kind) || outbox.of(uuid).some((entry) => entry.mode === kind)
        const target = sessionOf(uuid, kind)
        if (!target.loaded) load(kind, found, onWay)
        else if (!onWay && drafts.mayAdopt(uuid, kind, found?.updated_at ?? '')) {
          const draft: DraftContent = found ? draftContent(found) : { content: '', attachments: [] }
          drafts.adopt(uuid, kind, draft, found?.updated_at ?? '')
          takeOver(kind, draft)
        }
        has[kind] = !isEmptyDraft(target)
      }
      if (!options.focused.value) mode.value = openingMode(lastMode(uuid), has)
    },
    { immediate: true },
  )

  /** What is written in the mode of now has changed. */
  function changed(): void {
    const target = session.value
    target.loaded = true
    target.since ||= newestPublic.value?.id ?? 0
    if (mode.value === 'reply') target.recipients ??= options.proposed.value
    drafts.change(uuid, mode.value, contentOf(target))
  }

  const saveState = computed(() => {
    const state = drafts.states.get(key.value)
    if (!state || isEmptyDraft(session.value)) return ''
    const at = drafts.savedAt.get(key.value)
    if (state === 'saved') return at ? t('composer.saved_ago', { ago: formatAgo(at, Math.max(at, now.value)) }) : t('composer.saved')
    if (state === 'conflict') return '' // the question above the text says it
    return state === 'failed' ? t('composer.not_saved') : t('composer.saving')
  })

  /** The version of this draft that another window left on the server. */
  const otherDraft = computed(() => drafts.conflicts.get(key.value))

  function takeOther(): void {
    const other = otherDraft.value
    if (!other) return
    const draft = draftContent(other)
    drafts.adopt(uuid, mode.value, draft, other.updated_at)
    takeOver(mode.value, draft)
  }

  return { newestPublic, takeOver, changed, saveState, otherDraft, takeOther }
}
