// Package conversation owns support cases and everything said in them: conversations, messages, private notes,
// activity lines, participants, tags, read marks and drafts, with the counters of the lists.
//
// # The path of a change
//
// Every change is a method of [Service] that takes who acts, opens one transaction, locks the conversation's row,
// checks that the actor may, changes rows, keeps the counters, writes the activity line, and appends the event from
// which realtime and integrations are made. If anything is refused nothing has happened. A method whose name ends in
// Tx works in the caller's transaction: the mail channel files a mail, and marks a reply as sent, in the same
// transaction in which it settles its own books.
//
// The package uses its siblings agent, attribute, audit, contact, event, media and role. It knows nothing of channels: what must happen
// for a reply to leave is registered with [Service.OnReply].
package conversation

import (
	"context"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// The status names that rules refer to; they cannot be renamed.
const (
	Open     = "Open"
	Snoozed  = "Snoozed"
	Resolved = "Resolved"
	Closed   = "Closed"
)

// Conversation is one support case in full.
type Conversation struct {
	ID                      int64           `json:"id"`
	CreatedAt               db.Time         `json:"created_at"`
	UpdatedAt               db.Time         `json:"updated_at"`
	UUID                    string          `json:"uuid"`
	ReferenceNumber         string          `json:"reference_number"`
	ContactID               int64           `json:"contact_id"`
	InboxID                 int64           `json:"inbox_id"`
	Status                  string          `json:"status"`
	StatusID                int64           `json:"status_id"`
	StatusCategory          string          `json:"status_category"`
	Priority                *string         `json:"priority"`
	PriorityID              *int64          `json:"priority_id"`
	AssignedUserID          *int64          `json:"assigned_user_id"`
	AssignedTeamID          *int64          `json:"assigned_team_id"`
	Subject                 *string         `json:"subject"`
	ClosedAt                *db.Time        `json:"closed_at"`
	ResolvedAt              *db.Time        `json:"resolved_at"`
	FirstReplyAt            *db.Time        `json:"first_reply_at"`
	LastReplyAt             *db.Time        `json:"last_reply_at"`
	WaitingSince            *db.Time        `json:"waiting_since"`
	SnoozedUntil            *db.Time        `json:"snoozed_until"`
	InboxMail               string          `json:"inbox_mail"`
	InboxReplyTo            string          `json:"inbox_reply_to"`
	InboxName               string          `json:"inbox_name"`
	InboxChannel            string          `json:"inbox_channel"`
	Tags                    []string        `json:"tags"`
	Meta                    db.JSON         `json:"meta"`
	CustomAttributes        db.JSON         `json:"custom_attributes"`
	LastMessage             *string         `json:"last_message"`
	LastMessageAt           *db.Time        `json:"last_message_at"`
	LastMessageSender       *string         `json:"last_message_sender"`
	LastInteraction         *string         `json:"last_interaction"`
	LastInteractionAt       *db.Time        `json:"last_interaction_at"`
	LastInteractionSender   *string         `json:"last_interaction_sender"`
	Contact                 contact.Contact `json:"contact"`
	SLAPolicyID             *int64          `json:"sla_policy_id"`
	SLAPolicyName           *string         `json:"sla_policy_name"`
	AppliedSLAID            *int64          `json:"applied_sla_id"`
	FirstResponseDeadlineAt *db.Time        `json:"first_response_deadline_at"`
	ResolutionDeadlineAt    *db.Time        `json:"resolution_deadline_at"`
	NextResponseDeadlineAt  *db.Time        `json:"next_response_deadline_at"`
	NextResponseMetAt       *db.Time        `json:"next_response_met_at"`
	CSATRating              *int64          `json:"csat_rating"`
	CSATFeedback            *string         `json:"csat_feedback"`
	CSATRespondedAt         *db.Time        `json:"csat_responded_at"`
	PreviousConversations   []Previous      `json:"previous_conversations" nullable:"true"` // only where one conversation is read
	// LastSeenAt is when the agent who asks read it last; only where one conversation is read, and not if never. Foyer's
	// addition.
	LastSeenAt *db.Time `json:"last_seen_at,omitempty"`
	// Resolutions are the times it was resolved, newest first; only where one conversation is read. Foyer's addition.
	Resolutions []Resolution `json:"resolutions,omitempty"`
	// MergedFrom are the conversations that were merged into it, oldest first; only where one conversation is read. Foyer's
	// addition: whoever asks for one of them gets this conversation, and sees by its uuid that it is another.
	MergedFrom []Merged `json:"merged_from,omitempty"`
	// Continues is the conversation that its first mail answers, which it was kept apart from; only where one conversation is read.
	// Foyer's addition.
	Continues *Continued `json:"continues,omitempty"`
	// Version counts the changes of the row; it is Foyer's addition.
	Version int64 `json:"version"`
}

// Previous is another conversation of the same contact.
type Previous struct {
	ID            int64    `json:"id"`
	CreatedAt     db.Time  `json:"created_at"`
	UpdatedAt     db.Time  `json:"updated_at"`
	UUID          string   `json:"uuid"`
	Subject       string   `json:"subject"`
	Contact       Person   `json:"contact"`
	LastMessage   *string  `json:"last_message"`
	LastMessageAt *db.Time `json:"last_message_at"`
	// Status and ReferenceNumber are Foyer's additions.
	Status          string `json:"status"`
	ReferenceNumber string `json:"reference_number"`
}

// Person is the short form of a contact beside an earlier conversation.
type Person struct {
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	AvatarURL *string `json:"avatar_url"`
}

// ListItem is a conversation as a row of a list. TagNames, ContactID and InboxID are Foyer's additions.
type ListItem struct {
	ID                      int64       `json:"id"`
	CreatedAt               db.Time     `json:"created_at"`
	UpdatedAt               db.Time     `json:"updated_at"`
	UUID                    string      `json:"uuid"`
	ReferenceNumber         string      `json:"reference_number"`
	WaitingSince            *db.Time    `json:"waiting_since"`
	Contact                 ListContact `json:"contact"`
	InboxChannel            string      `json:"inbox_channel"`
	InboxName               string      `json:"inbox_name"`
	SLAPolicyID             *int64      `json:"sla_policy_id"`
	FirstReplyAt            *db.Time    `json:"first_reply_at"`
	LastReplyAt             *db.Time    `json:"last_reply_at"`
	ResolvedAt              *db.Time    `json:"resolved_at"`
	Subject                 *string     `json:"subject"`
	LastMessage             *string     `json:"last_message"`
	LastMessageAt           *db.Time    `json:"last_message_at"`
	LastMessageSender       *string     `json:"last_message_sender"`
	LastInteraction         *string     `json:"last_interaction"`
	LastInteractionAt       *db.Time    `json:"last_interaction_at"`
	LastInteractionSender   *string     `json:"last_interaction_sender"`
	NextSLADeadlineAt       *db.Time    `json:"next_sla_deadline_at"`
	PriorityID              *int64      `json:"priority_id"`
	AssignedUserID          *int64      `json:"assigned_user_id"`
	AssignedTeamID          *int64      `json:"assigned_team_id"`
	Status                  string      `json:"status"`
	Priority                *string     `json:"priority"`
	FirstResponseDeadlineAt *db.Time    `json:"first_response_deadline_at"`
	ResolutionDeadlineAt    *db.Time    `json:"resolution_deadline_at"`
	AppliedSLAID            *int64      `json:"applied_sla_id"`
	NextResponseDeadlineAt  *db.Time    `json:"next_response_deadline_at"`
	NextResponseMetAt       *db.Time    `json:"next_response_met_at"`
	ContactID               int64       `json:"contact_id"`
	InboxID                 int64       `json:"inbox_id"`
	SnoozedUntil            *db.Time    `json:"snoozed_until"`
	Tags                    []string    `json:"tags"`
	*Own
}

// Own is what a row tells one agent alone: how many entries they have not read, and the newest that mentions them, in the list
// of mentions. Rows that are pushed to many have none, and not its fields.
type Own struct {
	UnreadMessageCount   int64   `json:"unread_message_count"`
	MentionedMessageUUID *string `json:"mentioned_message_uuid"`
}

// ListContact is the contact in a row of a list.
type ListContact struct {
	CreatedAt db.Time `json:"created_at"`
	UpdatedAt db.Time `json:"updated_at"`
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Email     *string `json:"email"`
	AvatarURL *string `json:"avatar_url"`
}

// Participant is somebody who wrote in a conversation. Role and Email are Foyer's additions.
type Participant struct {
	ID        int64   `json:"id"`
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	AvatarURL *string `json:"avatar_url"`
	Role      string  `json:"role" enum:"contact,assignee,agent,system,other" doc:"contact is the customer of the conversation, other a customer who wrote besides"`
	Email     *string `json:"email" doc:"Of customers; null of agents"`
}

// Service is the conversations of a desk.
type Service struct {
	db      *db.DB
	events  *event.Log
	jobs    *jobs.Runner
	files   Files
	on      map[string]ReplyFunc
	onPurge []PurgeFunc
	onMove  []MoveFunc
	ref     catalogue
	anchors anchors
	totals  totals
	sizes   sizes
	// Location returns the desk's time zone, in which the days of filters begin; nil is UTC.
	Location func(context.Context) *time.Location
	// Language returns the desk's language, in which lists say what a message without words encloses; nil is English.
	Language func(context.Context) string
	// OnDraft is called after the commit of a change of an agent's draft; nil tells nobody.
	OnDraft func(agentID int64, change DraftChange)
	// RootURL returns where the desk's web app is, so that a picture's address can be told for one of its own; nil knows
	// addresses without a host only.
	RootURL func() string
	// SubjectRef is how the number of a conversation stands in the subject of one that an agent begins, with {ref} in the
	// number's place; "" is #{ref}.
	SubjectRef string
	// Seen is told, in the transaction that notes it, that an agent has read a conversation up to now; nil tells nobody.
	Seen func(ctx context.Context, tx *db.Tx, agentID, conversationID int64) error
}

// Files is what conversations need of stored files; package media provides it.
type Files interface {
	// Link makes uploaded files the attachments of a message; an unknown id is an Invalid error.
	Link(ctx context.Context, tx *db.Tx, ids []int64, messageID int64) error
	// LinkInline makes uploaded images part of a message's text, with the content id [media.InlineContentID] gives.
	LinkInline(ctx context.Context, tx *db.Tx, uuids []string, messageID int64) error
	// Add stores what is known of a file whose bytes are in the blob store already, linked to a message.
	Add(ctx context.Context, tx *db.Tx, messageID int64, file media.Incoming) error
	// OfMessages returns the attachments of messages, by message id, each list ordered by file name.
	OfMessages(ctx context.Context, q db.Querier, messageIDs []int64) (map[int64][]media.Attachment, error)
	// Known returns what is known of uploaded files; an unknown id is an Invalid error.
	Known(ctx context.Context, q db.Querier, ids []int64) ([]media.Media, error)
	// Copy stores a copy of a file, which belongs to nothing yet, for an agent to attach.
	Copy(ctx context.Context, uuid string, by int64) (media.Media, error)
	// Unlink takes the attachments off a message, to be collected later.
	Unlink(ctx context.Context, tx *db.Tx, messageID int64) error
	// Discard forgets the files of a conversation's messages and returns the names of their blobs, to be deleted after the
	// commit.
	Discard(ctx context.Context, tx *db.Tx, conversationID int64) (blobs []string, err error)
	// SignedURL returns the address under which a file can be read for a while.
	SignedURL(uuid string) string
}

// ReplyFunc makes a stored reply leave by its channel: it inserts, in the transaction that stores the reply, whatever
// will carry it.
type ReplyFunc func(ctx context.Context, tx *db.Tx, reply Outgoing) error

// Outgoing is a stored reply that is to leave.
type Outgoing struct {
	MessageID      int64
	ConversationID int64
	InboxID        int64
	Again          bool // it failed before and is tried again
}

// New makes the service, before the events are handed out.
func New(d *db.DB, events *event.Log, runner *jobs.Runner, files Files) *Service {
	s := &Service{db: d, events: events, jobs: runner, files: files, on: map[string]ReplyFunc{}}
	s.ref.follow(events)
	return s
}

// OnReply registers how replies of an inbox channel leave. Without one, a reply is refused.
func (s *Service) OnReply(channel string, fn ReplyFunc) { s.on[channel] = fn }
