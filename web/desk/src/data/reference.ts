import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { AttributeDefinition, InboxCompact, Priority, Status, Tag, TeamCompact, UserCompact, View } from '@ui/api/types'
import { computed } from 'vue'
import { keys, queryClient } from './query'
import { useMe } from './session'

/** Younger than this, a list is not read again because somebody came back to the window. */
const freshEnough = 15_000

/**
 * Small lists that every screen needs: fetched once and shared. They are read again when somebody edits them, here or
 * elsewhere, and when one comes back to the window.
 */
function useReference<T>(name: string, path: string, enabled: () => boolean = () => true) {
  return useQuery({
    queryKey: keys.reference(name),
    queryFn: ({ signal }) => api.get<T[] | null>(path, { signal }).then((rows) => rows ?? []),
    enabled,
    staleTime: 10 * 60_000,
    refetchOnWindowFocus: ({ state }) => (Date.now() - state.dataUpdatedAt > freshEnough ? 'always' : false),
  })
}

export const useAgents = () => useReference<UserCompact>('agents', '/agents/compact')
export const useTeams = () => useReference<TeamCompact>('teams', '/teams/compact')
export const useStatuses = () => useReference<Status>('statuses', '/statuses')
export const usePriorities = () => useReference<Priority>('priorities', '/priorities')
export const useTags = () => useReference<Tag>('tags', '/tags')
export const useAttributes = () => useReference<AttributeDefinition>('attributes', '/custom-attributes')

/** Those for contacts, or those for conversations. */
export function useAttributesOf(what: 'contact' | 'conversation') {
  const { data } = useAttributes()
  return computed(() => (data.value ?? []).filter((one) => one.applies_to === what))
}

/** The agent's own views, for those who may have some. */
export function useOwnViews() {
  const { can } = useMe()
  return useReference<View>('views.own', '/views/me', () => can('view:manage'))
}

export const useSharedViews = () => useReference<View>('views.shared', '/views/shared')
export const useInboxes = () => useReference<InboxCompact>('inboxes', '/inboxes')

/** What the server calls a list that changed, by the names of the lists here and their paths in the administration. */
const kinds: Record<string, { names: string[]; path: string }> = {
  tags: { names: ['tags'], path: '/tags' },
  statuses: { names: ['statuses'], path: '/statuses' },
  views: { names: ['views.own', 'views.shared'], path: '/shared-views' },
  custom_attributes: { names: ['attributes'], path: '/custom-attributes' },
}

/** Somebody changed what can be chosen from. */
export function referenceChanged(kind: string): void {
  const { names, path } = kinds[kind] ?? { names: [kind], path: `/${kind}` }
  for (const name of names) void queryClient.invalidateQueries({ queryKey: keys.reference(name) })
  void queryClient.invalidateQueries({ queryKey: ['admin', path] })
  if (kind === 'organizations') {
    for (const queryKey of [keys.organizations, ['organization'], keys.contacts, ['contact']]) void queryClient.invalidateQueries({ queryKey })
  }
  if (kind === 'views') void queryClient.invalidateQueries({ queryKey: keys.viewCounts })
}

/** Agents by id, for rows and headers that only carry the id; with oneself, also as System, who is in no list of agents. */
export function useAgentsById() {
  const { data } = useAgents()
  const { me } = useMe()
  return computed(() => {
    const agents = new Map((data.value ?? []).map((agent) => [agent.id, agent]))
    if (me.value && !agents.has(me.value.id)) agents.set(me.value.id, { ...me.value, type: 'agent' })
    return agents
  })
}

/** "First Last", or the address when there is no name. */
export function fullName(person: { first_name: string; last_name?: string | null; email?: string | null }): string {
  return [person.first_name, person.last_name].filter(Boolean).join(' ') || person.email || ''
}
