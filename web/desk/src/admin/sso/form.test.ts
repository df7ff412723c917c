import { describe, expect, it } from 'vitest'
import { anyTenant, applyPreset, cleanDomain, newSso, presetOf, stateOf, tenantAddress, tenantOf, toForm, validateSso } from './form'

const health = { last_success_at: null, last_error_at: null, last_error: '', last_error_detail: '' }

describe('the preset of a provider', () => {
  it('fills in what is known and leaves what the admin wrote', () => {
    const form = newSso()
    applyPreset(form, 'Google')
    expect([form.name, form.provider, form.provider_url]).toEqual(['Google', 'Google', 'https://accounts.google.com'])
    applyPreset(form, 'Microsoft')
    expect([form.name, form.provider_url]).toEqual(['Microsoft', ''])
    applyPreset(form, 'Custom')
    expect([form.name, form.provider_url]).toEqual(['', ''])
    form.name = 'Company login'
    form.provider_url = 'https://id.example.com'
    applyPreset(form, 'Microsoft')
    expect([form.name, form.provider_url]).toEqual(['Company login', 'https://id.example.com'])
  })
  it('is Custom for every other word', () => expect(presetOf({ provider: 'Keycloak' })).toBe('Custom'))
})

describe("Microsoft's address", () => {
  it('is made from the tenant and taken apart again', () => {
    expect(tenantOf(tenantAddress(' contoso.com '))).toBe('contoso.com')
    expect(tenantAddress('')).toBe('')
    expect(tenantOf('https://login.microsoftonline.com.evil.example/x/v2.0')).toBeUndefined()
  })
  it('that everybody comes through is known', () => {
    expect(anyTenant('https://login.microsoftonline.com/common/v2.0')).toBe(true)
    expect(anyTenant('https://login.microsoftonline.com/contoso.com/v2.0')).toBe(false)
  })
})

describe('a provider', () => {
  const complete = { ...newSso(), name: 'A', provider_url: 'https://id.example.com', client_id: 'x', client_secret: 'y' }
  const wrong = (change: object) => Object.entries(validateSso({ ...complete, ...change })).filter(([, text]) => text).map(([name]) => name)

  it('needs a name, an address, an id and a secret', () => {
    expect(wrong({})).toEqual([])
    expect(wrong(newSso())).toEqual(['name', 'provider_url', 'client_id', 'client_secret'])
    expect(wrong({ provider_url: 'ftp://x', logo_url: 'javascript:alert(1)' })).toEqual(['provider_url', 'logo_url'])
    expect(wrong({ logo_url: '/images/own.svg' })).toEqual([])
  })
  it('makes agents of newcomers only with domains and a role', () => {
    expect(wrong({ auto_provision: true })).toEqual(['default_role_id', 'allowed_domains'])
  })
  it('with a brand shows no logo of its own in the form', () => {
    const stored = { ...complete, id: 1, created_at: '', updated_at: '', redirect_uri: '', logo_url: '/images/google-logo.svg', default_role_id: null, health }
    expect(toForm(stored).logo_url).toBe('')
  })
  it('fares as it did the last time', () => {
    const bad = { ...health, last_error: 'sso_failed', last_error_at: '2030-01-01T00:00:00Z', last_success_at: '2029-01-01T00:00:00Z' }
    expect(stateOf({ enabled: true, health: bad }).tone).toBe('bad')
    expect(stateOf({ enabled: false, health: bad }).tone).toBe('quiet')
    expect(stateOf({ enabled: true, health: { ...health, last_success_at: '2029-01-01T00:00:00Z' } }).tone).toBe('good')
    expect(stateOf({ enabled: true, health }).tone).toBe('quiet')
  })
})

it('reads a domain out of what was typed', () => {
  expect(cleanDomain(' @Example.COM ')).toBe('example.com')
  expect(cleanDomain('asha@example.com')).toBe('example.com')
})
