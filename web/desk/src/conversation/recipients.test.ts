import type { Conversation, Message } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { answerTo, newDomains, parseRecipients, prefillRecipients } from './recipients'

const conversation = {
  inbox_channel: 'email',
  inbox_mail: 'support@acme.com',
  inbox_reply_to: '',
  contact: { email: 'c@x.io' },
} as Conversation

type Part = Pick<Message, 'type' | 'private' | 'meta' | 'created_at'>
const morning = '2026-01-01T08:00:00Z'
const noon = '2026-01-01T12:00:00Z'
const evening = '2026-01-01T18:00:00Z'
const incoming = (meta: Message['meta'], created_at = morning): Part => ({ type: 'incoming', private: false, meta, created_at })
const outgoing = (meta: Message['meta'], created_at = morning): Part => ({ type: 'outgoing', private: false, meta, created_at })
const merged = (...contact_emails: string[]): Partial<Conversation> => ({
  merged_from: [{ uuid: 'm', reference_number: '7', subject: 'Bulb', merged_at: noon, merged_by: 1, contact_emails }],
})
const tag = '3f2b8c1e-5d4a-4f6b-9c7d-0e1f2a3b4c5d'

const cases: { rule: string; messages: Part[]; in?: Partial<Conversation>; to: string[]; cc: string[] }[] = [
  {
    rule: 'a letter is answered to its sender, everybody else in Cc, without our own address',
    messages: [incoming({ from: ['c@x.io'], to: ['support@acme.com', 'd@x.io'], cc: ['e@x.io'] })],
    to: ['c@x.io'],
    cc: ['e@x.io', 'd@x.io'],
  },
  {
    rule: 'our address with the tag of a conversation is ours',
    messages: [incoming({ from: ['c@x.io'], to: [`support+conv-${tag}@acme.com`, 'd@x.io'] })],
    to: ['c@x.io'],
    cc: ['d@x.io'],
  },
  {
    rule: 'a tag that is not one of ours belongs to somebody else',
    messages: [incoming({ from: ['c@x.io'], to: ['support+conv-123@acme.com'] })],
    to: ['c@x.io'],
    cc: ['support+conv-123@acme.com'],
  },
  {
    rule: 'the reply-to address of the inbox is ours, in any case',
    messages: [incoming({ from: ['c@x.io'], to: ['Help@Acme.com'] })],
    in: { inbox_reply_to: 'help@acme.com' },
    to: ['c@x.io'],
    cc: [],
  },
  {
    rule: 'the contact stays in Cc when somebody else wrote',
    messages: [incoming({ from: ['d@x.io'], to: ['support@acme.com'] })],
    to: ['d@x.io'],
    cc: ['c@x.io'],
  },
  {
    rule: 'a letter without envelope is answered to the contact',
    messages: [incoming({})],
    to: ['c@x.io'],
    cc: [],
  },
  {
    rule: 'our own letter goes again to whom it went',
    messages: [outgoing({ to: ['a@x.io'], cc: ['b@x.io'], bcc: ['secret@x.io'] })],
    to: ['a@x.io'],
    cc: ['b@x.io'],
  },
  {
    rule: 'our own letter without recipients goes to the contact',
    messages: [outgoing({})],
    to: ['c@x.io'],
    cc: [],
  },
  {
    rule: 'the same address in another case is not written to twice',
    messages: [incoming({ from: ['c@x.io'], to: ['C@X.io', 'd@x.io'], cc: ['D@x.io'] })],
    to: ['c@x.io'],
    cc: ['D@x.io'],
  },
  {
    rule: 'notes, activities and automatic mails are passed over',
    messages: [
      { type: 'outgoing', private: true, meta: { to: ['note@x.io'] }, created_at: morning },
      { type: 'activity', private: true, meta: {}, created_at: morning },
      outgoing({ to: ['robot@x.io'], is_automated: true }),
      incoming({ from: ['c@x.io'] }),
    ],
    to: ['c@x.io'],
    cc: [],
  },
  {
    rule: 'a contact whose conversation was merged in is answered, too',
    messages: [incoming({ from: ['c@x.io'], to: ['support@acme.com'] })],
    in: merged('m@y.io', 'C@x.io'),
    to: ['c@x.io'],
    cc: ['m@y.io'],
  },
  {
    rule: 'so are they when our own letter was older than the merge',
    messages: [outgoing({ to: ['c@x.io'] })],
    in: merged('m@y.io'),
    to: ['c@x.io'],
    cc: ['m@y.io'],
  },
  {
    rule: 'who was left out of a reply since the merge stays out',
    messages: [incoming({ from: ['c@x.io'], to: ['support@acme.com'] }, evening), outgoing({ to: ['c@x.io'] }, evening)],
    in: merged('m@y.io'),
    to: ['c@x.io'],
    cc: [],
  },
  {
    rule: 'who had a reply since the merge has the next one, though the contact answered us alone',
    messages: [incoming({ from: ['c@x.io'], to: ['support@acme.com'] }, evening), outgoing({ to: ['c@x.io'], cc: ['M@y.io'] }, evening)],
    in: merged('m@y.io'),
    to: ['c@x.io'],
    cc: ['m@y.io'],
  },
  {
    rule: 'a merged contact who wrote is answered, and the contact has it in Cc',
    messages: [incoming({ from: ['m@y.io'], to: ['support@acme.com'] }, evening)],
    in: merged('m@y.io'),
    to: ['m@y.io'],
    cc: ['c@x.io'],
  },
  { rule: 'nothing to answer, nobody to answer to', messages: [], to: [], cc: [] },
  {
    rule: 'a chat has no recipients',
    messages: [incoming({ from: ['c@x.io'] })],
    in: { inbox_channel: 'livechat' },
    to: [],
    cc: [],
  },
]

describe('prefillRecipients', () => {
  it.each(cases)('$rule', ({ messages, to, cc, in: changed }) => {
    expect(prefillRecipients({ ...conversation, ...changed }, messages)).toEqual({ to, cc, bcc: [] })
  })
})

describe('parseRecipients', () => {
  it('splits at commas and names what is no address', () => {
    expect(parseRecipients(' a@x.io, b@x ,, c d@x.io,e@x.io')).toEqual({
      valid: ['a@x.io', 'e@x.io'],
      invalid: ['b@x', 'c d@x.io'],
    })
  })
})

describe('domains that are new to a conversation', () => {
  const conversation = { inbox_mail: 'support@acme.io', inbox_reply_to: '', contact: { email: 'c@x.io' } } as never
  const messages = [{ private: false, meta: { from: ['c@x.io'], to: ['support@acme.io', 'd@y.io'] } }]
  it('are those that nobody wrote from or to', () => {
    expect(newDomains(conversation, messages, { to: ['C@X.io', 'e@y.io'], cc: ['f@z.io'], bcc: ['g@Z.io', 'boss@acme.io'] })).toEqual(['z.io'])
  })
})

describe('an answer to one message', () => {
  const conversation = { inbox_channel: 'email', inbox_mail: 'support@acme.io', inbox_reply_to: '', contact: { email: 'c@x.io' } } as never
  const message = { type: 'incoming', meta: { from: ['shop@r.io'], to: ['support@acme.io', 'd@x.io'] } } as never
  it('goes to its sender alone, or to all who had it', () => {
    expect(answerTo(conversation, message, true)).toEqual({ to: ['shop@r.io'], cc: [], bcc: [] })
    expect(answerTo(conversation, message).cc).toEqual(['d@x.io', 'c@x.io'])
  })
})
