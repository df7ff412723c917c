import { describe, expect, it } from 'vitest'
import { reasonText, ssoAddress } from './sso'

describe('the reason in the address of the sign-in page', () => {
  it('has a sentence', () => expect(reasonText('sso_no_agent')).toMatch(/No agent/))
  it.each(['', undefined, null, 'email', 'toString', '<b>x</b>', ['sso_state', 'x']])('is ignored when the desk would not have put it there: %s', (code) =>
    expect(reasonText(code)).toBe(''),
  )
})

it('takes only pages of the desk along to the provider', () => {
  expect(ssoAddress(3, undefined)).toBe('/api/v1/oidc/3/login')
  expect(ssoAddress(3, '/admin/teams?a=b')).toBe('/api/v1/oidc/3/login?next=%2Fadmin%2Fteams%3Fa%3Db')
  expect(ssoAddress(3, 'https://evil.example')).toBe('/api/v1/oidc/3/login?next=%2Finboxes%2Fassigned')
})
