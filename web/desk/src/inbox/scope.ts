import { t, type MessageKey } from '@ui/i18n'
import type { TeamCompact } from '@ui/api/types'
import type { RouteParams } from 'vue-router'

/** The lists that every desk has, in the order of the sidebar. The list of a team is `team:3`. */
export const lists = [
  { scope: 'assigned', title: 'inbox.assigned', permission: 'conversations:read_assigned' },
  { scope: 'mentioned', title: 'inbox.mentioned', permission: 'conversations:read' },
  { scope: 'unassigned', title: 'inbox.unassigned', permission: 'conversations:read_unassigned' },
  { scope: 'all', title: 'inbox.all', permission: 'conversations:read_all' },
] as const satisfies { scope: string; title: MessageKey; permission: string }[]

/** Without it the lists of teams are refused. */
export const teamPermission = 'conversations:read_team_inbox'

/** The list that an address names. */
export const scopeOf = (params: RouteParams): string => (params.teamID ? `team:${String(params.teamID)}` : String(params.type ?? 'assigned'))

/** The address of a list. */
export const scopeAddress = (scope: string): string =>
  scope.startsWith('team:') ? `/inboxes/teams/${scope.slice(5)}` : `/inboxes/${scope}`

/** What a list is called. */
export function scopeTitle(scope: string, teams: readonly TeamCompact[]): string {
  const list = lists.find((one) => one.scope === scope)
  if (list) return t(list.title)
  return teams.find((team) => `team:${team.id}` === scope)?.name ?? t('inbox.team')
}
