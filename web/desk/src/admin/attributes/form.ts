import type { AttributeDefinition } from '@ui/api/types'
import { t } from '@ui/i18n'
import { between, longest, type Errors } from '../validate'

export type AttributeForm = Pick<
  AttributeDefinition,
  'applies_to' | 'name' | 'key' | 'description' | 'data_type' | 'values' | 'regex' | 'regex_hint'
>

export const kinds = ['contact', 'conversation'] as const
export const types = ['text', 'number', 'checkbox', 'date', 'link', 'list'] as const

export const newAttribute = (appliesTo: AttributeForm['applies_to']): AttributeForm => ({
  applies_to: appliesTo,
  name: '',
  key: '',
  description: '',
  data_type: 'text',
  values: [''],
  regex: '',
  regex_hint: '',
})

export const toForm = ({ applies_to, name, key, description, data_type, values, regex, regex_hint }: AttributeDefinition): AttributeForm => ({
  applies_to,
  name,
  key,
  description,
  data_type,
  values: values.length ? values : [''],
  regex,
  regex_hint,
})

const cleanValues = (values: readonly string[]): string[] => [...new Set(values.map((value) => value.trim()).filter(Boolean))]

/** What does not belong to the type is not sent. */
export const toBody = (form: AttributeForm) => ({
  ...form,
  name: form.name.trim(),
  description: form.description.trim(),
  values: form.data_type === 'list' ? cleanValues(form.values) : [],
  regex: form.data_type === 'text' ? form.regex : '',
  regex_hint: form.data_type === 'text' ? form.regex_hint.trim() : '',
})

/** The key that a name suggests: "Plan (yearly)" is plan_yearly. Names without Latin letters suggest none. */
export const keyOf = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 140)

/** A pattern that can be tried, or undefined for what is no pattern. */
export function patternOf(regex: string): RegExp | undefined {
  try {
    return new RegExp(regex)
  } catch {
    return undefined
  }
}

function validateKey(key: string): string {
  if (key && !/^[a-z0-9_]+$/.test(key)) return t('admin.attribute.key.wrong')
  return between(key, 3, 140)
}

export const validateAttribute = (form: AttributeForm): Errors => ({
  name: between(form.name, 3, 140),
  key: validateKey(form.key),
  description: between(form.description, 3, 300),
  values: form.data_type === 'list' && !cleanValues(form.values).length ? t('admin.attribute.values.none') : '',
  regex: form.data_type !== 'text' || patternOf(form.regex) ? longest(form.regex, 1000) : t('admin.attribute.regex.wrong'),
  regex_hint: longest(form.regex_hint, 1000),
})
