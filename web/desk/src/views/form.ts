import type { View } from '@ui/api/types'
import { t } from '@ui/i18n'
import type { Errors } from '@/admin/validate'
import { between } from '@/admin/validate'
import { allComplete, blankFilters, coerce, serialise, type Filters } from '@/filters/model'

export interface ViewForm {
  name: string
  filters: Filters
}

export const newView = (filters: Filters = blankFilters()): ViewForm => ({ name: '', filters })

export const toForm = (view: Pick<View, 'name' | 'filters'>): ViewForm => ({ name: view.name, filters: coerce(view.filters) })

export const toBody = (form: ViewForm) => ({ name: form.name.trim(), filters: serialise(form.filters) })

export const validateView = (form: ViewForm): Errors => ({
  name: between(form.name, 2, 140),
  filters: allComplete(form.filters) ? '' : t('filter.incomplete'),
})
