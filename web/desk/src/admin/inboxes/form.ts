import type { EmailConfig, ImapServer, Inbox, InboxBody, SmtpServer } from '../wire'
import { t } from '@ui/i18n'
import { email, integer, required, type Errors } from '../validate'

/** An e-mail inbox as it is edited: one mail box to read and one server to send through. */
export interface InboxForm {
  name: string
  from: string
  from_name_template: string
  reply_to: string
  enabled: boolean
  csat_enabled: boolean
  prompt_tags_on_reply: boolean
  enable_plus_addressing: boolean
  signature: string
  quote_history: boolean
  imap: ImapServer
  smtp: SmtpServer
}

export const newImap = (): ImapServer => ({
  host: '',
  port: 993,
  username: '',
  password: '',
  mailbox: 'INBOX',
  tls_type: 'tls',
  tls_skip_verify: false,
  read_interval: '5m',
  scan_inbox_since: '48h',
})

export const newSmtp = (): SmtpServer => ({
  host: '',
  port: 587,
  username: '',
  password: '',
  auth_protocol: 'plain',
  tls_type: 'starttls',
  tls_skip_verify: false,
  hello_hostname: '',
  max_conns: 10,
  max_msg_retries: 3,
  idle_timeout: '25s',
  pool_wait_timeout: '120s',
})

export const newInbox = (): InboxForm => ({
  name: '',
  from: '',
  from_name_template: '',
  reply_to: '',
  enabled: true,
  csat_enabled: false,
  prompt_tags_on_reply: false,
  enable_plus_addressing: true,
  signature: '',
  quote_history: false,
  imap: newImap(),
  smtp: newSmtp(),
})

/** Secrets arrive as bullets. */
const mask = '\u2022'

/** True for a secret that the server keeps and does not tell. */
export const isMasked = (secret: string | undefined): boolean => secret?.includes(mask) ?? false

/** Which passwords the server already has: an empty field then means "keep it". */
export function storedSecrets(inbox: Inbox | undefined): { imap: boolean; smtp: boolean } {
  return {
    imap: isMasked(inbox?.config.imap?.[0]?.password),
    smtp: isMasked(inbox?.config.smtp?.[0]?.password),
  }
}

/** An empty secret keeps the stored one. */
const unmask = <T extends { password: string }>(server: T): T => ({
  ...server,
  password: isMasked(server.password) ? '' : server.password,
})

export function toForm(inbox: Inbox): InboxForm {
  return {
    name: inbox.name,
    from: inbox.from,
    from_name_template: inbox.from_name_template,
    reply_to: inbox.config.reply_to ?? '',
    enabled: inbox.enabled,
    csat_enabled: inbox.csat_enabled,
    prompt_tags_on_reply: inbox.prompt_tags_on_reply,
    enable_plus_addressing: inbox.config.enable_plus_addressing ?? false,
    signature: inbox.config.signature ?? '',
    quote_history: inbox.config.quote_history ?? false,
    imap: unmask({ ...newImap(), ...inbox.config.imap?.[0] }),
    smtp: unmask({ ...newSmtp(), ...inbox.config.smtp?.[0] }),
  }
}

/**
 * The body for the server. Writing replaces the whole inbox, so what the form does not show — further
 * servers, the connection by OAuth — is carried over from the stored inbox.
 */
export function toBody(form: InboxForm, stored?: Inbox): InboxBody {
  const config: EmailConfig = {
    auth_type: stored?.config.auth_type || 'password',
    oauth: stored?.config.oauth ?? null,
    imap: [trimServer(form.imap), ...(stored?.config.imap ?? []).slice(1).map(unmask)],
    smtp: [trimServer(form.smtp), ...(stored?.config.smtp ?? []).slice(1).map(unmask)],
    reply_to: form.reply_to.trim(),
    enable_plus_addressing: form.enable_plus_addressing,
    signature: form.signature,
    quote_history: form.quote_history,
  }
  return {
    ...(stored ? { id: stored.id } : {}),
    name: form.name.trim(),
    channel: 'email',
    enabled: form.enabled,
    csat_enabled: form.csat_enabled,
    prompt_tags_on_reply: form.prompt_tags_on_reply,
    from: form.from.trim(),
    from_name_template: form.from_name_template.trim(),
    config,
    secret: '',
    linked_email_inbox_id: stored?.linked_email_inbox_id ?? null,
  }
}

function trimServer<T extends ImapServer | SmtpServer>(server: T): T {
  const copy = unmask({ ...server, host: server.host.trim(), username: server.username.trim() })
  if ('mailbox' in copy) copy.mailbox = copy.mailbox.trim()
  if ('hello_hostname' in copy) copy.hello_hostname = copy.hello_hostname.trim()
  return copy
}

/** The server names what is wrong by its place in the body; the form by its field. */
export function fieldOf(path: string): string {
  return path
    .replace(/^body\./, '')
    .replace(/^config\./, '')
    .replace(/^(imap|smtp)(\[0\]|\.0)/, '$1')
}

const duration = /^(?=\d)(\d+h)?(\d+m)?(\d+s)?$/
const address = /^(?:[^<>]*<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/
const variable = /\{\{\s*\.(?:Agent\.(?:FirstName|LastName|FullName)|Inbox\.Name)\s*\}\}/g

/** Names what is wrong, by field. */
export function validateInbox(form: InboxForm, stored = { imap: false, smtp: false }, oauth = false): Errors {
  const { imap, smtp } = form
  return {
    name: required(form.name),
    from: required(form.from) || (address.test(form.from.trim()) ? '' : t('admin.error.email')),
    from_name_template: /[{}]/.test(form.from_name_template.replace(variable, '')) ? t('admin.error.template') : '',
    reply_to: email(form.reply_to),
    'imap.host': required(imap.host) || host(imap.host),
    'imap.port': integer(imap.port, 1, 65535),
    'imap.mailbox': required(imap.mailbox),
    'imap.username': oauth ? '' : required(imap.username),
    'imap.password': oauth || stored.imap ? '' : required(imap.password),
    'imap.read_interval': wait(imap.read_interval),
    'imap.scan_inbox_since': wait(imap.scan_inbox_since),
    'smtp.host': required(smtp.host) || host(smtp.host),
    'smtp.port': integer(smtp.port, 1, 65535),
    'smtp.username': oauth || smtp.auth_protocol === 'none' ? '' : required(smtp.username),
    'smtp.password': oauth || stored.smtp || smtp.auth_protocol === 'none' ? '' : required(smtp.password),
    'smtp.max_conns': integer(smtp.max_conns, 1, 1000),
    'smtp.max_msg_retries': integer(smtp.max_msg_retries, 0, 100),
    'smtp.idle_timeout': wait(smtp.idle_timeout),
    'smtp.pool_wait_timeout': wait(smtp.pool_wait_timeout),
  }
}

const wait = (value: string): string => (duration.test(value.trim()) ? '' : t('admin.error.duration'))

const host = (value: string): string => (/[\s/@]|:\/\//.test(value.trim()) ? t('admin.error.host') : '')
