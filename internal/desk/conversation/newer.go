package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// maxNewer is how many newer messages are shown to who did not know them.
const maxNewer = 20

// nothingNew returns Conflict if others have written public messages behind the one that p knew as the newest, with the
// first of them as data if p may read them. A reply that somebody else has sent and may still undo counts as written. The
// conversation is locked by the caller, so that of two agents who answer at the same time the second one learns of the
// first. What was sent automatically does not count.
func (s *Service) nothingNew(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, in Send) error {
	seen := in.SeenMessage
	if seen == "" {
		return nil
	}
	var id int64
	err := tx.QueryRow(ctx, `SELECT id FROM messages WHERE uuid = $1 AND conversation_id = $2`, seen, h.ID).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return fault.Field("seen_message", "error.unknown_value", "value", seen)
	}
	if err != nil {
		return fmt.Errorf("find the message that was seen: %w", err)
	}
	written, err := s.written(ctx, tx, h, p, id, in.SeenHeld)
	if err != nil {
		return err
	}
	rivals, err := db.Select[string](ctx, tx, `SELECT uuid FROM held_replies WHERE `+rivalWhere, h.ID, p.ID)
	if err != nil {
		return fmt.Errorf("look for replies that others hold: %w", err)
	}
	rivals = slices.DeleteFunc(rivals, func(id string) bool { return slices.Contains(in.SeenHeld, id) })
	if len(written)+len(rivals) == 0 {
		return nil
	}
	conflict := fault.New(fault.Conflict, newerKey)
	if !p.Can(role.MessagesRead) {
		return conflict
	}
	return conflict.With(written)
}

// newerKey is the key of the error that says that others have written.
const newerKey = "error.newer_messages"

// rivalWhere selects the replies in conversation $1 that others than $2 have sent and may still undo.
const rivalWhere = `conversation_id = $1 AND sender_id <> $2 AND kind = 'undo' AND stopped = ''`

// withRivals adds the replies that others hold to what a Conflict of [Service.nothingNew] tells.
func (s *Service) withRivals(ctx context.Context, p *agent.Principal, h head, in Send, err error) error {
	var conflict *fault.Error
	if !errors.As(err, &conflict) || conflict.Key != newerKey || conflict.Data == nil {
		return err
	}
	rivals, failed := s.heldMessages(ctx, s.db, p, h, rivalWhere, h.ID, p.ID)
	if failed != nil {
		return failed
	}
	written, _ := conflict.Data.([]Message)
	for _, m := range rivals {
		if !slices.Contains(in.SeenHeld, m.UUID) {
			written = append(written, m)
		}
	}
	return conflict.With(written)
}

// written are the public messages behind one that others than p wrote themselves, oldest first, without those of known.
func (s *Service) written(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, behind int64, known []string) ([]Message, error) {
	newer, err := s.messages(ctx, tx, h.UUID, `WHERE m.conversation_id = $1 AND m.id > $2 AND NOT m.private AND m.type <> 'activity'
		AND NOT (m.sender_type = 'agent' AND m.sender_id = $3) ORDER BY m.id LIMIT $4 + 0`, h.ID, behind, p.ID, maxNewer)
	if err != nil {
		return nil, err
	}
	written := []Message{}
	for _, m := range newer {
		if metaOf(m.Meta)["is_automated"] != true && !slices.Contains(known, m.UUID) {
			written = append(written, m)
		}
	}
	return written, nil
}
