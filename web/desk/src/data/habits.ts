import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Habits } from '@ui/api/types'
import { keys, queryClient } from './query'

/** How the agent likes to work, in every browser. */
export const useHabits = () =>
  useQuery({
    queryKey: keys.habits,
    queryFn: ({ signal }) => api.get<Habits>('/agents/me/preferences', { signal }),
    staleTime: Infinity,
  })

/** Changes it; what is left out stays. */
export async function setHabits(change: Partial<Habits>): Promise<void> {
  queryClient.setQueryData(keys.habits, await api.put<Habits>('/agents/me/preferences', change))
}
