import { shallowReactive } from 'vue'
import { ApiError } from '../api/client'

export interface Toast {
  id: number
  kind: 'info' | 'success' | 'error'
  text: string
  action?: { label: string; run: () => void }
  /** Milliseconds on screen. */
  lifetime: number
}

export const toasts = shallowReactive<Toast[]>([])
let next = 1

/** Says something in passing. Errors and things that can be undone stay longer. */
export function toast(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): number {
  const kind = options.kind ?? 'info'
  const id = next++
  const lifetime = options.lifetime ?? (options.action ? 10_000 : kind === 'error' ? 8_000 : 4_000)
  toasts.push({ id, kind, text, lifetime, action: options.action })
  if (toasts.length > 4) toasts.shift()
  return id
}

/** Shows what went wrong, in the server's words when it had any. That the session is over is said by a dialog, once. */
export function toastError(error: unknown): void {
  if (error instanceof ApiError && error.sessionOver) return
  toast(error instanceof Error ? error.message : String(error), { kind: 'error' })
}

export function dismissToast(id: number): void {
  const at = toasts.findIndex((one) => one.id === id)
  if (at >= 0) toasts.splice(at, 1)
}
