import type { InboxForm } from './form'

export interface Preset {
  id: 'gmail' | 'microsoft' | 'fastmail' | 'other'
  imap?: { host: string; port: number; tls_type: string }
  smtp?: { host: string; port: number; tls_type: string; auth_protocol: string }
}

/** Servers of well-known providers, as they publish them. */
export const presets: readonly Preset[] = [
  {
    id: 'gmail',
    imap: { host: 'imap.gmail.com', port: 993, tls_type: 'tls' },
    smtp: { host: 'smtp.gmail.com', port: 587, tls_type: 'starttls', auth_protocol: 'plain' },
  },
  {
    id: 'microsoft',
    imap: { host: 'outlook.office365.com', port: 993, tls_type: 'tls' },
    smtp: { host: 'smtp.office365.com', port: 587, tls_type: 'starttls', auth_protocol: 'login' },
  },
  {
    id: 'fastmail',
    imap: { host: 'imap.fastmail.com', port: 993, tls_type: 'tls' },
    smtp: { host: 'smtp.fastmail.com', port: 465, tls_type: 'tls', auth_protocol: 'plain' },
  },
  { id: 'other' },
]

/** The preset whose servers the form names. */
export function presetOf(form: InboxForm): Preset['id'] {
  return presets.find((preset) => preset.imap?.host === form.imap[0]?.host && preset.smtp?.host === form.smtp[0]?.host)?.id ?? 'other'
}

/** Fills in servers, ports and encryption; what the agent typed elsewhere stays. */
export function applyPreset(form: InboxForm, id: Preset['id']): void {
  const preset = presets.find((candidate) => candidate.id === id)
  const [imap] = form.imap
  const [smtp] = form.smtp
  if (imap && preset?.imap) Object.assign(imap, preset.imap)
  if (smtp && preset?.smtp) Object.assign(smtp, preset.smtp)
  if (id !== 'other') return
  if (imap && presets.some((known) => known.imap?.host === imap.host)) imap.host = ''
  if (smtp && presets.some((known) => known.smtp?.host === smtp.host)) smtp.host = ''
}

/** The port that goes with an encryption, for when the agent changes only the latter. */
export function usualPort(protocol: 'imap' | 'smtp', tls: string): number {
  if (protocol === 'imap') return tls === 'tls' ? 993 : 143
  return tls === 'tls' ? 465 : tls === 'starttls' ? 587 : 25
}
