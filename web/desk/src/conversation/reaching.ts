import { watch } from 'vue'
import { connection } from '@/data/live'

const firstPause = 5_000
const longestPause = 120_000

/**
 * Tries again what found no connection: when the socket has a new one, the surest sign that the desk can be reached, and
 * with growing pauses in between. The socket may stand while a request fails, and may be barred where requests pass.
 */
export function whenReachable(waits: () => boolean, resume: () => Promise<unknown>): void {
  let pause = firstPause
  let timer: ReturnType<typeof setTimeout> | undefined

  function plan(): void {
    clearTimeout(timer)
    if (waits()) timer = setTimeout(() => void again(), pause)
  }

  async function again(): Promise<void> {
    pause = Math.min(pause * 2, longestPause)
    if (navigator.onLine) await resume()
    plan()
  }

  watch(
    connection,
    (state) => {
      if (state !== 'open') return
      pause = firstPause
      void resume().then(plan)
    },
    { immediate: true },
  )
  watch(waits, (some) => {
    if (!some) pause = firstPause
    plan()
  })
}
