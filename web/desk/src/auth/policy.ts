import type { MessageKey } from '@ui/i18n'

/** One demand on a password. */
export interface Rule {
  text: MessageKey
  met: (password: string) => boolean
}

/** What the server demands of a password; letters and digits are ASCII ones, the length is in bytes of UTF-8. */
export const passwordRules: readonly Rule[] = [
  {
    text: 'auth.policy.length',
    met: (password) => {
      const bytes = new TextEncoder().encode(password).length
      return bytes >= 10 && bytes <= 72
    },
  },
  { text: 'auth.policy.lower', met: (password) => /[a-z]/.test(password) },
  { text: 'auth.policy.upper', met: (password) => /[A-Z]/.test(password) },
  { text: 'auth.policy.digit', met: (password) => /[0-9]/.test(password) },
  { text: 'auth.policy.special', met: (password) => /[^A-Za-z0-9]/.test(password) },
]

export const meetsPolicy = (password: string): boolean => passwordRules.every((rule) => rule.met(password))

/** What can be an agent's name at the sign-in: an address, or the account that came with the desk. */
export const isAgentName = (text: string): boolean => text === 'System' || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)
