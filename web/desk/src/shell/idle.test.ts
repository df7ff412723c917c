import { describe, expect, it } from 'vitest'
import { idleChange } from './idle'

const minutes = (n: number): number => n * 60_000

describe('availability by signs of life', () => {
  it('sets who is online away after five quiet minutes, not before', () => {
    expect(idleChange('online', minutes(5) - 1, true)).toBeUndefined()
    expect(idleChange('online', minutes(5), true)).toBe('away')
    expect(idleChange('online', minutes(5), false)).toBe('away')
  })

  it('brings back who is away or offline with a sign of life in a visible tab', () => {
    expect(idleChange('away', 0, true)).toBe('online')
    expect(idleChange('offline', 0, true)).toBe('online')
    expect(idleChange('away', 0, false)).toBeUndefined()
    expect(idleChange('away', minutes(2), true)).toBeUndefined()
  })

  it('never touches what the agent set by hand', () => {
    for (const status of ['away_manual', 'away_and_reassigning'] as const) {
      expect(idleChange(status, 0, true)).toBeUndefined()
      expect(idleChange(status, minutes(60), true)).toBeUndefined()
    }
  })
})
