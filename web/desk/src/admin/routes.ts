import type { MessageKey } from '@ui/i18n'
import type { RouteRecordRaw } from 'vue-router'
import { sections } from './sections'
import { withWords } from './words'

const page = (title: MessageKey, permission: string) => ({ title, permission })

/** The administration. */
export const adminRoutes: RouteRecordRaw[] = [
  {
    path: '/admin',
    component: withWords(() => import('./AdminFrame.vue')),
    meta: { title: 'admin.title' satisfies MessageKey, permission: sections.map((section) => section.permission) },
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
      {
        path: 'inboxes/:id(\\d+)/mail',
        component: () => import('./inboxes/mail/LedgerPage.vue'),
        props: (route) => ({ id: Number(route.params.id) }),
        meta: page('admin.health.title', 'inboxes:manage'),
      },
      {
        path: 'outbox',
        component: () => import('./outbox/OutboxPage.vue'),
        meta: page('admin.outbox.title', 'inboxes:manage'),
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
      { path: 'conversations', redirect: '/admin/conversations/statuses' },
      {
        path: 'conversations/statuses',
        component: () => import('./statuses/StatusList.vue'),
        meta: page('admin.statuses.title', 'status:manage'),
      },
      {
        path: 'conversations/tags',
        component: () => import('./tags/TagList.vue'),
        meta: page('admin.tags.title', 'tags:manage'),
      },
      {
        path: 'custom-attributes',
        component: () => import('./attributes/AttributeList.vue'),
        meta: page('admin.attributes.title', 'custom_attributes:manage'),
      },
      {
        path: 'conversations/shared-views',
        component: () => import('./views/ViewList.vue'),
        meta: page('admin.views.title', 'shared_views:manage'),
      },
      {
        path: 'conversations/shared-views/new',
        component: () => import('./views/ViewPage.vue'),
        props: (route) => ({ from: Number(route.query.from) || undefined }),
        meta: page('admin.view.new', 'shared_views:manage'),
      },
      {
        path: 'conversations/shared-views/:id(\\d+)/edit',
        component: () => import('./views/ViewPage.vue'),
        props: (route) => ({ id: Number(route.params.id) }),
        meta: page('admin.views.title', 'shared_views:manage'),
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
      {
        path: 'templates',
        component: () => import('./templates/TemplateList.vue'),
        meta: page('admin.templates.title', 'templates:manage'),
      },
      {
        path: 'templates/new',
        component: () => import('./templates/TemplatePage.vue'),
        props: (route) => ({ from: Number(route.query.from) || undefined }),
        meta: page('admin.template.new', 'templates:manage'),
      },
      {
        path: 'templates/:id(\\d+)/edit',
        component: () => import('./templates/TemplatePage.vue'),
        props: (route) => ({ id: Number(route.params.id) }),
        meta: page('admin.templates.title', 'templates:manage'),
      },
      { path: ':rest(.*)*', component: () => import('./PageGone.vue') },
    ],
  },
]
