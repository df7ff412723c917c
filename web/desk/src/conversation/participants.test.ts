import type { Message, Participant } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { everybody } from './participants'

const conversation = { contact: { first_name: 'Ida', last_name: 'Berg', email: 'ida@x.io' }, inbox_mail: 'help@acme.io', inbox_reply_to: '' } as Parameters<typeof everybody>[0]
const person = (id: number, role: Participant['role'], email: string | null = null): Participant => ({ id, first_name: `P${id}`, last_name: '', avatar_url: null, role, email })
const mail = (meta: Message['meta']): Pick<Message, 'type' | 'meta' | 'author' | 'private'> => ({ type: 'outgoing', meta, private: false, author: person(9, 'agent') as unknown as Message['author'] })

describe('who takes part in a conversation', () => {
  it('has customers first, colleagues last, and nobody for what the desk did', () => {
    const people = everybody(conversation, [person(1, 'system'), person(2, 'agent'), person(3, 'assignee'), person(4, 'other', 'b@x.io'), person(5, 'contact', 'ida@x.io')], [])
    expect(people.map(({ role }) => role)).toEqual(['contact', 'other', 'assignee', 'agent'])
  })

  it('has who was only written to once, and not the inbox', () => {
    const people = everybody(conversation, [person(5, 'contact', 'Ida@X.io')], [mail({ to: ['ida@x.io', 'help@acme.io'], cc: ['leo@y.io'] }), mail({ to: ['LEO@y.io'] })])
    expect(people.map(({ name, role }) => [name, role])).toEqual([['P5', 'contact'], ['leo@y.io', 'copied']])
  })

  it('has the customer to whom the desk wrote first, before they answer', () => {
    expect(everybody(conversation, [person(2, 'assignee')], [])).toMatchObject([{ name: 'Ida Berg', role: 'contact', email: 'ida@x.io' }, { role: 'assignee' }])
  })
})
