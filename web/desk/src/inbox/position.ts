import type { Uuid } from '@ui/api/types'
import { computed, ref, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import { useRouter, type LocationQueryRaw, type RouteLocationRaw } from 'vue-router'
import { isPopOut } from './popout'
import { scopeAddress } from './scope'

interface Shown {
  scope: string
  /** How the list is filtered, as in its address. */
  query?: Record<string, string>
  /** As they stand on the screen, from the top. */
  uuids: Uuid[]
  /** How many the list has, loaded or not. */
  total: number
  /** Has the page after the loaded ones fetched. */
  more: () => void
}

/** The list is not beside the conversation but behind it: there is one way back. */
export const listCovered = ref(false)

/** The list beside the conversation. Set by the list, read by whoever moves along it. */
export const shownList = shallowRef<Shown>({ scope: 'assigned', uuids: [], total: 0, more: () => {} })

/**
 * Where the last conversation stood that left the list while it was open: it was resolved, or given
 * to somebody. "Next" then means the one that took its place.
 */
const gone = shallowRef<{ uuid: Uuid; at: number }>()

/** Notes the place of an open conversation before the list changes around it. */
export function notePlace(uuid: Uuid, before: readonly Uuid[], after: readonly Uuid[]): void {
  const at = before.indexOf(uuid)
  if (at >= 0 && !after.includes(uuid)) gone.value = { uuid, at }
}

/** The address of a conversation within the list on screen, filtered as it is. */
export const conversationAddress = (uuid: Uuid, scope = shownList.value.scope, more: LocationQueryRaw = {}): RouteLocationRaw => ({
  path: `${scopeAddress(scope)}/conversation/${uuid}`,
  query: { ...shownList.value.query, ...more },
})

/** Where a conversation stands in the list on screen, and the way to its neighbours and back. */
export function useListPosition(uuid: MaybeRefOrGetter<Uuid | undefined>) {
  const router = useRouter()
  const id = computed(() => toValue(uuid))
  const at = computed(() => (id.value ? shownList.value.uuids.indexOf(id.value) : -1))
  /** The place between rows where a conversation stood that is no longer listed. */
  const left = computed(() => (at.value < 0 && gone.value?.uuid === id.value ? gone.value?.at : undefined))

  const previous = computed(() => {
    const uuids = shownList.value.uuids
    return at.value >= 0 ? uuids[at.value - 1] : left.value !== undefined ? uuids[left.value - 1] : undefined
  })
  const next = computed(() => {
    const uuids = shownList.value.uuids
    return at.value >= 0 ? uuids[at.value + 1] : left.value !== undefined ? uuids[left.value] : undefined
  })

  function open(target: Uuid | undefined): void {
    if (!target) return
    const place = shownList.value.uuids.indexOf(target)
    if (place > shownList.value.uuids.length - 4) shownList.value.more()
    void router.push(conversationAddress(target))
  }

  return {
    /** From 1; 0 when the conversation is not in the list. */
    position: computed(() => at.value + 1),
    total: computed(() => shownList.value.total),
    previous,
    next,
    openPrevious: () => open(previous.value),
    openNext: () => open(next.value),
    back: () => (isPopOut() ? window.close() : void router.push({ path: scopeAddress(shownList.value.scope), query: shownList.value.query })),
  }
}
