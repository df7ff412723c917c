import { describe, expect, it } from 'vitest'
import { expiryOf, isOver } from './keys'

const now = new Date('2030-01-01T00:00:00Z')

describe('the life of a key', () => {
  it('ends after whole days, or never', () => {
    expect(expiryOf('month', now)).toBe('2030-01-31T00:00:00.000Z')
    expect(expiryOf('year', now)).toBe('2031-01-01T00:00:00.000Z')
    expect(expiryOf('never', now)).toBeUndefined()
  })

  it('is over from its last moment on', () => {
    expect(isOver('2030-01-01T00:00:00Z', now)).toBe(true)
    expect(isOver('2030-01-01T00:00:01Z', now)).toBe(false)
    expect(isOver(null, now)).toBe(false)
  })
})
