import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { ContactDetail, ContactHit, ContactItem, ContactNote, ContactTwin, ConversationRow, FilterLeaf, Id, Page, Status } from '@ui/api/types'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { patchContact } from '@/data/conversations'
import { keys, queryClient } from '@/data/query'
import type { Fate } from './bulk'
import { useStatuses } from '@/data/reference'

/** The orders of the list, by the name they have in the address of the page. */
export const orders = {
  newest: { order_by: 'users.created_at', order: 'desc' },
  oldest: { order_by: 'users.created_at', order: 'asc' },
  address: { order_by: 'users.email', order: 'asc' },
  address_desc: { order_by: 'users.email', order: 'desc' },
} as const
export type Order = keyof typeof orders
export const isOrder = (value: unknown): value is Order => typeof value === 'string' && value in orders

/** Fewer letters of an address find too much. */
const shortest = 3

/** The server's filter for a part of an address, none while it is too short. */
export function filterOf(text: string): string {
  const part = text.trim()
  if (part.length < shortest) return ''
  const leaf: FilterLeaf = { model: 'users', field: 'email', operator: 'ilike', value: part }
  return JSON.stringify([leaf])
}

const pageSize = 50

/** The contacts as far as they have been asked for. */
export function useContacts(text: MaybeRefOrGetter<string>, order: MaybeRefOrGetter<Order>) {
  const query = useInfiniteQuery({
    queryKey: computed(() => [...keys.contacts, filterOf(toValue(text)), toValue(order)] as const),
    queryFn: ({ pageParam, signal, queryKey }) =>
      api.get<Page<ContactItem>>('/contacts', {
        signal,
        query: { ...orders[queryKey[2]], filters: queryKey[1], page_size: pageSize, cursor: pageParam },
      }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 0,
  })
  const rows = computed(() => [...new Map((query.data.value?.pages ?? []).flatMap((page) => page.results).map((row) => [row.id, row])).values()])
  return { ...query, rows, total: computed(() => query.data.value?.pages[0]?.total ?? 0) }
}

export const useContact = (id: MaybeRefOrGetter<Id>) =>
  useQuery({
    queryKey: computed(() => keys.contact(toValue(id))),
    queryFn: ({ signal, queryKey }) => api.get<ContactDetail>(`/contacts/${queryKey[1]}`, { signal }),
  })

export const useNotes = (id: MaybeRefOrGetter<Id>, allowed: MaybeRefOrGetter<boolean>) =>
  useQuery({
    queryKey: computed(() => keys.contactNotes(toValue(id))),
    queryFn: ({ signal, queryKey }) => api.get<ContactNote[] | null>(`/contacts/${queryKey[1]}/notes`, { signal }).then((notes) => notes ?? []),
    enabled: computed(() => toValue(allowed)),
  })

/** Contacts who may be the same person. */
export const useTwins = (id: MaybeRefOrGetter<Id>, allowed: MaybeRefOrGetter<boolean>) =>
  useQuery({
    queryKey: computed(() => keys.contactTwins(toValue(id))),
    queryFn: ({ signal, queryKey }) => api.get<ContactTwin[]>(`/contacts/${queryKey[1]}/twins`, { signal }),
    enabled: computed(() => toValue(allowed)),
  })

/** Two contacts are two people: they are not suggested again. */
export async function tellApart(id: Id, other: Id): Promise<void> {
  await api.delete(`/contacts/${id}/twins/${other}`)
  await Promise.all([id, other].map((one) => queryClient.invalidateQueries({ queryKey: keys.contactTwins(one) })))
}

/** Which of a contact's conversations are meant, by what their status means. */
export const states = ['any', 'open', 'done'] as const
export type State = (typeof states)[number]

/** Which of a contact's conversations are asked for. */
export interface Wanted {
  state: State
  /** Id of an inbox; null for every one. */
  inbox: Id | null
  /** What the subject contains. */
  subject: string
}
export const everyConversation: Wanted = { state: 'any', inbox: null, subject: '' }
export const wantsEvery = ({ state, inbox, subject }: Wanted): boolean => state === 'any' && inbox === null && !subject

/** The server's filter for those that are wanted, none for all of them; done is what was resolved or closed. */
export function wantedFilter({ state, inbox, subject }: Wanted, statuses: readonly Pick<Status, 'id' | 'category'>[]): string {
  const leaf = (field: string, operator: FilterLeaf['operator'], value: string): FilterLeaf => ({ model: 'conversations', field, operator, value })
  const leaves: FilterLeaf[] = []
  if (state !== 'any') {
    const meant = statuses.filter(({ category }) => (category === 'resolved') === (state === 'done')).map(({ id }) => String(id))
    leaves.push(leaf('status_id', 'in', JSON.stringify(meant)))
  }
  if (inbox !== null) leaves.push(leaf('inbox_id', 'equals', String(inbox)))
  if (subject) leaves.push(leaf('subject', 'ilike', subject))
  return leaves.length ? JSON.stringify(leaves) : ''
}

/** Conversations of a contact that the agent may read, the newest first. */
export function useContactConversations(id: MaybeRefOrGetter<Id>, wanted: MaybeRefOrGetter<Wanted>, enabled: MaybeRefOrGetter<boolean> = true) {
  const { data: statuses } = useStatuses()
  const query = useInfiniteQuery({
    queryKey: computed(() => [...keys.contactConversations(toValue(id)), wantedFilter(toValue(wanted), statuses.value ?? [])] as const),
    queryFn: ({ pageParam, signal, queryKey }) =>
      api.get<Page<ConversationRow>>(`/contacts/${queryKey[1]}/conversations`, { signal, query: { filters: queryKey[3], page_size: 20, cursor: pageParam } }),
    enabled: computed(() => toValue(enabled) && (toValue(wanted).state === 'any' || !!statuses.value?.length)),
    placeholderData: keepPreviousData,
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: 10_000,
  })
  return { ...query, rows: computed(() => (query.data.value?.pages ?? []).flatMap((page) => page.results)), total: computed(() => query.data.value?.pages[0]?.total ?? 0) }
}

export const findContacts = (text: string, signal?: AbortSignal): Promise<ContactHit[]> =>
  api.get<ContactHit[] | null>('/contacts/search', { query: { query: text }, signal }).then((hits) => hits ?? [])

/** What an edit can change. An empty text is none. */
export type ContactChange = Partial<
  Record<'email' | 'first_name' | 'last_name' | 'phone_number' | 'phone_number_country_code' | 'country', string>
> & { custom_attributes?: Record<string, unknown>; /** 0 for none. */ organization_id?: Id }

/** Brings a contact that the server answered with to every screen. */
function show(contact: ContactDetail): ContactDetail {
  queryClient.setQueryData(keys.contact(contact.id), contact)
  patchContact(contact.id, contact)
  void queryClient.invalidateQueries({ queryKey: keys.contactTwins(contact.id) })
  void queryClient.invalidateQueries({ queryKey: keys.contacts })
  return contact
}

export const changeContact = (id: Id, change: ContactChange) => api.patch<ContactDetail>(`/contacts/${id}`, change).then(show)

export const addContact = (contact: ContactChange) => api.post<ContactDetail>('/contacts', contact).then(show)

export const setBlocked = (id: Id, blocked: boolean) => api.put<ContactDetail>(`/contacts/${id}/block`, { enabled: !blocked }).then(show)

/** Replaces the picture; null removes it. The interface for it replaces the contact whole, so that all the rest goes along. */
export function setPicture(contact: ContactDetail, picture: Blob | null): Promise<ContactDetail> {
  const form = new FormData()
  const { email, first_name, last_name, phone_number, phone_number_country_code, country } = contact
  for (const [name, value] of Object.entries({ email, first_name, last_name, phone_number, phone_number_country_code, country })) {
    form.append(name, value ?? '')
  }
  if (picture) form.append('files', picture, 'picture.png')
  return api.put<ContactDetail>(`/contacts/${contact.id}`, form).then(show)
}

export async function mergeContact(from: Id, into: Id): Promise<ContactDetail> {
  const contact = await api.post<ContactDetail>(`/contacts/${from}/merge`, { into })
  await forget(from)
  void queryClient.invalidateQueries({ queryKey: keys.contactNotes(into) })
  void queryClient.invalidateQueries({ queryKey: keys.contactConversations(into) })
  return show(contact)
}

export async function eraseContact(id: Id, conversations: Fate): Promise<void> {
  await api.delete(`/contacts/${id}`, { query: { conversations } })
  await forget(id)
}

/** What is in memory of a contact that is no more. */
async function forget(id: Id): Promise<void> {
  queryClient.removeQueries({ queryKey: keys.contact(id) })
  await Promise.all([keys.contacts, keys.lists, ['conversation']].map((queryKey) => queryClient.invalidateQueries({ queryKey })))
}

export async function addNote(id: Id, note: string): Promise<void> {
  await api.post<ContactNote>(`/contacts/${id}/notes`, { note })
  await queryClient.invalidateQueries({ queryKey: keys.contactNotes(id) })
}

export async function deleteNote(id: Id, note: Id): Promise<void> {
  await api.delete(`/contacts/${id}/notes/${note}`)
  await queryClient.invalidateQueries({ queryKey: keys.contactNotes(id) })
}
