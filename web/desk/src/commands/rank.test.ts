import { describe, expect, it } from 'vitest'
import { rank } from './rank'
import type { Command } from './registry'

const commands = ['Assign to me', 'My inbox', 'Mentions', 'Mark as unread', 'Zurücksetzen'].map(
  (title): Command => ({ id: title, title, section: 'General', run: () => {} }),
)
const found = (typed: string): string[] => rank(commands, typed).map((command) => command.title)

describe('the command bar', () => {
  it('offers everything in its order when nothing is typed', () => expect(found('  ')).toHaveLength(commands.length))
  it('puts titles that start with the text before others', () => expect(found('m').slice(0, 3)).toEqual(['My inbox', 'Mentions', 'Mark as unread']))
  it('needs every word, in any order', () => {
    expect(found('unread mark')).toEqual(['Mark as unread'])
    expect(found('mark nothing')).toEqual([])
  })
  it('does not mind marks and case', () => expect(found('ZURUCK')).toEqual(['Zurücksetzen']))
})
