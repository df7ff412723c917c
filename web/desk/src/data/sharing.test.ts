import { describe, expect, it } from 'vitest'
import { share } from './sharing'

interface List {
  pages: { total: number; results: { uuid: string; tags: string[] }[] }[]
}

const list = (...names: string[]): List => ({ pages: [{ total: names.length, results: names.map((uuid) => ({ uuid, tags: ['a', 'b'] })) }] })
const rows = (one: unknown): unknown[] => (one as List).pages[0]!.results

describe('share', () => {
  it('returns what was there when nothing changed', () => {
    const before = list('1', '2')
    expect(share(before, list('1', '2'))).toBe(before)
  })

  it('knows rows by their identity when one leaves, comes or moves', () => {
    const before = list('1', '2', '3')
    for (const names of [['2', '3'], ['0', '1', '2', '3'], ['3', '1', '2']]) {
      const now = share(before, list(...names))
      expect(rows(now)).toEqual(rows(list(...names)))
      for (const row of rows(before)) {
        const { uuid } = row as { uuid: string }
        if (names.includes(uuid)) expect(rows(now)[names.indexOf(uuid)]).toBe(row)
      }
    }
  })

  it('keeps of a changed row what did not change', () => {
    const before = list('1')
    const now = list('1')
    Object.assign(now.pages[0]!.results[0]!, { subject: 'New' })
    const shared = share(before, now)
    expect(shared).toEqual(now)
    expect(rows(shared)[0]).not.toBe(rows(before)[0])
    expect((rows(shared)[0] as { tags: string[] }).tags).toBe(before.pages[0]!.results[0]!.tags)
  })

  it('goes by places where nothing has an identity, and by the number of whom has no other', () => {
    const tags = { tags: ['a', 'b'] }
    expect(share(tags, { tags: ['a', 'b'] })).toBe(tags)
    expect(share(tags, { tags: ['b'] })).toEqual({ tags: ['b'] })
    const people = [{ id: 1, name: 'Ann' }, { id: 2, name: 'Ben' }]
    expect((share(people, [{ id: 2, name: 'Ben' }]) as unknown[])[0]).toBe(people[1])
  })

  it('takes a field that is gone, undefined or null for what it is', () => {
    expect(share({ a: 1, b: 2 }, { a: 1 })).toEqual({ a: 1 })
    expect(share({ a: 1 }, { a: 1, b: undefined })).toEqual({ a: 1, b: undefined })
    expect(share({ a: { b: 1 } }, { a: null })).toEqual({ a: null })
    expect(share(undefined, [1])).toEqual([1])
    expect(share([1], { 0: 1 })).toEqual({ 0: 1 })
  })

  it('has nothing to do with two of one identity but the last of them', () => {
    const twins = [{ uuid: '1', at: 1 }, { uuid: '1', at: 2 }]
    expect(share(twins, structuredClone(twins))).toEqual(twins)
  })
})
