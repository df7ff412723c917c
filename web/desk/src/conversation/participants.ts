import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { Conversation, Message, Participant, Uuid } from '@ui/api/types'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { keys } from '@/data/query'
import { fullName } from '@/data/reference'
import { participants } from './suggesting'

/** Somebody who takes part, as the context pane shows them. */
export interface Person {
  key: string
  name: string
  avatar: string | null
  /** Empty for colleagues, who are not written to. */
  email: string
  role: Exclude<Participant['role'], 'system'> | 'copied'
}

/** Who wrote in a conversation. */
export const useParticipants = (uuid: MaybeRefOrGetter<Uuid>) =>
  useQuery({
    queryKey: computed(() => [...keys.conversation(toValue(uuid)), 'participants'] as const),
    queryFn: ({ signal, queryKey }) => api.get<Participant[] | null>(`/conversations/${queryKey[1]}/participants`, { signal }).then((all) => all ?? []),
  })

const order: Person['role'][] = ['contact', 'other', 'copied', 'assignee', 'agent']

/** Customers first, the one it is about before all; then who only received mail; then colleagues. What the desk did by itself is nobody. */
export function everybody(
  conversation: Pick<Conversation, 'contact' | 'inbox_mail' | 'inbox_reply_to'>,
  wrote: readonly Participant[],
  messages: readonly Pick<Message, 'type' | 'meta' | 'author' | 'private'>[],
): Person[] {
  const people = wrote.flatMap(({ id, role, ...one }): Person[] => (role === 'system' ? [] : [{ key: `user:${id}`, name: fullName(one), avatar: one.avatar_url, email: one.email ?? '', role }]))
  const known = new Set(people.map(({ email }) => email.toLowerCase()))
  for (const { address, name } of participants(conversation, messages)) {
    if (known.has(address.toLowerCase())) continue
    const customer = address.toLowerCase() === conversation.contact.email?.toLowerCase()
    people.push({ key: address, name: name || address, avatar: null, email: address, role: customer ? 'contact' : 'copied' })
  }
  return people.sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role))
}
