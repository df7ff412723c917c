import { afterEach, describe, expect, it } from 'vitest'
import { dayOf, setZone, timeOf, wallOf, zone } from './zone'

describe('a time zone', () => {
  afterEach(() => setZone(undefined))

  it.each([
    ['Europe/Berlin', '2026-07-01T22:30:00.000Z', '2026-07-02'],
    ['America/New_York', '2026-01-01T03:00:00.000Z', '2025-12-31'],
    ['Asia/Tehran', '2026-01-01T20:45:00.000Z', '2026-01-02'],
  ])('in %s, %s is on %s', (name, at, day) => {
    setZone(name)
    expect(dayOf(at)).toBe(day)
    expect(timeOf(wallOf(at)).toISOString()).toBe(at)
  })

  it('finds the time of a clock on the days when it is put forward and back', () => {
    setZone('Europe/Berlin')
    expect(timeOf(new Date('2026-03-29T09:00:00Z')).toISOString()).toBe('2026-03-29T07:00:00.000Z')
    expect(timeOf(new Date('2026-10-25T09:00:00Z')).toISOString()).toBe('2026-10-25T08:00:00.000Z')
    expect(timeOf(new Date('2026-03-29T00:30:00Z')).toISOString()).toBe('2026-03-28T23:30:00.000Z')
  })

  it('that the browser does not know is the browser’s', () => {
    setZone('Mars/Base')
    expect(zone.value).toBeUndefined()
  })
})
