import { expect, it } from 'vitest'
import { maySound, pause, tones } from './sound'

it('sounds once for what comes together', () => {
  const kept = new Map<string, string>()
  const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }
  const start = 10_000_000
  expect([0, 10, 700, pause - 1, pause, pause + 1, 2 * pause].map((after) => maySound(start + after, store))).toEqual([true, false, false, false, true, false, true])
})

it('offers a few sounds, of which all can be told apart', () => expect(new Set(tones).size).toBeGreaterThanOrEqual(3))
