import type { RouteRecordRaw } from 'vue-router'

/** What an agent sets for themselves. */
export const accountRoutes: RouteRecordRaw[] = [
  { path: 'account', redirect: '/account/profile' },
  {
    path: 'account/profile',
    component: () => import('./AccountPage.vue'),
    meta: { title: 'account.title' },
  },
  {
    path: 'account/notifications',
    component: () => import('./NotificationsPage.vue'),
    meta: { title: 'notifications.settings' },
  },
]
