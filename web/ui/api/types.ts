/** The JSON of the REST interface, as the server documents it. Times are RFC 3339 strings. */

export type Id = number
export type Uuid = string
export type Time = string

export type Availability = 'online' | 'away' | 'away_manual' | 'offline' | 'away_and_reassigning'
export type Channel = 'email' | 'livechat'
export type StatusCategory = 'open' | 'waiting' | 'resolved'

export interface TeamCompact {
  id: Id
  name: string
  emoji: string | null
}

export interface Agent {
  id: Id
  created_at: Time
  updated_at: Time
  first_name: string
  last_name: string
  email: string | null
  type: 'agent' | 'contact' | 'visitor' | 'ai_assistant'
  availability_status: Availability
  avatar_url: string | null
  enabled: boolean
  last_active_at: Time | null
  last_login_at: Time | null
  roles: string[] | null
  permissions: string[] | null
  teams: TeamCompact[]
}

export interface UserCompact {
  id: Id
  type: 'agent' | 'ai_assistant'
  first_name: string
  last_name: string
  email: string | null
  enabled: boolean
  avatar_url: string | null
  external_user_id: string | null
  availability_status: Availability
}

export interface SsoProvider {
  id: Id
  name: string
  provider: string
  logo_url: string
  enabled: boolean
}

export interface Config {
  'app.lang': string
  'app.favicon_url': string
  'app.logo_url': string
  'app.site_name': string
  'app.sso_providers': SsoProvider[] | null
  /** True until the System user has a password. */
  'app.setup_required'?: boolean
}

export interface Page<T> {
  results: T[]
  total: number
  per_page: number
  total_pages: number
  page: number
  /** Opaque; null when this page is the last. */
  next_cursor?: string | null
}

export interface ListContact {
  created_at: Time
  updated_at: Time
  first_name: string
  last_name: string
  email: string | null
  avatar_url: string | null
}

export interface ConversationRow {
  id: Id
  uuid: Uuid
  created_at: Time
  updated_at: Time
  reference_number: string
  waiting_since: Time | null
  contact: ListContact
  inbox_channel: Channel
  inbox_name: string
  sla_policy_id: Id | null
  first_reply_at: Time | null
  last_reply_at: Time | null
  resolved_at: Time | null
  subject: string | null
  last_message: string | null
  last_message_at: Time | null
  last_message_sender: 'agent' | 'contact' | null
  last_interaction: string | null
  last_interaction_at: Time | null
  last_interaction_sender: 'agent' | 'contact' | null
  next_sla_deadline_at: Time | null
  priority_id: Id | null
  priority: string | null
  assigned_user_id: Id | null
  assigned_team_id: Id | null
  /** 0 to 10; 10 means more than nine. */
  unread_message_count: number
  status: string
  first_response_deadline_at: Time | null
  resolution_deadline_at: Time | null
  applied_sla_id: Id | null
  next_response_deadline_at: Time | null
  next_response_met_at: Time | null
  mentioned_message_uuid: Uuid | null
  contact_id: Id
  inbox_id: Id
  snoozed_until: Time | null
  tags: string[]
}

export interface ConversationContact extends ListContact {
  id: Id
  type: 'contact' | 'visitor'
  availability_status: Availability
  phone_number: string | null
  phone_number_country_code: string | null
  country: string | null
  custom_attributes: Record<string, unknown>
  enabled: boolean
  last_active_at: Time | null
  last_login_at: Time | null
  external_user_id: string | null
}

export interface PreviousConversation {
  id: Id
  uuid: Uuid
  created_at: Time
  updated_at: Time
  subject: string
  last_message: string | null
  last_message_at: Time | null
}

export interface Conversation {
  id: Id
  uuid: Uuid
  reference_number: string
  created_at: Time
  updated_at: Time
  contact_id: Id
  inbox_id: Id
  status: string
  status_id: Id
  status_category: StatusCategory
  priority: string | null
  priority_id: Id | null
  assigned_user_id: Id | null
  assigned_team_id: Id | null
  subject: string | null
  closed_at: Time | null
  resolved_at: Time | null
  first_reply_at: Time | null
  last_reply_at: Time | null
  waiting_since: Time | null
  snoozed_until: Time | null
  inbox_mail: string
  inbox_reply_to: string
  inbox_name: string
  inbox_channel: Channel
  tags: string[]
  meta: Record<string, unknown>
  custom_attributes: Record<string, unknown>
  last_message: string | null
  last_message_at: Time | null
  last_message_sender: 'agent' | 'contact' | null
  last_interaction: string | null
  last_interaction_at: Time | null
  last_interaction_sender: 'agent' | 'contact' | null
  contact: ConversationContact
  sla_policy_id: Id | null
  sla_policy_name: string | null
  applied_sla_id: Id | null
  first_response_deadline_at: Time | null
  resolution_deadline_at: Time | null
  next_response_deadline_at: Time | null
  next_response_met_at: Time | null
  csat_rating: number | null
  csat_feedback: string | null
  csat_responded_at: Time | null
  previous_conversations: PreviousConversation[] | null
}

export interface Attachment {
  uuid: Uuid
  name: string
  size: number
  content_type: string
  content_id: string
  disposition: 'inline' | 'attachment'
  url: string
  thumbnail_url: string
}

export interface MessageMeta {
  from?: string[]
  to?: string[]
  cc?: string[]
  bcc?: string[]
  subject?: string
  echo_id?: string
  activity_type?: string
  /** What an activity line names: status, agent, team, tag, priority, participant. */
  params?: Record<string, string>
  deleted_at?: Time
  is_automated?: boolean
  is_csat?: boolean
  csat_submitted?: boolean
  submitted_rating?: number
  submitted_feedback?: string
  continuity_emailed?: boolean
  ai_assistant_id?: Id
}

export interface Author {
  id: Id
  first_name: string
  last_name: string
  email: string | null
  avatar_url: string | null
  availability_status: Availability
  type: string
}

/** How a reply that leaves by mail fares, with the mail server's words when it did not work. */
export interface Delivery {
  state: 'queued' | 'sending' | 'delayed' | 'sent' | 'failed'
  attempts: number
  next_attempt_at: Time | null
  last_error: string
}

export interface Message {
  id: Id
  uuid: Uuid
  created_at: Time
  updated_at: Time
  type: 'incoming' | 'outgoing' | 'activity'
  status: 'received' | 'sent' | 'failed' | 'pending'
  conversation_id: Id
  conversation_uuid: Uuid
  content: string
  text_content: string
  content_type: 'text' | 'html'
  private: boolean
  sender_id: Id
  sender_type: 'agent' | 'contact'
  meta: MessageMeta
  attachments: Attachment[]
  author: Author
  delivery: Delivery | null
}

export interface Participant {
  id: Id
  first_name: string
  last_name: string
  avatar_url: string | null
}

export interface SendMessage {
  sender_type: 'agent'
  private: boolean
  message: string
  attachments: Id[]
  mentions: { type: 'agent' | 'team'; id: Id }[]
  to: string[]
  cc: string[]
  bcc: string[]
  echo_id: string
}

export interface Media {
  id: Id
  uuid: Uuid
  filename: string
  content_type: string
  content_id: string
  disposition: 'inline' | 'attachment' | null
  size: number
  url: string
}

export interface Draft {
  id: Id
  conversation_id: Id
  conversation_uuid: Uuid
  type: 'reply' | 'private_note'
  content: string
  meta: Record<string, unknown>
  updated_at: Time
}

export interface Status {
  id: Id
  name: string
  category: StatusCategory
}

export interface Priority {
  id: Id
  name: string
}

export interface Tag {
  id: Id
  name: string
}

export interface InboxCompact {
  id: Id
  name: string
  channel: Channel
  enabled: boolean
  from?: string
  prompt_tags_on_reply?: boolean
}

export interface View {
  id: Id
  name: string
  filters: unknown
  visibility: 'user' | 'team' | 'all'
  user_id?: Id
  team_id?: Id
}

/** Open conversations per list. */
export interface Counts {
  assigned: number
  unassigned: number
  all: number
  mentioned: number
  teams: Record<string, number>
}

export interface ConversationHit {
  created_at: Time
  uuid: Uuid
  reference_number: string
  subject: string | null
  status: string
}

export interface MessageHit {
  text_content: string
  conversation_created_at: Time
  conversation_uuid: Uuid
  conversation_reference_number: string
  conversation_status: string
}

/** One leaf of the list filter grammar; the value is always a string. */
export interface FilterLeaf {
  model: string
  field: string
  operator:
    | 'equals'
    | 'not equals'
    | 'greater than'
    | 'less than'
    | 'between'
    | 'in'
    | 'contains'
    | 'not contains'
    | 'ilike'
    | 'set'
    | 'not set'
  value: string
}
