// Package event owns the event log: what happened on the desk, in order, append only.
//
// Whoever changes something appends an event in the same transaction ([Log.Append]). Once that is committed, the event
// is handed to the listeners of this node ([Log.Listen]) and, through the bus, to those of the others. Realtime,
// webhooks, automations and notifications are listeners; none of them is called before the change is on disk, and a
// listener that was away catches up by reading the log ([Log.After]).
package event

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Type names what happened.
type Type string

// What can happen to a conversation and its messages, to agents, and to what they are told.
const (
	ConversationCreated  Type = "conversation.created"
	ConversationAssigned Type = "conversation.assigned" // agent or team set or removed
	ConversationStatus   Type = "conversation.status_changed"
	ConversationPriority Type = "conversation.priority_changed"
	ConversationTags     Type = "conversation.tags_changed"
	ConversationDeleted  Type = "conversation.deleted" // for good
	ConversationUpdated  Type = "conversation.updated" // reply times, attributes, preview
	MessageCreated       Type = "message.created"
	MessageUpdated       Type = "message.updated"
	MessageMentioned     Type = "message.mentioned" // agents or teams, in a private note
	MessageHeld          Type = "message.held"      // a reply waits, or waits no more without having left
	BulkProgress         Type = "bulk.progress"
	AgentAvailability    Type = "agent.availability_changed"
	ContactUpdated       Type = "contact.updated"
	ReferenceChanged     Type = "reference.changed" // something that agents choose from: tags, statuses, views, …
	NotificationCreated  Type = "notification.created"
	NotificationsChanged Type = "notification.changed" // read or deleted by their agent
	InboxOutage          Type = "inbox.outage"         // its mail came in or went out no more for too long, or does so again
)

// Event is one row of the log. Cause says what made the actor do it, such as "message:17" or "automation:3"; it is
// empty for a person's own command.
type Event struct {
	ID             int64   `json:"id"`
	CreatedAt      db.Time `json:"created_at"`
	Type           Type    `json:"type"`
	ConversationID *int64  `json:"conversation_id"`
	ActorID        int64   `json:"actor_id"`
	Cause          string  `json:"cause"`
	Payload        db.JSON `json:"payload"`

	of any // what the payload was made of, where this process appended the event
}

// Payload returns the payload of an event as the T it was made of, without reading its JSON if this process appended it. What it refers to must
// not be changed.
func Payload[T any](e Event) (payload T, err error) {
	if payload, ok := e.of.(T); ok {
		return payload, nil
	}
	err = e.Payload.Decode(&payload)
	return payload, err
}

// New is an event to append.
type New struct {
	Type           Type
	ConversationID int64 // 0 for none
	ActorID        int64
	Cause          string
	Payload        any
}

// Append writes an event in the transaction of the change, in which reactions follow; listeners hear of it after the commit.
func (l *Log) Append(ctx context.Context, tx *db.Tx, n New) error {
	e := Event{CreatedAt: db.Now(), Type: n.Type, ActorID: n.ActorID, Cause: n.Cause, Payload: db.ToJSON(n.Payload), of: n.Payload}
	if n.ConversationID != 0 {
		e.ConversationID = &n.ConversationID
	}
	err := tx.LaterInsert(ctx, "append event "+string(n.Type), &e.ID, `INSERT INTO events (created_at, type, conversation_id, actor_id, cause, payload)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		e.CreatedAt, string(e.Type), e.ConversationID, e.ActorID, e.Cause, e.Payload)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { l.committed(e) })
	for _, react := range l.reactions {
		if err := react(ctx, tx, e); err != nil {
			return fmt.Errorf("react to event %s: %w", n.Type, err)
		}
	}
	return nil
}

// ReferenceChanged records in the activity log that there is something else to choose from, such as "tags" or "statuses",
// and announces it, so that clients read it again.
func (l *Log) ReferenceChanged(ctx context.Context, tx *db.Tx, kind string, entry audit.Entry) error {
	if err := audit.Record(ctx, tx, entry); err != nil {
		return err
	}
	return l.Append(ctx, tx, New{Type: ReferenceChanged, Payload: map[string]string{"kind": kind}})
}

const columns = `id, created_at, type, conversation_id, actor_id, cause, payload`

// After returns up to limit events with a greater id, oldest first.
func (l *Log) After(ctx context.Context, id int64, limit int) ([]Event, error) {
	es, err := db.Select[Event](ctx, l.db, `SELECT `+columns+` FROM events WHERE id > $1 ORDER BY id LIMIT $2 + 0`, id, limit)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return es, nil
}

// Last returns the greatest id of the log, 0 when it is empty.
func (l *Log) Last(ctx context.Context) (int64, error) {
	var id int64
	if err := l.db.QueryRow(ctx, `SELECT COALESCE(max(id), 0) FROM events`).Scan(&id); err != nil {
		return 0, fmt.Errorf("read the last event: %w", err)
	}
	l.note(id)
	return id, nil
}

func (l *Log) byID(ctx context.Context, ids []int64) ([]Event, error) {
	in, args := db.In(1, ids)
	return db.Select[Event](ctx, l.db, `SELECT `+columns+` FROM events WHERE id IN (`+in+`) ORDER BY id`, args...)
}
