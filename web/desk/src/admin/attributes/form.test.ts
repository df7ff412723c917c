import { describe, expect, it } from 'vitest'
import { keyOf, newAttribute, patternOf, toBody, validateAttribute } from './form'

const filled = () => ({ ...newAttribute('contact'), name: 'Plan', key: 'plan', description: 'What they pay for' })
const wrong = (form: ReturnType<typeof filled>): string[] => Object.entries(validateAttribute(form)).flatMap(([name, message]) => (message ? [name] : []))

describe('a custom attribute', () => {
  it('has a key that follows its name', () => {
    expect(keyOf(' Plan (yearly) ')).toBe('plan_yearly')
    expect(keyOf('Größe 2')).toBe('gro_e_2')
    expect(keyOf('طرح')).toBe('')
    expect(keyOf('x'.repeat(200))).toHaveLength(140)
  })

  it('is told what is wrong with it, by field', () => {
    expect(wrong(filled())).toEqual([])
    expect(wrong({ ...filled(), name: 'ab', key: 'A-b', description: '' })).toEqual(['name', 'key', 'description'])
    expect(wrong({ ...filled(), data_type: 'list', values: [' ', ''] })).toEqual(['values'])
    expect(wrong({ ...filled(), regex: '(' })).toEqual(['regex'])
    expect(wrong({ ...filled(), data_type: 'number', regex: '(' })).toEqual([])
  })

  it('is sent with what belongs to its type', () => {
    expect(toBody({ ...filled(), data_type: 'list', values: [' Gold ', '', 'Gold', 'Free'], regex: 'x' })).toMatchObject({ values: ['Gold', 'Free'], regex: '' })
    expect(toBody({ ...filled(), regex: '^a', values: ['x'] })).toMatchObject({ values: [], regex: '^a' })
  })

  it('knows what is no pattern', () => {
    expect(patternOf('^[A-Z]+$')?.test('AB')).toBe(true)
    expect(patternOf('[')).toBeUndefined()
  })
})
