import type { Conversation, Message } from '@ui/api/types'

export interface Recipients {
  to: string[]
  cc: string[]
  bcc: string[]
}

/** Our own plus-address tag: `+conv-` and a version 4 UUID. Other tags belong to the address. */
const conversationTag = /\+conv-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?=@)/

const normalise = (address: string): string => address.trim().toLowerCase().replace(conversationTag, '')

/** The letter that a reply answers unless the agent says which: the newest public one that a person wrote to the conversation. */
export const lastLetter = <M extends Pick<Message, 'type' | 'private' | 'meta'>>(messages: readonly M[]): M | undefined => messages.findLast(isLetter)

const isLetter = ({ type, private: note, meta }: Pick<Message, 'type' | 'private' | 'meta'>): boolean =>
  type !== 'activity' && !note && !meta.is_automated && !meta.forward_of

/**
 * Whom a reply goes to, from the newest public message that a person wrote. A customer's letter is
 * answered to its sender with everybody else in Cc; our own letter goes again to whom it went. The
 * inbox's own addresses are never among them.
 */
export function prefillRecipients(
  conversation: Pick<Conversation, 'inbox_channel' | 'inbox_mail' | 'inbox_reply_to' | 'contact' | 'merged_from'>,
  newestFirst: readonly Pick<Message, 'type' | 'private' | 'meta' | 'created_at'>[],
): Recipients {
  const none: Recipients = { to: [], cc: [], bcc: [] }
  if (conversation.inbox_channel !== 'email') return none
  const letters = newestFirst.filter(isLetter)
  const [last] = letters
  if (!last) return none
  const answer = answerTo(conversation, last)
  const reached = new Set([...answer.to, ...answer.cc, conversation.contact.email ?? ''].map(normalise))
  return { ...answer, cc: [...answer.cc, ...joined(conversation, letters).filter((address) => !reached.has(normalise(address)))] }
}

/**
 * Contacts whose conversations were merged into this one: they wait for an answer as its own contact does, until a reply since
 * has left them out.
 */
function joined({ merged_from: merged = [] }: Pick<Conversation, 'merged_from'>, newestFirst: readonly Pick<Message, 'type' | 'meta' | 'created_at'>[]): string[] {
  const reply = newestFirst.find(({ type }) => type === 'outgoing')
  const had = new Set([...(reply?.meta.to ?? []), ...(reply?.meta.cc ?? [])].map(normalise))
  const answered = (since: string): boolean => !!reply && Date.parse(reply.created_at) > Date.parse(since)
  const emails = merged.flatMap(({ merged_at, contact_emails }) => (answered(merged_at) ? contact_emails.filter((email) => had.has(normalise(email))) : contact_emails))
  return [...new Map(emails.map((email) => [normalise(email), email])).values()]
}

/** Whom an answer to one message goes to: to everybody who had it, or `alone` to its sender. */
export function answerTo(
  conversation: Pick<Conversation, 'inbox_channel' | 'inbox_mail' | 'inbox_reply_to' | 'contact'>,
  last: Pick<Message, 'type' | 'meta'>,
  alone = false,
): Recipients {
  const own = new Set([conversation.inbox_mail, conversation.inbox_reply_to].filter(Boolean).map(normalise))
  const contact = conversation.contact.email ?? ''
  const taken = new Set<string>()
  const pick = (addresses: readonly string[]): string[] =>
    addresses
      .map((address) => address.trim())
      .filter((address) => {
        const key = address.toLowerCase()
        if (!address || own.has(normalise(address)) || taken.has(key)) return false
        taken.add(key)
        return true
      })

  const { from = [], to = [], cc = [] } = last.meta
  if (last.type === 'outgoing') {
    return { to: pick(to.length ? to : [contact]), cc: alone ? [] : pick(cc), bcc: [] }
  }
  if (alone) return { to: pick(from.length ? from : [contact]), cc: [], bcc: [] }
  return { to: pick(from.length ? from : [contact]), cc: pick([...cc, ...to, contact]), bcc: [] }
}

const address = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/** Splits what was typed into a recipient field at its commas. */
export function parseRecipients(text: string): { valid: string[]; invalid: string[] } {
  const parts = text
    .split(',')
    .map((part) => part.trim().replace(/^.*<([^<>]+)>$/, '$1')) // "Dana <dana@x.io>", as mail programs copy it
    .filter(Boolean)
  return { valid: parts.filter((part) => address.test(part)), invalid: parts.filter((part) => !address.test(part)) }
}

const domainOf = (address: string): string => normalise(address).split('@').at(-1) ?? ''

/** Domains of recipients that nobody in the conversation has written from or to. */
export function newDomains(
  conversation: Pick<Conversation, 'inbox_mail' | 'inbox_reply_to' | 'contact'>,
  messages: readonly Pick<Message, 'private' | 'meta'>[],
  { to, cc, bcc }: Recipients,
): string[] {
  const known = new Set([conversation.inbox_mail, conversation.inbox_reply_to, conversation.contact.email ?? ''].filter(Boolean).map(domainOf))
  for (const { meta } of messages) {
    for (const address of [...(meta.from ?? []), ...(meta.to ?? []), ...(meta.cc ?? []), ...(meta.bcc ?? [])]) known.add(domainOf(address))
  }
  return [...new Set([...to, ...cc, ...bcc].map(domainOf))].filter((domain) => domain && !known.has(domain))
}
