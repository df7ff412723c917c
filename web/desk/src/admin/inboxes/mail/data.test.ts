import { expect, test } from 'vitest'
import type { MailboxHealth } from '../../wire'
import { balanced, partsOf } from './data'

const box = (over: Partial<MailboxHealth>): MailboxHealth => ({
  id: 1, name: 'INBOX', configured: true, mode: 'idle', server_count: 6, since: null, last_contact_at: null, last_error: '', last_error_at: null, problem: '',
  left_out: 2, compared_at: '2026-01-01T00:00:00Z', rules: [],
  ledger: { pending: 0, filed: 9, duplicate: 0, ignored: 1, quarantined: 0 },
  present: { pending: 0, filed: 3, duplicate: 0, ignored: 1, quarantined: 0 },
  ...over,
})

test('what the server holds is the present mails and those left out', () => {
  expect(partsOf(box({})).reduce((sum, part) => sum + part.count, 0)).toBe(6)
  expect(balanced(box({}))).toBe(true)
})

test('a mailbox is not balanced while a mail is missing or nothing was compared', () => {
  expect(balanced(box({ server_count: 7 }))).toBe(false)
  expect(balanced(box({ compared_at: null }))).toBe(false)
})
