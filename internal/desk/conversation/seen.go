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
	return s.db.Tx(ctx, func(tx *db.Tx) error { return s.read(ctx, tx, p, h.ID, db.Now()) })
}

// read sets p's mark, and tells whoever keeps what p is to be told of.
func (s *Service) read(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64, at db.Time) error {
	if err := seenAt(ctx, tx, p, id, at); err != nil || s.Seen == nil {
		return err
	}
	return s.Seen(ctx, tx, p.ID, id)
}

// MarkUnread sets p's mark before the newest message that somebody else wrote, so that it counts as unread. Where
// nobody else wrote, it is set before the newest entry.
func (s *Service) MarkUnread(ctx context.Context, p *agent.Principal, id string) error {
	h, err := readable(ctx, s.db, p, id)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		at, err := unreadFrom(ctx, tx, p, h.ID)
		if at == nil || err != nil {
			return err
		}
		return seenAt(ctx, tx, p, h.ID, *at)
	})
}

// unreadFrom returns where p's mark is for a conversation to count as unread, nil for one without messages.
func unreadFrom(ctx context.Context, q db.Querier, p *agent.Principal, id int64) (*db.Time, error) {
	var at db.Time
	err := q.QueryRow(ctx, `SELECT created_at FROM messages WHERE conversation_id = $1
		ORDER BY (type <> 'activity' AND sender_id <> $2) DESC, id DESC LIMIT 1`, id, p.ID).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the newest message: %w", err)
	}
	return db.At(at.Add(-time.Microsecond)).Ptr(), nil
}

func seenAt(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64, at db.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO conversation_last_seen (user_id, conversation_id, last_seen_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, conversation_id) DO UPDATE SET last_seen_at = excluded.last_seen_at`, p.ID, id, at)
	if err != nil {
		return fmt.Errorf("set the read mark: %w", err)
	}
	return nil
}
