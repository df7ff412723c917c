import type { Uuid } from '@ui/api/types'
import { computed, shallowRef, type Ref } from 'vue'

/**
 * What is picked of a list for a change of many, by its ids: some of `order`, as it is on the screen, or the whole list,
 * however much of it is loaded, without those that were taken out again.
 */
export function useSelection<K extends string | number = Uuid>(order: Ref<readonly K[]>) {
  const picked = shallowRef<ReadonlySet<K>>(new Set())
  const whole = shallowRef(false)
  const excluded = shallowRef<ReadonlySet<K>>(new Set())
  let anchor: K | undefined

  const has = (uuid: K): boolean => (whole.value ? !excluded.value.has(uuid) : picked.value.has(uuid))
  /** Those that are still in the list, as far as it is loaded. */
  const selected = computed(() => order.value.filter(has))

  function flip(set: ReadonlySet<K>, uuid: K): ReadonlySet<K> {
    const next = new Set(set)
    if (!next.delete(uuid)) next.add(uuid)
    return next
  }

  function toggle(uuid: K): void {
    if (whole.value) excluded.value = flip(excluded.value, uuid)
    else picked.value = flip(picked.value, uuid)
    anchor = uuid
  }

  /** Adds everything between the last one that was picked and this one. */
  function extend(uuid: K): void {
    const from = anchor ? order.value.indexOf(anchor) : -1
    const to = order.value.indexOf(uuid)
    if (from < 0 || to < 0 || whole.value) return toggle(uuid)
    const between = order.value.slice(Math.min(from, to), Math.max(from, to) + 1)
    picked.value = new Set([...picked.value, ...between])
  }

  /** Begins at a row what `span` goes on with: everything between, beside what was picked before. */
  function beginSpan(from: K): (to: K) => void {
    const before = picked.value
    const at = order.value.indexOf(from)
    anchor = from
    return (to) => {
      const end = order.value.indexOf(to)
      if (at < 0 || end < 0 || whole.value) return
      picked.value = new Set([...before, ...order.value.slice(Math.min(at, end), Math.max(at, end) + 1)])
    }
  }

  function clear(): void {
    picked.value = excluded.value = new Set()
    whole.value = false
    anchor = undefined
  }

  return {
    selected,
    /** Everything in the list is meant, whether it is loaded or not. */
    whole,
    /** Of the whole list, those that are not meant. */
    excluded,
    has,
    toggle,
    extend,
    beginSpan,
    all: () => {
      clear()
      picked.value = new Set(order.value)
    },
    everything: () => {
      clear()
      whole.value = true
    },
    clear,
  }
}

export type Selection = ReturnType<typeof useSelection<Uuid>>
