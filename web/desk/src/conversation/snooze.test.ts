import { describe, expect, it } from 'vitest'
import { snoozeChoices, snoozeDuration } from './snooze'

describe('snooze', () => {
  it('sends minutes precisely', () => {
    const now = new Date(2026, 2, 2, 9, 0)
    expect(snoozeDuration(new Date(2026, 2, 2, 10, 30), now)).toBe('90m')
    expect(snoozeDuration(now, now)).toBeNull()
    expect(snoozeDuration(new Date(2026, 2, 2, 8, 0), now)).toBeNull()
  })

  it('offers only later times, on the hour where it names a day', () => {
    for (let day = 1; day <= 7; day++) {
      const now = new Date(2026, 2, day, 23, 59)
      const choices = snoozeChoices(now)
      expect(choices.every(({ at }) => at > now)).toBe(true)
      const monday = choices.find(({ id }) => id === 'monday' || id === 'tomorrow')!
      expect(monday.at.getHours()).toBe(9)
    }
    const friday = new Date(2026, 2, 6, 15, 0)
    const monday = snoozeChoices(friday).find(({ id }) => id === 'monday')!
    expect(monday.at).toEqual(new Date(2026, 2, 9, 9, 0))
  })
})
