import { describe, expect, it } from 'vitest'
import { home, localPath } from './next'
import { isAgentName, meetsPolicy, passwordRules } from './policy'

describe('the page after signing in', () => {
  it.each([
    ['/inboxes/all/conversation/u1', '/inboxes/all/conversation/u1'],
    ['/inboxes/mentioned/conversation/u1?scrollTo=m1', '/inboxes/mentioned/conversation/u1?scrollTo=m1'],
    ['/admin/general#app.site_name', '/admin/general#app.site_name'],
  ])('is the one that was asked for: %s', (next, path) => expect(localPath(next)).toBe(path))

  it.each([
    undefined,
    null,
    '',
    '/',
    'inboxes/all',
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    'javascript:alert(1)',
    ['/admin', '/inboxes'],
  ])('is home when another host, or nothing usable, is named: %s', (next) => expect(localPath(next)).toBe(home))
})

describe('the password policy', () => {
  const unmet = (password: string): string[] => passwordRules.filter((rule) => !rule.met(password)).map((rule) => rule.text)

  it('takes a password with all four kinds and a good length', () => {
    expect(meetsPolicy('Correct-Horse-1')).toBe(true)
    expect(meetsPolicy('Pass word 12')).toBe(true)
  })

  it.each([
    ['Short1!x', ['auth.policy.length']],
    ['lower-case-1', ['auth.policy.upper']],
    ['UPPER-CASE-1', ['auth.policy.lower']],
    ['No-digits-here', ['auth.policy.digit']],
    ['NoSpecial123', ['auth.policy.special']],
  ])('says what %s lacks', (password, rules) => expect(unmet(password)).toEqual(rules))

  it('counts bytes, and letters with marks as special', () => {
    expect(unmet(`Aa1!${'é'.repeat(34)}`)).toEqual([])
    expect(unmet(`Aa1!${'é'.repeat(35)}`)).toEqual(['auth.policy.length'])
    expect(unmet('Passwörter12')).toEqual([])
  })
})

describe('the name at the sign-in', () => {
  it.each(['maya@example.com', 'a.b+c@d.example', 'System'])('can be %s', (name) => expect(isAgentName(name)).toBe(true))
  it.each(['maya', 'system', 'maya@', 'maya@example', 'ma ya@example.com', ''])('cannot be %s', (name) =>
    expect(isAgentName(name)).toBe(false),
  )
})
