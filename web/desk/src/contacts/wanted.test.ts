import { describe, expect, it } from 'vitest'
import { everyConversation, wantedFilter, wantsEvery } from './data'

const statuses = [{ id: 1, category: 'open' }, { id: 2, category: 'waiting' }, { id: 3, category: 'resolved' }] as const
const leaves = (wanted: Parameters<typeof wantedFilter>[0]): unknown => JSON.parse(wantedFilter(wanted, statuses))

describe('the conversations of a contact', () => {
  it('are all asked for by no filter', () => {
    expect(wantsEvery(everyConversation)).toBe(true)
    expect(wantedFilter(everyConversation, statuses)).toBe('')
  })

  it('are narrowed down by what their status means, by inbox and by words of the subject, all at once', () => {
    const wanted = { state: 'open', inbox: 7, subject: 'lamp' } as const
    expect(wantsEvery(wanted)).toBe(false)
    expect(leaves(wanted)).toEqual([
      { model: 'conversations', field: 'status_id', operator: 'in', value: '["1","2"]' },
      { model: 'conversations', field: 'inbox_id', operator: 'equals', value: '7' },
      { model: 'conversations', field: 'subject', operator: 'ilike', value: 'lamp' },
    ])
    expect(leaves({ ...everyConversation, state: 'done' })).toEqual([{ model: 'conversations', field: 'status_id', operator: 'in', value: '["3"]' }])
  })
})
