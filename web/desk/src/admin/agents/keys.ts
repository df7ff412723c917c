/** How long a new key lives. */
export const lives = ['month', 'quarter', 'year', 'never'] as const
export type Life = (typeof lives)[number]

const days: Record<Life, number | undefined> = { month: 30, quarter: 90, year: 365, never: undefined }

/** When a key made now ends; undefined if it does not. */
export function expiryOf(life: Life, now: Date): string | undefined {
  const count = days[life]
  return count === undefined ? undefined : new Date(now.getTime() + count * 86_400_000).toISOString()
}

/** Whether a key no longer works. */
export const isOver = (expiresAt: string | null, now: Date): boolean => expiresAt !== null && new Date(expiresAt) <= now
