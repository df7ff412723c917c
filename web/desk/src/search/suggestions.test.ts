import { setZone } from '@ui/i18n/zone'
import { afterEach, describe, expect, it } from 'vitest'
import { days } from './suggestions'

const valuesAt = (zone: string, time: string): string[] => {
  setZone(zone)
  return days(new Date(time)).map(({ value }) => value)
}
afterEach(() => setZone(undefined))

describe('days that are offered', () => {
  it('are those of the calendar in the time zone of the agent', () => {
    expect(valuesAt('Pacific/Auckland', '2026-03-01T12:30:00Z')).toEqual(['2026-03-02', '2026-03-01', '2026-02-23', '2026-03-01', '2026-01-01'])
    expect(valuesAt('America/Los_Angeles', '2026-03-01T02:30:00Z')).toEqual(['2026-02-28', '2026-02-27', '2026-02-21', '2026-02-01', '2026-01-01'])
  })

  it('pass the turn of the year', () => {
    expect(valuesAt('Asia/Tokyo', '2025-12-31T15:00:00Z')).toEqual(['2026-01-01', '2025-12-31', '2025-12-25', '2026-01-01', '2026-01-01'])
  })
})
