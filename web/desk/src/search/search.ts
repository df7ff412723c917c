import { keepPreviousData, useInfiniteQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { SearchFound, SearchMatch } from '@ui/api/types'
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { isStrings, preference } from '@/data/preferences'
import { keys } from '@/data/query'
import { useMe } from '@/data/session'
import { useOrganizations } from '@/organizations/data'
import { askable, hasOperators, longEnough } from './language'

/** Milliseconds without a key before the server is asked. */
const patience = 200

/** Searches for what is typed, once the typing pauses. Results of an older text never replace newer ones. */
export function useSearch(typed: MaybeRefOrGetter<string>, limit = 20) {
  const text = ref(askable(toValue(typed)))
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    () => askable(toValue(typed)),
    (next) => {
      clearTimeout(timer)
      timer = setTimeout(() => (text.value = next), patience)
    },
  )
  const query = useInfiniteQuery({
    queryKey: computed(() => keys.search(text.value, limit)),
    queryFn: ({ signal, queryKey, pageParam }) =>
      api.get<SearchFound>('/search', { query: { query: queryKey[1], limit, cursor: pageParam || undefined }, signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
    enabled: computed(() => longEnough(text.value)),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
  return {
    ...query,
    /** What the results belong to, or will. */
    text,
    /** A page may repeat what moved down since the one before. */
    conversations: computed(() => [
      ...new Map((query.data.value?.pages ?? []).flatMap((page) => page.conversations).map((match) => [match.uuid, match])).values(),
    ]),
    contacts: computed(() => query.data.value?.pages[0]?.contacts ?? []),
  }
}

const fewOrganizations = 4

/** Organizations whose name or domain has what is searched for, for who may read contacts. */
export function useFoundOrganizations(text: MaybeRefOrGetter<string>) {
  const { can } = useMe()
  const words = computed(() => (can('contacts:read') && longEnough(toValue(text)) && !hasOperators(toValue(text)) ? toValue(text) : ''))
  const { rows, isPlaceholderData } = useOrganizations(words, () => words.value !== '')
  return computed(() => (words.value && !isPlaceholderData.value ? rows.value.slice(0, fewOrganizations) : []))
}

/** Where a hit leads: to the message that was found, in a list the agent has. */
export function useHitAddress() {
  const { can } = useMe()
  return ({ uuid, hit }: SearchMatch): string =>
    `/inboxes/${can('conversations:read_all') ? 'all' : 'assigned'}/conversation/${uuid}${hit ? `?scrollTo=${hit.message_uuid}` : ''}`
}

const remembered = 8

/** What this agent looked for last in this browser, the latest first. */
export function useRecentSearches() {
  const { me } = useMe()
  const list = preference<string[]>(`searches.${me.value?.id ?? 0}`, [], isStrings)
  return {
    recent: list,
    remember: (text: string) => {
      const trimmed = text.trim()
      if (longEnough(trimmed)) list.value = [trimmed, ...list.value.filter((one) => one !== trimmed)].slice(0, remembered)
    },
    forget: () => (list.value = []),
  }
}
