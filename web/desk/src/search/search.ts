import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { ContactHit, ConversationHit, MessageHit } from '@ui/api/types'
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { keys } from '@/data/query'

/** Fewer bytes find too much; the server refuses them. */
const shortest = 3
/** Milliseconds without a key before the server is asked. */
const patience = 250

export const longEnough = (text: string): boolean => new TextEncoder().encode(text.trim()).length >= shortest

function useSearch<T>(kind: 'conversations' | 'messages' | 'contacts', text: MaybeRefOrGetter<string>, allowed: MaybeRefOrGetter<boolean>) {
  return useQuery({
    queryKey: computed(() => keys.search(kind, toValue(text))),
    queryFn: ({ signal, queryKey }) => api.get<T[] | null>(`/${kind}/search`, { query: { query: queryKey[2] }, signal }).then((hits) => hits ?? []),
    enabled: computed(() => toValue(allowed) && longEnough(toValue(text))),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
}

/** Searches for what is typed, once the typing pauses. Results of an older text never replace newer ones. */
export function useSearches(typed: MaybeRefOrGetter<string>, may: Record<'conversations' | 'messages' | 'contacts', MaybeRefOrGetter<boolean>>) {
  const text = ref(toValue(typed).trim())
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    () => toValue(typed).trim(),
    (next) => {
      clearTimeout(timer)
      timer = setTimeout(() => (text.value = next), patience)
    },
  )
  return {
    /** What the results belong to, or will. */
    text,
    conversations: useSearch<ConversationHit>('conversations', text, may.conversations),
    messages: useSearch<MessageHit>('messages', text, may.messages),
    contacts: useSearch<ContactHit>('contacts', text, may.contacts),
  }
}
