import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { gathering, useAnnouncements } from './announce'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('announcements', () => {
  const scope = effectScope()
  const { line, tell } = scope.run(() => useAnnouncements<string>((happened) => happened.join(' and ')))!

  it('say what came within a moment once, and the same words again', () => {
    tell('one')
    tell('two')
    tell()
    expect(line.value).toBe('')
    vi.advanceTimersByTime(gathering)
    expect(line.value).toBe('one and two')
    tell('three')
    expect(line.value).toBe('')
    vi.advanceTimersByTime(gathering)
    expect(line.value).toBe('three')
  })

  it('are not said once nobody listens', () => {
    tell('late')
    scope.stop()
    vi.advanceTimersByTime(gathering)
    expect(line.value).toBe('')
  })
})
