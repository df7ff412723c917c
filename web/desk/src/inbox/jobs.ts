import { api, ApiError } from '@ui/api/client'
import type { BulkJob, BulkRow, Conversation, Page, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast, toastError } from '@ui/toast/toasts'
import { shallowRef, watch } from 'vue'
import { offerUndo, type Step } from '@/conversation/undo'
import { keys, queryClient } from '@/data/query'
import { throughSessions } from '@/data/session'

/** What is done to each of many conversations, as the server knows it. */
export type BulkAction =
  | { type: 'status'; status: string }
  | { type: 'snooze'; snoozed_until: string }
  | { type: 'assign_user' | 'assign_team'; assignee_id?: number }
  | { type: 'priority'; priority: string }
  | { type: 'add_tags' | 'remove_tags'; tags: string[] }
  | { type: 'read' | 'unread' | 'spam' | 'trash' | 'restore' | 'resend' | 'delete' }

/** Which conversations are meant: some, or all of a list but some. */
export type Chosen = { uuids: Uuid[] } | { list: { scope: string; team_id?: number; view_id?: number; filters?: string; narrow?: string; exclude: Uuid[] } }

/** The job that runs, as far as it is known to be. */
export const running = shallowRef<BulkJob>()

/** Conversations that stayed as they were: an ended job's, or with what was to be done to them, those that somebody else changed. */
export type Unchanged = { job: BulkJob } | { said: string; rows: Pick<Conversation, 'uuid' | 'reference_number' | 'subject'>[] }

/** Those that are shown. */
export const unchanged = shallowRef<Unchanged>()

/** Resolves once no job runs: what is asked for meanwhile comes after it. */
async function atRest(): Promise<void> {
  while (running.value) await new Promise<void>((resolve) => watch(running, () => resolve(), { once: true }))
}

const heard = new Map<number, (job: BulkJob) => void>()

/** Hears how far a job is. */
export function onProgress(job: BulkJob): void {
  if (running.value?.id === job.id) running.value = job.running ? job : undefined
  if (!job.running) heard.get(job.id)?.(job)
}

const askEvery = 1500

/** Resolves with a job that has ended: as its frame says, or as asked now and then. */
async function ended(job: BulkJob): Promise<BulkJob> {
  running.value = job.running ? job : undefined
  if (!job.running) return job
  let timer: ReturnType<typeof setInterval> | undefined
  const result = await new Promise<BulkJob>((resolve) => {
    heard.set(job.id, resolve)
    timer = setInterval(() => void api.get<BulkJob>(`/bulk/${job.id}`).then(onProgress, () => {}), askEvery)
  })
  clearInterval(timer)
  heard.delete(job.id)
  running.value = undefined
  return result
}

/** Runs a job to its end; under a key, that of an earlier attempt whose answer was lost. Rejects when the server refuses it. */
export async function runJob(which: Chosen, action: BulkAction, key?: string): Promise<BulkJob> {
  await atRest()
  const headers = key ? { 'Idempotency-Key': key } : undefined
  try {
    return await ended(await throughSessions(() => api.post<BulkJob>('/conversations/bulk', { ...which, action }, { headers })))
  } catch (error) {
    // The earlier attempt is still being worked on: as good as no answer.
    if (key && error instanceof ApiError && error.status === 409) throw new ApiError(0, error.type, error.message)
    throw error
  }
}

export function refreshAll(): void {
  for (const queryKey of [keys.lists, ['conversation'], keys.counts]) void queryClient.invalidateQueries({ queryKey })
}

/** Says how a job ended; what it changed can be taken back by the step, if there is one. */
export function tell(job: BulkJob, step?: Step): void {
  if (job.refused) {
    toast(t('bulk.refused', { done: job.done + job.unchanged, refused: job.refused }), {
      kind: 'error',
      lifetime: 10_000,
      action: { label: t('bulk.refused.show'), run: () => (unchanged.value = { job }) },
    })
  }
  if (!job.done) {
    if (!job.refused) toast(t('bulk.unchanged'))
  } else if (step) offerUndo(step, t('bulk.done', {}, job.done))
  else toast(job.undo_of ? t('bulk.undone') : t('bulk.done', {}, job.done), { kind: 'success' })
}

export async function undoJob(id: number): Promise<void> {
  try {
    tell(await ended(await api.post<BulkJob>(`/bulk/${id}/undo`)))
  } catch (error) {
    toastError(error)
  }
  refreshAll()
}

/** Steps of this page whose changes wait or waited for a connection, by the ids of those, with the jobs they became. */
export const waited = new Map<string, { step: Step; job?: BulkJob }>()

/** The first of the conversations that a job was refused for. */
export const refusedRows = (id: number): Promise<Page<BulkRow>> => api.get<Page<BulkRow>>(`/bulk/${id}/refused`, { query: { page_size: 100 } })
