import { conversationVariables, personVariables, type VariableGroup } from '@/data/variables'
import { contentAction, surveyName } from './form'

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

const special: Record<string, VariableGroup[]> = {
  'Conversation assigned': [personVariables('AssignedBy', 'admin.template.vars.assigned_by', false)],
  'Mentioned in conversation': [
    personVariables('MentionedBy', 'admin.template.vars.mentioned_by', false),
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
  const people = [personVariables('Contact', 'admin.template.vars.contact'), personVariables('Recipient', 'admin.template.vars.recipient')]
  return [...own, conversationVariables, ...people, ...(type === 'email_outgoing' ? [personVariables('Author', 'admin.template.vars.author')] : []), site]
}
