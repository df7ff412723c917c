import type { ConversationRow, Uuid } from '@ui/api/types'
import { computed, shallowRef, watch, type Ref } from 'vue'

/** Rows in a held order: what is gone is left out, what was loaded further down is added. */
export function inHeldOrder(rows: readonly ConversationRow[], held: readonly Uuid[]): { shown: ConversationRow[]; fresh: number } {
  const byUuid = new Map(rows.map((row) => [row.uuid, row]))
  const known = new Set(held)
  const shown = held.flatMap((uuid) => byUuid.get(uuid) ?? [])
  const last = rows.findLastIndex((row) => known.has(row.uuid))
  let fresh = 0
  rows.forEach((row, at) => {
    if (known.has(row.uuid)) return
    if (at > last) shown.push(row)
    else fresh++
  })
  return { shown, fresh }
}

/** How many rows came to a list that is watched: what was loaded further down has not come. */
export function newcomers(before: readonly Uuid[], now: readonly Uuid[]): number {
  const known = new Set(before)
  const last = now.findLastIndex((uuid) => known.has(uuid))
  return now.filter((uuid, at) => !known.has(uuid) && (at < last || !before.length)).length
}

/**
 * Keeps rows where they are while `hold` is true, so that nothing moves under the reader: rows change
 * in place and leave, but new ones only count until the list is let go.
 */
export function useSteadyOrder(rows: Ref<ConversationRow[]>, hold: Ref<boolean>) {
  const held = shallowRef<Uuid[]>()
  const result = computed(() => (held.value ? inHeldOrder(rows.value, held.value) : { shown: rows.value, fresh: 0 }))

  watch(hold, (now) => (held.value = now ? rows.value.map((row) => row.uuid) : undefined), { flush: 'sync' })
  watch(
    rows,
    () => {
      // What was loaded further down keeps its place from now on too.
      if (held.value) held.value = result.value.shown.map((row) => row.uuid)
    },
    { flush: 'sync' },
  )

  return {
    shown: computed(() => result.value.shown),
    /** How many new rows wait above. */
    fresh: computed(() => result.value.fresh),
    /** Shows everything where it belongs now. */
    release: () => {
      held.value = hold.value ? rows.value.map((row) => row.uuid) : undefined
    },
  }
}
