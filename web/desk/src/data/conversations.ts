import { queryOptions, useInfiniteQuery, useQuery, type InfiniteData } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Agent, Conversation, ConversationContact, ConversationRow, Counts, FilterLeaf, Id, Page, Uuid } from '@ui/api/types'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { reconcile, sorts, type ListContext, type SortId } from '@/inbox/reconcile'
import { keys, queryClient } from './query'

type ListData = InfiniteData<Page<ConversationRow>, Place>

/** Pages grow, so that a long list is read on, and read anew, in few requests. */
const pageSizes = [25, 25, 50, 100, 200]
const largestPage = 400

interface Place {
  cursor: string
  size: number
}

/** The server's path of a list. */
function listPath(scope: string): string {
  if (scope.startsWith('team:')) return `/teams/${scope.slice(5)}/conversations/unassigned`
  if (scope.startsWith('view:')) return `/views/${scope.slice(5)}/conversations`
  return `/conversations/${scope}`
}

export function filtersOf(status: string, more: string): string | undefined {
  const leaves: FilterLeaf[] = status ? [{ model: 'conversation_statuses', field: 'name', operator: 'equals', value: status }] : []
  if (more) leaves.push(...(JSON.parse(more) as FilterLeaf[]))
  return leaves.length ? JSON.stringify(leaves) : undefined
}

export interface ListChoice {
  scope: string
  /** Name of a status; empty for any. */
  status: string
  sort: SortId
  /** Further conditions, as JSON; empty for none. */
  filters: string
}

/** What the agent changed and the server does not know yet, for want of a connection. */
let unsent: (uuid: Uuid) => Partial<Conversation> = () => ({})

/** Shows such changes over what the server says. */
export function showUnsent(of: (uuid: Uuid) => Partial<Conversation>): void {
  unsent = of
}

function withUnsent<T extends { uuid: Uuid }>(one: T): T {
  const known = Object.entries(unsent(one.uuid)).filter(([name]) => name in one)
  return known.length ? { ...one, ...Object.fromEntries(known) } : one
}

/** One list, loaded page by page while it is scrolled. */
export function useConversations(list: MaybeRefOrGetter<ListChoice>, enabled: MaybeRefOrGetter<boolean> = true) {
  const query = useInfiniteQuery({
    queryKey: computed(() => {
      const { scope, status, sort, filters } = toValue(list)
      return keys.list(scope, status, sort, filters)
    }),
    queryFn: async ({ signal, pageParam, queryKey }) => {
      const [, scope, status, sort, filters] = queryKey
      const page = await api.get<Page<ConversationRow>>(listPath(scope), {
        signal,
        query: {
          ...sorts[sort as SortId],
          page_size: pageParam.size,
          // A view has filters of its own.
          ...(scope.startsWith('view:') ? { narrow: filters || undefined } : { filters: filtersOf(status, filters) }),
          cursor: pageParam.cursor,
        },
      })
      return { ...page, results: page.results.map(withUnsent) }
    },
    initialPageParam: { cursor: '', size: pageSizes[0]! },
    getNextPageParam: (last: Page<ConversationRow>, all): Place | undefined =>
      last.next_cursor ? { cursor: last.next_cursor, size: pageSizes[all.length] ?? largestPage } : undefined,
    enabled,
    staleTime: 30_000,
  })
  const rows = computed(() => {
    const seen = new Set<Uuid>()
    return (query.data.value?.pages ?? [])
      .flatMap((page) => page.results)
      .filter((row) => !seen.has(row.uuid) && seen.add(row.uuid))
  })
  return { ...query, rows, total: computed(() => query.data.value?.pages[0]?.total ?? 0) }
}

export const useCounts = () =>
  useQuery({
    queryKey: keys.counts,
    queryFn: ({ signal }) => api.get<Counts>('/conversations/counts', { signal }),
  })

/** How many conversations each view shows, by its id; at most 100. */
export const useViewCounts = (enabled: () => boolean) =>
  useQuery({
    queryKey: keys.viewCounts,
    queryFn: ({ signal }) => api.get<Record<string, number>>('/views/counts', { signal }),
    enabled,
  })

const readConversation = (uuid: Uuid) =>
  queryOptions({
    queryKey: keys.conversation(uuid),
    queryFn: async ({ signal }) => withUnsent(await api.get<Conversation>(`/conversations/${uuid}`, { signal })),
    staleTime: 30_000,
  })

/** One conversation with everything about it. */
export const useConversation = (uuid: MaybeRefOrGetter<Uuid>) => useQuery(computed(() => readConversation(toValue(uuid))))

/** Fetches a conversation that is likely to be opened. */
export const prefetchConversation = (uuid: Uuid): Promise<void> => queryClient.prefetchQuery(readConversation(uuid))

function contextOf(key: readonly unknown[]): ListContext {
  const [, scope, status, sort, filters] = key as ReturnType<typeof keys.list>
  const me = queryClient.getQueryData<Agent>(keys.me)?.id ?? 0
  return { scope, status, sort: sort as SortId, me, filtered: filters !== '' }
}

/** Rows that changed lately: what an action took out of a list can be put back. Oldest first. */
const recent = new Map<Uuid, ConversationRow>()
const recentAtMost = 200

function remember(row: ConversationRow): void {
  recent.delete(row.uuid)
  recent.set(row.uuid, row)
  if (recent.size > recentAtMost) recent.delete(recent.keys().next().value!)
}

/** Lists as changes leave them that come together; undefined while each change counts for itself. */
let gathered: Map<string, { key: readonly unknown[]; data: ListData; changed: boolean }> | undefined
/** A row was changed since. */
let touched = false

/** Makes many changes of rows as one: each list is put together, and drawn, once. */
export function together(work: () => void): void {
  if (gathered) return work()
  gathered = new Map()
  touched = false
  for (const [key, data] of queryClient.getQueriesData<ListData>({ queryKey: keys.lists })) {
    if (data) gathered.set(JSON.stringify(key), { key, data, changed: false })
  }
  try {
    work()
  } finally {
    const lists = [...gathered.values()]
    gathered = undefined
    for (const { key, data, changed } of lists) if (changed) queryClient.setQueryData<ListData>(key, data)
    if (touched) rereadLists()
  }
}

function listsInMemory(): [readonly unknown[], ListData][] {
  if (gathered) return [...gathered.values()].map(({ key, data }) => [key, data])
  return queryClient.getQueriesData<ListData>({ queryKey: keys.lists }).flatMap(([key, data]) => (data ? [[key, data]] : []))
}

function setList(key: readonly unknown[], data: ListData): void {
  const list = gathered?.get(JSON.stringify(key))
  if (list) Object.assign(list, { data, changed: true })
  else queryClient.setQueryData<ListData>(key, data)
}

/** The row of a conversation in any list that is in memory, or that left one a moment ago. */
export function findRow(uuid: Uuid): ConversationRow | undefined {
  for (const [, data] of listsInMemory()) {
    for (const page of data.pages) {
      const row = page.results.find((candidate) => candidate.uuid === uuid)
      if (row) return row
    }
  }
  return recent.get(uuid)
}

const asking = new Map<string, ReturnType<typeof setTimeout>>()

/** Has something fetched again, once for many reasons that come together. */
function refetchSoon(key: readonly unknown[], after = 800): void {
  const id = JSON.stringify(key)
  if (asking.has(id)) return
  asking.set(
    id,
    setTimeout(() => {
      asking.delete(id)
      void queryClient.invalidateQueries({ queryKey: key, exact: true })
    }, after),
  )
}

/** Shared views were changed: what they show may be something else. */
export function refetchViews(): void {
  for (const [key] of queryClient.getQueriesData<ListData>({ queryKey: keys.lists })) {
    if (String(key[1]).startsWith('view:')) refetchSoon(key)
  }
}

/** Has lists that are being read read once more: the answer may be from before the change, and would take it back. */
function rereadLists(): void {
  for (const { queryKey } of queryClient.getQueryCache().findAll({ queryKey: keys.lists, fetchStatus: 'fetching' })) refetchSoon(queryKey)
}

/** Brings a changed row into every list that is in memory. */
export function applyRow(row: ConversationRow): void {
  remember(row)
  refetchSoon(keys.viewCounts, 1500)
  if (gathered) touched = true
  else rereadLists()
  for (const [key, data] of listsInMemory()) {
    const { pages, ask } = reconcile(data.pages, row, contextOf(key))
    if (pages !== data.pages) setList(key, { ...data, pages })
    if (ask) refetchSoon(key)
  }
}

/** Takes a conversation that is gone out of every list that is in memory. */
export function forgetRow(uuid: Uuid): void {
  recent.delete(uuid)
  for (const [key, data] of listsInMemory()) {
    if (!data.pages.some((page) => page.results.some((row) => row.uuid === uuid))) continue
    const pages = data.pages.map((page) => ({ ...page, total: Math.max(0, page.total - 1), results: page.results.filter((row) => row.uuid !== uuid) }))
    setList(key, { ...data, pages })
  }
}

/** Changes a conversation wherever it is in memory: in the lists and opened. */
export function patchConversation(uuid: Uuid, change: Partial<Conversation> & Partial<Pick<ConversationRow, 'unread_message_count'>>): void {
  queryClient.setQueryData<Conversation>(keys.conversation(uuid), (known) => known && { ...known, ...change })
  const row = findRow(uuid)
  if (!row) return
  const { contact: _contact, ...flat } = change
  const shared = Object.fromEntries(Object.entries(flat).filter(([name]) => name in row))
  applyRow({ ...row, ...shared })
}

/** Changes a contact wherever conversations show them. Custom attributes that are not named stay. */
export function patchContact(id: Id, change: Partial<ConversationContact>): void {
  const attributes = (known: ConversationContact) => ({ ...known.custom_attributes, ...change.custom_attributes })
  for (const [key, opened] of queryClient.getQueriesData<Conversation>({ queryKey: ['conversation'] })) {
    if (key.length !== 2 || opened?.contact.id !== id) continue
    const { contact } = opened
    const changed = Object.fromEntries(Object.entries(change).filter(([name]) => name in contact))
    queryClient.setQueryData<Conversation>(key, { ...opened, contact: { ...contact, ...changed, custom_attributes: attributes(contact) } })
  }
  const rows = new Map<Uuid, ConversationRow>()
  for (const [, data] of queryClient.getQueriesData<ListData>({ queryKey: keys.lists })) {
    for (const row of data?.pages.flatMap((page) => page.results) ?? []) if (row.contact_id === id) rows.set(row.uuid, row)
  }
  for (const row of rows.values()) {
    const shown = Object.fromEntries(Object.entries(change).filter(([name]) => name in row.contact))
    if (Object.keys(shown).length) applyRow({ ...row, contact: { ...row.contact, ...shown } })
  }
}
