import type { Conversation } from '@ui/api/types'
import { describe, expect, it } from 'vitest'
import { languageOf } from './language'

const conversation = (own: object, contact: object) =>
  ({ custom_attributes: own, contact: { custom_attributes: contact } }) as unknown as Pick<Conversation, 'custom_attributes' | 'contact'>

describe('the language of a conversation', () => {
  it('is what it says itself, before what its customer says', () => {
    expect(languageOf(conversation({ language: 'de' }, { language: 'fr' }))).toBe('de')
    expect(languageOf(conversation({}, { locale: 'pt_BR' }))).toBe('pt-BR')
  })
  it('is unknown where nothing was noted, or no code', () => {
    expect(languageOf(conversation({}, {}))).toBeUndefined()
    expect(languageOf(conversation({ language: 'German' }, { lang: 7 }))).toBeUndefined()
  })
  it('is never taken from what is no code, but from the next that is one', () => {
    expect(languageOf(conversation({ language: '' }, { language: 'EN-us' }))).toBe('en-US')
  })
})
