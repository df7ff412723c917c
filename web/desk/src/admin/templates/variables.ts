import type { MessageKey } from '@ui/i18n'
import { contentAction, surveyName } from './form'

/** Something that can be put into a template. */
export interface Variable {
  action: string
  /** What it stands for. */
  label: MessageKey
}

export interface VariableGroup {
  title: MessageKey
  variables: Variable[]
}

const person = (object: string, title: MessageKey): VariableGroup => ({
  title,
  variables: [
    { action: `{{ .${object}.FirstName }}`, label: 'admin.template.var.first_name' },
    { action: `{{ .${object}.LastName }}`, label: 'admin.template.var.last_name' },
    { action: `{{ .${object}.FullName }}`, label: 'admin.template.var.full_name' },
    ...(object === 'AssignedBy' || object === 'MentionedBy' ? [] : [{ action: `{{ .${object}.Email }}`, label: 'admin.template.var.email' as const }]),
  ],
})

const site: VariableGroup = {
  title: 'admin.template.vars.site',
  variables: [
    { action: '{{ SiteName }}', label: 'admin.template.var.site_name' },
    { action: '{{ RootURL }}', label: 'admin.template.var.root_url' },
    { action: '{{ LogoURL }}', label: 'admin.template.var.logo_url' },
    { action: '{{ FaviconURL }}', label: 'admin.template.var.favicon_url' },
    { action: '{{ Date "2 January 2006" }}', label: 'admin.template.var.date' },
  ],
}

const conversation: VariableGroup = {
  title: 'admin.template.vars.conversation',
  variables: [
    { action: '{{ .Conversation.ReferenceNumber }}', label: 'admin.template.var.reference' },
    { action: '{{ .Conversation.Subject }}', label: 'admin.template.var.subject' },
    { action: '{{ .Conversation.Priority }}', label: 'admin.template.var.priority' },
    { action: '{{ .Conversation.UUID }}', label: 'admin.template.var.uuid' },
  ],
}

const special: Record<string, VariableGroup[]> = {
  'Conversation assigned': [person('AssignedBy', 'admin.template.vars.assigned_by')],
  'Mentioned in conversation': [
    person('MentionedBy', 'admin.template.vars.mentioned_by'),
    {
      title: 'admin.template.vars.message',
      variables: [
        { action: '{{ .Message.Content }}', label: 'admin.template.var.content' },
        { action: '{{ .Message.UUID }}', label: 'admin.template.var.uuid' },
      ],
    },
  ],
  [surveyName]: [{ title: 'admin.template.vars.survey', variables: [{ action: '{{ .CSATLink }}', label: 'admin.template.var.csat_link' }] }],
}
for (const name of ['SLA breach warning', 'SLA breached']) {
  special[name] = [
    {
      title: 'admin.template.vars.sla',
      variables: [
        { action: '{{ .SLA.Metric }}', label: 'admin.template.var.metric' },
        { action: '{{ .SLA.DueIn }}', label: 'admin.template.var.due_in' },
        { action: '{{ .SLA.OverdueBy }}', label: 'admin.template.var.overdue_by' },
      ],
    },
  ]
}

/** What may stand in a template, by what it belongs to; the first ones are those that only it has. */
export function variablesOf(type: string, name: string): VariableGroup[] {
  const own: VariableGroup[] =
    type === 'email_outgoing'
      ? [{ title: 'admin.template.vars.layout', variables: [{ action: contentAction, label: 'admin.template.var.mail_text' }] }]
      : (special[name] ?? [])
  const people = [person('Contact', 'admin.template.vars.contact'), person('Recipient', 'admin.template.vars.recipient')]
  return [...own, conversation, ...people, ...(type === 'email_outgoing' ? [person('Author', 'admin.template.vars.author')] : []), site]
}
