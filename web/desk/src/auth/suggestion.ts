import type { Agent } from '@ui/api/types'
import { signInByPasskey, suggestsPasskeys } from '@/data/factors'

/** The server knows a question for ten minutes. It is asked anew before, so that a page left open still signs in. */
const life = 9 * 60_000

/** A signal for once the time is over, by the clock: a computer that slept meanwhile notices when it wakes. */
function after(milliseconds: number): { over: AbortSignal; stop: () => void } {
  const controller = new AbortController()
  const end = Date.now() + milliseconds
  const timer = setInterval(() => Date.now() >= end && controller.abort(), 5_000)
  return { over: controller.signal, stop: () => clearInterval(timer) }
}

/**
 * Has the browser suggest passkeys in the field for the address, until one is chosen or `stop` is aborted. Resolves with
 * nothing where the browser does not suggest; rejects as signInByPasskey does.
 */
export async function suggestedPasskey(stop: AbortSignal): Promise<Agent | undefined> {
  if (!(await suggestsPasskeys())) return undefined
  for (;;) {
    if (stop.aborted) return undefined
    const question = after(life)
    try {
      return await signInByPasskey(AbortSignal.any([stop, question.over]))
    } catch (cause) {
      if (stop.aborted || !question.over.aborted) throw cause
    } finally {
      question.stop()
    }
  }
}
