import { api } from '@ui/api/client'
import type { Conversation, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast, toastError } from '@ui/toast/toasts'
import { begin, offerUndo } from '@/conversation/undo'
import { applyRow, findRow, forgetRow } from '@/data/conversations'
import { forgetThread, keys, queryClient } from '@/data/query'

function refresh(target: Uuid, others: readonly Uuid[]): void {
  forgetThread(target)
  // What these lead to has changed.
  for (const uuid of others) void queryClient.resetQueries({ queryKey: keys.conversation(uuid) })
  for (const queryKey of [keys.lists, keys.counts, keys.drafts]) void queryClient.invalidateQueries({ queryKey })
}

async function request(target: Uuid, uuids: readonly Uuid[], what: 'merge' | 'unmerge'): Promise<boolean> {
  try {
    await api.post<Conversation>(`/conversations/${target}/${what}`, { uuids })
    return true
  } catch (error) {
    toastError(error)
    return false
  } finally {
    refresh(target, uuids)
  }
}

/** Merges conversations into another: they leave the lists at once, and come back when it is undone or refused. */
export async function mergeInto(target: { uuid: Uuid; reference: string }, uuids: readonly Uuid[]): Promise<boolean> {
  const rows = uuids.flatMap((uuid) => findRow(uuid) ?? [])
  const forward = async (): Promise<boolean> => {
    for (const uuid of uuids) forgetRow(uuid)
    const merged = await request(target.uuid, uuids, 'merge')
    if (!merged) for (const row of rows) applyRow(row)
    return merged
  }
  const outcome = forward()
  const step = begin(outcome, { undo: () => request(target.uuid, uuids, 'unmerge'), redo: forward })
  if (!(await outcome)) return false
  offerUndo(step, t('merge.done', { reference: target.reference }, uuids.length))
  return true
}

/** Separates a conversation again that was merged into another. */
export async function separate(target: { uuid: Uuid; reference: string }, other: { uuid: Uuid; reference: string }): Promise<void> {
  const outcome = request(target.uuid, [other.uuid], 'unmerge')
  const step = begin(outcome, {
    undo: () => request(target.uuid, [other.uuid], 'merge'),
    redo: () => request(target.uuid, [other.uuid], 'unmerge'),
  })
  if (await outcome) offerUndo(step, t('merge.separated', { reference: other.reference }))
}

/** Makes a conversation of a message and what came after it, or of that message only; undone, it is merged back. */
export async function splitOff(uuid: Uuid, message: Uuid, only: boolean): Promise<Conversation | undefined> {
  let made: Conversation | undefined
  const forward = async (): Promise<boolean> => {
    try {
      made = await api.post<Conversation>(`/conversations/${uuid}/split`, { message, only })
      return true
    } catch (error) {
      toastError(error)
      return false
    } finally {
      refresh(uuid, [])
    }
  }
  const outcome = forward()
  const step = begin(outcome, { undo: () => made && request(uuid, [made.uuid], 'merge'), redo: () => made && request(uuid, [made.uuid], 'unmerge') })
  if (!(await outcome) || !made) return
  offerUndo(step, t('split.done', { reference: made.reference_number }))
  return made
}

/** Says where a conversation is that was asked for by an old address. */
export function saidMerged(reference: string): void {
  toast(t('merge.led', { reference }))
}
