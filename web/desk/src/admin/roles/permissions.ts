/** The rights of the desk, grouped by what they are about, in the order in which the matrix shows them. */
export const permissionGroups = [
  {
    id: 'conversations',
    permissions: [
      'conversations:read',
      'conversations:read_all',
      'conversations:read_assigned',
      'conversations:read_unassigned',
      'conversations:read_team_inbox',
      'conversations:read_team_all',
      'conversations:write',
      'conversations:update_user_assignee',
      'conversations:update_team_assignee',
      'conversations:update_status',
      'conversations:update_priority',
      'conversations:update_tags',
      'conversations:delete',
    ],
  },
  { id: 'messages', permissions: ['messages:read', 'messages:write', 'messages:write_as_contact'] },
  {
    id: 'contacts',
    permissions: [
      'contacts:read_all',
      'contacts:read',
      'contacts:write',
      'contacts:block',
      'contacts:delete',
      'contact_notes:read',
      'contact_notes:write',
      'contact_notes:delete',
    ],
  },
  {
    id: 'work',
    permissions: [
      'view:manage',
      'shared_views:manage',
      'macros:manage',
      'tags:manage',
      'status:manage',
      'automations:manage',
      'sla:manage',
      'business_hours:manage',
      'templates:manage',
      'custom_attributes:manage',
      'context_links:manage',
      'ai:manage',
      'reports:manage',
    ],
  },
  { id: 'people', permissions: ['users:manage', 'teams:manage', 'roles:manage', 'activity_logs:manage'] },
  {
    id: 'desk',
    permissions: [
      'general_settings:manage',
      'inboxes:manage',
      'notification_settings:manage',
      'oidc:manage',
      'webhooks:manage',
    ],
  },
] as const

export type Permission = (typeof permissionGroups)[number]['permissions'][number]

export const allPermissions: readonly Permission[] = permissionGroups.flatMap((group) => [...group.permissions])

/** Rights that lead nowhere without another one: reading any list needs `conversations:read` first. */
export function missingFor(granted: ReadonlySet<string>, permission: Permission): Permission | undefined {
  if (permission === 'conversations:read') return undefined
  if (permission.startsWith('conversations:') && permission !== 'conversations:write' && !granted.has('conversations:read'))
    return 'conversations:read'
  if (permission.startsWith('messages:') && permission !== 'messages:read' && !granted.has('messages:read'))
    return 'messages:read'
  return undefined
}

export type GroupState = 'all' | 'some' | 'none'

/** How much of a group is granted, for its tick box. */
export function groupState(granted: ReadonlySet<string>, permissions: readonly string[]): GroupState {
  const count = permissions.filter((permission) => granted.has(permission)).length
  return count === 0 ? 'none' : count === permissions.length ? 'all' : 'some'
}
