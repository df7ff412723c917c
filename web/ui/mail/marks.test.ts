import { describe, expect, it } from 'vitest'
import { placesOf } from './marks'

const found = (text: string, ...words: string[]): string[] => placesOf(text, words).map(([from, to]) => text.slice(from, to))

describe('the places of what is looked for', () => {
  it('are where words begin so, whatever their case', () => {
    expect(found('Order, reorder and ORDERS', 'order')).toEqual(['Order', 'ORDER'])
  })
  it('are found without diacritics', () => {
    expect(found('café cafe\u0301s Straße', 'cafe', 'strass')).toEqual(['café', 'cafe\u0301', 'Straß'])
  })
  it('are any character in scripts without spaces', () => {
    expect(found('訂單在東京', '東')).toEqual(['東'])
  })
  it('are the longest where one word begins another', () => {
    expect(found('orders', 'or', 'order')).toEqual(['order'])
  })
  it('are none of nothing', () => {
    expect(found('text', '')).toEqual([])
    expect(found('', 'a')).toEqual([])
  })
})
