import { integer, type Errors } from '../validate'

export interface RetentionForm {
  kept: 'forever' | 'days'
  retention_days: number
}

/** What the form proposes to whoever kept everything until now. */
const proposed = 365

/** The form of a retention in days, of which 0 is for ever. */
export const toRetentionForm = (days: number): RetentionForm => ({ kept: days ? 'days' : 'forever', retention_days: days || proposed })

export const retentionDays = (form: RetentionForm): number => (form.kept === 'forever' ? 0 : form.retention_days)

/** The server's bounds. */
export const validateRetention = (form: RetentionForm): Errors => ({
  retention_days: form.kept === 'days' ? integer(form.retention_days, 30, 36_500) : '',
})

/** Whether entries go by the second retention that the first one keeps. */
export const deletesMore = (before: number, after: number): boolean => after !== 0 && (before === 0 || after < before)
