import { t } from '@ui/i18n'
import { computed } from 'vue'
import { fullName, useAgents, useTeams } from '@/data/reference'

/** Whom a note can mention: agents and teams, as the editor's "@" offers them. */
export function useMentionable() {
  const { data: agents } = useAgents()
  const { data: teams } = useTeams()
  return computed(() => {
    const people = (agents.value ?? [])
      .filter((agent) => agent.enabled && agent.type === 'agent')
      .map((agent) => ({ id: `agent:${agent.id}`, label: fullName(agent), hint: '' }))
    return [...people, ...(teams.value ?? []).map((team) => ({ id: `team:${team.id}`, label: team.name, hint: t('composer.team') }))]
  })
}
