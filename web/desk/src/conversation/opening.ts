import type { Conversation, Uuid } from '@ui/api/types'
import { useFollowing } from '@ui/picture'
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'
import { fetchAhead } from './ahead'

/** Milliseconds for which a conversation waits for its letters: the two are asked for together, and drawing it first would only hold them up. */
const patience = 250

/**
 * The order in which an opened conversation is drawn: itself with its letters, which is what the agent waits for, then what stands
 * around them. `ready` says that the letters are there, or will not come.
 */
export function useOpening(uuid: () => Uuid, data: Ref<Conversation | undefined>, ready: () => boolean) {
  const begun = ref<Uuid>()
  let waiting: ReturnType<typeof setTimeout> | undefined
  watch(
    [uuid, data, ready] as const,
    ([wanted, one, letters]) => {
      clearTimeout(waiting)
      if (begun.value === wanted || !one) return
      if (letters) begun.value = wanted
      else waiting = setTimeout(() => (begun.value = wanted), patience)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(waiting))
  const looked = useFollowing(() => begun.value)
  return {
    /** What is drawn. */
    conversation: computed(() => (begun.value === uuid() ? data.value : undefined)),
    /** The first picture of it is made. */
    settled: computed(() => begun.value === uuid() && looked.value === uuid()),
  }
}

/** Milliseconds after which somebody who looks at a conversation does not only pass by. */
const passing = 250

/** Fetches what is likely to be opened next, once something has been looked at for a moment. */
export function useNeighbours(settled: () => boolean, neighbours: () => (Uuid | undefined)[]): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  watch([settled, () => neighbours().join()], ([now]) => {
    clearTimeout(timer)
    if (now) timer = setTimeout(() => neighbours().forEach((one) => one && fetchAhead(one)), passing)
  })
  onScopeDispose(() => clearTimeout(timer))
}
