import type { Uuid } from '@ui/api/types'
import { onBeforeUnmount } from 'vue'
import { live } from '@/data/live'

/** Tells colleagues and the customer that somebody writes: again every three seconds, until two without a key. */
export function useTyping(uuid: Uuid, isPrivate: () => boolean) {
  let told = 0
  let quiet: ReturnType<typeof setTimeout> | undefined

  function stop(): void {
    clearTimeout(quiet)
    if (told) live.typing(uuid, false, isPrivate())
    told = 0
  }

  function typing(): void {
    const now = Date.now()
    if (now - told > 3_000) {
      live.typing(uuid, true, isPrivate())
      told = now
    }
    clearTimeout(quiet)
    quiet = setTimeout(stop, 2_000)
  }

  onBeforeUnmount(stop)
  return { typing, stop }
}
