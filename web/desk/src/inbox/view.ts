import { computed, reactive, ref } from 'vue'
import { preference } from '@/data/preferences'
import { textScale } from '@/data/theme'
import { sorts, type SortId } from './reconcile'

/** How lists are filtered, all of them until the page is left. */
export const listView = reactive({
  /** Name of a status; empty for any. */
  status: 'Open',
})

export const sortIds = Object.keys(sorts) as SortId[]

export const densities = ['comfortable', 'compact'] as const

/** Height of a row in pixels; on touch screens a compact row is as high as a finger needs. */
export const rowHeights = { comfortable: 68, compact: 40 }
export const lineHeights = { comfortable: 44, compact: 34 }
export const touch = window.matchMedia('(pointer: coarse)').matches

const narrowest = 280
const widest = 560

/** Width of the list in pixels, for text of the usual size. */
export const listWidth = preference('listWidth', 360, (value): value is number => typeof value === 'number' && value >= narrowest && value <= widest)

/** How much wider it is where text is larger: as far as room is left to read. */
export const listScale = computed(() => Math.max(1, Math.min(textScale.value, 1.2)))

export const clampWidth = (width: number): number => Math.round(Math.min(widest, Math.max(narrowest, width)))

/** The row that the keys act on while no conversation is open. */
export const cursor = ref<string>()
