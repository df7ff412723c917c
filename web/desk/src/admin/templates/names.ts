import { t, type MessageKey } from '@ui/i18n'
import type { Template } from '../wire'

/** What a built-in template is called, and when its mail is sent. */
const builtIn: Record<string, [name: MessageKey, when: MessageKey]> = {
  'Conversation assigned': ['admin.template.name.assigned', 'admin.template.when.assigned'],
  'Mentioned in conversation': ['admin.template.name.mentioned', 'admin.template.when.mentioned'],
  'SLA breach warning': ['admin.template.name.sla_warning', 'admin.template.when.sla_warning'],
  'SLA breached': ['admin.template.name.sla_breached', 'admin.template.when.sla_breached'],
  'CSAT request': ['admin.template.name.csat', 'admin.template.when.csat'],
}

/** The name of a template in the language of who looks at it. */
export function nameOf(template: Template): string {
  const key = template.is_builtin && builtIn[template.name]?.[0]
  return key ? t(key) : template.name
}

export function whenOf(template: Template): string {
  const key = template.is_builtin && builtIn[template.name]?.[1]
  return key ? t(key) : ''
}
