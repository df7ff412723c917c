import { bench, describe } from 'vitest'
import { rank } from './rank'
import type { Command } from './registry'

const entries = Array.from({ length: 2_000 }, (_, n): Command => ({ id: `tag.${n}`, title: `Add tag Sample ${n} größe`, section: 'Conversation', run: () => {} }))
const fresh = (): Command[] => entries.map((entry) => ({ ...entry }))

// At most 16 ms for 2,000 entries, so that typing stays ahead of the screen.
describe('the command bar filters 2,000 entries', () => {
  bench('at the first key', () => void rank(fresh(), 's'))
  bench('at the next keys', () => void rank(entries, 'tag sam 19'))
})
