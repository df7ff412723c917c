import { describe, expect, it } from 'vitest'
import { compileMessage, formatAge, t } from './index'

const context = (values: Record<string, unknown>, count = 1) => ({
  named: ((name: string) => values[name]) as never,
  plural: ((forms: string[]) => forms[count === 1 ? 0 : 1]) as never,
})

describe('messages', () => {
  it('fills placeholders and leaves everything else as it is', () => {
    expect(compileMessage('Write to a@x.io, {name} ({{ .Agent }})')(context({ name: 'Ida' }))).toBe('Write to a@x.io, Ida ({{ .Agent }})')
  })

  it('chooses the plural form', () => {
    const text = 'One field | {count} fields'
    expect([1, 3].map((count) => compileMessage(text)(context({ count }, count)))).toEqual(['One field', '3 fields'])
    expect(t('admin.error.check', {}, 2)).toBe('2 fields need your attention.')
  })
})

it.each([
  [30, 'now'],
  [5 * 60, '5m'],
  [3 * 3600, '3h'],
  [30 * 86_400, '30d'],
  [45 * 86_400, '1mo'],
  [400 * 86_400, '1y'],
])('an age of %d seconds reads %s', (seconds, text) => {
  expect(formatAge(Date.now() - seconds * 1000)).toBe(text)
})
