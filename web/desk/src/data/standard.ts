import { t, type MessageKey } from '@ui/i18n'

/**
 * What a new desk comes with has a name in every language. The stored name, which is English, stays what is sent and
 * compared; names that people gave are shown as they are.
 */
const named =
  (keys: Record<string, MessageKey>) =>
  (name: string): string =>
    Object.hasOwn(keys, name) ? t(keys[name]!) : name

export const statusName = named({
  Open: 'standard.status.open',
  Snoozed: 'standard.status.snoozed',
  Resolved: 'standard.status.resolved',
  Closed: 'standard.status.closed',
  Spam: 'inbox.spam',
  Trash: 'inbox.trash',
})

export const priorityName = named({
  Low: 'standard.priority.low',
  Medium: 'standard.priority.medium',
  High: 'standard.priority.high',
})

export const roleName = named({ Agent: 'standard.role.agent', Admin: 'standard.role.admin' })

/** Of a role, as long as nobody wrote another one. */
export const roleDescription = named({
  'Answers conversations': 'standard.role.agent.text',
  'May do everything': 'standard.role.admin.text',
})
