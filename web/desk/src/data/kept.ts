import { ownStorage } from './ownStorage'

const key = (name: string): string => `foyer.kept.${name}`

/** What the agent was writing under a name when the page went away; undefined when there is nothing. */
export function kept<T>(name: string): T | undefined {
  try {
    return (JSON.parse(ownStorage()?.getItem(key(name)) ?? 'null') as T | null) ?? undefined
  } catch {
    return undefined
  }
}

/** Keeps what is being written and stored nowhere else, so that it outlives the page; undefined forgets it. */
export function keep(name: string, value: unknown): void {
  try {
    if (value === undefined) ownStorage()?.removeItem(key(name))
    else ownStorage()?.setItem(key(name), JSON.stringify(value))
  } catch {
    // Storage is full or blocked: it lives as long as the page.
  }
}
