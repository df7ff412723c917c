import type { MessageKey } from '@ui/i18n'

/** Something that can be put into a text, and that the server replaces by its value. */
export interface Variable {
  /** As it is written, such as `{{ .Contact.FirstName }}`. */
  action: string
  /** What it stands for. */
  label: MessageKey
}

export interface VariableGroup {
  title: MessageKey
  variables: Variable[]
}

export const personVariables = (object: string, title: MessageKey, email = true): VariableGroup => ({
  title,
  variables: [
    { action: `{{ .${object}.FirstName }}`, label: 'admin.template.var.first_name' },
    { action: `{{ .${object}.LastName }}`, label: 'admin.template.var.last_name' },
    { action: `{{ .${object}.FullName }}`, label: 'admin.template.var.full_name' },
    ...(email ? [{ action: `{{ .${object}.Email }}`, label: 'admin.template.var.email' as const }] : []),
  ],
})

export const conversationVariables: VariableGroup = {
  title: 'admin.template.vars.conversation',
  variables: [
    { action: '{{ .Conversation.ReferenceNumber }}', label: 'admin.template.var.reference' },
    { action: '{{ .Conversation.Subject }}', label: 'admin.template.var.subject' },
    { action: '{{ .Conversation.Priority }}', label: 'admin.template.var.priority' },
    { action: '{{ .Conversation.UUID }}', label: 'admin.template.var.uuid' },
  ],
}
