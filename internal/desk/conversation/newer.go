package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// maxNewer is how many newer messages are shown to who did not know them.
const maxNewer = 20

// nothingNew returns Conflict if others have written public messages behind the one that p knew as the newest, with the
// first of them as data if p may read them. The conversation is locked by the caller, so that of two agents who answer at
// the same time the second one learns of the first. What was sent automatically does not count.
func (s *Service) nothingNew(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, seen string) error {
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
	newer, err := s.messages(ctx, tx, h.UUID, `WHERE m.conversation_id = $1 AND m.id > $2 AND NOT m.private AND m.type <> 'activity'
		AND NOT (m.sender_type = 'agent' AND m.sender_id = $3) ORDER BY m.id LIMIT $4 + 0`, h.ID, id, p.ID, maxNewer)
	if err != nil {
		return err
	}
	var written []Message
	for _, m := range newer {
		if metaOf(m.Meta)["is_automated"] != true {
			written = append(written, m)
		}
	}
	if len(written) == 0 {
		return nil
	}
	conflict := fault.New(fault.Conflict, "error.newer_messages")
	if !p.Can(role.MessagesRead) {
		return conflict
	}
	return conflict.With(written)
}
