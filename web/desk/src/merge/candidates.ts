import type { Conversation, ConversationRow, SearchMatch, Uuid } from '@ui/api/types'
import type { MessageKey } from '@ui/i18n'
import { fullName } from '@/data/reference'
import { hiddenScopes } from '@/inbox/scope'

/** A conversation that others can be merged into. */
export interface Candidate {
  uuid: Uuid
  reference: string
  subject: string
  status: string
  contact: string
  /** Unknown of what a search found. */
  contactId?: number
  at: string
}

export interface CandidateGroup {
  title: MessageKey
  list: Candidate[]
}

interface Known {
  /** What is to be merged. */
  uuids: readonly Uuid[]
  rows: readonly ConversationRow[]
  source?: Conversation
  /** What a search found; undefined while nothing is searched for. */
  found?: readonly SearchMatch[]
}

/**
 * What can be merged into, the likeliest first: one of those that were chosen, if they are several, then what else the
 * contact wrote about; or what a search found. What is in spam or in the trash is no target.
 */
export function candidates({ uuids, rows, source, found }: Known): CandidateGroup[] {
  const taken = new Set(uuids)
  if (found) {
    const list = found.filter(({ uuid, status }) => (uuids.length > 1 || !taken.has(uuid)) && !hiddenScopes[status])
    return [{ title: 'merge.found', list: list.map(ofMatch) }]
  }
  const contact = source ? fullName(source.contact) : ''
  const others = (source?.previous_conversations ?? []).filter(({ uuid, status }) => !taken.has(uuid) && !hiddenScopes[status])
  const selected = uuids.length > 1 ? [...rows].sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at)) : []
  return [
    { title: 'merge.selected', list: selected.map(ofRow) },
    {
      title: 'merge.of_contact',
      list: others.map(({ uuid, reference_number: reference, subject, status, last_message_at, created_at }) => ({
        uuid, reference, subject, status, contact, contactId: source!.contact_id, at: last_message_at ?? created_at,
      })),
    },
  ]
}

const ofRow = (row: ConversationRow): Candidate => ({
  uuid: row.uuid,
  reference: row.reference_number,
  subject: row.subject ?? '',
  status: row.status,
  contact: fullName(row.contact),
  contactId: row.contact_id,
  at: row.last_message_at ?? row.created_at,
})

const ofMatch = (match: SearchMatch): Candidate => ({
  uuid: match.uuid,
  reference: match.reference_number,
  subject: match.subject_parts.map(({ text }) => text).join(''),
  status: match.status,
  contact: fullName(match.contact),
  at: match.last_message_at,
})
