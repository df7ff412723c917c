import type { Id, Message, Uuid } from '@ui/api/types'
import { t } from '@ui/i18n'
import { fullName } from '@/data/reference'

/** As much of a message as is read out; the rest is in the thread. */
const longest = 100

/** The messages that came after the last that was known: by others, and more than that somebody changed something. */
export function arrivals(messages: readonly Message[], before: Uuid, me: Id): Message[] {
  const at = messages.findIndex(({ uuid }) => uuid === before)
  const own = (one: Message): boolean => one.sender_type === 'agent' && one.sender_id === me
  return at < 0 ? [] : messages.slice(at + 1).filter((one) => one.type !== 'activity' && !own(one))
}

/** What a screen reader says of them: of one who wrote what, of more how many. */
export function arrivalWords(arrived: readonly Message[]): string {
  const [only] = arrived
  if (!only) return ''
  if (arrived.length > 1) return t('conversation.new_messages', {}, arrived.length)
  const said = only.text_content.replace(/\s+/g, ' ').trim()
  const text = said.length > longest ? `${said.slice(0, longest).replace(/\s\S*$/, '')} …` : said
  return t(only.private ? 'conversation.announce.note' : 'conversation.announce.message', { name: fullName(only.author), text: text || t('conversation.no_text') })
}
