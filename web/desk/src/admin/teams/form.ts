import { browserZone } from '@ui/i18n/zone'
import { integer, longest, required, type Errors } from '../validate'
import type { Team } from '../wire'

export interface TeamForm {
  name: string
  emoji: string
  conversation_assignment_type: Team['conversation_assignment_type']
  max_auto_assigned_conversations: number
  timezone: string
}

export const newTeam = (): TeamForm => ({
  name: '',
  emoji: '',
  conversation_assignment_type: 'Manual',
  max_auto_assigned_conversations: 0,
  timezone: browserZone(),
})

export const toForm = (team: Team): TeamForm => ({
  name: team.name,
  emoji: team.emoji ?? '',
  conversation_assignment_type: team.conversation_assignment_type,
  max_auto_assigned_conversations: team.max_auto_assigned_conversations,
  timezone: team.timezone,
})

/** Writing replaces the whole team: what the form does not show is carried over. */
export const toBody = (form: TeamForm, stored?: Team) => ({
  ...form,
  name: form.name.trim(),
  emoji: form.emoji.trim(),
  business_hours_id: stored?.business_hours_id ?? null,
  sla_policy_id: stored?.sla_policy_id ?? null,
})

export const validateTeam = (form: TeamForm): Errors => ({
  name: required(form.name) || longest(form.name, 140),
  emoji: longest(form.emoji, 50),
  max_auto_assigned_conversations: integer(form.max_auto_assigned_conversations, 0, 100_000),
})
