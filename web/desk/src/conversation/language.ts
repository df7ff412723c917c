import type { Conversation } from '@ui/api/types'

/** Custom attributes that are commonly kept for it, of the conversation or its customer. */
const kept = ['language', 'locale', 'lang']

/**
 * The language that a conversation is in, where somebody noted it: a code such as `de` or `pt-BR` in a custom attribute of the
 * conversation, else of its customer. Browsers choose the dictionary by it that spelling is checked with.
 */
export function languageOf({ custom_attributes: own, contact }: Pick<Conversation, 'custom_attributes' | 'contact'>): string | undefined {
  for (const attributes of [own, contact.custom_attributes]) {
    for (const key of kept) {
      const code = codeOf(attributes?.[key])
      if (code) return code
    }
  }
  return undefined
}

function codeOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[a-z]{2,3}([-_][a-z\d]{2,8})*$/i.test(value.trim())) return undefined
  try {
    return Intl.getCanonicalLocales(value.trim().replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}
