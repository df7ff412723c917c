import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { InboxCompact, Priority, Status, Tag, TeamCompact, UserCompact } from '@ui/api/types'
import { computed } from 'vue'
import { keys } from './query'

/** Small lists that every screen needs: fetched once, shared, invalidated by whoever edits them. */
function useReference<T>(name: string, path: string) {
  return useQuery({
    queryKey: keys.reference(name),
    queryFn: ({ signal }) => api.get<T[] | null>(path, { signal }).then((rows) => rows ?? []),
    staleTime: 10 * 60_000,
  })
}

export const useAgents = () => useReference<UserCompact>('agents', '/agents/compact')
export const useTeams = () => useReference<TeamCompact>('teams', '/teams/compact')
export const useStatuses = () => useReference<Status>('statuses', '/statuses')
export const usePriorities = () => useReference<Priority>('priorities', '/priorities')
export const useTags = () => useReference<Tag>('tags', '/tags')
export const useInboxes = () => useReference<InboxCompact>('inboxes', '/inboxes')

/** Agents by id, for rows and headers that only carry the id. */
export function useAgentsById() {
  const { data } = useAgents()
  return computed(() => new Map((data.value ?? []).map((agent) => [agent.id, agent])))
}

/** "First Last", or the address when there is no name. */
export function fullName(person: { first_name: string; last_name?: string | null; email?: string | null }): string {
  return [person.first_name, person.last_name].filter(Boolean).join(' ') || person.email || ''
}
