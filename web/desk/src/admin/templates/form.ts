import { t } from '@ui/i18n'
import { between, longest, required, type Errors } from '../validate'
import type { Template, TemplateType } from '../wire'

export interface TemplateForm {
  type: TemplateType
  name: string
  subject: string
  body: string
  is_default: boolean
}

/** The built-in template whose mail has no subject of its own: it goes into the conversation. */
export const surveyName = 'CSAT request'

/** Where the text of a mail goes in a layout. */
export const contentAction = '{{ template "content" . }}'

/** A layout to begin with: the desk's name, the text, a line at the foot. */
export const firstLayout = `<div style="max-width: 600px; margin: 0 auto; font: 15px/1.5 -apple-system, 'Segoe UI', Roboto, sans-serif">
  <p style="padding-bottom: 12px; border-bottom: 1px solid #d9d9e0">
    <strong>{{ SiteName }}</strong>
  </p>

  ${contentAction}

  <p style="padding-top: 12px; border-top: 1px solid #d9d9e0; font-size: 13px; color: #80838d">
    #{{ .Conversation.ReferenceNumber }}
  </p>
</div>
`

export const newLayout = (): TemplateForm => ({ type: 'email_outgoing', name: '', subject: '', body: firstLayout, is_default: false })

export const toForm = ({ type, name, subject, body, is_default }: Template): TemplateForm => ({ type, name, subject: subject ?? '', body, is_default })

export const toBody = (form: TemplateForm) => ({ ...form, name: form.name.trim(), subject: form.type === 'email_outgoing' ? null : form.subject })

/** Whether a layout says where the text of the mail goes, as the server looks for it when a mail leaves. */
export const showsContent = (body: string): boolean => /\{\{-?\s*(?:template|block)\s+["`]content["`]/.test(body)

export function validateTemplate(form: TemplateForm): Errors {
  const layout = form.type === 'email_outgoing'
  return {
    name: between(form.name, 1, 140),
    subject: layout || form.name === surveyName ? '' : required(form.subject) || longest(form.subject, 1000),
    body: layout && form.body.trim() && !showsContent(form.body) ? t('admin.template.no_content', { action: contentAction }) : '',
  }
}
