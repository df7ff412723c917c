import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Habits, Schemas } from '@ui/api/types'
import { keys, queryClient } from './query'

const readHabits = {
  queryKey: keys.habits,
  queryFn: ({ signal }: { signal: AbortSignal }) => api.get<Habits>('/agents/me/preferences', { signal }),
  staleTime: Infinity,
}

/** How the agent likes to work, in every browser. */
export const useHabits = () => useQuery(readHabits)

/** Asks for it before the first screen does. */
export const prefetchHabits = (): Promise<void> => queryClient.prefetchQuery(readHabits)

/** Changes it; what is left out stays. */
export async function setHabits(change: Schemas['AgentHabitsChange']): Promise<void> {
  queryClient.setQueryData(keys.habits, await api.put<Habits>('/agents/me/preferences', change))
}
