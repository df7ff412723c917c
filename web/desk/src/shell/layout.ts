import { computed, onScopeDispose, ref } from 'vue'
import { isBoolean, preference } from '@/data/preferences'
import { textScale } from '@/data/theme'

const width = ref(window.innerWidth)
window.addEventListener('resize', () => (width.value = window.innerWidth))
/** What fits: larger text needs more room. */
const room = computed(() => width.value / textScale.value)

/** One pane at a time, with a bar at the bottom. The same bounds as in the style's breakpoints. */
export const onePane = computed(() => width.value < 760)
/** The context of a conversation slides over it rather than standing beside it. */
export const contextOver = computed(() => room.value < 1100)

/** Too narrow for the lists beside the conversations: they are shown over the page, until one is chosen. */
export const sidebarSlides = computed(() => room.value < 960)

/** The agent wants to see the lists beside the conversations. */
export const sidebarOpen = preference('sidebar', true, isBoolean)

/** They are shown over the page now. */
export const sidebarOver = ref(false)

export function toggleSidebar(): void {
  if (sidebarSlides.value) sidebarOver.value = !sidebarOver.value
  else sidebarOpen.value = !sidebarOpen.value
}

/** Hides the bottom bar while something needs the whole height: a conversation. */
const covers = ref(0)
export const covered = computed(() => covers.value > 0)
export function coverBar(): void {
  covers.value++
  onScopeDispose(() => covers.value--)
}
