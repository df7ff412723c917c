import { describe, expect, it } from 'vitest'
import { deletesMore, retentionDays, toRetentionForm, validateRetention } from './retention'

describe('the retention of the activity log', () => {
  it('is for ever when it is 0 days, both ways', () => {
    for (const days of [0, 30, 365]) expect(retentionDays(toRetentionForm(days))).toBe(days)
  })

  it('is refused outside the bounds of the server, and not looked at while everything is kept', () => {
    for (const days of [29, 36_501, 30.5, Number.NaN]) {
      expect(validateRetention({ kept: 'days', retention_days: days })['retention_days']).not.toBe('')
      expect(validateRetention({ kept: 'forever', retention_days: days })['retention_days']).toBe('')
    }
    expect(validateRetention({ kept: 'days', retention_days: 30 })['retention_days']).toBe('')
  })

  it('asks only when entries would go that are kept now', () => {
    expect([[0, 30], [365, 30]].every(([a, b]) => deletesMore(a!, b!))).toBe(true)
    expect([[0, 0], [30, 0], [30, 365], [30, 30]].some(([a, b]) => deletesMore(a!, b!))).toBe(false)
  })
})
