import type { EmailConfig, ImapServer, Inbox, InboxBody, MailOAuth, SmtpServer } from '../wire'
import { t } from '@ui/i18n'
import { fillNames } from '@/data/names'
import { email, integer, required, type Errors } from '../validate'

/** A server as it is edited. */
export type Edited<T> = T & {
  /** Tells it from the others while they change places. */
  key: number
  /** The desk has a password for it: an empty field then means "keep it". */
  stored: boolean
}
export type ImapForm = Edited<ImapServer>
export type SmtpForm = Edited<SmtpServer>

/** An e-mail inbox as it is edited. */
export interface InboxForm {
  name: string
  from: string
  from_name_template: string
  reply_to: string
  enabled: boolean
  /** Kept as it came: surveys are not sent yet. */
  csat_enabled: boolean
  prompt_tags_on_reply: boolean
  enable_plus_addressing: boolean
  signature: string
  quote_history: boolean
  keep_automatic: boolean
  sent_copy: boolean
  sent_folder: string
  relays: string[]
  auth_type: 'password' | 'oauth2'
  imap: ImapForm[]
  smtp: SmtpForm[]
}

/** Whether a server was added in the form and was never saved. */
export const isNew = (server: ImapForm | SmtpForm): boolean => server.key > 0

let lastKey = 0
const fresh = () => ({ key: (lastKey += 1), stored: false })

export const newImap = (): ImapForm => ({
  ...fresh(),
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

export const newSmtp = (): SmtpForm => ({
  ...fresh(),
  host: '',
  port: 587,
  username: '',
  password: '',
  auth_protocol: 'login',
  tls_type: 'starttls',
  tls_skip_verify: false,
  hello_hostname: '',
  max_conns: 10,
  // Kept for other programs: how long a reply is tried is the same for every server.
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
  keep_automatic: false,
  sent_copy: false,
  sent_folder: '',
  relays: [],
  auth_type: 'password',
  imap: [newImap()],
  smtp: [newSmtp()],
})

/** Secrets arrive as bullets. */
const mask = '\u2022'

/** True for a secret that the server keeps and does not tell. */
export const isMasked = (secret: string | undefined): boolean => secret?.includes(mask) ?? false

/** A stored server as it is edited; its password is not known here. The key is its place, so that a form that was read anew is the same. */
function edited<T extends ImapForm | SmtpForm>(blank: T, server: Partial<T> & { password: string }, index: number): T {
  const stored = isMasked(server.password)
  return { ...blank, ...server, password: stored ? '' : server.password, stored, key: -1 - index }
}

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
    keep_automatic: inbox.config.keep_automatic ?? false,
    sent_copy: inbox.config.sent_copy ?? false,
    sent_folder: inbox.config.sent_folder ?? '',
    relays: [...(inbox.config.relays ?? [])],
    auth_type: inbox.config.auth_type === 'oauth2' ? 'oauth2' : 'password',
    imap: (inbox.config.imap ?? []).map((server, index) => edited(newImap(), server, index)),
    smtp: (inbox.config.smtp ?? []).map((server, index) => edited(newSmtp(), server, index)),
  }
}

/** The body for the server. Secrets that were not typed anew are left out; signing in by password removes the connection by OAuth. */
export function toBody(form: InboxForm, stored?: Inbox): InboxBody {
  const config: EmailConfig = {
    auth_type: form.auth_type,
    oauth: form.auth_type === 'oauth2' && stored?.config.oauth ? withoutSecrets(stored.config.oauth) : null,
    imap: form.imap.map((server) => trimServer<ImapForm, ImapServer>(server)),
    smtp: form.smtp.map((server) => trimServer<SmtpForm, SmtpServer>(server)),
    reply_to: form.reply_to.trim(),
    enable_plus_addressing: form.enable_plus_addressing,
    signature: form.signature,
    quote_history: form.quote_history,
    keep_automatic: form.keep_automatic,
    sent_copy: form.sent_copy,
    sent_folder: form.sent_folder.trim(),
    relays: form.relays,
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

const withoutSecrets = (oauth: MailOAuth): MailOAuth => ({ ...oauth, client_secret: '', access_token: '', refresh_token: '' })

function trimServer<F extends ImapForm | SmtpForm, S extends ImapServer | SmtpServer>(server: F): S {
  const { key: _key, stored: _stored, ...copy } = { ...server, host: server.host.trim(), username: server.username.trim() }
  if ('mailbox' in copy) copy.mailbox = copy.mailbox.trim()
  if ('hello_hostname' in copy) copy.hello_hostname = copy.hello_hostname.trim()
  return copy as unknown as S
}

/** A relay as it is kept. */
export const cleanRelay = (text: string): string => text.trim().replace(/^@/, '').toLowerCase()

/** The server names what is wrong by its place in the body; the form by its field. */
export function fieldOf(path: string): string {
  return path
    .replace(/^body\./, '')
    .replace(/^config\./, '')
    .replace(/^(imap|smtp)\.(\d+)/, '$1[$2]')
    .replace(/^relays\b.*/, 'relays')
}

const duration = /^(?=\d)(\d+h)?(\d+m)?(\d+s)?$/
const address = /^(?:[^<>]*<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/
/** An address or a domain. */
const relay = /^(?:[^\s@<>,;]+@)?[^\s@<>,;.]+(?:\.[^\s@<>,;.]+)+$/
const variable = /\{\{\s*\.(?:Agent\.(?:FirstName|LastName|FullName)|Inbox\.Name)\s*\}\}/g

/** What is wrong with one server, by its fields; `at` is the server's place. */
function validateServer(at: string, server: ImapForm | SmtpForm, signsIn: boolean): Errors {
  return {
    [`${at}.host`]: required(server.host) || host(server.host),
    [`${at}.port`]: integer(server.port, 1, 65535),
    [`${at}.username`]: signsIn ? required(server.username) : '',
    [`${at}.password`]: signsIn && !server.stored ? required(server.password) : '',
  }
}

function validateImap(server: ImapForm, index: number, oauth: boolean): Errors {
  const at = `imap[${index}]`
  return {
    ...validateServer(at, server, !oauth),
    [`${at}.mailbox`]: required(server.mailbox),
    [`${at}.read_interval`]: wait(server.read_interval),
    [`${at}.scan_inbox_since`]: wait(server.scan_inbox_since),
  }
}

function validateSmtp(server: SmtpForm, index: number, oauth: boolean): Errors {
  const at = `smtp[${index}]`
  return {
    ...validateServer(at, server, !oauth && server.auth_protocol !== 'none' && server.auth_protocol !== ''),
    [`${at}.max_conns`]: integer(server.max_conns, 1, 100),
    [`${at}.idle_timeout`]: wait(server.idle_timeout),
    [`${at}.pool_wait_timeout`]: wait(server.pool_wait_timeout),
  }
}

/** Names what is wrong, by field. */
export function validateInbox(form: InboxForm): Errors {
  const oauth = form.auth_type === 'oauth2'
  return {
    name: required(form.name),
    from: required(form.from) || (address.test(form.from.trim()) ? '' : t('admin.error.email')),
    from_name_template: /[{}]/.test(form.from_name_template.replace(variable, '')) ? t('admin.error.template') : '',
    reply_to: email(form.reply_to),
    relays: form.relays.every((one) => relay.test(one)) ? '' : t('admin.error.relay'),
    ...Object.assign({}, ...form.imap.map((server, index) => validateImap(server, index, oauth))),
    ...Object.assign({}, ...form.smtp.map((server, index) => validateSmtp(server, index, oauth))),
  }
}

/** Whom customers see a reply of the agent come from. */
export function senderOf(form: Pick<InboxForm, 'name' | 'from' | 'from_name_template'>, agent: { first_name: string; last_name: string }): string {
  const [, own = '', address = ''] = /^\s*(?:(.*?)\s*<([^<>]*)>|.*)\s*$/.exec(form.from) ?? []
  const made = fillNames(form.from_name_template, { agent, inbox: form.name }).trim()
  const name = made || own.replace(/^"(.*)"$/, '$1')
  const bare = address || form.from.trim()
  return name ? `${name} <${bare}>` : bare
}

/** How many hours a duration such as 1h30m is. */
export function hoursOf(value: string): number {
  const [, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(value.trim()) ?? []
  return Number(hours) + Number(minutes) / 60 + Number(seconds) / 3600
}

const wait = (value: string): string => (duration.test(value.trim()) ? '' : t('admin.error.duration'))

const host = (value: string): string => (/[\s/@]|:\/\//.test(value.trim()) ? t('admin.error.host') : '')
