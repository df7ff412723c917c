import { describe, expect, it } from 'vitest'
import { mentionsIn, openingMode } from './session'

describe('composer session', () => {
  it.each([
    [undefined, { reply: false, private_note: false }, 'reply'],
    [undefined, { reply: false, private_note: true }, 'private_note'],
    [undefined, { reply: true, private_note: true }, 'reply'],
    ['private_note', { reply: true, private_note: true }, 'private_note'],
    ['private_note', { reply: true, private_note: false }, 'reply'],
    ['private_note', { reply: false, private_note: false }, 'private_note'],
  ] as const)('opens after %s with drafts %o as %s', (last, has, mode) => {
    expect(openingMode(last, has)).toBe(mode)
  })

  it('finds mentions in what is sent, each once', () => {
    const span = (id: string) => `<span data-type="mention" data-id="${id}">@x</span>`
    expect(mentionsIn(`<p>${span('agent:4')} ${span('team:2')} ${span('agent:4')} ${span('evil')}</p>`)).toEqual([
      { type: 'agent', id: 4 },
      { type: 'team', id: 2 },
    ])
  })
})
