package conversation

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// marker is the number of a conversation as the subject of one that an agent begins ends with it.
func (s *Service) marker(reference int64) string {
	return " - " + strings.ReplaceAll(cmp.Or(s.SubjectRef, "#{ref}"), "{ref}", strconv.FormatInt(reference, 10))
}

// opening is a conversation to be made.
type opening struct {
	ContactID, InboxID int64
	Subject            string
	Marker             bool // add the number to the subject
	ActorID            int64
	Cause              string
	CustomAttributes   db.JSON
	// Of one that begins as another is: who has it, its priority, its meta.
	UserID, TeamID, PriorityID *int64
	Meta                       db.JSON
	// First is the message that opens it, if it is known; Waits says that the customer waits for an answer to it. The
	// message is stored by [Service.insert], which then leaves the conversation as it is.
	First *newMessage
	Waits bool
}

// latest are the columns of a conversation that show its latest message; all are null for none.
type latest struct {
	Preview, Sender *string
	SenderID        *int64
	At              *db.Time
}

const maxSubject = 1000

// open inserts an empty conversation with status Open.
func (s *Service) open(ctx context.Context, tx *db.Tx, o opening) (head, error) {
	open, err := s.ref.status(ctx, tx, Open)
	if err != nil {
		return head{}, err
	}
	h := head{UUID: uuid.NewString(), ContactID: o.ContactID, InboxID: o.InboxID, StatusID: open.ID, AssignedUserID: o.UserID, AssignedTeamID: o.TeamID,
		PriorityID: o.PriorityID}
	reference, err := takeReference(ctx, tx, o.Marker)
	if err != nil {
		return h, err
	}
	h.Subject = o.Subject
	if r := []rune(h.Subject); len(r) > maxSubject {
		h.Subject = string(r[:maxSubject])
	}
	if o.Marker {
		h.Subject += s.marker(*reference)
	}
	if len(o.CustomAttributes) == 0 {
		o.CustomAttributes = db.JSON("{}")
	}
	if len(o.Meta) == 0 {
		o.Meta = db.JSON("{}")
	}
	now, version := db.Now(), 1
	var shown latest
	if m := o.First; m != nil {
		now, version = m.At, 2
		shown = latest{&m.Preview, &m.SenderType, &m.SenderID, &now}
	}
	if o.Waits {
		h.WaitingSince = &now
	}
	err = tx.QueryRow(ctx, openingStatement(tx.Engine()), now, h.UUID, reference, h.ContactID, h.InboxID, h.StatusID, h.Subject, o.CustomAttributes,
		h.AssignedUserID, h.AssignedTeamID, h.PriorityID, o.Meta, version, shown.Preview, shown.Sender, shown.SenderID, shown.At, h.WaitingSince).Scan(&h.ID, &h.Reference)
	if err != nil {
		return h, fmt.Errorf("open conversation: %w", err)
	}
	to := placeOf(h.AssignedUserID, h.AssignedTeamID, h.StatusID)
	if err := move(ctx, tx, nil, &to); err != nil {
		return h, err
	}
	return h, s.append(ctx, tx, event.New{Type: event.ConversationCreated, ConversationID: h.ID, ActorID: o.ActorID, Cause: o.Cause,
		Payload: ChangedPayload{ConversationUUID: h.UUID}})
}

// takeReference takes the next number of a conversation, or leaves that to the statement that inserts it, where it can be left
// and nobody asks for it before.
func takeReference(ctx context.Context, tx *db.Tx, asked bool) (*int64, error) {
	next := `UPDATE conversation_reference SET value = value + 1 RETURNING value`
	if tx.Engine() == db.Postgres {
		if !asked {
			return nil, nil
		}
		next = `SELECT nextval('conversation_reference')`
	}
	var n int64
	if err := tx.QueryRow(ctx, next).Scan(&n); err != nil {
		return nil, fmt.Errorf("take a reference number: %w", err)
	}
	return &n, nil
}

// openingStatement inserts a conversation.
func openingStatement(e db.Engine) string {
	reference := `$3`
	if e == db.Postgres {
		reference = `COALESCE($3, nextval('conversation_reference'))`
	}
	return `INSERT INTO conversations (created_at, updated_at, uuid, reference_number, contact_id, inbox_id, status_id, subject, custom_attributes,
		last_message_at, contact_last_seen_at, assigned_user_id, assigned_team_id, priority_id, meta, version,
		last_message, last_message_sender, last_message_sender_id,
		last_interaction, last_interaction_sender, last_interaction_sender_id, last_interaction_at, waiting_since)
		VALUES ($1, $1, $2, ` + reference + `, $4, $5, $6, $7, $8, $1, $1, $9, $10, $11, $12, $13, $14, $15, $16, $14, $15, $16, $17, $18)
		RETURNING id, reference_number`
}
