import { api } from '@ui/api/client'
import type { BulkJob, BulkRow, ConversationRow, Page, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { dismissToast, toast, toastError } from '@ui/toast/toasts'
import { shallowRef, watch } from 'vue'
import { remember } from '@/conversation/actions'
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
  | { type: 'read' | 'unread' | 'spam' | 'trash' | 'restore' | 'delete' }

/** Which conversations are meant: some, or all of a list but some. */
export type Chosen = { uuids: Uuid[] } | { list: { scope: string; team_id?: number; view_id?: number; filters?: string; exclude: Uuid[] } }

/** The server's words for what is selected in a list. */
export function chosen(selection: Selection, list: { scope: string; status: string; filters: string }): Chosen {
  if (!selection.whole.value) return { uuids: [...selection.selected.value] }
  const exclude = [...selection.excluded.value]
  const filters = filtersOf(list.status, list.filters)
  const [scope = '', id] = list.scope.split(':')
  if (scope === 'team') return { list: { scope, team_id: Number(id), filters, exclude } }
  if (scope === 'view') return { list: { scope, view_id: Number(id), exclude } }
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
      return { ...row, unread_message_count: Math.max(1, row.unread_message_count ?? 0) }
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

/** Says how a job ended; what it changed can be taken back. */
function tell(job: BulkJob, undo?: () => void): number | undefined {
  if (job.refused) {
    toast(t('bulk.refused', { done: job.done + job.unchanged, refused: job.refused }), {
      kind: 'error',
      lifetime: 10_000,
      action: { label: t('bulk.refused.show'), run: () => (refusedOf.value = job) },
    })
  }
  if (!job.done) {
    if (!job.refused) toast(t('bulk.unchanged'))
    return undefined
  }
  return toast(job.undo_of ? t('bulk.undone') : t('bulk.done', {}, job.done), { kind: 'success', action: undo && { label: t('common.undo'), run: undo } })
}

async function undoJob(id: number): Promise<void> {
  try {
    tell(await ended(await api.post<BulkJob>(`/bulk/${id}/undo`)))
  } catch (error) {
    toastError(error)
  }
  refresh()
}

/** Changes many conversations, and says how it went. Loaded ones are shown changed at once. */
export async function changeMany(which: Chosen, action: BulkAction): Promise<void> {
  await atRest()
  const before = 'uuids' in which ? which.uuids.flatMap((uuid) => findRow(uuid) ?? []) : []
  for (const row of before) applyRow(foreseen(row, action))
  try {
    const job = await ended(await api.post<BulkJob>('/conversations/bulk', { ...which, action }))
    if (action.type === 'delete' || !job.done) tell(job)
    else {
      let open = true
      const said: { notice?: number } = {}
      const undo = (): void => {
        if (open) void undoJob(job.id)
        if (said.notice !== undefined) dismissToast(said.notice)
        open = false
      }
      remember({ undo, redo: () => void changeMany(which, action) })
      said.notice = tell(job, undo)
    }
  } catch (error) {
    for (const row of before) applyRow(row)
    toastError(error)
  } finally {
    running.value = undefined
    refresh()
  }
}

/** The first of the conversations that a job was refused for. */
export const refusedRows = (id: number): Promise<Page<BulkRow>> => api.get<Page<BulkRow>>(`/bulk/${id}/refused`, { query: { page_size: 100 } })
