import type { Id, StatusCategory, TeamCompact, UserCompact } from '@ui/api/types'
import { computed } from 'vue'
import { useAgentsById, useStatuses, useTeams } from '@/data/reference'

/** What the ids and names in rows stand for. */
export interface RowNames {
  agents: ReadonlyMap<Id, UserCompact>
  teams: ReadonlyMap<Id, TeamCompact>
  /** The meaning of a status, by its name. */
  statuses: ReadonlyMap<string, StatusCategory>
}

export function useRowNames() {
  const agents = useAgentsById()
  const { data: teams } = useTeams()
  const { data: statuses } = useStatuses()
  return computed<RowNames>(() => ({
    agents: agents.value,
    teams: new Map((teams.value ?? []).map((team) => [team.id, team])),
    statuses: new Map((statuses.value ?? []).map((status) => [status.name, status.category])),
  }))
}
