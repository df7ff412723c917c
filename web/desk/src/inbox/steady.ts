import type { ConversationRow, Uuid } from '@ui/api/types'
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { broughtBackLately } from '@/conversation/undo'

/**
 * Rows in a held order: what is gone is left out, what was loaded further down is added, what the agent brought back is where
 * it was.
 */
export function inHeldOrder(rows: readonly ConversationRow[], held: readonly Uuid[], broughtBack: (uuid: Uuid) => boolean = () => false): { shown: ConversationRow[]; fresh: number } {
  const byUuid = new Map(rows.map((row) => [row.uuid, row]))
  const known = new Set(held)
  const shown = held.flatMap((uuid) => byUuid.get(uuid) ?? [])
  const last = rows.findLastIndex((row) => known.has(row.uuid))
  let fresh = 0
  rows.forEach((row, at) => {
    if (known.has(row.uuid)) return
    if (at > last) shown.push(row)
    else if (broughtBack(row.uuid)) shown.splice(at ? shown.indexOf(rows[at - 1]!) + 1 : 0, 0, row)
    else fresh++
  })
  return { shown, fresh }
}

/** How many rows came to a list that is watched: what was loaded further down has not come, nor what the agent brought back. */
export function newcomers(before: readonly Uuid[], now: readonly Uuid[], broughtBack: (uuid: Uuid) => boolean = () => false): number {
  const known = new Set(before)
  const last = now.findLastIndex((uuid) => known.has(uuid))
  return now.filter((uuid, at) => !known.has(uuid) && !broughtBack(uuid) && (at < last || !before.length)).length
}

/** Tells of a row whether it was in the list before and the agent is taking something back. */
export function useBroughtBack(rows: Ref<readonly ConversationRow[]>): (uuid: Uuid) => boolean {
  let left = new Set<Uuid>()
  watch(
    rows,
    (now, before) => {
      const there = new Set(now.map((row) => row.uuid))
      const gone = before.filter((row) => !there.has(row.uuid))
      // Another list has come.
      if (before.length && gone.length === before.length) left = new Set()
      for (const row of gone) left.add(row.uuid)
    },
    { flush: 'sync' },
  )
  return (uuid) => broughtBackLately() && left.has(uuid)
}

/** How long after its last move a pointer is still about to press. Milliseconds. */
export const pointingFor = 4_000

/**
 * Whether somebody points at something: the mouse is over it and moved or pressed a moment ago. Fingers do not rest, and a mouse
 * that lies still while the keys are used does not count.
 */
export function usePointing() {
  const pointing = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let stirred = 0
  let place = ''
  function end(): void {
    clearTimeout(timer)
    timer = undefined
    pointing.value = false
  }
  /** One timer for all moves, which come by the dozen. */
  function wait(): void {
    const rest = pointingFor - (performance.now() - stirred)
    if (rest > 0) timer = setTimeout(wait, rest)
    else end()
  }
  function stir(event: PointerEvent): void {
    // What moves under a still mouse is told as a move, too.
    const now = `${event.clientX} ${event.clientY}`
    if (event.pointerType !== 'mouse' || (event.type === 'pointermove' && now === place)) return
    place = now
    stirred = performance.now()
    pointing.value = true
    if (!timer) wait()
  }
  onScopeDispose(() => clearTimeout(timer))
  return { pointing, end, handlers: { pointermove: stir, pointerdown: stir, pointerleave: end } }
}

/**
 * Keeps rows where they are while `hold` is true, so that nothing moves under the reader: rows change
 * in place and leave, but new ones only count until the list is let go.
 */
export function useSteadyOrder(rows: Ref<ConversationRow[]>, hold: Readonly<Ref<boolean>>, broughtBack?: (uuid: Uuid) => boolean) {
  const held = shallowRef<Uuid[]>()
  const result = computed(() => (held.value ? inHeldOrder(rows.value, held.value, broughtBack) : { shown: rows.value, fresh: 0 }))

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
