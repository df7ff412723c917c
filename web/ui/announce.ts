import { onScopeDispose, ref, type Ref } from 'vue'

/** What comes within this time of the first is said together, in milliseconds. */
export const gathering = 1_000

/**
 * The words of a status line for screen readers: what happens is gathered for a moment and said once, so that five at once
 * are one sentence. Between two sentences the line is empty, for the same words to be heard again.
 */
export function useAnnouncements<T>(words: (happened: T[]) => string): { line: Ref<string>; tell: (...what: T[]) => void } {
  const line = ref('')
  let happened: T[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  function say(): void {
    timer = undefined
    line.value = words(happened)
    happened = []
  }
  function tell(...what: T[]): void {
    if (!what.length) return
    happened.push(...what)
    line.value = ''
    timer ??= setTimeout(say, gathering)
  }
  onScopeDispose(() => clearTimeout(timer))
  return { line, tell }
}
