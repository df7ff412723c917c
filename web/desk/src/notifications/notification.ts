import { AtSign, Bell, CalendarX2, Inbox, MailCheck, MailWarning, MessageSquareReply, Timer, TimerOff, UserRoundCheck } from '@lucide/vue'
import type { Notification } from '@ui/api/types'
import { t } from '@ui/i18n'
import type { Component } from 'vue'

interface Parts {
  reference_number?: string
  actor?: string
  count?: number
  inbox_id?: number
  inbox_name?: string
  part?: 'mailbox' | 'sending'
  over?: boolean
}

const partsOf = ({ meta }: Pick<Notification, 'meta'>): Parts => (meta ?? {}) as Parts

/** What a notification says, in the language of the screen; of a type that is not known, in the desk's. */
export function titleOf({ notification_type: type, title, meta }: Notification): string {
  const { reference_number: reference, actor, count = 1, inbox_name: name, part, over } = partsOf({ meta })
  if (type === 'inbox_outage' && name && part) return t(`notification.title.inbox_outage.${part}${over ? '_over' : ''}`, { name })
  if (!reference) return title
  switch (type) {
    case 'mention':
      return t('notification.title.mention', { actor: actor ?? '', reference })
    case 'assignment':
      return actor ? t('notification.title.assignment_by', { actor, reference }) : t('notification.title.assignment', { reference })
    case 'reply':
      return t('notification.title.reply', { actor: actor ?? '', reference }, count)
    case 'reply_stopped':
      return t('notification.title.reply_stopped', { reference })
    case 'new_conversation':
      return t('notification.title.new_conversation', { actor: actor ?? '', reference })
    default:
      return title
  }
}

const lists: Record<string, string> = { mention: 'mentioned', new_conversation: 'all' }

/** Where the thing is that a notification is about, at its message; empty when it is about none. */
export function addressOf(one: Pick<Notification, 'notification_type' | 'conversation_uuid' | 'message_uuid' | 'meta'>): string {
  const { inbox_id: inbox, part } = partsOf(one)
  if (inbox) return `/admin/inboxes/${inbox}/${part === 'mailbox' ? 'mail' : 'edit'}`
  if (!one.conversation_uuid) return ''
  const place = one.message_uuid ? `?scrollTo=${one.message_uuid}` : ''
  return `/inboxes/${lists[one.notification_type] ?? 'assigned'}/conversation/${one.conversation_uuid}${place}`
}

const looks: Record<string, { icon: Component; tone: string }> = {
  mention: { icon: AtSign, tone: 'bg-iris-3 text-iris-11' },
  assignment: { icon: UserRoundCheck, tone: 'bg-sky-3 text-sky-11' },
  reply: { icon: MessageSquareReply, tone: 'bg-grass-3 text-grass-11' },
  reply_stopped: { icon: CalendarX2, tone: 'bg-amber-3 text-amber-11' },
  new_conversation: { icon: Inbox, tone: 'bg-slate-3 text-slate-11' },
  sla_warning: { icon: Timer, tone: 'bg-amber-3 text-amber-11' },
  sla_breach: { icon: TimerOff, tone: 'bg-red-3 text-red-11' },
  inbox_outage: { icon: MailWarning, tone: 'bg-red-3 text-red-11' },
}

/** The icon of a notification and its colour. */
export function lookOf(one: Pick<Notification, 'notification_type' | 'meta'>): { icon: Component; tone: string } {
  if (partsOf(one).over) return { icon: MailCheck, tone: 'bg-grass-3 text-grass-11' }
  return looks[one.notification_type] ?? { icon: Bell, tone: 'bg-slate-3 text-slate-11' }
}
