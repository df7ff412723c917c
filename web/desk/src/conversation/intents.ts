import type { Draft, Message, Uuid } from '@ui/api/types'
import { queryClient, keys } from '@/data/query'
import type { Recipients } from './recipients'

/** What the composer of a conversation does with one of its messages. */
export interface Composing {
  reply: (message?: Message) => void
  replyAll: (message?: Message) => void
  forward: (message: Message) => void
  quote: (message: Message, selected: string) => void
  /** Writes to somebody, too. */
  address: (address: string, field: keyof Recipients) => void
  /** Goes on with a reply that was taken back. */
  resume: (draft: Draft) => void
}

const composers = new Map<Uuid, Composing>()

/** Offers a composer to the rest of the page; call what it returns when the composer goes. */
export function offerComposer(conversation: Uuid, composing: Composing): () => void {
  composers.set(conversation, composing)
  return () => {
    if (composers.get(conversation) === composing) composers.delete(conversation)
  }
}

/** Whether there is a composer: who may not write, or looks at the trash, has none. */
export const canCompose = (conversation: Uuid): boolean => composers.has(conversation)

/** Answers a message to its sender alone; without one, the composer opens with whom it proposes. */
export const startReply = (conversation: Uuid, message?: Message): void => composers.get(conversation)?.reply(message)

/** Answers a message to its sender with everybody else in Cc. */
export const startReplyAll = (conversation: Uuid, message?: Message): void => composers.get(conversation)?.replyAll(message)

/** Passes a message on, with its files, to somebody who is still to be named. */
export const startForward = (conversation: Uuid, message: Message): void => composers.get(conversation)?.forward(message)

/** Quotes what was selected of a message, or all that its writer added, at the caret of the reply. */
export const quote = (conversation: Uuid, message: Message, selected = ''): void => composers.get(conversation)?.quote(message, selected)

/** Puts an address into a field of the reply, out of any other. */
export const writeTo = (conversation: Uuid, address: string, field: keyof Recipients): void => composers.get(conversation)?.address(address, field)

/** Gives a reply that was taken back to its composer, on the screen or the next time it is. */
export function giveBack(conversation: Uuid, draft: Draft): void {
  queryClient.setQueryData<Draft[]>(keys.drafts, (all) => [draft, ...(all ?? []).filter((known) => known.id !== draft.id)])
  composers.get(conversation)?.resume(draft)
}
