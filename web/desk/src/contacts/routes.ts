import type { RouteRecordRaw } from 'vue-router'

/** The pages about contacts. */
export const contactRoutes: RouteRecordRaw[] = [
  {
    path: 'contacts',
    component: () => import('./ContactsPage.vue'),
    meta: { title: 'contacts.title', permission: 'contacts:read_all' },
  },
  {
    path: 'contacts/:id(\\d+)',
    component: () => import('./ContactPage.vue'),
    props: true,
    meta: { title: 'contacts.title', permission: 'contacts:read' },
  },
]
