import { computed, watch } from 'vue'
import { useRoute, useRouter, type RouteLocationRaw } from 'vue-router'
import { useAttributes, useStatuses } from '@/data/reference'
import { useMe } from '@/data/session'
import { activeNames, asView, attributeName, changedQuery, fromQuery, isAttribute, listQuery, toLeaves, type QuickName } from '@/filters/quick'
import { viewDialog } from '@/views/dialog'
import { isHiddenScope, scopeAddress } from './scope'
import { listView } from './view'

/** What a list shows unless somebody says otherwise. */
const usualStatus = 'Open'
const anyStatus = 'any'

/** A status as it stands in an address; the usual one does not. */
export const statusQuery = (status: string): string => (status === usualStatus ? '' : status || anyStatus)

/** The address of another list: the chosen status goes along, other filters do not. */
export function listAddress(scope: string, rest = ''): RouteLocationRaw {
  const status = scope.startsWith('view:') ? '' : statusQuery(listView.status)
  return { path: scopeAddress(scope) + rest, query: status ? { status } : {} }
}

/**
 * How the list on screen is filtered. It stands in the address, so that it can be shared and kept; the status also goes along
 * to other lists.
 */
export function useQuickFilters(scope: () => string) {
  const route = useRoute()
  const router = useRouter()
  const { me } = useMe()
  const { data: statuses } = useStatuses()

  watch(
    () => route.query.status,
    (status) => {
      if (typeof status === 'string' && status) listView.status = status === anyStatus ? '' : status
    },
    { immediate: true, flush: 'sync' },
  )

  const { data: attributes } = useAttributes()

  /** An attribute that the desk does not have any more narrows nothing. */
  const filters = computed(() => {
    const asked = fromQuery(route.query)
    const known = attributes.value?.map(attributeName)
    for (const name of Object.keys(asked).filter(isAttribute)) if (known && !known.includes(name)) delete asked[name]
    return asked
  })
  const active = computed(() => activeNames(filters.value))
  const ofView = computed(() => scope().startsWith('view:'))
  /** A view says itself which statuses it shows; spam and trash have one each. */
  const hasStatus = computed(() => !ofView.value && !isHiddenScope(scope()))
  const change = (parts: Record<string, string>): void => void router.replace({ query: changedQuery(route.query, parts) })

  return {
    active,
    valueOf: (name: QuickName): string => filters.value[name] ?? '',
    hasStatus,
    /** What a view shows is kept in it already; of spam and trash there are no views. */
    keepable: hasStatus,
    /** As conditions for the server; empty for none. */
    conditions: computed(() => (active.value.length ? JSON.stringify(toLeaves(filters.value)) : '')),
    query: computed(() => listQuery(route.query)),
    set: (name: QuickName, value: string) => change({ [name]: value }),
    clear: () => change(Object.fromEntries(active.value.map((name) => [name, '']))),
    setStatus: (status: string) => {
      listView.status = status
      change({ status: statusQuery(status) })
    },
    saveAsView: () => {
      const status = statuses.value?.find(({ name }) => name === listView.status)
      viewDialog.value = { filters: asView(scope(), status?.id, filters.value, me.value?.id ?? 0) }
    },
  }
}

export type QuickFilterState = ReturnType<typeof useQuickFilters>
