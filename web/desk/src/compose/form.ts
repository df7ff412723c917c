import { api } from '@ui/api/client'
import type { Conversation, InboxCompact, NewConversation } from '@ui/api/types'
import { t } from '@ui/i18n'
import { email as checkAddress, longest, required, type Errors } from '@/admin/validate'
import { keys, queryClient } from '@/data/query'
import { throughSessions } from '@/data/session'
import { settledHtml } from '@/conversation/drafting'
import { isEmptyDraft } from '@/conversation/drafts'
import type { Writing } from '@/conversation/session'
import type { KnownContact } from './dialog'

/** A conversation that is being begun. Zero stands for no inbox, team or agent. */
export interface ComposeForm extends Writing {
  contact_email: string
  first_name: string
  last_name: string
  /** A contact of the desk was chosen: their name is the desk's. */
  known: boolean
  subject: string
  inbox_id: number
  /** Who says the first message: we, by mail, or the contact, in whose name it is written down. */
  initiator: 'agent' | 'contact'
  team_id: number
  agent_id: number
  tags: string[]
}

const nameLongest = 140

/** The inboxes that conversations can be begun in. */
export const mailInboxes = (inboxes: readonly InboxCompact[]): InboxCompact[] => inboxes.filter(({ channel, enabled }) => channel === 'email' && enabled)

/** How an inbox is told from others: its name, and the address that its mail comes from. */
export function senderOf({ name, from }: Pick<InboxCompact, 'name' | 'from'>): string {
  const address = /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from
  return address ? `${name} – ${address}` : name
}

/** The last inbox one wrote from while it is there, otherwise the first. */
export function inboxOf(inboxes: readonly InboxCompact[], last: number): number {
  const usable = mailInboxes(inboxes)
  return (usable.find(({ id }) => id === last) ?? usable[0])?.id ?? 0
}

/** What of a form belongs to a contact of the desk. */
export const contactPart = ({ email, first_name, last_name }: KnownContact) => ({ contact_email: email ?? '', first_name, last_name, known: true })

export const newForm = (inbox: number, agent: number, contact?: KnownContact): ComposeForm => ({
  contact_email: '',
  first_name: '',
  last_name: '',
  known: false,
  subject: '',
  inbox_id: inbox,
  initiator: 'agent',
  team_id: 0,
  agent_id: agent,
  tags: [],
  content: '',
  attachments: [],
  uploads: [],
  ...(contact && contactPart(contact)),
})

/** What of a form is kept in case the page goes away: files on their way are not. */
export const keptPart = ({ uploads: _, ...form }: ComposeForm): Omit<ComposeForm, 'uploads'> => ({ ...form, content: settledHtml(form.content) })

/** A form as it was kept, from an inbox that can still send. */
export function takenUp(fresh: ComposeForm, form: Omit<ComposeForm, 'uploads'>, inboxes: readonly InboxCompact[]): ComposeForm {
  return { ...fresh, ...form, inbox_id: inboxOf(inboxes, form.inbox_id) }
}

function contentError({ content, uploads }: Writing): string {
  if (uploads.length) return t('compose.wait')
  return isEmptyDraft({ content, attachments: [] }) ? t('admin.error.required') : ''
}

export const validate = (form: ComposeForm): Errors => ({
  contact_email: required(form.contact_email) || checkAddress(form.contact_email),
  first_name: form.known ? '' : required(form.first_name) || longest(form.first_name.trim(), nameLongest),
  last_name: form.known ? '' : longest(form.last_name.trim(), nameLongest),
  subject: required(form.subject),
  inbox_id: form.inbox_id ? '' : t('admin.error.required'),
  content: contentError(form),
})

export function toBody(form: ComposeForm): NewConversation {
  const address = form.contact_email.trim()
  return {
    inbox_id: form.inbox_id,
    contact_email: address,
    // A contact may have no name; the server asks for one nevertheless, and leaves theirs alone.
    first_name: form.first_name.trim() || address,
    last_name: form.last_name.trim(),
    subject: form.subject.trim(),
    content: form.content,
    // Pictures in the text are found by their address.
    attachments: form.attachments.filter((file) => file.disposition !== 'inline').map((file) => file.id),
    initiator: form.initiator,
    tags: form.tags,
    ...(form.team_id && { team_id: form.team_id }),
    ...(form.agent_id && { agent_id: form.agent_id }),
  }
}

/** Gives each content a key of its own: the same content sent again, after no answer came, works once. */
export function keyOfContent(): (body: NewConversation) => string {
  let last = ''
  let key = ''
  return (body) => {
    const text = JSON.stringify(body)
    if (text !== last) [last, key] = [text, crypto.randomUUID()]
    return key
  }
}

export async function begin(body: NewConversation, key: string): Promise<Conversation> {
  const made = await throughSessions(() =>
    api.post<Conversation>('/conversations', body, { timeout: 30_000, headers: { 'Idempotency-Key': key } }),
  )
  void queryClient.invalidateQueries({ queryKey: keys.contacts })
  void queryClient.invalidateQueries({ queryKey: keys.contactConversations(made.contact.id) })
  return made
}
