import { api, ApiError } from '@ui/api/client'
import type { BulkJob, Conversation, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast, toastError } from '@ui/toast/toasts'
import { patchConversation, showUnsent, together } from '@/data/conversations'
import { ownStorage } from '@/data/ownStorage'
import { keys, queryClient } from '@/data/query'
import { throughSessions } from '@/data/session'
import { refreshAll, runJob, tell, undoJob, unchanged, waited, type BulkAction } from '@/inbox/jobs'
import { conversationAddress } from '@/inbox/position'
import { router } from '@/router'
import { ChangeQueue, type ChangedPart, type WaitingChange } from './changes'
import { whenReachable } from './reaching'
import { snoozeDuration } from './snooze'
import { remember } from './undo'

const read = (uuid: Uuid): Promise<Conversation> => api.get<Conversation>(`/conversations/${uuid}`)

/** Fetches anew what a change has changed. */
export function refresh(uuid: Uuid): void {
  void queryClient.invalidateQueries({ queryKey: keys.conversation(uuid), exact: true })
  void queryClient.invalidateQueries({ queryKey: keys.counts })
}

/** Shows of conversations what is true instead of what was wanted. */
function correct({ parts, requests }: WaitingChange, now: (part: ChangedPart) => Partial<Conversation> | undefined): void {
  together(() => {
    for (const part of parts) {
      const known = now(part)
      const fields = Object.keys(part.to) as (keyof Conversation)[]
      if (known) patchConversation(part.uuid, Object.fromEntries(fields.map((name) => [name, known[name]])))
    }
  })
  if (requests[0]?.many) refreshAll()
  else refresh(parts[0]!.uuid)
}

/** Says why a change is not made: of one conversation, with a way to it; of several, with a way to see them. */
function tellWhy(parts: ChangedPart[], text: string, show?: () => void): void {
  const { uuid } = parts[0]!
  const here = parts.length > 1 || router.currentRoute.value.params['uuid'] === uuid
  const open = here ? undefined : { label: t('composer.collision.open'), run: () => void router.push(conversationAddress(uuid)) }
  toast(text, { kind: 'error', lifetime: 20_000, action: show ? { label: t('bulk.refused.show'), run: show } : open })
}

/** Says how the job ended that a change became, and offers to take it back: by the step of this page, if it was made here. */
function tellJob({ id, parts, requests }: WaitingChange, left: Conversation[], job: BulkJob): void {
  const known = waited.get(id)
  if (known) known.job = job
  const uuids = parts.map(({ uuid }) => uuid).filter((uuid) => !left.some((one) => one.uuid === uuid))
  const again = (): unknown => runJob({ uuids }, requests[0]!.body!['action'] as BulkAction).then(tell, toastError).finally(refreshAll)
  const step = known?.step ?? { undo: () => undoJob(job.id), redo: again }
  if (!known) remember(step)
  tell(job, step)
}

/** A change that waited is made, but for what somebody else changed meanwhile. */
function done(change: WaitingChange, left: Conversation[], job: BulkJob | undefined): void {
  const { parts, said } = change
  correct(change, ({ uuid }) => left.find((one) => one.uuid === uuid))
  if (left.length && parts.length === 1) tellWhy(parts, t('conversation.waits.conflict', { done: said }))
  else if (left.length) tellWhy(parts, t('bulk.left', { total: parts.length }, left.length), () => (unchanged.value = { said, rows: left }))
  if (job && change.requests[0]!.many) tellJob(change, left, job)
}

/** A change that waited is not made at all. */
async function refused(change: WaitingChange, { message }: Error): Promise<void> {
  const { parts, said } = change
  const now = parts.length === 1 ? await read(parts[0]!.uuid).catch(() => undefined) : undefined
  correct(change, ({ from }) => now ?? from)
  tellWhy(parts, t('conversation.waits.refused', { done: said, reason: message }))
}

/** What the signed-in agent changed without a connection. */
export const changes = new ChangeQueue(
  {
    send: ({ method, path, body, until, many }, uuids, id) =>
      many
        ? runJob({ uuids }, body!['action'] as BulkAction, id)
        : api[method](path, until ? { ...body, snoozed_until: snoozeDuration(new Date(until)) } : body),
    read: (uuid) =>
      throughSessions(() => read(uuid)).catch((error: unknown) => {
        if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return undefined
        throw error
      }),
    done: (change, left, answer) => done(change, left, answer as BulkJob | undefined),
    refused: (change, cause) => void refused(change, cause),
    alone: async (work) => void (await ('locks' in navigator ? navigator.locks.request('foyer.changes', work) : work())),
  },
  ownStorage,
)

showUnsent((uuid) => Object.assign({}, ...changes.of(uuid).map(({ to }) => to)) as Partial<Conversation>)
whenReachable(() => changes.waiting.length > 0, () => changes.resume())
