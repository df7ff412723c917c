import type { Notification } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { addressOf, titleOf } from './notification'

const one = (change: Partial<Notification>): Notification => ({ notification_type: 'mention', title: 'as stored', meta: { reference_number: '7', actor: 'Ann Lee' }, ...change }) as Notification

describe('titleOf', () => {
  it('words what is known and keeps the rest as it came', () => {
    expect(titleOf(one({}))).toBe('Ann Lee mentioned you in #7')
    expect(titleOf(one({ notification_type: 'assignment', meta: { reference_number: '7' } }))).toBe('#7 was assigned to you')
    expect(titleOf(one({ notification_type: 'reply', meta: { reference_number: '7', actor: 'Kim', count: 3 } }))).toBe('3 new replies from Kim in #7')
    expect(titleOf(one({ notification_type: 'sla_breach' }))).toBe('as stored')
    expect(titleOf(one({ meta: {} }))).toBe('as stored')
    expect(titleOf(one({ notification_type: 'inbox_outage', meta: { inbox_id: 3, inbox_name: 'Support', part: 'mailbox' } }))).toBe('Mail of Support is not being read')
    expect(titleOf(one({ notification_type: 'inbox_outage', meta: { inbox_id: 3, inbox_name: 'Support', part: 'sending', over: true } }))).toBe('Support sends replies again')
  })
})

describe('addressOf', () => {
  it('opens the list of the type at the message', () => {
    expect(addressOf({ notification_type: 'mention', conversation_uuid: 'c', message_uuid: 'm', meta: {} })).toBe('/inboxes/mentioned/conversation/c?scrollTo=m')
    expect(addressOf({ notification_type: 'assignment', conversation_uuid: 'c', message_uuid: null, meta: {} })).toBe('/inboxes/assigned/conversation/c')
    expect(addressOf({ notification_type: 'reply', conversation_uuid: null, message_uuid: null, meta: {} })).toBe('')
    const outage = { notification_type: 'inbox_outage', conversation_uuid: null, message_uuid: null }
    expect(addressOf({ ...outage, meta: { inbox_id: 3, part: 'mailbox' } })).toBe('/admin/inboxes/3/mail')
    expect(addressOf({ ...outage, meta: { inbox_id: 3, part: 'sending' } })).toBe('/admin/inboxes/3/edit')
  })
})
