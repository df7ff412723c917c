import type { Status, StatusCategory } from '@ui/api/types'
import { longest, required, type Errors } from '../validate'

export interface StatusForm {
  name: string
  category: StatusCategory
}

export const categories: readonly StatusCategory[] = ['open', 'waiting', 'resolved']

const builtIn: readonly string[] = ['Open', 'Snoozed', 'Resolved', 'Closed']

/** The statuses that the desk itself goes by: nobody renames or deletes them. */
export const isBuiltIn = (status: Pick<Status, 'name'>): boolean => builtIn.includes(status.name)

export const validateStatus = (form: StatusForm): Errors => ({ name: required(form.name) || longest(form.name.trim(), 25) })
