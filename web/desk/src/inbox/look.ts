import { api } from '@ui/api/client'
import type { Habits, ListLook } from '@ui/api/types'
import { toastError } from '@ui/toast/toasts'
import { computed } from 'vue'
import { useHabits } from '@/data/habits'
import { keys, queryClient } from '@/data/query'
import { onePane } from '@/shell/layout'
import { knownColumns, type Column } from './columns'
import type { SortId } from './reconcile'

export type Layout = 'cards' | 'table'
export type Density = Habits['list_density']

/** The look of lists that have none of their own. */
const every = 'every'

// What is chosen shows at once; a column that is dragged is stored when it comes to rest.
let unsaved: { list_density?: Density; lists?: Record<string, ListLook> } = {}
let timer: ReturnType<typeof setTimeout> | undefined
const restsAfter = 500

async function save(): Promise<void> {
  clearTimeout(timer)
  timer = undefined
  const change = unsaved
  unsaved = {}
  try {
    await api.put<Habits>('/agents/me/preferences', change, { keepalive: document.visibilityState === 'hidden' })
  } catch (error) {
    toastError(error)
    void queryClient.invalidateQueries({ queryKey: keys.habits })
  }
}

document.addEventListener('visibilitychange', () => timer && document.visibilityState === 'hidden' && void save())

function change(part: { list_density?: Density; lists?: Record<string, ListLook> }): void {
  queryClient.setQueryData<Habits>(keys.habits, (known) => known && { ...known, ...part, lists: { ...known.lists, ...part.lists } })
  unsaved = { ...unsaved, ...part, lists: { ...unsaved.lists, ...part.lists } }
  clearTimeout(timer)
  timer = setTimeout(() => void save(), restsAfter)
}

export const setDensity = (list_density: Density): void => change({ list_density })

/** How a list is looked at: as the agent left it, in whichever browser. */
export function useListLook(scope: () => string) {
  const { data: habits, isPending } = useHabits()
  const own = computed(() => habits.value?.lists[scope()])
  const usual = computed(() => habits.value?.lists[every])
  const set = (part: ListLook): void => change({ lists: { [scope()]: { ...own.value, ...part } } })

  const columns = computed<Column[]>(() => knownColumns(own.value?.columns ?? usual.value?.columns))
  return {
    /** Nothing is known yet: what is shown now may be shown otherwise in a moment. */
    pending: isPending,
    /** Narrow screens have cards only. */
    layout: computed<Layout>(() => (onePane.value ? 'cards' : own.value?.layout || usual.value?.layout || 'cards')),
    sort: computed<SortId>(() => own.value?.sort ?? 'newest'),
    density: computed<Density>(() => habits.value?.list_density ?? 'comfortable'),
    columns,
    setLayout: (layout: Layout) => set({ layout }),
    setSort: (sort: SortId) => set({ sort }),
    setColumns: (columns: readonly Column[]) => set({ columns: [...columns] }),
    resetColumns: () => set({ columns: undefined }),
    /** Layout and columns of this list become those of all. */
    useEverywhere: () => {
      const lists: Record<string, ListLook> = { [every]: { layout: own.value?.layout ?? usual.value?.layout, columns: columns.value } }
      for (const [key, look] of Object.entries(habits.value?.lists ?? {})) if (key !== every) lists[key] = { sort: look.sort }
      change({ lists })
    },
  }
}

export type ListLookState = ReturnType<typeof useListLook>
