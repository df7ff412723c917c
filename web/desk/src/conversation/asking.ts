import type { Conversation, Message } from '@ui/api/types'
import { ask, confirm } from '@ui/confirm'
import { t } from '@ui/i18n'
import { fullName } from '@/data/reference'
import { newDomains, type Recipients } from './recipients'

/** What is asked before a public reply leaves. */
export interface Leaving {
  conversation: Conversation
  messages: readonly Message[]
  to: Recipients
  /** Id of the newest public message when the writing began; 0 for unknown. */
  since: number
  /** It passes a message on: the customer is not to have it. */
  forward: boolean
  me: number | undefined
  /** The inbox wants tags before its conversations are answered, and the agent can give some. */
  wantsTags: boolean
  /** Lets the agent pick tags. */
  pickTags: () => void
}

/** Asks what has to be asked, one question after the other; true when the reply may leave. */
export async function mayLeave(leaving: Leaving): Promise<boolean> {
  return (await isTagged(leaving)) && (await reachesCustomer(leaving)) && (await knowsDomains(leaving)) && (await knowsNews(leaving))
}

/** Comes first: who tags sends again, and would be asked the rest twice. */
async function isTagged({ conversation, forward, wantsTags, pickTags }: Leaving): Promise<boolean> {
  if (!wantsTags || forward || conversation.tags.length) return true
  const answer = await ask({
    title: t('composer.untagged.title'),
    text: t('composer.untagged.text', { inbox: conversation.inbox_name }),
    action: t('composer.send_anyway'),
    instead: t('composer.untagged.add'),
  })
  if (answer === 'instead') pickTags()
  return answer === 'yes'
}

async function reachesCustomer({ conversation, to, forward }: Leaving): Promise<boolean> {
  const contact = conversation.contact.email?.toLowerCase()
  const all = [...to.to, ...to.cc, ...to.bcc].map((address) => address.toLowerCase())
  if (conversation.inbox_channel !== 'email' || !contact || forward || all.includes(contact)) return true
  return confirm({
    title: t('composer.contact_missing.title'),
    text: t('composer.contact_missing.text', { name: fullName(conversation.contact), email: contact }),
    action: t('composer.send_anyway'),
  })
}

/** A domain that is new to the conversation is often a slip of the keyboard; who forwards means it. */
async function knowsDomains({ conversation, messages, to, forward }: Leaving): Promise<boolean> {
  const fresh = forward ? [] : newDomains(conversation, messages, to)
  if (!fresh.length) return true
  return confirm({
    title: t('composer.new_domain.title', { domain: fresh[0]! }),
    text: t('composer.new_domain.text', { domains: fresh.join(', ') }),
    action: t('composer.send_anyway'),
  })
}

async function knowsNews({ messages, since, me }: Leaving): Promise<boolean> {
  const news = messages.filter((m) => since && m.id > since && m.type !== 'activity' && !m.private && !(m.sender_type === 'agent' && m.sender_id === me))
  if (!news.length) return true
  return confirm({ title: t('composer.news.title', {}, news.length), text: t('composer.news.text'), action: t('composer.send_anyway') })
}
