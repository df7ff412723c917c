import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import { connection } from '@/data/live'
import { whenReachable } from './reaching'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('what waits is tried with growing pauses while the connection stands, and at once when it is new', async () => {
  const waiting = ref(false)
  const resume = vi.fn(async () => {})
  connection.value = 'open'
  whenReachable(() => waiting.value, resume)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(resume).toHaveBeenCalledTimes(1) // when the page began

  waiting.value = true
  await nextTick()
  for (const [after, times] of [[4_900, 1], [200, 2], [9_000, 2], [1_100, 3], [19_000, 3], [1_100, 4]] as const) {
    await vi.advanceTimersByTimeAsync(after)
    expect(resume).toHaveBeenCalledTimes(times)
  }
  connection.value = 'reconnecting'
  await nextTick()
  connection.value = 'open'
  await nextTick()
  expect(resume).toHaveBeenCalledTimes(5)

  waiting.value = false
  await vi.advanceTimersByTimeAsync(600_000)
  expect(resume).toHaveBeenCalledTimes(5)
})
