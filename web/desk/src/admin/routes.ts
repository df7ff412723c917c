import type { MessageKey } from '@ui/i18n'
import type { RouteRecordRaw } from 'vue-router'

const page = (title: MessageKey, permission: string) => ({ title, permission })

/** The administration. Pages are refused to agents who lack `meta.permission`. */
export const adminRoutes: RouteRecordRaw[] = [
  {
    path: '/admin',
    component: () => import('./AdminFrame.vue'),
    meta: { title: 'admin.title' satisfies MessageKey },
    children: [
      { path: '', name: 'admin', component: () => import('./AdminIndex.vue') },
      {
        path: 'general',
        component: () => import('./general/GeneralPage.vue'),
        meta: page('admin.general.title', 'general_settings:manage'),
      },
      {
        path: 'inboxes',
        component: () => import('./inboxes/InboxList.vue'),
        meta: page('admin.inboxes.title', 'inboxes:manage'),
      },
      {
        path: 'inboxes/new',
        component: () => import('./inboxes/InboxPage.vue'),
        meta: page('admin.inbox.new', 'inboxes:manage'),
      },
      {
        path: 'inboxes/:id(\\d+)/edit',
        component: () => import('./inboxes/InboxPage.vue'),
        props: (route) => ({ id: Number(route.params.id) }),
        meta: page('admin.inboxes.title', 'inboxes:manage'),
      },
      { path: 'teams', redirect: '/admin/teams/agents' },
      {
        path: 'teams/agents',
        component: () => import('./agents/AgentList.vue'),
        meta: page('admin.agents.title', 'users:manage'),
      },
      {
        path: 'teams/agents/new',
        component: () => import('./agents/AgentPage.vue'),
        meta: page('admin.agent.new', 'users:manage'),
      },
      {
        path: 'teams/agents/:id(\\d+)/edit',
        component: () => import('./agents/AgentPage.vue'),
        props: (route) => ({ id: Number(route.params.id) }),
        meta: page('admin.agents.title', 'users:manage'),
      },
      {
        path: 'teams/teams',
        component: () => import('./teams/TeamList.vue'),
        meta: page('admin.teams.title', 'teams:manage'),
      },
      {
        path: 'teams/teams/new',
        component: () => import('./teams/TeamPage.vue'),
        meta: page('admin.team.new', 'teams:manage'),
      },
      {
        path: 'teams/teams/:id(\\d+)/edit',
        component: () => import('./teams/TeamPage.vue'),
        props: (route) => ({ id: Number(route.params.id) }),
        meta: page('admin.teams.title', 'teams:manage'),
      },
      {
        path: 'teams/roles',
        component: () => import('./roles/RoleList.vue'),
        meta: page('admin.roles.title', 'roles:manage'),
      },
      {
        path: 'teams/roles/new',
        component: () => import('./roles/RolePage.vue'),
        meta: page('admin.role.new', 'roles:manage'),
      },
      {
        path: 'teams/roles/:id(\\d+)/edit',
        component: () => import('./roles/RolePage.vue'),
        props: (route) => ({ id: Number(route.params.id) }),
        meta: page('admin.roles.title', 'roles:manage'),
      },
      {
        path: 'sso',
        component: () => import('./sso/SsoList.vue'),
        meta: page('admin.sso.title', 'oidc:manage'),
      },
      {
        path: 'sso/new',
        component: () => import('./sso/SsoPage.vue'),
        meta: page('admin.sso.new', 'oidc:manage'),
      },
      {
        path: 'sso/:id(\\d+)/edit',
        component: () => import('./sso/SsoPage.vue'),
        props: (route) => ({ id: Number(route.params.id) }),
        meta: page('admin.sso.title', 'oidc:manage'),
      },
      {
        path: 'teams/activity-log',
        component: () => import('./activity/ActivityLog.vue'),
        meta: page('admin.activity.title', 'activity_logs:manage'),
      },
      {
        path: 'notification',
        component: () => import('./notification/NotificationPage.vue'),
        meta: page('admin.ownmail.title', 'notification_settings:manage'),
      },
      { path: ':rest(.*)*', component: () => import('./PageGone.vue') },
    ],
  },
]
