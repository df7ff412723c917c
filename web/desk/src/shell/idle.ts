import type { Availability } from '@ui/api/types'
import { onScopeDispose } from 'vue'

/** Without a sign of life for this long an agent who is online is away. Milliseconds. */
const limit = 5 * 60_000
const checkEvery = 30_000
/** How often a sign of life is passed on to other tabs. */
const shareEvery = 5_000

const key = 'foyer.active'

/** What to say about availability, if anything: idleness never touches what the agent set by hand. */
export function idleChange(status: Availability, quiet: number, visible: boolean): Availability | undefined {
  if (status === 'online' && quiet >= limit) return 'away'
  if ((status === 'away' || status === 'offline') && quiet < checkEvery && visible) return 'online'
  return undefined
}

/** Watches for signs of life in any tab of this browser and reports absence and return. */
export function useIdle(status: () => Availability | undefined, report: (next: Availability) => Promise<void>): void {
  let active = Date.now()
  let shared = 0
  let busy = false

  async function check(): Promise<void> {
    const now = status()
    const next = now && idleChange(now, Date.now() - active, document.visibilityState === 'visible')
    if (!next || busy) return
    busy = true
    // What could not be said is said at the next look.
    await report(next).catch(() => {})
    busy = false
  }

  function onLife(): void {
    const before = active
    active = Date.now()
    if (active - shared > shareEvery) {
      shared = active
      try {
        localStorage.setItem(key, String(active))
      } catch {
        // Storage is blocked: each tab is on its own.
      }
    }
    const now = status()
    if (now === 'away' || now === 'offline' || active - before > checkEvery) void check()
  }

  function onShared(event: StorageEvent): void {
    if (event.key === key && event.newValue) active = Math.max(active, Number(event.newValue))
  }

  const signs = ['pointermove', 'keydown', 'pointerdown', 'wheel'] as const
  for (const sign of signs) window.addEventListener(sign, onLife, { passive: true })
  window.addEventListener('storage', onShared)
  const clock = setInterval(() => void check(), checkEvery)
  onScopeDispose(() => {
    for (const sign of signs) window.removeEventListener(sign, onLife)
    window.removeEventListener('storage', onShared)
    clearInterval(clock)
  })
}
