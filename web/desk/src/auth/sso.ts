import { t } from '@ui/i18n'
import { localPath } from './next'

/** Why a sign-in through an identity provider ended on the sign-in page. */
const reasons = [
  'sso_provider',
  'sso_unreachable',
  'sso_state',
  'sso_expired',
  'sso_cancelled',
  'sso_refused',
  'sso_failed',
  'sso_no_email',
  'sso_unverified',
  'sso_no_agent',
  'sso_disabled',
  'sso_linked',
  'sso_busy',
] as const

/** The sentence for the reason in the page's address; nothing for what the desk would not have put there. */
export function reasonText(code: unknown): string {
  const reason = reasons.find((known) => known === code)
  return reason ? t(`auth.error.${reason}`) : ''
}

/** Where signing in through a provider begins. */
export const ssoAddress = (id: number, next: unknown): string =>
  `/api/v1/oidc/${id}/login${next ? `?next=${encodeURIComponent(localPath(next))}` : ''}`
