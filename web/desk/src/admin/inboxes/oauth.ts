import type { MessageKey } from '@ui/i18n'
import type { MailProvider } from '../wire'
import type { Preset } from './presets'

export const providerNames: Record<MailProvider, string> = { google: 'Google', microsoft: 'Microsoft' }

/** The provider of a preset whose mailboxes can be connected without a password. */
export const providerOf = (preset: Preset['id']): MailProvider | undefined =>
  preset === 'gmail' ? 'google' : preset === 'microsoft' ? 'microsoft' : undefined

const known = {
  oauth_connected: 'admin.oauth.connected',
  oauth_reconnected: 'admin.oauth.reconnected',
  oauth_denied: 'admin.oauth.error.denied',
  token_exchange_failed: 'admin.oauth.error.exchange',
  email_fetch_failed: 'admin.oauth.error.address',
  inbox_already_exists: 'admin.oauth.error.exists',
  inbox_not_found: 'admin.oauth.error.not_found',
  email_mismatch: 'admin.oauth.error.mismatch',
} as const satisfies Record<string, MessageKey>

/** What the address of the list says of a connection that has just ended; undefined when it says nothing. */
export function outcomeOf(query: Record<string, unknown>): { good: boolean; text: MessageKey } | undefined {
  const code = query['success'] ?? query['error']
  if (typeof code !== 'string') return undefined
  const heard = Object.hasOwn(known, code)
  const text = heard ? known[code as keyof typeof known] : 'admin.oauth.error.other'
  return { good: query['success'] !== undefined && heard, text }
}
