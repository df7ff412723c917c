import type { components } from '@ui/api/schema'
import type { Permission } from './roles/permissions'
import type { Agent, Availability, Channel, Id, Time, UserCompact } from '@ui/api/types'

type Schemas = components['schemas']

/** What the administration reads and writes, as the server documents it. */

export interface ImapServer {
  host: string
  port: number
  username: string
  password: string
  mailbox: string
  tls_type: string
  tls_skip_verify: boolean
  read_interval: string
  scan_inbox_since: string
}

export interface SmtpServer {
  host: string
  port: number
  username: string
  password: string
  auth_protocol: string
  tls_type: string
  tls_skip_verify: boolean
  hello_hostname: string
  max_conns: number
  max_msg_retries: number
  idle_timeout: string
  pool_wait_timeout: string
}

export type MailProvider = 'google' | 'microsoft'

/** The connection of a mailbox to a provider that wants no password; secrets are masked. */
export interface MailOAuth {
  provider: MailProvider
  client_id: string
  tenant_id: string
  account: string
  client_secret: string
  access_token: string
  refresh_token: string
  expires_at: Time
}

/** How that connection is. */
export type MailOAuthState = Schemas['MailauthState']
export type MailCallback = Schemas['MailauthCallback']

export interface EmailConfig {
  auth_type: '' | 'password' | 'oauth2'
  oauth: MailOAuth | null
  imap: ImapServer[]
  smtp: SmtpServer[]
  reply_to: string
  enable_plus_addressing: boolean
  signature: string
  quote_history: boolean
  keep_automatic: boolean
  sent_copy: boolean
  sent_folder: string
  relays: string[]
}

export interface Inbox {
  id: Id
  created_at: Time
  updated_at: Time
  name: string
  channel: Channel
  enabled: boolean
  csat_enabled: boolean
  prompt_tags_on_reply: boolean
  from: string
  from_name_template: string
  config: EmailConfig
  linked_email_inbox_id: Id | null
}

export interface InboxBody {
  id?: Id
  name: string
  channel: Channel
  enabled: boolean
  csat_enabled: boolean
  prompt_tags_on_reply: boolean
  from: string
  from_name_template: string
  config: EmailConfig
  secret: string
  linked_email_inbox_id: Id | null
}

/** What became of a mail that a mailbox showed. */
export type LedgerState = 'pending' | 'filed' | 'duplicate' | 'ignored' | 'quarantined'

export interface MailboxHealth {
  /** 0 before the first contact. */
  id: number
  name: string
  /** Whether the inbox reads it today. */
  configured: boolean
  /** Empty before the first contact. */
  mode: '' | 'idle' | 'polling'
  /** Mails the server had at the last contact. */
  server_count: number
  /** Mail older than this was left out when the mailbox began. */
  since: Time | null
  last_contact_at: Time | null
  last_error: string
  last_error_at: Time | null
  /** The last error in plain words. */
  problem: string
  /** Mails on the server that are older than the beginning. */
  left_out: number
  /** When ledger and server were compared. */
  compared_at: Time | null
  ledger: Record<LedgerState, number>
  /** Of the ledger's mails, those that the server still has. */
  present: Record<LedgerState, number>
  rules: { state: string; rule: string; count: number }[]
}

export interface InboxHealth {
  mailboxes: MailboxHealth[]
  outbox: Record<'queued' | 'sending' | 'delayed' | 'failed' | 'bounced' | 'cancelled' | 'sent', number>
  per_minute: number
  sending: { failing_since: string | null; last_error: string; problem: string }
}

export interface Probe {
  ok: boolean
  message: string
  detail: string
  /** What the desk and a server for sending said to each other, secrets masked. */
  dialogue?: Schemas['EmailLine'][] | null
}

export interface TestResult {
  imap: Probe[] | null
  smtp: Probe[] | null
}

/** A row of the agent list. */
export type AgentRow = Omit<Schemas['AgentListed'], 'type' | 'availability_status'> & Pick<UserCompact, 'type' | 'availability_status'>

/** A row of a file of agents and what became of it, or would. */
export type ImportLine = Schemas['ImportLine']
export type ImportReport = Schemas['ImportReport']
/** How an import from a file is getting on, or ended. */
export type ImportState = Schemas['ImportState']

export interface FullAgent extends Agent {
  api_key: string | null
  api_key_last_used_at: Time | null
}

export interface AgentBody {
  first_name: string
  last_name: string
  email: string
  roles: string[]
  teams: string[]
  send_welcome_email?: boolean
  enabled?: boolean
  availability_status?: Availability
  new_password?: string
}

/** An API key as it is listed: without its secret. */
export interface KeyRow {
  id: Id
  name: string
  api_key: string
  /** The one key that clients of the older interface know. */
  primary: boolean
  permissions: Permission[] | null
  created_at: Time
  created_by: { id: Id; first_name: string; last_name: string } | null
  expires_at: Time | null
  last_used_at: Time | null
}

export interface MadeKey extends KeyRow {
  api_secret: string
}

/** Where an agent is signed in. */
export interface Session {
  id: Id
  current: boolean
  device: string
  kind: 'desktop' | 'phone' | 'tablet' | 'other'
  ip: string
  created_at: Time
  last_seen_at: Time
  expires_at: Time
}

export interface Team {
  id: Id
  created_at: Time
  updated_at: Time
  name: string
  emoji: string | null
  conversation_assignment_type: 'Round robin' | 'Manual'
  max_auto_assigned_conversations: number
  timezone: string
  business_hours_id: Id | null
  sla_policy_id: Id | null
}

export interface TeamMember {
  id: Id
  first_name: string
  last_name: string
  avatar_url: string | null
  availability_status: Availability
}

export interface Role {
  id: Id
  created_at: Time
  updated_at: Time
  name: string
  description: string
  permissions: string[]
  require_two_factor: boolean
}

export interface GeneralSettings {
  'app.site_name': string
  'app.lang': string
  'app.root_url': string
  'app.logo_url': string
  'app.favicon_url': string
  'app.max_file_upload_size': number
  'app.allowed_file_upload_extensions': string[] | null
  'app.timezone': string
  'app.business_hours_id': string
  'app.show_conversation_subject': boolean
  'app.trash_retention_days': number
}

export type SsoProvider = components['schemas']['SsoProvider']
export type SsoFound = components['schemas']['SsoFound']
export type SsoIdentity = components['schemas']['SsoIdentity']
export type OidcBody = components['schemas']['OidcBody']
export type SignInSettings = components['schemas']['SignInSettings']

export type ActivityEntry = Schemas['AuditItem']
export type Retention = Schemas['AuditRetention']

export type Template = Schemas['Template']
export type TemplateType = Template['type']
export type Preview = Schemas['TemplatePreview']
export type PreviewDraft = Schemas['TemplateDraft']

export type EmailSettings = Schemas['SettingEmail']
