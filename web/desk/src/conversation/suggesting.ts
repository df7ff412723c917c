import type { Conversation, Message } from '@ui/api/types'
import { t } from '@ui/i18n'
import { ref, watch } from 'vue'
import { findContacts } from '@/contacts/data'
import { fullName } from '@/data/reference'
import { useMe } from '@/data/session'

/** Somebody a reply could go to. */
export interface Suggestion {
  address: string
  name: string
  /** What they are in the conversation; empty for a contact from elsewhere. */
  role: string
}

const most = 6

/** Who takes part in a conversation by mail: its customer, who wrote, and who was written to. */
export function participants(
  conversation: Pick<Conversation, 'contact' | 'inbox_mail' | 'inbox_reply_to'>,
  messages: readonly Pick<Message, 'type' | 'meta' | 'author' | 'private'>[],
): Suggestion[] {
  const found = new Map<string, Suggestion>()
  const own = new Set([conversation.inbox_mail, conversation.inbox_reply_to].map((address) => address.toLowerCase()))
  const add = (address: string | null | undefined, name: string, role: string): void => {
    const key = address?.toLowerCase()
    if (address && key && !own.has(key) && !/\+conv-/.test(key) && !found.has(key)) found.set(key, { address, name, role })
  }
  add(conversation.contact.email, fullName(conversation.contact), t('composer.role.customer'))
  for (const { type, meta, author, private: note } of messages) {
    if (note || type === 'activity') continue
    if (type === 'incoming') add(meta.from?.[0], fullName(author), t('composer.role.wrote'))
    for (const address of [...(meta.to ?? []), ...(meta.cc ?? [])]) add(address, '', t('composer.role.copied'))
  }
  return [...found.values()]
}

/** Suggests participants at once, and contacts of the desk to who may read them. */
export function useSuggestions(typed: () => string, known: () => readonly Suggestion[], taken: () => readonly string[]) {
  const { can } = useMe()
  const suggestions = ref<Suggestion[]>([])
  let asked: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  watch(typed, (text) => {
    asked?.abort()
    clearTimeout(timer)
    const query = text.trim().toLowerCase()
    const used = new Set(taken().map((address) => address.toLowerCase()))
    const free = (all: readonly Suggestion[]): Suggestion[] => all.filter(({ address }) => !used.has(address.toLowerCase()))
    const local = query ? free(known()).filter(({ address, name }) => `${name} ${address}`.toLowerCase().includes(query)).slice(0, most) : []
    suggestions.value = local
    if (query.length < 3 || !can('contacts:read')) return
    timer = setTimeout(() => {
      asked = new AbortController()
      findContacts(query, asked.signal)
        .then((hits) => {
          const more = hits.flatMap((hit) => (hit.email ? [{ address: hit.email, name: fullName(hit), role: '' }] : []))
          const seen = new Set(local.map(({ address }) => address.toLowerCase()))
          suggestions.value = [...local, ...free(more).filter(({ address }) => !seen.has(address.toLowerCase()))].slice(0, most)
        })
        .catch(() => {}) // what is typed is taken all the same
    }, 200)
  })
  return suggestions
}
