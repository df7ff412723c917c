import { t, type MessageKey } from '@ui/i18n'
import type { TeamCompact, View } from '@ui/api/types'
import type { RouteParams } from 'vue-router'

/**
 * The lists that every desk has, in the order of the sidebar. The list of a team is `team:3`, that of a view
 * `view:7`.
 */
export const lists = [
  { scope: 'assigned', title: 'inbox.assigned', permission: 'conversations:read_assigned' },
  { scope: 'mentioned', title: 'inbox.mentioned', permission: 'conversations:read' },
  { scope: 'unassigned', title: 'inbox.unassigned', permission: 'conversations:read_unassigned' },
  { scope: 'all', title: 'inbox.all', permission: 'conversations:read_all' },
  { scope: 'spam', title: 'inbox.spam', permission: 'conversations:read' },
  { scope: 'trash', title: 'inbox.trash', permission: 'conversations:read' },
] as const satisfies { scope: string; title: MessageKey; permission: string }[]

/**
 * Where a conversation is hidden from all other lists: by the name of its status, and the list that shows it. One that was
 * merged into another is in none.
 */
export const hiddenScopes: Readonly<Record<string, string>> = { Spam: 'spam', Trash: 'trash', 'Merged into another': 'merged' }

/** Whether a list shows what the others hide; its rows have one status. */
export const isHiddenScope = (scope: string): boolean => scope === 'spam' || scope === 'trash'

/** Without it the lists of teams are refused. */
export const teamPermission = 'conversations:read_team_inbox'

/** What one needs to see a list. */
export const scopePermission = (scope: string): string =>
  lists.find((one) => one.scope === scope)?.permission ?? (scope.startsWith('team:') ? teamPermission : 'conversations:read')

/** The list that an address names. */
export function scopeOf(params: RouteParams): string {
  if (params.teamID) return `team:${String(params.teamID)}`
  if (params.viewID) return `view:${String(params.viewID)}`
  return String(params.type ?? 'assigned')
}

/** The address of a list. */
export function scopeAddress(scope: string): string {
  if (scope.startsWith('team:')) return `/inboxes/teams/${scope.slice(5)}`
  if (scope.startsWith('view:')) return `/inboxes/views/${scope.slice(5)}`
  return `/inboxes/${scope}`
}

/** What a list is called. */
export function scopeTitle(scope: string, teams: readonly TeamCompact[], views: readonly View[] = []): string {
  const list = lists.find((one) => one.scope === scope)
  if (list) return t(list.title)
  if (scope.startsWith('view:')) return views.find((view) => `view:${view.id}` === scope)?.name ?? t('inbox.view')
  return teams.find((team) => `team:${team.id}` === scope)?.name ?? t('inbox.team')
}
