import type { ConversationRow, Id } from '@ui/api/types'
import type { RouteLocationNormalizedLoaded } from 'vue-router'

/** Which list of the server a list shows. */
export type Scope = { kind: 'assigned' | 'unassigned' | 'all' | 'mentioned' } | { kind: 'team'; team: Id }

export const listKinds = ['assigned', 'mentioned', 'unassigned', 'all'] as const

/** The scope that an address names; undefined outside the inbox. */
export function scopeOf(route: Pick<RouteLocationNormalizedLoaded, 'params'>): Scope | undefined {
  if (route.params.teamID) return { kind: 'team', team: Number(route.params.teamID) }
  const kind = listKinds.find((one) => one === route.params.type)
  return kind && { kind }
}

/** A scope as a word: the key of its cache and of its count. */
export const scopeKey = (scope: Scope): string => (scope.kind === 'team' ? `team:${scope.team}` : scope.kind)

/** The reverse of scopeKey. */
export function scopeFromKey(key: string): Scope {
  const team = /^team:(\d+)$/.exec(key)
  return team ? { kind: 'team', team: Number(team[1]) } : { kind: key as (typeof listKinds)[number] }
}

/** The server's path of a list. */
export const scopePath = (scope: Scope): string =>
  scope.kind === 'team' ? `/teams/${scope.team}/conversations/unassigned` : `/conversations/${scope.kind}`

/** The address of a list in this application. */
export const scopeAddress = (scope: Scope): string =>
  scope.kind === 'team' ? `/inboxes/teams/${scope.team}` : `/inboxes/${scope.kind}`

/**
 * Whether a row belongs to a list now. All and Mentions have no rule that can be checked here: what
 * the server lists there stays.
 */
export function inScope(row: Pick<ConversationRow, 'assigned_user_id' | 'assigned_team_id'>, scope: Scope, me: Id): boolean {
  switch (scope.kind) {
    case 'assigned':
      return row.assigned_user_id === me
    case 'unassigned':
      return row.assigned_user_id === null && row.assigned_team_id === null
    case 'team':
      return row.assigned_user_id === null && row.assigned_team_id === scope.team
    default:
      return true
  }
}

/** Whether a row that the list does not know yet may be put into it. */
export const takesNew = (scope: Scope): boolean => scope.kind !== 'mentioned'
