package conversation

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Why a mail did not join the conversation that it answers.
const (
	LeadAddress = "address" // its sender takes no part there
	LeadVerdict = "verdict" // its sender may be forged
)

// Lead is the conversation that the first message of a new one answers without joining it, and why it does not.
type Lead struct {
	ConversationID int64
	Reason         string
}

// Continued is the conversation that another seems to continue. What names it is there for those who may read it; others are told
// only of a sender who may be forged.
type Continued struct {
	Reason          string  `json:"reason" enum:"address,verdict" doc:"Why it was kept apart: its sender takes no part there, or may be forged"`
	UUID            *string `json:"uuid" nullable:"true"`
	ReferenceNumber *string `json:"reference_number" nullable:"true"`
	Subject         *string `json:"subject" nullable:"true"`
	Mergeable       bool    `json:"mergeable" doc:"Whether the two can be made one, which a chat and a mail cannot"`
}

func (l *Lead) store(ctx context.Context, tx *db.Tx, conversationID int64) error {
	if l == nil {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO conversation_leads (conversation_id, target_id, reason) VALUES ($1, $2, $3)`, conversationID, l.ConversationID, l.Reason)
	if err != nil {
		return fmt.Errorf("note what conversation %d seems to continue: %w", conversationID, err)
	}
	return nil
}

// continued returns what a conversation seems to continue, as far as p may know; nil for nothing, and once they are one.
func continued(ctx context.Context, q db.Querier, p *agent.Principal, c *Conversation) (*Continued, error) {
	var out Continued
	var h head
	err := q.QueryRow(ctx, `SELECT reason, target_id FROM conversation_leads WHERE conversation_id = $1`, c.ID).Scan(&out.Reason, &h.ID)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = h.scan(q.QueryRow(ctx, `SELECT `+headColumns+` FROM conversations WHERE id = $1`, h.ID))
	}
	if err == nil {
		h, err = follow(ctx, q, h, "")
	}
	if err == nil {
		out.Mergeable, err = sameKind(ctx, q, &h, c.InboxID, c.ContactID)
	}
	if err != nil {
		return nil, fmt.Errorf("read what conversation %d seems to continue: %w", c.ID, err)
	}
	switch {
	case h.ID == c.ID:
		return nil, nil
	case !hidden(h.StatusID) && CanRead(p, h.AssignedUserID, h.AssignedTeamID):
		reference := strconv.FormatInt(h.Reference, 10)
		out.UUID, out.ReferenceNumber, out.Subject = &h.UUID, &reference, &h.Subject
	case out.Reason != LeadVerdict:
		return nil, nil
	default:
		out.Mergeable = false
	}
	return &out, nil
}
