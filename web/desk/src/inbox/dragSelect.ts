import type { Uuid } from '@ui/api/types'
import type { Selection } from './selection'
import { swallowClick } from './swallow'

/** How near to the edge of the list the pointer makes it scroll, and by how much, in pixels. */
const edge = 32
const step = 12

/**
 * Rows are chosen by drawing over them with the mouse: from the row where it began to the one under the pointer, which may
 * be beyond the edge. Returns the handler of pointerdown of what scrolls.
 */
export function dragSelect(selection: Selection, enabled: () => boolean): (event: PointerEvent) => void {
  const rowAt = (x: number, y: number): Uuid | undefined =>
    (document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-testid="conversation-row"]') ?? undefined)?.dataset.uuid

  return (down) => {
    const scroller = down.currentTarget as HTMLElement
    const from = rowAt(down.clientX, down.clientY)
    if (!from || !enabled() || down.button !== 0 || down.pointerType !== 'mouse' || down.shiftKey || down.ctrlKey || down.metaKey) return
    let span: ((to: Uuid) => void) | undefined
    let y = down.clientY
    let frame = 0

    const draw = (): void => {
      frame = 0
      const { top, bottom } = scroller.getBoundingClientRect()
      const by = y < top + edge ? -step : y > bottom - edge ? step : 0
      if (span && by) {
        scroller.scrollBy({ top: by })
        frame = requestAnimationFrame(draw)
      }
      const to = rowAt(down.clientX, Math.min(bottom - 2, Math.max(top + 2, y)))
      if (!span && to && to !== from) span = selection.beginSpan(from)
      if (to) span?.(to)
    }
    const move = (event: PointerEvent): void => {
      y = event.clientY
      if (!frame) frame = requestAnimationFrame(draw)
    }
    const end = (): void => {
      cancelAnimationFrame(frame)
      window.removeEventListener('pointermove', move)
      if (span) swallowClick()
    }
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', end, { once: true })
  }
}
