import { SignalHigh, Tag, UserRound, UsersRound } from '@lucide/vue'
import type { Conversation } from '@ui/api/types'
import { t } from '@ui/i18n'
import { useChoices, type Command } from '@/commands/registry'
import { useMe } from '@/data/session'
import { statusName } from '@/data/standard'
import { assignAgent, assignTeam, setPriority, setStatus, toggleTag } from './actions'
import { statusLook, useOptions } from './options'

/** A line of the command bar for everybody and everything that the open conversation could be given to or marked with. */
export function useConversationChoices(opened: () => Conversation | undefined): void {
  const { can } = useMe()
  const { people, teams, priorities, tags, statuses } = useOptions()

  useChoices(() => {
    const conversation = opened()
    if (!conversation) return []
    const { uuid } = conversation
    const section = t('conversation.section')
    const offer = (permission: string, list: () => Command[]): Command[] => (can(`conversations:${permission}`) ? list() : [])
    return [
      ...offer('update_user_assignee', () =>
        people.value
          .filter(({ value }) => value !== conversation.assigned_user_id)
          .map(({ value, label, keywords }) => ({
            id: `choice.agent.${value ?? 0}`,
            title: value === null ? t('choice.agent.none') : t('choice.agent', { name: label }),
            section,
            keywords,
            icon: UserRound,
            run: () => void assignAgent(uuid, value, label),
          })),
      ),
      ...offer('update_team_assignee', () =>
        teams.value
          .filter(({ value }) => value !== conversation.assigned_team_id)
          .map(({ value, label }) => ({
            id: `choice.team.${value ?? 0}`,
            title: value === null ? t('choice.team.none') : t('choice.team', { name: label }),
            section,
            icon: UsersRound,
            run: () => void assignTeam(uuid, value, label),
          })),
      ),
      ...offer('update_status', () =>
        statuses.value
          .filter(({ name }) => name !== conversation.status && name !== 'Snoozed')
          .map(({ id, name, category }) => ({
            id: `choice.status.${id}`,
            title: t('choice.status', { status: statusName(name) }),
            section,
            keywords: name,
            icon: statusLook(name, category).icon,
            run: () => void setStatus(uuid, name),
          })),
      ),
      ...offer('update_priority', () =>
        priorities.value
          .filter(({ value }) => value !== conversation.priority)
          .map(({ value, label }) => ({
            id: `choice.priority.${value}`,
            title: t('choice.priority', { priority: label }),
            section,
            keywords: value,
            icon: SignalHigh,
            run: () => void setPriority(uuid, value),
          })),
      ),
      ...offer('update_tags', () =>
        tags.value.map(({ value }) => ({
          id: `choice.tag.${value}`,
          title: t((conversation.tags ?? []).includes(value) ? 'choice.tag.remove' : 'choice.tag.add', { tag: value }),
          section,
          icon: Tag,
          run: () => void toggleTag(uuid, value),
        })),
      ),
    ]
  })
}
