import { computed, ref, watch } from 'vue'
import { useRoute } from 'vue-router'
import { sections } from '@/admin/sections'
import { home } from '@/auth/next'
import { useMe } from '@/data/session'

/** Where the agent was in the inbox, to come back to; the search is no such place. */
const lastInbox = ref(home)

/** Which section the page belongs to, and which sections this agent has. */
export function useSections() {
  const route = useRoute()
  const { can } = useMe()
  const section = computed(() => route.path.split('/')[1] ?? '')
  watch(
    () => route.path,
    (path) => {
      if (path.startsWith('/inboxes/') && path !== '/inboxes/search') lastInbox.value = path
    },
    { immediate: true },
  )
  return {
    section,
    inboxAddress: computed(() => (section.value === 'inboxes' ? home : lastInbox.value)),
    mayAdminister: computed(() => sections.some((one) => can(one.permission))),
  }
}
