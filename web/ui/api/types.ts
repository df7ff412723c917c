/**
 * The JSON of the REST interface by the names that the app uses. Its shapes are the server's own, from schema.d.ts
 * (`make generate`); where the server says "a string" and means one of a few, or "any JSON" and means a form, it is
 * narrowed here. Times are RFC 3339 strings.
 */
import type { components } from './schema'

export type Schemas = components['schemas']

/** T with some of its fields narrowed. A field that T does not have, or that it could not hold, does not compile. */
type Narrow<T, N extends { [K in keyof N]: K extends keyof T ? T[K] : never }> = Omit<T, keyof N> & N

export type Id = number
export type Uuid = string
export type Time = string

export type Availability = 'online' | 'away' | 'away_manual' | 'offline' | 'away_and_reassigning'
export type Channel = 'email' | 'livechat'
export type StatusCategory = 'open' | 'waiting' | 'resolved'
type UserType = 'agent' | 'contact' | 'visitor' | 'ai_assistant'
type Speaker = 'agent' | 'contact'
type Attributes = Record<string, unknown>

export type TeamCompact = Schemas['TeamCompact']

export type Agent = Narrow<Schemas['Agent'], { type: UserType; availability_status: Availability }>

export type UserCompact = Narrow<
  Schemas['AgentCompact'],
  { type: 'agent' | 'ai_assistant'; availability_status: Availability }
>

/** An identity provider, as the sign-in page shows it. */
export type SsoProvider = Schemas['SsoPublic']

/** What a browser needs before sign-in; app.setup_required is true until the System user has a password. */
export type Config = Schemas['PublicConfig']

/** One page of a list. The cursor is opaque, and absent when this page is the last. */
export type Page<T> = Omit<Schemas['ConversationPageConversationListItem'], 'results'> & { results: T[] }

export type ListContact = Schemas['ConversationListContact']

/** A row of a list. unread_message_count is 0 to 10; 10 means more than nine. */
export type ConversationRow = Narrow<
  Schemas['ConversationListItem'],
  { inbox_channel: Channel; last_message_sender: Speaker | null; last_interaction_sender: Speaker | null }
>

export type ConversationContact = Narrow<
  Schemas['Contact'],
  { type: 'contact' | 'visitor'; availability_status: Availability; custom_attributes: Attributes }
>

/** A contact in the list. */
export type ContactItem = Narrow<
  Schemas['ContactItem'],
  { type: 'contact' | 'visitor'; availability_status: Availability }
>

export type ContactDetail = Narrow<
  Schemas['ContactDetail'],
  { type: 'contact' | 'visitor'; availability_status: Availability; custom_attributes: Attributes }
>

/** A company that contacts belong to. */
export type Organization = Schemas['Organization']

/** What an agent wrote about a contact, as HTML. */
export type ContactNote = Schemas['ContactNote']

export type PreviousConversation = Schemas['ConversationPrevious']

export type Conversation = Narrow<
  Schemas['Conversation'],
  {
    status_category: StatusCategory
    inbox_channel: Channel
    meta: Attributes
    custom_attributes: Attributes
    last_message_sender: Speaker | null
    last_interaction_sender: Speaker | null
    contact: ConversationContact
  }
>

export type Attachment = Narrow<Schemas['MediaAttachment'], { disposition: 'inline' | 'attachment' }>

export interface MessageMeta {
  from?: string[]
  to?: string[]
  cc?: string[]
  bcc?: string[]
  subject?: string
  /** When a mail says it was written. */
  date?: Time
  /** What the mail server that took a mail in found out of its sender. */
  authentication?: Schemas['Authentication']
  /** The contact form or group that passed on what somebody wrote. */
  via?: string
  /** A note that answers the mail of a notification. */
  by_mail?: boolean
  /** Which message this one passes on. */
  forward_of?: Uuid
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

export type Author = Narrow<Schemas['ConversationAuthor'], { availability_status: Availability }>

/** What a mail server reported of one recipient's copy. */
export type Bounce = Schemas['ConversationBounce']

/** How a reply that leaves by mail fares, with the mail server's words when it did not work. */
export type Delivery = Narrow<
  Schemas['ConversationDelivery'],
  { state: 'queued' | 'sending' | 'delayed' | 'sent' | 'failed' | 'cancelled' }
>

export type Message = Narrow<
  Schemas['ConversationMessage'],
  {
    type: 'incoming' | 'outgoing' | 'activity'
    status: 'received' | 'sent' | 'failed' | 'pending'
    content_type: 'text' | 'html'
    sender_type: Speaker
    meta: MessageMeta
    attachments: Attachment[]
    author: Author
    delivery: Delivery | null
    held?: Held
  }
>

/** A reply that has not left yet: until when, and why it did not leave then. */
export type Held = Schemas['ConversationHeld']

/** How an agent likes to work. */
export type Habits = Schemas['AgentHabits']
export type Look = Schemas['AgentLook']

/** How an agent looks at one list; what is left out is as usual. */
export type ListLook = Schemas['AgentListLook']

export type ListColumn = Schemas['AgentListColumn']

export type Participant = Schemas['ConversationParticipant']

export type SendMessage = Narrow<
  Schemas['SendBody'],
  {
    message: string
    private: boolean
    echo_id: string
    sender_type: 'agent'
    attachments: Id[]
    mentions: { type: 'agent' | 'team'; id: Id }[]
    to: string[]
    cc: string[]
    bcc: string[]
    seen_message: Uuid
    forward?: Schemas['ConversationForward']
    subject?: string
  }
>

export type Media = Narrow<Schemas['Media'], { disposition: 'inline' | 'attachment' | null }>

export type Draft = Narrow<Schemas['ConversationDraft'], { type: 'reply' | 'private_note'; meta: Attributes }>

export type Status = Narrow<Schemas['ConversationStatus'], { category: StatusCategory }>
export type Priority = Schemas['ConversationPriority']
export type Tag = Schemas['Tag']
export type AttributeDefinition = Narrow<
  Schemas['AttributeDefinition'],
  { applies_to: 'contact' | 'conversation'; data_type: 'text' | 'number' | 'checkbox' | 'date' | 'link' | 'list' }
>

/** A filter with a name. Filters are kept as they were sent, in whatever shape. */
export type View = Narrow<Schemas['View'], { visibility: 'user' | 'team' | 'all' }>

/** An inbox in pickers; its settings are only there for those who manage inboxes. */
export type InboxCompact = Narrow<
  Pick<Schemas['Inbox'], 'id' | 'name' | 'channel' | 'enabled' | 'from' | 'prompt_tags_on_reply'>,
  { channel: Channel }
>

/** Open conversations per list; of teams by their id. */
export type Counts = Schemas['ConversationCounts']

/** How far a change of many conversations is. */
export type BulkJob = Schemas['BulkJob']

/** A conversation that such a change was refused for. */
export type BulkRow = Schemas['BulkRow']

/** A conversation that an agent begins. */
export type NewConversation = Schemas['CreateBody']

export type ContactHit = Schemas['SearchContact']
export type SearchFound = Schemas['SearchFound']
export type SearchMatch = Schemas['SearchMatch']
export type SearchSegment = Schemas['SearchSegment']

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

export type NotificationStats = Schemas['NotifyStats']

/** The type is one of the server's; one that is not known here is shown by its title. */
export type Notification = Schemas['NotifyNotification']

export type ContactTwin = Schemas['ContactTwin']
export type PushDevice = Schemas['NotifyDevice']
export type PushDevices = Schemas['NotifyDevices']

export type NotificationPreferences = Schemas['NotifyPreferences']
