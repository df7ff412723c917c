import { expect, it } from 'vitest'
import { isAnother, mayReload } from './release'

const page = (script: string): string => `<html><script type="module" crossorigin src="${script}"></script></html>`

it('knows another version by its script, and takes nothing else for one', () => {
  expect(isAnother(page('/assets/index-b.js'), ['/assets/index-a.js'])).toBe(true)
  expect(isAnother(page('/assets/index-a.js'), ['/assets/index-a.js'])).toBe(false)
  expect(isAnother('<h1>502 Bad Gateway</h1>', ['/assets/index-a.js'])).toBe(false)
  expect(isAnother('', ['/assets/index-a.js'])).toBe(false)
})

it('is loaded when nobody works in the tab, and never while something is written', () => {
  const minute = 60_000
  expect(mayReload(minute, undefined, false)).toBe(false)
  expect(mayReload(6 * minute, undefined, false)).toBe(true)
  expect(mayReload(minute, minute, false)).toBe(true)
  expect(mayReload(60 * minute, 60 * minute, true)).toBe(false)
})
