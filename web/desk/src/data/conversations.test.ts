import type { ConversationRow } from '@ui/api/types'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyRow, together } from './conversations'
import { keys, queryClient } from './query'

describe('a list that is being read while a row changes', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    queryClient.clear()
  })
  const key = keys.list('all', 'Open', 'newest')
  const row = { uuid: 'u' } as ConversationRow
  const empty = { pages: [], pageParams: [] }

  /** Begins to read the list, and returns what answers it from before. */
  function reading(): () => Promise<void> {
    let answer = () => {}
    const read = queryClient.fetchQuery({ queryKey: key, queryFn: () => new Promise((done) => void (answer = () => done(empty))) })
    return async () => {
      answer()
      await read
      await vi.advanceTimersByTimeAsync(1000)
    }
  }
  const again = () => queryClient.getQueryState(key)?.isInvalidated

  it('is read once more', async () => {
    const answered = reading()
    applyRow(row)
    await answered()
    expect(again()).toBe(true)
  })
  it('is read once more for changes that come together', async () => {
    const answered = reading()
    together(() => applyRow(row))
    await answered()
    expect(again()).toBe(true)
  })
  it('is not, if nothing changed', async () => {
    const answered = reading()
    together(() => {})
    await answered()
    expect(again()).toBe(false)
  })
})
