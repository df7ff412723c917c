import { api } from '@ui/api/client'
import type { BulkJob, BulkRow, ConversationRow, Page, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast, toastError } from '@ui/toast/toasts'
import { shallowRef, watch } from 'vue'
import { begin, offerUndo, type Step } from '@/conversation/undo'
import { applyRow, filtersOf, findRow } from '@/data/conversations'
import { keys, queryClient } from '@/data/query'
import type { Selection } from './selection'

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

/** The server's words for what is selected in a list. */
export function chosen(selection: Selection, list: { scope: string; status: string; filters: string }): Chosen {
  if (!selection.whole.value) return { uuids: [...selection.selected.value] }
  const exclude = [...selection.excluded.value]
  const filters = filtersOf(list.status, list.filters)
  const [scope = '', id] = list.scope.split(':')
  if (scope === 'team') return { list: { scope, team_id: Number(id), filters, exclude } }
  if (scope === 'view') return { list: { scope, view_id: Number(id), narrow: list.filters || undefined, exclude } }
  return { list: { scope, filters, exclude } }
}

/** How a row looks after an action, as far as that can be known before the server has done it. */
export function foreseen(row: ConversationRow, action: BulkAction): ConversationRow {
  switch (action.type) {
    case 'status':
      return { ...row, status: action.status, snoozed_until: null }
    case 'snooze':
      return { ...row, status: 'Snoozed', snoozed_until: action.snoozed_until }
    case 'assign_user':
      return { ...row, assigned_user_id: action.assignee_id ?? null }
    case 'assign_team':
      return action.assignee_id ? { ...row, assigned_team_id: action.assignee_id, assigned_user_id: null } : { ...row, assigned_team_id: null }
    case 'priority':
      return { ...row, priority: action.priority }
    case 'add_tags':
      return { ...row, tags: [...new Set([...(row.tags ?? []), ...action.tags])].sort() }
    case 'remove_tags':
      return { ...row, tags: (row.tags ?? []).filter((tag) => !action.tags.includes(tag)) }
    case 'read':
      return { ...row, unread_message_count: 0 }
    case 'unread':
      return { ...row, unread_message_count: Math.max(1, row.unread_message_count) }
    case 'spam':
      return { ...row, status: 'Spam', snoozed_until: null }
    case 'trash':
      return { ...row, status: 'Trash', snoozed_until: null }
    default:
      return row
  }
}

/** The job that runs, as far as it is known to be. */
export const running = shallowRef<BulkJob>()

/** The ended job whose refused conversations are shown. */
export const refusedOf = shallowRef<BulkJob>()

/** Resolves once no job runs: what is asked for meanwhile comes after it. */
async function atRest(): Promise<void> {
  while (running.value) await new Promise<void>((resolve) => watch(running, () => resolve(), { once: true }))
}

const waiting = new Map<number, (job: BulkJob) => void>()

/** Hears how far a job is. */
export function onProgress(job: BulkJob): void {
  if (running.value?.id === job.id) running.value = job.running ? job : undefined
  if (!job.running) waiting.get(job.id)?.(job)
}

const askEvery = 1500

/** Resolves with a job that has ended: as its frame says, or as asked now and then. */
async function ended(job: BulkJob): Promise<BulkJob> {
  running.value = job.running ? job : undefined
  if (!job.running) return job
  let timer: ReturnType<typeof setInterval> | undefined
  const result = await new Promise<BulkJob>((resolve) => {
    waiting.set(job.id, resolve)
    timer = setInterval(() => void api.get<BulkJob>(`/bulk/${job.id}`).then(onProgress, () => {}), askEvery)
  })
  clearInterval(timer)
  waiting.delete(job.id)
  return result
}

function refresh(): void {
  for (const queryKey of [keys.lists, ['conversation'], keys.counts]) void queryClient.invalidateQueries({ queryKey })
}

/** Says how a job ended; what it changed can be taken back by the step, if there is one. */
function tell(job: BulkJob, step?: Step): void {
  if (job.refused) {
    toast(t('bulk.refused', { done: job.done + job.unchanged, refused: job.refused }), {
      kind: 'error',
      lifetime: 10_000,
      action: { label: t('bulk.refused.show'), run: () => (refusedOf.value = job) },
    })
  }
  if (!job.done) {
    if (!job.refused) toast(t('bulk.unchanged'))
  } else if (step) offerUndo(step, t('bulk.done', {}, job.done))
  else toast(job.undo_of ? t('bulk.undone') : t('bulk.done', {}, job.done), { kind: 'success' })
}

async function undoJob(id: number): Promise<void> {
  try {
    tell(await ended(await api.post<BulkJob>(`/bulk/${id}/undo`)))
  } catch (error) {
    toastError(error)
  }
  refresh()
}

/** Runs a job to its end; undefined if the server refused it. Loaded conversations are shown changed at once. */
async function runJob(which: Chosen, action: BulkAction): Promise<BulkJob | undefined> {
  await atRest()
  const before = 'uuids' in which ? which.uuids.flatMap((uuid) => findRow(uuid) ?? []) : []
  for (const row of before) applyRow(foreseen(row, action))
  try {
    return await ended(await api.post<BulkJob>('/conversations/bulk', { ...which, action }))
  } catch (error) {
    for (const row of before) applyRow(row)
    toastError(error)
  } finally {
    running.value = undefined
    refresh()
  }
}

/** Changes many conversations, and says how it went. All but deleting and sending can be taken back. */
export async function changeMany(which: Chosen, action: BulkAction): Promise<void> {
  if (action.type === 'delete' || action.type === 'resend') {
    const job = await runJob(which, action)
    if (job) tell(job)
    return
  }
  let job: BulkJob | undefined
  const run = async (): Promise<boolean> => {
    job = await runJob(which, action)
    return !!job?.done
  }
  const outcome = run()
  const step = begin(outcome, {
    undo: () => job && undoJob(job.id),
    redo: async () => (await run(), job && tell(job, step)),
  })
  await outcome
  if (job) tell(job, step)
}

/** The first of the conversations that a job was refused for. */
export const refusedRows = (id: number): Promise<Page<BulkRow>> => api.get<Page<BulkRow>>(`/bulk/${id}/refused`, { query: { page_size: 100 } })
