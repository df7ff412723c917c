import { t } from '@ui/i18n'
import { longest, required, url, type Errors } from '../validate'
import type { OidcBody, SsoProvider } from '../wire'

export interface SsoForm {
  name: string
  provider: string
  provider_url: string
  client_id: string
  client_secret: string
  logo_url: string
  enabled: boolean
  auto_provision: boolean
  default_role_id: number | undefined
  allowed_domains: string[]
}

export type Preset = 'Google' | 'Microsoft' | 'Custom'

export const presets: readonly { id: Preset; logo: string }[] = [
  { id: 'Google', logo: '/images/google-logo.svg' },
  { id: 'Microsoft', logo: '/images/microsoft-logo.svg' },
  { id: 'Custom', logo: '' },
]

const googleIssuer = 'https://accounts.google.com'
const microsoftIssuer = /^https:\/\/login\.microsoftonline\.com\/([^/]*)\/v2\.0\/?$/

/** The brand, or Custom for every other word that an integration may have stored. */
export const presetOf = (form: Pick<SsoForm, 'provider'>): Preset =>
  form.provider === 'Google' || form.provider === 'Microsoft' ? form.provider : 'Custom'

/** Fills in what is known of a provider; what the admin wrote stays where it may. */
export function applyPreset(form: SsoForm, preset: Preset): void {
  const named = presets.some(({ id }) => id === form.name)
  if ((!form.name || named) && preset !== 'Custom') form.name = preset
  else if (named) form.name = ''
  form.provider = preset
  if (preset === 'Google') form.provider_url = googleIssuer
  else if (form.provider_url === googleIssuer || tenantOf(form.provider_url) !== undefined) form.provider_url = ''
}

/** Microsoft's address, taken apart: the organisation in it, if the address is of that form. */
export const tenantOf = (address: string): string | undefined => microsoftIssuer.exec(address)?.[1]

export const tenantAddress = (tenant: string): string =>
  tenant.trim() ? `https://login.microsoftonline.com/${encodeURIComponent(tenant.trim())}/v2.0` : ''

/** People of any organisation come through these; the desk then believes only addresses that Microsoft vouches for. */
export const anyTenant = (address: string): boolean => ['common', 'organizations', 'consumers'].includes(tenantOf(address) ?? '')

export const newSso = (): SsoForm => ({
  name: '',
  provider: 'Custom',
  provider_url: '',
  client_id: '',
  client_secret: '',
  logo_url: '',
  enabled: true,
  auto_provision: false,
  default_role_id: undefined,
  allowed_domains: [],
})

export const toForm = (stored: SsoProvider): SsoForm => ({
  name: stored.name,
  provider: stored.provider,
  provider_url: stored.provider_url,
  client_id: stored.client_id ?? '',
  client_secret: stored.client_secret ?? '',
  logo_url: presets.some(({ logo }) => logo === stored.logo_url) ? '' : stored.logo_url,
  enabled: stored.enabled,
  auto_provision: stored.auto_provision,
  default_role_id: stored.default_role_id ?? undefined,
  allowed_domains: stored.allowed_domains,
})

export const toBody = (form: SsoForm): OidcBody => ({ ...form, default_role_id: form.default_role_id ?? null })

const logo = (value: string): string => (value.startsWith('/') ? '' : url(value))

export const validateSso = (form: SsoForm): Errors => ({
  name: required(form.name) || longest(form.name, 140),
  provider_url: required(form.provider_url) || url(form.provider_url),
  client_id: required(form.client_id),
  client_secret: required(form.client_secret),
  logo_url: logo(form.logo_url),
  default_role_id: form.auto_provision && form.default_role_id === undefined ? t('admin.error.required') : '',
  allowed_domains: form.auto_provision && !form.allowed_domains.length ? t('admin.error.required') : '',
})

/** A domain out of what was typed: "@Example.com " is example.com. */
export const cleanDomain = (text: string): string => text.trim().replace(/^.*@/, '').toLowerCase()

export type Tone = 'good' | 'bad' | 'quiet'

/** One line on how a provider fares. */
export function stateOf({ enabled, health }: Pick<SsoProvider, 'enabled' | 'health'>): { tone: Tone; text: string; at?: string } {
  if (!enabled) return { tone: 'quiet', text: t('admin.sso.state.off') }
  if (health.last_error) return { tone: 'bad', text: t('admin.sso.state.failing'), at: health.last_error_at ?? undefined }
  if (health.last_success_at) return { tone: 'good', text: t('admin.sso.state.works'), at: health.last_success_at }
  return { tone: 'quiet', text: t('admin.sso.state.unused') }
}
