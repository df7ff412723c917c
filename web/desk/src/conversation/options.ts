import { CircleCheck, CircleDashed, CircleDot, CircleX, Clock } from '@lucide/vue'
import type { Conversation, StatusCategory, UserCompact } from '@ui/api/types'
import { t } from '@ui/i18n'
import { computed, type Component } from 'vue'
import { fullName, useAgents, useAgentsById, usePriorities, useStatuses, useTags, useTeams } from '@/data/reference'
import { useMe } from '@/data/session'
import { priorityName } from '@/data/standard'

export interface StatusLook {
  icon: Component
  colour: string
}

/** A status by its meaning, with a shape of its own: colour alone says nothing. */
export function statusLook(name: string, category: StatusCategory | undefined): StatusLook {
  if (name === 'Closed') return { icon: CircleX, colour: 'text-slate-11' }
  if (name === 'Snoozed') return { icon: Clock, colour: 'text-amber-11' }
  if (category === 'resolved') return { icon: CircleCheck, colour: 'text-grass-11' }
  if (category === 'waiting') return { icon: CircleDashed, colour: 'text-amber-11' }
  return { icon: CircleDot, colour: 'text-iris-11' }
}

/** What the pickers of a conversation offer. */
export function useOptions() {
  const { me } = useMe()
  const { isSuccess: listed } = useAgents()
  const agents = useAgentsById()
  const teams = useTeams().data
  const priorities = usePriorities().data
  const tags = useTags().data
  const statuses = useStatuses().data

  const people = computed(() => {
    const own = me.value?.id
    const enabled = [...agents.value.values()].filter((agent) => agent.enabled)
    return [
      { value: null, label: t('conversation.nobody'), hint: '', keywords: '', avatar: null as string | null },
      ...enabled
        .sort((a, b) => Number(b.id === own) - Number(a.id === own) || fullName(a).localeCompare(fullName(b)))
        .map((agent) => ({
          value: agent.id as number | null,
          label: fullName(agent),
          hint: agent.id === own ? t('conversation.you') : '',
          keywords: agent.email ?? '',
          avatar: agent.avatar_url,
        })),
    ]
  })

  return {
    people,
    teams: computed(() => [
      { value: null as number | null, label: t('conversation.no_team') },
      ...(teams.value ?? []).map((team) => ({ value: team.id as number | null, label: [team.emoji, team.name].filter(Boolean).join(' ') })),
    ]),
    priorities: computed(() => (priorities.value ?? []).map(({ name }) => ({ value: name, label: priorityName(name), keywords: name }))),
    tags: computed(() => (tags.value ?? []).map(({ name }) => ({ value: name, label: name }))),
    statuses: computed(() => statuses.value ?? []),
    agentOf: ({ assigned_user_id: id }: Conversation): Pick<UserCompact, 'first_name' | 'last_name' | 'avatar_url'> | undefined => {
      if (id === null || !listed.value) return undefined
      return agents.value.get(id) ?? { first_name: t('conversation.unlisted_agent'), last_name: '', avatar_url: null }
    },
    teamOf: (conversation: Conversation) => teams.value?.find((team) => team.id === conversation.assigned_team_id),
  }
}
