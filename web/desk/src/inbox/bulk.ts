import type { BulkJob, Conversation, ConversationRow, TeamCompact, UserCompact, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { toast, toastError } from '@ui/toast/toasts'
import { unreachable, type ChangedPart, type Made } from '@/conversation/changes'
import { changes } from '@/conversation/changing'
import { begin, bringBack, offerUndo } from '@/conversation/undo'
import { filtersOf, findRow, patchConversation, together } from '@/data/conversations'
import { keys, queryClient } from '@/data/query'
import { fullName } from '@/data/reference'
import { priorityName, statusName } from '@/data/standard'
import { refreshAll, runJob, tell, undoJob, waited, type BulkAction, type Chosen } from './jobs'
import type { Selection } from './selection'

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

/** What an action makes of a row, as far as that can be known before the server has done it. */
function foreseen(row: ConversationRow, action: BulkAction): Partial<ConversationRow> {
  switch (action.type) {
    case 'status':
      return { status: action.status, snoozed_until: null }
    case 'snooze':
      return { status: 'Snoozed', snoozed_until: action.snoozed_until }
    case 'assign_user':
      return { assigned_user_id: action.assignee_id ?? null }
    case 'assign_team':
      return action.assignee_id ? { assigned_team_id: action.assignee_id, assigned_user_id: null } : { assigned_team_id: null }
    case 'priority':
      return { priority: action.priority }
    case 'add_tags':
      return { tags: [...new Set([...(row.tags ?? []), ...action.tags])].sort() }
    case 'remove_tags':
      return { tags: (row.tags ?? []).filter((tag) => !action.tags.includes(tag)) }
    case 'read':
      return { unread_message_count: 0 }
    case 'unread':
      return { unread_message_count: Math.max(1, row.unread_message_count) }
    case 'spam':
      return { status: 'Spam', snoozed_until: null }
    case 'trash':
      return { status: 'Trash', snoozed_until: null }
    case 'restore':
      return { status: 'Open' }
    default:
      return {}
  }
}

function partOf(uuid: Uuid, action: BulkAction): ChangedPart {
  const row = findRow(uuid)
  const to = row ? foreseen(row, action) : {}
  const from = Object.fromEntries(Object.keys(to).map((name) => [name, row?.[name as keyof ConversationRow]]))
  return { uuid, to: to as Partial<Conversation>, from }
}

const assignee = <T extends { id: number }>(list: string, id: number, name: (one: T) => string): string => {
  const one = queryClient.getQueryData<T[]>(keys.reference(list))?.find((known) => known.id === id)
  return t('conversation.done.assigned', { name: one ? name(one) : String(id) })
}

/**
 * What was done, in words. None for what cannot wait for a connection: as of a single conversation, what is deleted, sent, or
 * marked as read would be something else by then.
 */
function words(action: BulkAction): string | undefined {
  switch (action.type) {
    case 'status':
      return t('conversation.done.status', { status: statusName(action.status) })
    case 'snooze':
      return t('conversation.done.status', { status: statusName('Snoozed') })
    case 'assign_user':
      return action.assignee_id ? assignee<UserCompact>('agents', action.assignee_id, fullName) : t('conversation.done.unassigned')
    case 'assign_team':
      return action.assignee_id ? assignee<TeamCompact>('teams', action.assignee_id, ({ name }) => name) : t('conversation.done.team_removed')
    case 'priority':
      return t('conversation.done.priority', { priority: priorityName(action.priority) })
    case 'add_tags':
      return t('conversation.done.tag_added', { tag: action.tags.join(', ') })
    case 'remove_tags':
      return t('conversation.done.tag_removed', { tag: action.tags.join(', ') })
    case 'spam':
      return t('conversation.done.spam')
    case 'trash':
      return t('conversation.done.trash')
    case 'restore':
      return t('conversation.done.restored')
  }
}

/**
 * Changes many conversations, and says how it went; false when nothing came of it. Without a connection a change of some waits for
 * one, as that of a single one does; of a whole list it cannot, since the server knows what is in it. All but deleting and sending can be taken back.
 */
export async function changeMany(which: Chosen, action: BulkAction): Promise<boolean> {
  const said = 'uuids' in which ? words(action) : undefined
  let parts: ChangedPart[] = []
  let made: Made | undefined
  const show = (side: 'to' | 'from'): void => together(() => parts.forEach((part) => patchConversation(part.uuid, part[side])))

  async function run(): Promise<boolean> {
    parts = 'uuids' in which ? which.uuids.map((uuid) => partOf(uuid, action)) : []
    show('to')
    try {
      const request = { method: 'post', path: '/conversations/bulk', body: { action }, many: true } as const
      made = said ? await changes.make({ parts, requests: [request], said }) : { answer: await runJob(which, action) }
    } catch (error) {
      made = undefined
      bringBack()
      show('from')
      if (unreachable(error)) toast(t('bulk.needs_connection'), { kind: 'error' })
      else toastError(error)
    }
    if (!made?.kept) refreshAll()
    return !!made
  }
  const job = (): BulkJob | undefined => (made?.kept ? waited.get(made.kept)?.job : (made?.answer as BulkJob | undefined))

  if (action.type === 'delete' || action.type === 'resend') {
    const succeeded = await run()
    if (succeeded) tell(job()!)
    return succeeded
  }
  const outcome = run()
  const report = (): void => {
    if (!made?.kept) return void (made && tell(job()!, step))
    waited.set(made.kept, { step })
    offerUndo(step, t('conversation.waits.done', { done: said! }))
  }
  const step = begin(
    outcome.then(() => !!made?.kept || !!job()?.done),
    {
      undo: async () => {
        const kept = made?.kept
        // What is being made at this moment is known when that has ended.
        if (kept && (changes.withdraw(kept) || (await changes.resume(), changes.withdraw(kept)))) return show('from')
        const done = job()
        if (done) await undoJob(done.id)
      },
      redo: async () => (await run(), report()),
    },
  )
  await outcome
  report()
  return !!made
}
