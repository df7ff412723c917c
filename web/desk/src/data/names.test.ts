import { describe, expect, it } from 'vitest'
import { fillNames, signerOf } from './names'

const names = { agent: { first_name: 'Ann', last_name: '' }, inbox: ' Help <desk> ' }

describe('names in a text', () => {
  it('are filled in however they are spaced, and encoded', () => {
    expect(fillNames('{{.Agent.FirstName}}, {{&nbsp;.Agent.FullName }}: {{ .Inbox.Name }}', names, (value) => value.replace(/</g, '&lt;'))).toBe('Ann, Ann: Help &lt;desk>')
  })
  it('are nothing of the built-in user, who is nobody to a customer', () => {
    const system = signerOf({ email: 'System', first_name: 'System', last_name: '' })
    expect(fillNames('Yours, {{ .Agent.FullName }}', { agent: system, inbox: '' })).toBe('Yours, ')
    expect(signerOf({ email: 'ann@desk.example', first_name: 'Ann', last_name: 'Lee' })).toEqual({ first_name: 'Ann', last_name: 'Lee' })
  })
  it('that do not exist are nothing', () => {
    expect(fillNames('a{{ .Agent.LastName }}b{{ .constructor }}c{{ .Contact.Email }}d', names)).toBe('abcd')
  })
})
