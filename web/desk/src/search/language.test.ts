import { describe, expect, it } from 'vitest'
import { askable, hasOperators, longEnough, partAt, quoted, replacePart } from './language'

describe('partAt', () => {
  it('finds the operator that is being typed', () => {
    expect(partAt('refund status:op', 16)).toMatchObject({ start: 7, end: 16, operator: 'status', value: 'op', not: false })
    expect(partAt('-tag:', 5)).toMatchObject({ operator: 'tag', value: '', not: true })
    expect(partAt('tag:"needs re', 13)).toMatchObject({ start: 0, operator: 'tag', value: 'needs re' })
    expect(partAt('tag:"needs review" x', 18)).toMatchObject({ start: 0, end: 18, value: 'needs review' })
  })
  it('takes another name for a word', () => {
    expect(partAt('colour:red', 10)).toEqual({ start: 0, end: 10, not: false, value: 'colour:red' })
  })
  it('is empty between words', () => {
    expect(partAt('refund ', 7)).toMatchObject({ start: 7, end: 7, value: '' })
    expect(partAt('', 0)).toMatchObject({ value: '' })
  })
})

describe('replacePart', () => {
  it('goes on behind what was put in', () => {
    const part = partAt('refund sta more', 10)
    expect(replacePart('refund sta more', part, 'status:')).toEqual({ text: 'refund status: more', caret: 14 })
    expect(replacePart('-tag:vi', partAt('-tag:vi', 7), `tag:${quoted('needs review')}`)).toEqual({ text: '-tag:"needs review" ', caret: 20 })
  })
})

describe('askable', () => {
  it('leaves out an operator without a value', () => {
    expect(askable('refund status:')).toBe('refund')
    expect(askable('refund -tag:"')).toBe('refund')
    expect(askable('status:open')).toBe('status:open')
    expect(askable('re:')).toBe('re:')
  })
})

describe('hasOperators', () => {
  it('tells conditions from words', () => {
    for (const text of ['in:trash', 'lamp -tag:x', 'organization:"two words"']) expect(hasOperators(text), text).toBe(true)
    for (const text of ['lamp', 're: lamp', 'acme.example', '"a phrase: quoted"']) expect(hasOperators(text), text).toBe(false)
  })
})

describe('longEnough', () => {
  it('wants three bytes or an operator', () => {
    for (const text of ['abc', '字', 'in:trash', 'ab tag:x']) expect(longEnough(text), text).toBe(true)
    for (const text of ['', 'ab', 'tag:', '  a ']) expect(longEnough(text), text).toBe(false)
  })
})
