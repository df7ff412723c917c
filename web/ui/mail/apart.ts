import type { CleanText } from './large'
import type { Order } from './large.worker'
import workerURL from './large.worker.ts?worker&url'
import type { Pictures } from './policy'

/** Milliseconds that cleaning may take. */
export const timeAtMost = 10_000

/**
 * Cleans a very large mail beside the page, which answers meanwhile. Fails when that takes too long, whatever the mail keeps the
 * worker busy with, when the worker cannot start, and when nobody waits for it any more.
 */
export function cleanApart(html: string, pictures: Pictures, signal: AbortSignal): Promise<CleanText> {
  return new Promise<CleanText>((resolve, reject) => {
    const worker = new Worker(workerURL, { type: 'module' })
    const limit = setTimeout(() => end(() => reject(new Error('cleaning takes too long'))), timeAtMost)
    const leave = (): void => end(() => reject(signal.reason))
    const end = (settle: () => void): void => {
      worker.terminate()
      clearTimeout(limit)
      signal.removeEventListener('abort', leave)
      settle()
    }
    signal.addEventListener('abort', leave)
    worker.onmessage = ({ data }: MessageEvent<CleanText>) => end(() => resolve(data))
    worker.onerror = (event) => {
      event.preventDefault()
      end(() => reject(new Error(event.message || 'the worker does not start')))
    }
    worker.postMessage({ html, pictures: { ...pictures } } satisfies Order)
  })
}
