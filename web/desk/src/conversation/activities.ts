import type { Message, Uuid } from '@ui/api/types'
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
  merged_from: 'conversation.activity.merged_from',
  merged_into: 'conversation.activity.merged_into',
  unmerged_from: 'conversation.activity.unmerged_from',
  unmerged_into: 'conversation.activity.unmerged_into',
  split_from: 'conversation.activity.split_from',
  split_into: 'conversation.activity.split_into',
  participant_added: 'conversation.activity.participant_added',
}

/** Two moves have words of their own. */
const hidings: Record<string, MessageKey> = {
  Spam: 'conversation.activity.spam',
  Trash: 'conversation.activity.trash',
}

/** Kinds of lines that tell of another conversation, which they lead to. */
const linking = ['unmerged_from', 'unmerged_into', 'split_from', 'split_into']

/** The conversation that an activity line leads to. */
export function activityLink(message: Message): { uuid: Uuid; reference: string } | undefined {
  const { uuid, reference } = message.meta.params ?? {}
  return uuid && reference && linking.includes(message.meta.activity_type ?? '') ? { uuid, reference } : undefined
}

/** An activity line in the agent's language; the server's English for a kind that is not known. */
export function activityText(message: Message): string {
  const key = hidings[message.meta.params?.status ?? ''] ?? words[message.meta.activity_type ?? '']
  if (!key) return message.text_content
  const { status, priority, ...params } = message.meta.params ?? {}
  return t(key, { actor: fullName(message.author), ...params, ...(status && { status: statusName(status) }), ...(priority && { priority: priorityName(priority) }) })
}
