import type { AttributeDefinition } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { others, shownAs, textOf, valueOf, wrongWith } from './attributes'

const of = (data_type: AttributeDefinition['data_type'], more: { regex?: string; regex_hint?: string } = {}) => ({ data_type, regex: '', regex_hint: '', ...more })

describe('the value of an attribute', () => {
  it('is checked by its type', () => {
    expect(wrongWith(of('number'), '3.5')).toBe('')
    expect(wrongWith(of('number'), 'three')).not.toBe('')
    expect(wrongWith(of('link'), 'https://acme.test/x')).toBe('')
    expect(wrongWith(of('link'), 'javascript:alert(1)')).not.toBe('')
    expect(wrongWith(of('text', { regex: '^[A-Z]{2}$', regex_hint: 'Two capitals' }), 'ab')).toBe('Two capitals')
    expect(wrongWith(of('text', { regex: '^[A-Z]{2}$' }), 'AB')).toBe('')
    expect(wrongWith(of('text', { regex: '(' }), 'anything')).toBe('')
    expect(wrongWith(of('number'), '')).toBe('')
  })
  it('keeps its type', () => {
    expect(valueOf(of('number'), '3')).toBe(3)
    expect(valueOf(of('text'), '3')).toBe('3')
    expect(valueOf(of('text'), '')).toBeNull()
    expect(textOf(false)).toBe('false')
    expect(textOf(null)).toBe('')
    expect(textOf({ a: 1 })).toBe('{"a":1}')
  })
  it('is a day that no time zone moves', () => {
    expect(shownAs(of('date'), '2026-03-01T23:30:00Z')).toBe('Mar 1, 2026')
    expect(shownAs(of('date'), 'soon')).toBe('soon')
    expect(shownAs(of('text'), 'x')).toBeUndefined()
  })
  it('is shown without a definition, unless it is none', () => {
    const definition = { key: 'plan' } as Parameters<typeof others>[0][number]
    expect(others([definition], { plan: 'pro', seats: 3, gone: null })).toEqual([['seats', '3']])
  })
})
