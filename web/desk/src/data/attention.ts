/** A tab that is out of sight for so long, or before which nobody stirs, has nobody before it. Milliseconds. */
const hiddenFor = 30_000
const stillFor = 5 * 60_000

/** Reports whether somebody is before this tab, whenever that changes, for the life of the page. */
export function watchAttention(report: (there: boolean) => void): void {
  let there = true
  let stirred = Date.now()
  let hiddenSince = 0

  function look(): void {
    const now = Date.now()
    const next = hiddenSince ? now - hiddenSince < hiddenFor : now - stirred < stillFor
    if (next !== there) report((there = next))
  }
  function onStir(): void {
    stirred = Date.now()
    if (!there) look()
  }
  document.addEventListener('visibilitychange', () => {
    hiddenSince = document.visibilityState === 'hidden' ? Date.now() : 0
    onStir()
  })
  for (const sign of ['pointermove', 'keydown', 'pointerdown', 'wheel']) window.addEventListener(sign, onStir, { passive: true })
  setInterval(look, 10_000)
}
