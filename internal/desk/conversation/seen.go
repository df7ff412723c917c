package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// MarkSeen notes that p has read a conversation up to now.
func (s *Service) MarkSeen(ctx context.Context, p *agent.Principal, id string) error {
	h, err := readable(ctx, s.db, p, id)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := seenAt(ctx, tx, p, h.ID, db.Now()); err != nil || s.Seen == nil {
			return err
		}
		return s.Seen(ctx, tx, p.ID, h.ID)
	})
}

// MarkUnread sets p's mark before the newest message that somebody else wrote, so that it counts as unread. Where
// nobody else wrote, it is set before the newest entry.
func (s *Service) MarkUnread(ctx context.Context, p *agent.Principal, id string) error {
	h, err := readable(ctx, s.db, p, id)
	if err != nil {
		return err
	}
	var at db.Time
	err = s.db.QueryRow(ctx, `SELECT created_at FROM messages WHERE conversation_id = $1
		ORDER BY (type <> 'activity' AND sender_id <> $2) DESC, id DESC LIMIT 1`, h.ID, p.ID).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the newest message: %w", err)
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return seenAt(ctx, tx, p, h.ID, db.At(at.Add(-time.Microsecond))) })
}

func seenAt(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64, at db.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO conversation_last_seen (user_id, conversation_id, last_seen_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, conversation_id) DO UPDATE SET last_seen_at = excluded.last_seen_at`, p.ID, id, at)
	if err != nil {
		return fmt.Errorf("set the read mark: %w", err)
	}
	return nil
}
