import type { Message } from '@ui/api/types'
import { formatExact, t } from '@ui/i18n'
import { splitPlainQuote } from '@ui/mail/quotes'
import { fullName } from '@/data/reference'

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as HTML. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]!)

const paragraphs = (text: string): string =>
  text
    .trim()
    .split(/\n{2,}/)
    .map((part) => `<p>${escapeHtml(part).replace(/\n/g, '<br>')}</p>`)
    .join('')

/** A message, or what was selected of it, as a quote with who wrote it; an empty line to go on follows. */
export function quoteOf(message: Message, selected = ''): string {
  const text = selected.trim() || splitPlainQuote(message.text_content).fresh.trim()
  if (!text) return ''
  const said = t('composer.quote_said', { name: fullName(message.author), time: formatExact(message.created_at) })
  return `<p>${escapeHtml(said)}</p><blockquote>${paragraphs(text)}</blockquote><p></p>`
}

/** What stands between a text and the message that it passes on: whom that came from, when, about what and to whom. */
export function forwardIntro(message: Message, subject: string): string {
  const { from = [], to = [], cc = [], date, subject: own } = message.meta
  const name = fullName(message.author)
  const sender = from[0] ?? message.author.email ?? ''
  const lines: [string, string][] = [
    [t('conversation.envelope.from'), sender && sender !== name ? `${name} <${sender}>` : name],
    [t('conversation.envelope.date'), formatExact(date ?? message.created_at)],
    [t('conversation.envelope.subject'), own || subject],
    [t('conversation.envelope.to'), to.join(', ')],
    [t('conversation.envelope.cc'), cc.join(', ')],
  ]
  const known = lines.filter(([, value]) => value).map(([label, value]) => `<b>${escapeHtml(label)}:</b> ${escapeHtml(value)}`)
  return `<p>---------- ${escapeHtml(t('composer.forwarded_message'))} ----------<br>${known.join('<br>')}</p>`
}

const forwards = /^\s*(fwd?|wg|tr|rv|enc|i|vs|doorst|pd)\s*[:：]/i

/** Whether a mail of this subject passes a message on: that is what it is about, and no history. */
export const isForward = (subject: string | undefined): boolean => !!subject && forwards.test(subject)

/** The subject of a mail that passes a message on. */
export const forwardSubject = (subject: string): string => (isForward(subject) ? subject : `Fwd: ${subject}`)
