import type { Message, Uuid } from '@ui/api/types'
import { dayOf } from '@ui/i18n/zone'

/** One line of the thread as it is laid out. */
export type ThreadRow =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'unread'; key: string; count: number }
  | { kind: 'activities'; key: string; messages: Message[] }
  /** `local`: it is on its way from here, and the server has not confirmed it. */
  | { kind: 'message'; key: string; message: Message; local: boolean }

/** Replies of ours that the thread does not know yet. */
export function unconfirmed(messages: readonly Message[], pending: readonly Message[]): Message[] {
  const confirmed = new Set(messages.map((message) => message.meta.echo_id).filter(Boolean))
  return pending.filter((message) => !confirmed.has(message.meta.echo_id))
}

/**
 * Lays a thread out: a separator where the day changes, a rule before the first unread message,
 * consecutive activity lines as one row, and what is being sent at the end.
 */
export function threadRows(
  messages: readonly Message[],
  pending: readonly Message[] = [],
  unread: { uuid: Uuid; count: number } | null = null,
): ThreadRow[] {
  const rows: ThreadRow[] = []
  let day = ''
  const separate = (at: string): void => {
    if (dayOf(at) === day) return
    day = dayOf(at)
    rows.push({ kind: 'day', key: `day:${day}`, at })
  }
  for (const message of messages) {
    separate(message.created_at)
    if (message.uuid === unread?.uuid) rows.push({ kind: 'unread', key: 'unread', count: unread.count })
    if (message.type !== 'activity') {
      rows.push({ kind: 'message', key: message.meta.echo_id ?? message.uuid, message, local: false })
      continue
    }
    const last = rows.at(-1)
    if (last?.kind === 'activities') last.messages.push(message)
    else rows.push({ kind: 'activities', key: message.uuid, messages: [message] })
  }
  for (const message of unconfirmed(messages, pending)) {
    separate(message.created_at)
    rows.push({ kind: 'message', key: message.meta.echo_id ?? message.uuid, message, local: true })
  }
  return rows
}

/** Where the rule "new" stands, and how many messages it is before. */
export interface Unread {
  uuid: Uuid
  count: number
  /** What is unread begins before what is loaded. */
  more?: true
}

/** The server counts unread messages no further. */
const countedTo = 10

/**
 * The message before which the rule "new" stands: the first since the conversation was seen last; of one that never was the very
 * first, or counted back from the newest as far as the server counts. What `me` wrote and activities do not count. `older` says
 * that there are messages before the given ones.
 */
export function firstUnread(messages: readonly Message[], unread: number, me?: number, seen?: string | null, older = false): Unread | null {
  const others = messages.filter((message) => message.type !== 'activity' && message.sender_id !== me)
  if (seen || unread >= countedTo) {
    const since = others.filter((message) => message.created_at > (seen ?? ''))
    const more = older && !!messages[0] && messages[0].created_at > (seen ?? '')
    const first = since[0] ?? (more && unread > 0 ? messages[0] : undefined)
    return first ? { uuid: first.uuid, count: since.length || unread, ...(more && { more }) } : null
  }
  if (unread <= 0) return null
  const message = others[Math.max(0, others.length - unread)]
  return message ? { uuid: message.uuid, count: unread } : null
}

/** Letters that are open without a click: the newest, everything unread, and what went wrong. */
export function openLetters(messages: readonly Message[], unread: Uuid | undefined): Set<Uuid> {
  const open = new Set<Uuid>()
  const letters = messages.filter((message) => message.type !== 'activity')
  const from = unread ? messages.findIndex((message) => message.uuid === unread) : -1
  letters.slice(-2).forEach((message) => open.add(message.uuid))
  messages.forEach((message, at) => {
    if (message.status === 'failed' || (from >= 0 && at >= from)) open.add(message.uuid)
  })
  return open
}
