import { api } from '@ui/api/client'
import type { Conversation, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { confirm } from '@ui/confirm'
import { toast, toastError } from '@ui/toast/toasts'
import { findRow, forgetRow, patchConversation } from '@/data/conversations'
import { keys, queryClient } from '@/data/query'
import { priorityName, statusName } from '@/data/standard'
import { hiddenScopes } from '@/inbox/scope'
import type { Change, ChangedPart, Made, Request } from './changes'
import { changes, refresh } from './changing'
import { newestAt } from './thread'
import { begin, bringBack, offerUndo } from './undo'

/** The conversation as it is opened, or as far as its row in a list knows it. */
const current = (uuid: Uuid): Partial<Conversation> | undefined =>
  queryClient.getQueryData<Conversation>(keys.conversation(uuid)) ?? (findRow(uuid) as Partial<Conversation> | undefined)

interface OneChange extends ChangedPart, Omit<Change, 'parts'> {}

interface Reversible extends Omit<OneChange, 'requests'> {
  forward: Request[]
  back: Request[]
}

/** Shows a change and makes it: undefined when it was refused and rolled back; `kept` when it waits for a connection. */
async function apply({ uuid, to, from, ...change }: OneChange): Promise<Made | undefined> {
  patchConversation(uuid, to)
  try {
    const made = await changes.make({ ...change, parts: [{ uuid, to, from }] })
    if (!made.kept) refresh(uuid)
    return made
  } catch (error) {
    bringBack()
    patchConversation(uuid, from)
    toastError(error)
    refresh(uuid)
    return undefined
  }
}

/** Changes at once, rolls back when refused, and offers to undo. */
async function perform({ forward, back, ...change }: Reversible): Promise<boolean> {
  const { uuid, to, from, said } = change
  const make = () => apply({ ...change, requests: forward })
  let last = make()
  const outcome = last
  const step = begin(
    outcome.then((done) => !!done),
    {
      undo: async () => {
        const kept = (await last)?.kept
        if (kept && changes.withdraw(kept)) patchConversation(uuid, from)
        else await apply({ uuid, to: from, from: to, requests: back, said: t('conversation.waits.undone', { done: said }) })
      },
      redo: () => (last = make()),
    },
  )
  const done = await outcome
  if (!done) return false
  offerUndo(step, done.kept ? t('conversation.waits.done', { done: said }) : said)
  return true
}

const path = (uuid: Uuid, rest: string): string => `/conversations/${uuid}/${rest}`

const put = (uuid: Uuid, rest: string, body?: Request['body']): Request => ({ method: 'put', path: path(uuid, rest), body })

function putStatus(uuid: Uuid, status: string, until: string | null): Request {
  if (hiddenScopes[status]) return put(uuid, hiddenScopes[status])
  return { ...put(uuid, 'status', { status }), ...(until && { until }) }
}

/** Sets the status by name; `until` is when a snoozed conversation comes back. */
export async function setStatus(uuid: Uuid, status: string, until?: Date): Promise<boolean> {
  const was = current(uuid)
  const wakes = until?.toISOString() ?? null
  if (was && was.status === status && !until) return true
  return perform({
    uuid,
    to: { status, snoozed_until: wakes },
    from: { status: was?.status, snoozed_until: was?.snoozed_until },
    forward: [putStatus(uuid, status, wakes)],
    back: [putStatus(uuid, was?.status ?? 'Open', was?.snoozed_until ?? null)],
    said: t('conversation.done.status', { status: statusName(status) }),
  })
}

/** Moves to spam or the trash. Undo takes it back to where it was. */
async function hide(uuid: Uuid, status: 'Spam' | 'Trash', said: string): Promise<boolean> {
  const was = current(uuid)
  if (was?.status === status) return true
  return perform({
    uuid,
    to: { status, snoozed_until: null },
    from: { status: was?.status, snoozed_until: was?.snoozed_until },
    forward: [putStatus(uuid, status, null)],
    back: [was?.status && hiddenScopes[was.status] ? putStatus(uuid, was.status, null) : put(uuid, 'restore')],
    said,
  })
}

export const markSpam = (uuid: Uuid): Promise<boolean> => hide(uuid, 'Spam', t('conversation.done.spam'))
export const moveToTrash = (uuid: Uuid): Promise<boolean> => hide(uuid, 'Trash', t('conversation.done.trash'))

/** Takes it out of spam or the trash, to the status it had, which the server knows. */
export async function restore(uuid: Uuid): Promise<boolean> {
  const was = current(uuid)?.status
  if (!was || !hiddenScopes[was]) return true
  return perform({
    uuid,
    to: { status: 'Open' },
    from: { status: was },
    forward: [put(uuid, 'restore')],
    back: [putStatus(uuid, was, null)],
    said: t('conversation.done.restored'),
  })
}

/** Asks, and deletes for good what is in the trash. */
export async function deleteForGood(uuid: Uuid): Promise<boolean> {
  const sure = await confirm({ title: t('conversation.delete.title'), text: t('conversation.delete.text'), action: t('conversation.delete'), danger: true })
  if (!sure) return false
  try {
    await api.delete(`/conversations/${uuid}`)
  } catch (error) {
    toastError(error)
    return false
  }
  forgetRow(uuid)
  toast(t('conversation.done.deleted'), { kind: 'success' })
  return true
}

export async function setSubject(uuid: Uuid, subject: string): Promise<boolean> {
  const was = current(uuid)?.subject ?? ''
  if (was === subject) return true
  const patch = (text: string): Request[] => [{ method: 'patch', path: `/conversations/${uuid}`, body: { subject: text } }]
  return perform({ uuid, to: { subject }, from: { subject: was }, forward: patch(subject), back: patch(was), said: t('conversation.done.subject') })
}

const putAssignee = (uuid: Uuid, kind: 'user' | 'team', id: number | null): Request =>
  id === null ? put(uuid, `assignee/${kind}/remove`) : put(uuid, `assignee/${kind}`, { assignee_id: id })

export async function assignAgent(uuid: Uuid, id: number | null, name: string): Promise<boolean> {
  const was = current(uuid)?.assigned_user_id ?? null
  if (was === id) return true
  return perform({
    uuid,
    to: { assigned_user_id: id },
    from: { assigned_user_id: was },
    forward: [putAssignee(uuid, 'user', id)],
    back: [putAssignee(uuid, 'user', was)],
    said: id === null ? t('conversation.done.unassigned') : t('conversation.done.assigned', { name }),
  })
}

/** A new team takes over: the server removes the agent with it, and so does undo in reverse. */
export async function assignTeam(uuid: Uuid, id: number | null, name: string): Promise<boolean> {
  const { assigned_team_id: was = null, assigned_user_id: agent = null } = current(uuid) ?? {}
  if (was === id) return true
  return perform({
    uuid,
    to: id === null ? { assigned_team_id: null } : { assigned_team_id: id, assigned_user_id: null },
    from: { assigned_team_id: was, assigned_user_id: agent },
    forward: [putAssignee(uuid, 'team', id)],
    back: [putAssignee(uuid, 'team', was), ...(agent === null ? [] : [putAssignee(uuid, 'user', agent)])],
    said: id === null ? t('conversation.done.team_removed') : t('conversation.done.assigned', { name }),
  })
}

const putPriority = (uuid: Uuid, priority: string | null): Request =>
  priority ? put(uuid, 'priority', { priority }) : put(uuid, 'priority/remove')

export async function setPriority(uuid: Uuid, priority: string): Promise<boolean> {
  const was = current(uuid)?.priority ?? null
  if (was === priority) return true
  return perform({
    uuid,
    to: { priority },
    from: { priority: was },
    forward: [putPriority(uuid, priority)],
    back: [putPriority(uuid, was)],
    said: t('conversation.done.priority', { priority: priorityName(priority) }),
  })
}

const postTags = (uuid: Uuid, action: 'add_tags' | 'remove_tags', tag: string): Request => ({ method: 'post', path: path(uuid, 'tags'), body: { action, tags: [tag] } })

export async function toggleTag(uuid: Uuid, tag: string): Promise<boolean> {
  const was = current(uuid)?.tags ?? []
  const has = was.includes(tag)
  const next = has ? was.filter((known) => known !== tag) : [...was, tag]
  return perform({
    uuid,
    to: { tags: next },
    from: { tags: was },
    forward: [postTags(uuid, has ? 'remove_tags' : 'add_tags', tag)],
    back: [postTags(uuid, has ? 'add_tags' : 'remove_tags', tag)],
    said: t(has ? 'conversation.done.tag_removed' : 'conversation.done.tag_added', { tag }),
  })
}

export async function markSeen(uuid: Uuid): Promise<void> {
  const seen = { unread_message_count: 0, ...(newestAt(uuid) && { last_seen_at: newestAt(uuid) }) }
  patchConversation(uuid, seen)
  try {
    await api.put(path(uuid, 'last-seen'))
    patchConversation(uuid, seen)
  } catch {
    // Marked the next time; not worth a word.
  }
}

export async function markUnread(uuid: Uuid): Promise<void> {
  try {
    await api.put(path(uuid, 'mark-unread'))
    patchConversation(uuid, { unread_message_count: 1 })
    void queryClient.invalidateQueries({ queryKey: keys.conversation(uuid), exact: true })
    toast(t('conversation.done.unread'), { kind: 'success' })
  } catch (error) {
    toastError(error)
  }
}
