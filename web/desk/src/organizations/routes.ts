import type { RouteRecordRaw } from 'vue-router'

/** The pages about the companies that contacts belong to. */
export const organizationRoutes: RouteRecordRaw[] = [
  {
    path: 'organizations',
    component: () => import('./OrganizationsPage.vue'),
    meta: { title: 'organizations.title', permission: 'contacts:read' },
  },
  {
    path: 'organizations/:id(\\d+)',
    component: () => import('./OrganizationPage.vue'),
    props: true,
    meta: { title: 'organizations.title', permission: 'contacts:read' },
  },
]
