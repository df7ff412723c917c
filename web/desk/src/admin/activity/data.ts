import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Page } from '@ui/api/types'
import { dayOf } from '@ui/i18n/zone'
import { computed, type Ref } from 'vue'
import { changed } from '../data'
import type { ActivityEntry, Retention } from '../wire'
import { noFilters, toQuery } from './filters'

const size = 50

/** The log as far as it has been asked for, the newest first. New entries move the pages: what came twice is shown once. */
export function useActivity(filters: Ref<string>) {
  const query = useInfiniteQuery({
    queryKey: ['admin', 'activity', filters],
    queryFn: ({ pageParam, signal }) => {
      const search = new URLSearchParams({ page: String(pageParam), page_size: String(size), order_by: 'activity_logs.created_at', order: 'desc' })
      if (filters.value) search.set('filters', filters.value)
      return api.get<Page<ActivityEntry>>(`/activity-logs?${search}`, { signal })
    },
    initialPageParam: 1,
    getNextPageParam: (last, _all, page) => (last.results.length < size ? undefined : page + 1),
    staleTime: 0,
  })
  const entries = computed(() => [...new Map((query.data.value?.pages ?? []).flatMap((page) => page.results).map((entry) => [entry.id, entry])).values()])
  return { ...query, entries }
}

export const useRetention = () =>
  useQuery({ queryKey: ['admin', 'retention'], queryFn: ({ signal }) => api.get<Retention>('/settings/activity-log', { signal }), staleTime: 0 })

export async function saveRetention(days: number): Promise<void> {
  await api.put('/settings/activity-log', { retention_days: days })
  await changed()
}

/** How many entries will be too old by the end of the day, if entries are kept for so many days. */
export async function countOlder(days: number): Promise<number> {
  const to = dayOf(Date.now() - days * 86_400_000)
  const search = new URLSearchParams({ page_size: '1', filters: toQuery({ ...noFilters(), to }) })
  return (await api.get<Page<ActivityEntry>>(`/activity-logs?${search}`)).total
}
