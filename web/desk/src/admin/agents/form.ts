import { t } from '@ui/i18n'
import type { Availability } from '@ui/api/types'
import { meetsPolicy } from '@/auth/policy'
import { email, longest, required, type Errors } from '../validate'
import type { AgentBody, FullAgent } from '../wire'

export interface AgentForm {
  first_name: string
  last_name: string
  email: string
  roles: string[]
  teams: string[]
  enabled: boolean
  availability_status: Availability
  new_password: string
  send_welcome_email: boolean
}

export const newAgent = (): AgentForm => ({
  first_name: '',
  last_name: '',
  email: '',
  roles: [],
  teams: [],
  enabled: true,
  availability_status: 'offline',
  new_password: '',
  send_welcome_email: true,
})

export const toForm = (agent: FullAgent): AgentForm => ({
  first_name: agent.first_name,
  last_name: agent.last_name ?? '',
  email: agent.email ?? '',
  roles: agent.roles ?? [],
  teams: agent.teams.map((team) => team.name),
  enabled: agent.enabled,
  availability_status: agent.availability_status,
  new_password: '',
  send_welcome_email: false,
})

/** The body for the server: creating takes the welcome mail, changing takes the account. */
export function toBody(form: AgentForm, creating: boolean): AgentBody {
  const person = {
    first_name: form.first_name.trim(),
    last_name: form.last_name.trim(),
    email: form.email.trim(),
    roles: form.roles,
    teams: form.teams,
  }
  if (creating) return { ...person, send_welcome_email: form.send_welcome_email }
  return {
    ...person,
    enabled: form.enabled,
    availability_status: form.availability_status,
    ...(form.new_password ? { new_password: form.new_password } : {}),
  }
}

/** The System account has a name in place of an address. */
export const isSystem = (agent: FullAgent | undefined): boolean => !!agent && agent.email === 'System'

export function validateAgent(form: AgentForm, system = false): Errors {
  const weak = form.new_password !== '' && !meetsPolicy(form.new_password)
  return {
    first_name: required(form.first_name) || longest(form.first_name, 140),
    last_name: longest(form.last_name, 140),
    email: system ? '' : required(form.email) || email(form.email),
    roles: form.roles.length ? '' : t('admin.agent.roles.none'),
    new_password: weak ? t('admin.agent.new_password.weak') : '',
  }
}
