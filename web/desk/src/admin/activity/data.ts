import { useInfiniteQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Page } from '@ui/api/types'
import { computed, type Ref } from 'vue'
import type { ActivityEntry } from '../wire'

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
