import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { ContactItem, ConversationRow, Id, Organization, Page } from '@ui/api/types'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { keys, queryClient } from '@/data/query'

export interface OrganizationChange {
  name?: string
  domains?: string[]
  note?: string
}

const pageSize = 50

/** The organizations as far as they have been asked for, by name. */
export function useOrganizations(text: MaybeRefOrGetter<string>, enabled: MaybeRefOrGetter<boolean> = true) {
  const query = useInfiniteQuery({
    queryKey: computed(() => [...keys.organizations, toValue(text).trim()] as const),
    queryFn: ({ pageParam, signal, queryKey }) =>
      api.get<Page<Organization>>('/organizations', { signal, query: { q: queryKey[1], page_size: pageSize, cursor: pageParam } }),
    enabled: computed(() => toValue(enabled)),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })
  return { ...query, rows: computed(() => (query.data.value?.pages ?? []).flatMap((page) => page.results)), total: computed(() => query.data.value?.pages[0]?.total ?? 0) }
}

export const useOrganization = (id: MaybeRefOrGetter<Id>, enabled: MaybeRefOrGetter<boolean> = true) =>
  useQuery({
    queryKey: computed(() => keys.organization(toValue(id))),
    queryFn: ({ signal, queryKey }) => api.get<Organization>(`/organizations/${queryKey[1]}`, { signal }),
    enabled: computed(() => toValue(enabled)),
  })

function usePages<T>(id: MaybeRefOrGetter<Id>, part: 'contacts' | 'conversations', size: number, enabled: MaybeRefOrGetter<boolean>) {
  const query = useInfiniteQuery({
    queryKey: computed(() => [...keys.organization(toValue(id)), part, size] as const),
    queryFn: ({ pageParam, signal, queryKey }) =>
      api.get<Page<T>>(`/organizations/${queryKey[1]}/${part}`, { signal, query: { page_size: size, cursor: pageParam } }),
    enabled: computed(() => toValue(enabled)),
    initialPageParam: '',
    getNextPageParam: (last: Page<T>) => last.next_cursor ?? undefined,
    staleTime: 10_000,
  })
  return { ...query, rows: computed(() => (query.data.value?.pages ?? []).flatMap((page) => page.results)), total: computed(() => query.data.value?.pages[0]?.total ?? 0) }
}

export const useOrganizationContacts = (id: MaybeRefOrGetter<Id>, enabled: MaybeRefOrGetter<boolean> = true) =>
  usePages<ContactItem>(id, 'contacts', 30, enabled)

/** Conversations of all who belong to it, those that the agent may read, the last active first. */
export const useOrganizationConversations = (id: MaybeRefOrGetter<Id>, size = 20) => usePages<ConversationRow>(id, 'conversations', size, true)

/** A change reaches every screen that shows an organization, or a contact with its name. */
export async function organizationsChanged(): Promise<void> {
  await Promise.all([keys.organizations, ['organization'], keys.contacts, ['contact'], ['conversation']].map((queryKey) => queryClient.invalidateQueries({ queryKey })))
}

export async function saveOrganization(id: Id | undefined, change: OrganizationChange): Promise<Organization> {
  const saved = id === undefined ? await api.post<Organization>('/organizations', change) : await api.patch<Organization>(`/organizations/${id}`, change)
  queryClient.setQueryData(keys.organization(saved.id), saved)
  void organizationsChanged()
  return saved
}

export async function deleteOrganization(id: Id): Promise<void> {
  await api.delete(`/organizations/${id}`)
  queryClient.removeQueries({ queryKey: keys.organization(id) })
  void organizationsChanged()
}
