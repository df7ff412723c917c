import { ref, watch, type Ref } from 'vue'

const known = new Map<string, Ref<unknown>>()

/**
 * A choice that this browser remembers, shared by all who ask for it by name. Other tabs follow.
 * `accepts` refuses what an older version, or a stranger, left behind.
 */
export function preference<T>(name: string, initial: T, accepts: (value: unknown) => value is T): Ref<T> {
  const key = `foyer.${name}`
  const found = known.get(key)
  if (found) return found as Ref<T>

  const read = (text: string | null): T => {
    try {
      const value: unknown = text === null ? initial : JSON.parse(text)
      return accepts(value) ? value : initial
    } catch {
      return initial
    }
  }
  const stored = (): string | null => {
    try {
      return localStorage.getItem(key)
    } catch {
      return null // storage is blocked: the choice lives as long as the page
    }
  }
  const value = ref(read(stored())) as Ref<T>
  watch(value, (next) => {
    try {
      localStorage.setItem(key, JSON.stringify(next))
    } catch {
      // As above.
    }
  })
  window.addEventListener('storage', (event) => {
    if (event.key === key) value.value = read(event.newValue)
  })
  known.set(key, value)
  return value
}

export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'

export const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string')

/** One of a few words. */
export const oneOf =
  <T extends string>(...words: readonly T[]) =>
  (value: unknown): value is T =>
    words.includes(value as T)
