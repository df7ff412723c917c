import type { Uuid } from '@ui/api/types'
import { computed, shallowRef, type Ref } from 'vue'

/** The conversations picked for a change of many, out of `order` as it is on the screen. */
export function useSelection(order: Ref<readonly Uuid[]>) {
  const picked = shallowRef<ReadonlySet<Uuid>>(new Set())
  let anchor: Uuid | undefined

  /** Those that are still in the list. */
  const selected = computed(() => order.value.filter((uuid) => picked.value.has(uuid)))

  function toggle(uuid: Uuid): void {
    const next = new Set(picked.value)
    if (!next.delete(uuid)) next.add(uuid)
    anchor = uuid
    picked.value = next
  }

  /** Adds everything between the last one that was picked and this one. */
  function extend(uuid: Uuid): void {
    const from = anchor ? order.value.indexOf(anchor) : -1
    const to = order.value.indexOf(uuid)
    if (from < 0 || to < 0) return toggle(uuid)
    const between = order.value.slice(Math.min(from, to), Math.max(from, to) + 1)
    picked.value = new Set([...picked.value, ...between])
  }

  return {
    selected,
    has: (uuid: Uuid) => picked.value.has(uuid),
    toggle,
    extend,
    all: () => {
      picked.value = new Set(order.value)
    },
    clear: () => {
      picked.value = new Set()
      anchor = undefined
    },
  }
}

export type Selection = ReturnType<typeof useSelection>
