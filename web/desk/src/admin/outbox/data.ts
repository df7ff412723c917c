import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Schemas } from '@ui/api/types'
import { formatNumber } from '@ui/i18n'
import { computed, type Ref } from 'vue'
import type { Addressees } from '@/conversation/resend'
import { changed } from '../data'

export type Departing = Schemas['EmailDeparting']
export const states = ['queued', 'sending', 'delayed', 'failed', 'bounced', 'cancelled', 'sent'] as const
export type State = (typeof states)[number]

export interface OutboxFilter {
  inbox: number
  state: State | ''
}

const searchOf = ({ inbox, state }: OutboxFilter): URLSearchParams => {
  const search = new URLSearchParams()
  if (inbox) search.set('inbox', String(inbox))
  if (state) search.set('state', state)
  return search
}

/** Replies on their way as far as they have been asked for, the newest first; read anew, as they move. */
export function useOutbox(filter: Ref<OutboxFilter>) {
  const query = useInfiniteQuery({
    queryKey: ['admin', 'outbox', filter],
    queryFn: ({ pageParam, signal }) => {
      const search = searchOf(filter.value)
      search.set('page_size', '50')
      if (pageParam) search.set('before', String(pageParam))
      return api.get<Schemas['EmailOutboxPage']>(`/outbox?${search}`, { signal })
    },
    initialPageParam: 0,
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 0,
    refetchInterval: 10_000,
  })
  const replies = computed(() => (query.data.value?.pages ?? []).flatMap((page) => page.replies ?? []))
  return { ...query, replies }
}

export const useOutboxCounts = (inbox: Ref<number>) =>
  useQuery({
    queryKey: ['admin', 'outbox-counts', inbox],
    queryFn: ({ signal }) => api.get<Record<string, number>>(`/outbox/counts${inbox.value ? `?inbox=${inbox.value}` : ''}`, { signal }),
    staleTime: 0,
    refetchInterval: 10_000,
  })

/** A number of replies: counting them ends at 1000. */
export const countText = (n: number): string => (n >= 1000 ? `${formatNumber(1000)}+` : formatNumber(n))

export async function resend(message: string, to?: Addressees): Promise<void> {
  await api.put(`/outbox/${message}/resend`, to ?? {})
  await changed()
}

/** What became of the replies that failed, of one inbox or of all: how many are sent again, and why the others are not. */
export async function resendFailed(inbox: number): Promise<{ queued: number; refused: string[] }> {
  const refused: string[] = []
  let queued = 0
  for (let more = true, before = 0; more; before = refused.length) {
    const answer = await api.post<Schemas['ResentReplies']>('/outbox/resend', inbox ? { inbox_id: inbox } : {})
    const rows = answer.results ?? []
    const again = rows.filter((row) => row.queued).length
    queued += again
    refused.splice(0, before, ...rows.filter((row) => !row.queued).map((row) => row.message))
    more = answer.more && again > 0
  }
  await changed()
  return { queued, refused }
}

export async function cancel(message: string): Promise<void> {
  await api.put(`/outbox/${message}/cancel`)
  await changed()
}

export const canResend = (reply: Departing): boolean => ['failed', 'bounced', 'cancelled', 'delayed'].includes(reply.state)
export const canCancel = (reply: Departing): boolean => ['queued', 'delayed'].includes(reply.state) && !reply.reached?.length
