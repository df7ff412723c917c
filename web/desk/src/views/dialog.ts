import type { View } from '@ui/api/types'
import { shallowRef } from 'vue'
import type { Filters } from '@/filters/model'

/** The dialog of personal views, when it is open: for a view there is, or for a new one with filters to begin with. */
export const viewDialog = shallowRef<{ view?: View; filters?: Filters }>()
