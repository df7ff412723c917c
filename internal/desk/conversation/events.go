package conversation

import (
	"context"

	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// The payloads of this package's events. ConversationUUID is in each, so that a listener need not look it up.

// MessageCreatedPayload announces a stored message.
type MessageCreatedPayload struct {
	ConversationUUID string  `json:"conversation_uuid"`
	UUID             string  `json:"uuid"`
	Type             string  `json:"type"`
	Private          bool    `json:"private"`
	Preview          string  `json:"preview"`
	CreatedAt        db.Time `json:"created_at"`
	SenderType       string  `json:"sender_type"`
	EchoID           string  `json:"echo_id,omitempty"`
	Change           any     `json:"activity_type,omitempty"`
	MessageID        int64   `json:"message_id"`
	AssignedUserID   *int64  `json:"assigned_user_id,omitempty"` // of the conversation, when the message came
	// Silent is true for what was filed in spam and for automatic answers: nobody is to be told of it.
	Silent bool `json:"silent,omitempty"`
	// Repeats is true for a mail with what a chat has already: no list shows it.
	Repeats bool `json:"repeats,omitempty"`
}

// MentionedPayload announces who is mentioned in a private note.
type MentionedPayload struct {
	ConversationUUID string  `json:"conversation_uuid"`
	MessageID        int64   `json:"message_id"`
	Agents           []int64 `json:"agents"`
	Teams            []int64 `json:"teams"`
}

// MessageUpdatedPayload announces changed fields of a message.
type MessageUpdatedPayload struct {
	ConversationUUID string         `json:"conversation_uuid"`
	UUID             string         `json:"uuid"`
	Set              map[string]any `json:"set"`
	Lost             *Lost          `json:"lost,omitempty"`
}

// Lost says that a reply did not arrive at one of its recipients, or at none.
type Lost struct {
	MessageID int64  `json:"message_id"`
	SenderID  int64  `json:"sender_id"`
	Reason    string `json:"reason"` // the servers' words
}

// ChangedPayload announces changed fields of a conversation, by their JSON names, with the values they had before.
type ChangedPayload struct {
	ConversationUUID string         `json:"conversation_uuid"`
	Set              map[string]any `json:"set"`
	Was              map[string]any `json:"was,omitempty"`
}

func (s *Service) append(ctx context.Context, tx *db.Tx, n event.New) error {
	return s.events.Append(ctx, tx, n)
}

// changed appends the event of a change of the conversation's fields.
func (s *Service) changed(ctx context.Context, tx *db.Tx, h head, t event.Type, actor int64, cause string, set, was map[string]any) error {
	return s.append(ctx, tx, event.New{Type: t, ConversationID: h.ID, ActorID: actor, Cause: cause,
		Payload: ChangedPayload{ConversationUUID: h.UUID, Set: set, Was: was}})
}

// messageChanged appends the event of a change of a message's fields.
func (s *Service) messageChanged(ctx context.Context, tx *db.Tx, h head, message string, actor int64, set map[string]any) error {
	return s.append(ctx, tx, event.New{Type: event.MessageUpdated, ConversationID: h.ID, ActorID: actor,
		Payload: MessageUpdatedPayload{ConversationUUID: h.UUID, UUID: message, Set: set}})
}
