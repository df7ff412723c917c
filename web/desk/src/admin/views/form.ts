import type { Id, View } from '@ui/api/types'
import { toBody as viewBody, toForm as viewForm, newView, validateView, type ViewForm } from '@/views/form'
import { t } from '@ui/i18n'
import type { Errors } from '../validate'

export interface SharedViewForm extends ViewForm {
  visibility: 'all' | 'team'
  team_id: Id | null
}

export const newSharedView = (): SharedViewForm => ({ ...newView(), visibility: 'all', team_id: null })

export const toForm = (view: View): SharedViewForm => ({
  ...viewForm(view),
  visibility: view.visibility === 'team' ? 'team' : 'all',
  team_id: view.team_id ?? null,
})

export const toBody = (form: SharedViewForm) => ({
  ...viewBody(form),
  visibility: form.visibility,
  team_id: form.visibility === 'team' ? form.team_id : null,
})

export const validateSharedView = (form: SharedViewForm): Errors => ({
  ...validateView(form),
  team_id: form.visibility === 'team' && form.team_id === null ? t('admin.view.team.none') : '',
})
