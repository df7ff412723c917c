import type { Agent, Conversation } from '@ui/api/types'
import { expect, it } from 'vitest'
import { filledVariables } from './variables'

const conversation = { uuid: 'u', reference_number: '104', subject: null, priority: 'High', contact: { first_name: 'Mireille', last_name: '', email: 'm@shop.example' } } as unknown as Conversation

it('says what each variable becomes in its conversation, and nothing where there is nothing', () => {
  const filled = filledVariables(conversation, { first_name: 'Ada', last_name: 'Berg', email: 'ada@desk.example' } as Agent)
  const values = Object.fromEntries(filled.map(({ action, value }) => [action, value]))
  expect(values).toMatchObject({
    '{{ .Contact.FirstName }}': 'Mireille',
    '{{ .Contact.FullName }}': 'Mireille',
    '{{ .Contact.Email }}': 'm@shop.example',
    '{{ .Conversation.ReferenceNumber }}': '104',
    '{{ .Conversation.Subject }}': '',
    '{{ .Conversation.Priority }}': 'High',
    '{{ .Author.FullName }}': 'Ada Berg',
  })
  expect(filledVariables(conversation, { first_name: 'System', last_name: '', email: 'System' } as Agent).find(({ action }) => action === '{{ .Author.FullName }}')?.value).toBe('')
})
