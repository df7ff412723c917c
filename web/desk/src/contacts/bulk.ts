import { api } from '@ui/api/client'
import type { Id } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast, toastError } from '@ui/toast/toasts'
import { shallowRef } from 'vue'
import { keys, queryClient } from '@/data/query'

export type ContactAction = 'block' | 'unblock' | 'delete'
/** What becomes of the conversations of who is erased. */
export type Fate = 'keep' | 'delete'

interface Outcome {
  done: Id[]
  unchanged: Id[]
  refused: { id: Id; message: string }[]
}

/** How far a change of several contacts is; none while nothing runs. */
export const changing = shallowRef<{ done: number; total: number }>()

/** As many go in one request: progress is seen, and no request takes long. */
const atOnce = 25

export function batches<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))
}

/** Does something to several contacts and says how it went. What was done before an error stays done. */
export async function changeContacts(ids: readonly Id[], action: ContactAction, conversations?: Fate): Promise<void> {
  if (changing.value) return
  const all: Outcome = { done: [], unchanged: [], refused: [] }
  try {
    for (const some of batches(ids, atOnce)) {
      changing.value = { done: all.done.length + all.unchanged.length + all.refused.length, total: ids.length }
      const { done, unchanged, refused } = await api.post<Outcome>('/contacts/bulk', { ids: some, action, conversations }, { timeout: 60_000 })
      all.done.push(...done)
      all.unchanged.push(...unchanged)
      all.refused.push(...refused)
    }
  } catch (cause) {
    toastError(cause)
  } finally {
    changing.value = undefined
  }
  tell(all, action)
  for (const id of all.done) queryClient.removeQueries({ queryKey: keys.contact(id) })
  await Promise.all([keys.contacts, keys.lists, ['conversation']].map((queryKey) => queryClient.invalidateQueries({ queryKey })))
}

const said = { block: 'contacts.bulk.blocked', unblock: 'contacts.bulk.unblocked', delete: 'contacts.bulk.erased' } as const
const opposite = { block: 'unblock', unblock: 'block' } as const

function tell({ done, refused }: Outcome, action: ContactAction): void {
  const [first] = refused
  if (first) toast(t('contacts.bulk.refused', { message: first.message }, refused.length), { kind: 'error' })
  if (!done.length) return
  const undo = action === 'delete' ? undefined : { label: t('common.undo'), run: () => void changeContacts(done, opposite[action]) }
  toast(t(said[action], {}, done.length), { kind: 'success', action: undo })
}
