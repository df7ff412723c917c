import type { Message } from '@ui/api/types'
import { t, type MessageKey } from '@ui/i18n'
import { fullName } from '@/data/reference'
import { priorityName, statusName } from '@/data/standard'

const words: Record<string, MessageKey> = {
  status_change: 'conversation.activity.status_change',
  subject_change: 'conversation.activity.subject_change',
  priority_removed: 'conversation.activity.priority_removed',
  priority_change: 'conversation.activity.priority_change',
  assigned_user_change: 'conversation.activity.assigned_user_change',
  assigned_team_change: 'conversation.activity.assigned_team_change',
  self_assign: 'conversation.activity.self_assign',
  unassigned_user: 'conversation.activity.unassigned_user',
  unassigned_team: 'conversation.activity.unassigned_team',
  tag_added: 'conversation.activity.tag_added',
  tag_removed: 'conversation.activity.tag_removed',
  bounced: 'conversation.activity.bounced',
  participant_added: 'conversation.activity.participant_added',
}

/** Two moves have words of their own. */
const hidings: Record<string, MessageKey> = {
  Spam: 'conversation.activity.spam',
  Trash: 'conversation.activity.trash',
}

/** An activity line in the agent's language; the server's English for a kind that is not known. */
export function activityText(message: Message): string {
  const key = hidings[message.meta.params?.status ?? ''] ?? words[message.meta.activity_type ?? '']
  if (!key) return message.text_content
  const { status, priority, ...params } = message.meta.params ?? {}
  return t(key, { actor: fullName(message.author), ...params, ...(status && { status: statusName(status) }), ...(priority && { priority: priorityName(priority) }) })
}
