import { t } from '@ui/i18n'
import { integer, required, url, type Errors } from '../validate'
import type { GeneralSettings } from '../wire'

const writable = [
  'app.site_name',
  'app.lang',
  'app.root_url',
  'app.logo_url',
  'app.favicon_url',
  'app.max_file_upload_size',
  'app.allowed_file_upload_extensions',
  'app.timezone',
  'app.business_hours_id',
  'app.show_conversation_subject',
  'app.trash_retention_days',
] as const satisfies readonly (keyof GeneralSettings)[]

export type GeneralForm = GeneralSettings & { 'app.allowed_file_upload_extensions': string[] }

/** What can be written: reading also gives facts about the installation, which are not settings. */
export function toForm(settings: GeneralSettings): GeneralForm {
  const form = Object.fromEntries(writable.map((key) => [key, settings[key]])) as unknown as GeneralForm
  form['app.allowed_file_upload_extensions'] = [...(settings['app.allowed_file_upload_extensions'] ?? [])]
  return form
}

/** ".PDF" and "*.pdf" mean pdf. */
export const cleanExtension = (word: string): string => (word === '*' ? word : word.toLowerCase().replace(/^[*.]+/, ''))

/** A picture may also be one that the desk itself serves. */
const picture = (value: string): string => (/^\/(?!\/)/.test(value.trim()) ? '' : url(value))

export const validateGeneral = (form: GeneralForm): Errors => ({
  'app.site_name': required(form['app.site_name']),
  'app.root_url': required(form['app.root_url']) || url(form['app.root_url']),
  'app.favicon_url': required(form['app.favicon_url']) || picture(form['app.favicon_url']),
  'app.logo_url': picture(form['app.logo_url']),
  'app.max_file_upload_size': integer(form['app.max_file_upload_size'], 1, 500),
  'app.trash_retention_days': integer(form['app.trash_retention_days'], 0, 3650),
  'app.allowed_file_upload_extensions': form['app.allowed_file_upload_extensions'].length ? '' : t('admin.general.extensions.none'),
})
