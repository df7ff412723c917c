import { keys, queryClient } from '@/data/query'
import { useQuery } from '@tanstack/vue-query'
import { api } from '@ui/api/client'
import type { AttributeDefinition, Status, Tag, View } from '@ui/api/types'
import type {
  EmailSettings,
  AgentRow,
  FullAgent,
  GeneralSettings,
  Inbox,
  InboxHealth,
  KeyRow,
  MailCallback,
  MailOAuthState,
  Role,
  Session,
  SignInSettings,
  SsoIdentity,
  SsoProvider,
  Team,
  TeamMember,
  Template,
  TemplateType,
} from './wire'

/** Rows of the administration: read anew each time a page opens, since other admins change them too. */
function useAdmin<T>(path: string, enabled = true, every?: number) {
  return useQuery({
    queryKey: ['admin', path],
    queryFn: ({ signal }) => api.get<T>(path, { signal }),
    enabled,
    staleTime: 0,
    refetchInterval: every,
  })
}

const rows = <T>(path: string, enabled = true) =>
  useQuery({
    queryKey: ['admin', path],
    queryFn: ({ signal }) => api.get<T[] | null>(path, { signal }).then((found) => found ?? []),
    enabled,
    staleTime: 0,
  })

export const useInboxRows = () => rows<Inbox>('/inboxes')
export const useInbox = (id?: number) => useAdmin<Inbox>(`/inboxes/${id}`, id !== undefined)
export const useInboxOAuth = (id: number) => useAdmin<MailOAuthState>(`/inboxes/${id}/oauth`, true, 15_000)
export const useMailCallbacks = () => useAdmin<MailCallback[]>('/inboxes/oauth')
export const useInboxHealth = (id: number) => useAdmin<InboxHealth>(`/inboxes/${id}/health`, true, 15_000)
export const useAgentRows = (enabled = true) => rows<AgentRow>('/agents', enabled)
export const useAgent = (id?: number) => useAdmin<FullAgent>(`/agents/${id}`, id !== undefined)
export const useTeamRows = () => rows<Team>('/teams')
export const useTeam = (id?: number) => useAdmin<Team>(`/teams/${id}`, id !== undefined)
export const useTeamMembers = (id: number) => rows<TeamMember>(`/teams/${id}/members`)
export const useRoleRows = () => rows<Role>('/roles')
export const useRole = (id?: number) => useAdmin<Role>(`/roles/${id}`, id !== undefined)
export const useStatusRows = () => rows<Status>('/statuses')
export const useTagRows = () => rows<Tag>('/tags')
export const useAttributeRows = () => rows<AttributeDefinition>('/custom-attributes')
export const useSharedViewRows = () => rows<View>('/shared-views')
export const useSharedView = (id?: number) => useAdmin<View>(`/shared-views/${id}`, id !== undefined)
export const useGeneralSettings = () => useAdmin<GeneralSettings>('/settings/general')
export const useSsoRows = () => rows<SsoProvider>('/oidc')
export const useSso = (id?: number) => useAdmin<SsoProvider>(`/oidc/${id}`, id !== undefined)
export const useSignInSettings = () => useAdmin<SignInSettings>('/settings/sign-in')
export const useIdentities = (agentId: number) => rows<SsoIdentity>(`/agents/${agentId}/identities`)
export const useTemplateRows = (type: TemplateType) => rows<Template>(`/templates?type=${type}`)
export const useTemplate = (id?: number) => useAdmin<Template>(`/templates/${id}`, id !== undefined)
export const useEmailSettings = () => useAdmin<EmailSettings>('/settings/notifications/email')
/** Of an agent or, by the path /agents/me/sessions, of oneself. */
export const useSessions = (path: string) => rows<Session>(path)
export const useKeys = (agentId: number) => rows<KeyRow>(`/agents/${agentId}/api-keys`)

/** Marks everything stale that may show what was just changed, in the administration and in the desk. */
export async function changed(...references: string[]): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['admin'] }),
    ...references.map((name) => queryClient.invalidateQueries({ queryKey: keys.reference(name) })),
  ])
}
