import { watch } from 'vue'
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'
import { i18n, t, type MessageKey } from '@ui/i18n'
import { ApiError } from '@ui/api/client'
import { accountRoutes } from './account/routes'
import { contactRoutes } from './contacts/routes'
import { organizationRoutes } from './organizations/routes'
import { adminRoutes } from './admin/routes'
import { ensureGuide, guidePermission } from './admin/guide/guide'
import { withWords } from './admin/words'
import { home } from './auth/next'
import { fetchAhead } from './conversation/ahead'
import { prefetchHabits } from './data/habits'
import { speakTo, speakToGuest } from './data/language'
import { ensureConfig, ensureMe, permitted } from './data/session'
import { awaited } from './shell/offline'
import { setTitle } from './shell/title'

declare module 'vue-router' {
  interface RouteMeta {
    /** For visitors who are not signed in. */
    guest?: boolean
    title?: MessageKey
    /** In a window of its own, without the frame. */
    alone?: boolean
    /** The permission without which the page is refused, or several of which one is enough. */
    permission?: string | readonly string[]
  }
}

const conversation: RouteRecordRaw = {
  path: 'conversation/:uuid',
  component: () => import('./conversation/ConversationPage.vue'),
  props: true,
}

const routes: RouteRecordRaw[] = [
  { path: '/', component: () => import('./auth/SignInPage.vue'), meta: { guest: true, title: 'auth.sign_in.action' } },
  {
    path: '/reset-password',
    component: () => import('./auth/ResetPasswordPage.vue'),
    meta: { guest: true, title: 'auth.reset.title' },
  },
  {
    path: '/set-password',
    component: () => import('./auth/NewPasswordPage.vue'),
    props: { purpose: 'set' },
    meta: { guest: true, title: 'auth.set.title' },
  },
  {
    path: '/setup',
    component: () => import('./auth/NewPasswordPage.vue'),
    props: { purpose: 'setup' },
    meta: { guest: true, title: 'auth.setup.title' },
  },
  {
    path: '/two-factor-setup',
    component: () => import('./auth/TwoFactorSetupPage.vue'),
    meta: { title: 'security.required.title' },
  },
  {
    path: '/',
    component: () => import('./shell/AppShell.vue'),
    children: [
      { path: 'inboxes', redirect: home },
      { path: 'inboxes/search', component: () => import('./search/SearchPage.vue'), meta: { title: 'search.title', permission: 'conversations:read' } },
      { path: 'inboxes/conversation/:uuid', component: () => import('./conversation/ConversationPage.vue'), props: true, meta: { alone: true, title: 'conversation.section', permission: 'conversations:read' } },
      {
        path: 'inboxes/:type(assigned|mentioned|unassigned|all|spam|trash)',
        component: () => import('./inbox/InboxPage.vue'),
        meta: { permission: 'conversations:read' },
        children: [conversation],
      },
      {
        path: 'inboxes/teams/:teamID(\\d+)',
        component: () => import('./inbox/InboxPage.vue'),
        meta: { permission: 'conversations:read' },
        children: [conversation],
      },
      {
        path: 'inboxes/views/:viewID(\\d+)',
        component: () => import('./inbox/InboxPage.vue'),
        meta: { permission: 'conversations:read' },
        children: [conversation],
      },
      { path: 'admin/set-up', component: withWords(() => import('./admin/guide/GuidePage.vue')), meta: { title: 'guide.name', permission: guidePermission } },
      ...contactRoutes,
      ...organizationRoutes,
      ...accountRoutes,
      ...adminRoutes,
    ],
  },
  { path: '/:rest(.*)*', redirect: home },
]

export const router = createRouter({ history: createWebHistory(), routes })

/** Whoever administers a new desk is led through its set-up when they arrive, and not again until they come back. */
let arrived = false

async function guided(permissions: string[] | null | undefined): Promise<boolean> {
  if (arrived) return false
  arrived = true
  if (!permissions?.includes(guidePermission)) return false
  return await ensureGuide().then(({ state }) => state === 'open', () => false)
}

router.beforeEach(async (to) => {
  if (to.meta.guest) {
    await speakToGuest()
    return true
  }
  try {
    const me = await ensureMe()
    void prefetchHabits()
    awaited.value = undefined
    await speakTo(me)
    const confined = !!me.two_factor_setup_required
    if (!confined && to.path === home && (await guided(me.permissions))) return '/admin/set-up'
    // Asked for before the page of the old one is taken down.
    if (!confined && permitted(me.permissions ?? [], 'conversations:read') && typeof to.params.uuid === 'string' && !to.query.scrollTo) fetchAhead(to.params.uuid)
    if (confined === (to.path === '/two-factor-setup')) return true
    return confined ? { path: '/two-factor-setup', query: { next: to.fullPath } } : home
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 401) {
      return { path: '/', query: to.fullPath === home ? {} : { next: to.fullPath } }
    }
    if (!(cause instanceof ApiError && cause.temporary)) throw cause
    awaited.value = to.fullPath
    return false
  }
})

async function nameTab(to: RouteLocationNormalized): Promise<void> {
  // The inbox names its page after its list.
  if (!to.meta.title) return
  const config = await ensureConfig().catch(() => undefined)
  setTitle(`${t(to.meta.title)} - ${config?.['app.site_name'] || 'Foyer'}`)
}

router.afterEach((to) => nameTab(to))
watch(i18n.global.locale, () => nameTab(router.currentRoute.value))
