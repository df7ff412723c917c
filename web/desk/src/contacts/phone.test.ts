import { describe, expect, it } from 'vitest'
import { isPhone, joinPhone, splitPhone } from './phone'

describe('a phone number', () => {
  it('is split where its country code ends', () => {
    expect(splitPhone('+31 20 123-45')).toEqual({ phone_number_country_code: '+31', phone_number: '20 123-45' })
    expect(splitPhone(' 030 123 ')).toEqual({ phone_number_country_code: '', phone_number: '030 123' })
    expect(splitPhone('+4930123')).toEqual({ phone_number_country_code: '', phone_number: '+4930123' })
  })
  it('comes back as it was typed', () => {
    expect(joinPhone(splitPhone('+31 20 123-45'))).toBe('+31 20 123-45')
    expect(joinPhone({ phone_number_country_code: null, phone_number: null })).toBe('')
  })
  it('has a digit and nothing that no number has', () => {
    for (const good of ['', '+49 (30) 123-4', '030.12', '+4930123']) expect(isPhone(good), good).toBe(true)
    for (const bad of ['call me', '+49 ', '()', '1'.repeat(21), '12x']) expect(isPhone(bad), bad).toBe(false)
  })
})
