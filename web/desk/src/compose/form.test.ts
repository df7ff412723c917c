import type { InboxCompact } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { contactPart, inboxOf, keptPart, keyOfContent, newForm, senderOf, takenUp, toBody, validate, type ComposeForm } from './form'

const inbox = (id: number, more: Partial<InboxCompact> = {}): InboxCompact =>
  ({ id, name: `Inbox ${id}`, channel: 'email', enabled: true, from: 'Help <help@acme.io>', prompt_tags_on_reply: false, ...more }) as InboxCompact

const written = (more: Partial<ComposeForm> = {}): ComposeForm => ({
  ...newForm(7, 0),
  contact_email: ' kim@x.io ',
  first_name: 'Kim',
  subject: ' Lamp ',
  content: '<p>hi</p>',
  ...more,
})

const wrong = (form: ComposeForm): string[] => Object.entries(validate(form)).filter(([, message]) => message).map(([name]) => name)

describe('the inbox of a new conversation', () => {
  it('is the one used last, while it can send mail', () => {
    expect(inboxOf([inbox(1), inbox(2)], 2)).toBe(2)
    expect(inboxOf([inbox(1), inbox(2, { enabled: false })], 2)).toBe(1)
    expect(inboxOf([inbox(1, { channel: 'livechat' })], 0)).toBe(0)
  })

  it('is told by its name and address', () => {
    expect(senderOf(inbox(1))).toBe('Inbox 1 – help@acme.io')
    expect(senderOf(inbox(1, { from: '' }))).toBe('Inbox 1')
  })
})

describe('a new conversation that a crash cut off', () => {
  it('comes back as it was, without files on their way and from an inbox that still sends', () => {
    const kept = keptPart(written({ inbox_id: 2, content: '<p>hi <img src="blob:x"></p>', tags: ['late'], uploads: [{} as never] }))
    expect('uploads' in kept).toBe(false)
    expect(kept.content).toBe('<p>hi </p>')
    const form = takenUp(newForm(1, 0), JSON.parse(JSON.stringify(kept)), [inbox(1), inbox(2)])
    expect(form).toMatchObject({ inbox_id: 2, first_name: 'Kim', tags: ['late'], uploads: [] })
    expect(takenUp(newForm(1, 0), kept, [inbox(1)]).inbox_id).toBe(1)
  })
})

describe('a new conversation', () => {
  it('needs an address, a name, a subject, an inbox and words', () => {
    expect(wrong(newForm(0, 0))).toEqual(['contact_email', 'first_name', 'subject', 'inbox_id', 'content'])
    expect(wrong(written())).toEqual([])
    expect(wrong(written({ contact_email: 'kim' }))).toEqual(['contact_email'])
    expect(wrong(written({ content: '<p> </p><p>&nbsp;</p>' }))).toEqual(['content'])
  })

  it('waits for files that are on their way, and for those that failed', () => {
    const upload = { key: 'k', name: 'a.txt', size: 1, part: 0, error: 'no', inline: false, cancel: () => {}, retry: () => {} }
    expect(wrong(written({ uploads: [upload] }))).toEqual(['content'])
  })

  it('takes a contact with their name, and also one without', () => {
    const form = written(contactPart({ email: 'ann@x.io', first_name: '', last_name: '' }))
    expect(wrong(form)).toEqual([])
    expect(toBody(form)).toMatchObject({ contact_email: 'ann@x.io', first_name: 'ann@x.io' })
  })

  it('says what is asked for, and nothing of what is left open', () => {
    const file = { id: 4, uuid: 'u', filename: 'a.pdf', size: 1, content_type: 'application/pdf', url: '' }
    const form = written({
      tags: ['vip'],
      agent_id: 3,
      attachments: [{ ...file, disposition: 'attachment' }, { ...file, id: 5, disposition: 'inline' }],
    })
    expect(toBody(form)).toEqual({
      inbox_id: 7,
      contact_email: 'kim@x.io',
      first_name: 'Kim',
      last_name: '',
      subject: 'Lamp',
      content: '<p>hi</p>',
      attachments: [4],
      initiator: 'agent',
      tags: ['vip'],
      agent_id: 3,
    })
  })

  it('is sent again under the same key until something else is said', () => {
    const key = keyOfContent()
    const first = key(toBody(written()))
    expect(key(toBody(written()))).toBe(first)
    expect(key(toBody(written({ subject: 'Another' })))).not.toBe(first)
  })
})
