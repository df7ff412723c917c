import { api } from '@ui/api/client'
import type { ConversationRow, Id, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast } from '@ui/toast/toasts'
import { shallowRef } from 'vue'
import { applyRow, findRow } from '@/data/conversations'
import { keys, queryClient } from '@/data/query'

/** One change for many conversations; `back` makes the change that restores a row. */
export interface BulkChange {
  to: Partial<ConversationRow>
  request: (uuid: Uuid) => Promise<unknown>
  back?: (before: ConversationRow) => BulkChange
}

const assignee = (uuid: Uuid, kind: 'user' | 'team', id: Id | null): Promise<unknown> =>
  id === null
    ? api.put(`/conversations/${uuid}/assignee/${kind}/remove`)
    : api.put(`/conversations/${uuid}/assignee/${kind}`, { assignee_id: id })

export const toStatus = (status: string): BulkChange => ({
  to: { status },
  request: (uuid) => api.put(`/conversations/${uuid}/status`, { status }),
  back: (before) => toStatus(before.status),
})

export const toAgent = (id: Id | null): BulkChange => ({
  to: { assigned_user_id: id },
  request: (uuid) => assignee(uuid, 'user', id),
  back: (before) => toAgent(before.assigned_user_id),
})

/** A new team takes a conversation from its agent; going back gives it to both again. */
export const toTeam = (id: Id | null): BulkChange => ({
  to: id === null ? { assigned_team_id: null } : { assigned_team_id: id, assigned_user_id: null },
  request: (uuid) => assignee(uuid, 'team', id),
  back: ({ assigned_team_id: team, assigned_user_id: agent }) => ({
    to: { assigned_team_id: team, assigned_user_id: agent },
    request: async (uuid) => {
      await assignee(uuid, 'team', team)
      if (agent !== null) await assignee(uuid, 'user', agent)
    },
  }),
})

/** How far the running change is. */
export const bulkProgress = shallowRef<{ done: number; total: number }>()

const atOnce = 4

interface Outcome {
  /** As they were before, of those that changed. */
  changed: ConversationRow[]
  failed: Error[]
}

async function changeEach(rows: ConversationRow[], changeOf: (row: ConversationRow) => BulkChange): Promise<Outcome> {
  const outcome: Outcome = { changed: [], failed: [] }
  const waiting = [...rows]
  bulkProgress.value = { done: 0, total: rows.length }
  const work = async (): Promise<void> => {
    for (let row = waiting.shift(); row; row = waiting.shift()) {
      const change = changeOf(row)
      applyRow({ ...row, ...change.to })
      try {
        await change.request(row.uuid)
        outcome.changed.push(row)
      } catch (error) {
        applyRow(row)
        outcome.failed.push(error as Error)
      }
      bulkProgress.value = { done: outcome.changed.length + outcome.failed.length, total: rows.length }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  bulkProgress.value = undefined
  void queryClient.invalidateQueries({ queryKey: ['conversation'] })
  void queryClient.invalidateQueries({ queryKey: keys.counts })
  return outcome
}

/** Changes many conversations, a few at a time, and says how it went. What was changed can be undone. */
export async function changeMany(uuids: readonly Uuid[], change: BulkChange): Promise<void> {
  const rows = uuids.flatMap((uuid) => findRow(uuid) ?? [])
  const { changed, failed } = await changeEach(rows, () => change)
  if (failed.length) {
    toast(t('bulk.failed', { failed: failed.length, total: rows.length, reason: failed[0]!.message }), { kind: 'error' })
  }
  if (!changed.length) return
  const undo = async (): Promise<void> => {
    const now = changed.map((before) => ({ ...(findRow(before.uuid) ?? before) }))
    const before = new Map(changed.map((row) => [row.uuid, row]))
    await changeEach(now, (row) => change.back!(before.get(row.uuid)!))
    toast(t('bulk.undone'))
  }
  toast(t('bulk.done', {}, changed.length), {
    kind: 'success',
    action: change.back && { label: t('common.undo'), run: () => void undo() },
  })
}
