import { focusManager, QueryClient } from '@tanstack/vue-query'
import { ApiError } from '@ui/api/client'
import { share } from './sharing'

/**
 * The one cache. The socket keeps it fresh, so nothing is refetched by the clock; data that the
 * socket does not cover is marked stale where it is changed.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      gcTime: 15 * 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => error instanceof ApiError && error.temporary && failures < 2,
      // Answers are replaced, never changed in place: nobody needs to be told of each of their fields.
      shallow: true,
      structuralSharing: share,
      retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, 8000),
    },
    mutations: { retry: false },
  },
})

/** The window of a desk may be in sight all day without being worked in: coming back to it counts, too. */
focusManager.setEventListener((focus) => {
  const returned = (): void => focus()
  window.addEventListener('visibilitychange', returned)
  window.addEventListener('focus', returned)
  return () => {
    window.removeEventListener('visibilitychange', returned)
    window.removeEventListener('focus', returned)
  }
})

/** Every cache key, in one place, from the general to the particular. */
export const keys = {
  me: ['me'] as const,
  config: ['config'] as const,
  languages: ['languages'] as const,
  counts: ['counts'] as const,
  viewCounts: ['counts.views'] as const,
  drafts: ['drafts'] as const,
  habits: ['habits'] as const,
  notifications: ['notifications'] as const,
  notificationList: ['notifications', 'list'] as const,
  notificationStats: ['notifications', 'stats'] as const,
  devices: ['devices'] as const,
  notificationPreferences: ['notification-preferences'] as const,
  lists: ['conversations'] as const,
  list: (scope: string, status: string, sort: string, filters = '') => ['conversations', scope, status, sort, filters] as const,
  conversation: (uuid: string) => ['conversation', uuid] as const,
  contacts: ['contacts'] as const,
  contact: (id: number) => ['contact', id] as const,
  organizations: ['organizations'] as const,
  organization: (id: number) => ['organization', id] as const,
  contactSearch: (text: string) => ['search', 'contacts', text] as const,
  contactNotes: (id: number) => ['contact', id, 'notes'] as const,
  contactTwins: (id: number) => ['contact', id, 'twins'] as const,
  contactConversations: (id: number) => ['contact', id, 'conversations'] as const,
  messages: (uuid: string) => ['conversation', uuid, 'messages'] as const,
  reference: (name: string) => ['reference', name] as const,
  search: (text: string, limit: number) => ['search', text, limit] as const,
}

/** Fetches anew what moved between conversations: what is known of their threads may be another's now. */
export function forgetThread(uuid: string): void {
  void queryClient.resetQueries({ queryKey: keys.messages(uuid) })
  void queryClient.invalidateQueries({ queryKey: keys.conversation(uuid) })
  void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'contact' && queryKey[2] === 'conversations' })
}
