import type { Agent, Conversation } from '@ui/api/types'
import type { MessageKey } from '@ui/i18n'
import { conversationVariables, personVariables } from '@/data/variables'

/** A variable that a message may name, with what it says in its conversation. */
export interface Filled {
  action: string
  group: MessageKey
  label: MessageKey
  /** Empty where the conversation has nothing to put there. */
  value: string
}

type Named = { first_name: string; last_name: string; email?: string | null } | undefined

const groups = [personVariables('Contact', 'admin.template.vars.contact'), conversationVariables, personVariables('Author', 'admin.template.vars.author')]

/** The variables of what an agent writes, filled as the server does when it is sent; see desk/conversation/variables.go. */
export function filledVariables(conversation: Pick<Conversation, 'uuid' | 'reference_number' | 'subject' | 'priority' | 'contact'>, author: Agent | undefined): Filled[] {
  const values: Record<string, string | null | undefined> = {
    ...person('Contact', conversation.contact),
    ...person('Author', author?.email === 'System' ? undefined : author), // System is nobody to a customer
    'Conversation.ReferenceNumber': conversation.reference_number,
    'Conversation.Subject': conversation.subject,
    'Conversation.Priority': conversation.priority,
    'Conversation.UUID': conversation.uuid,
  }
  return groups.flatMap(({ title, variables }) =>
    variables.map(({ action, label }) => ({ action, group: title, label, value: values[action.replace(/[{} ]/g, '').slice(1)] ?? '' })),
  )
}

const person = (object: string, who: Named): Record<string, string | null | undefined> => ({
  [`${object}.FirstName`]: who?.first_name,
  [`${object}.LastName`]: who?.last_name,
  [`${object}.FullName`]: `${who?.first_name ?? ''} ${who?.last_name ?? ''}`.trim(),
  [`${object}.Email`]: who?.email,
})
