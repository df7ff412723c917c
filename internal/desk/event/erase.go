package event

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Erase has the payloads of all events of a conversation replaced by one that tells nothing of it, but for that of [ConversationDeleted].
// The transaction that deletes the conversation, whose first event is not older than since, only notes it; [Log.EraseDue] does it.
func (l *Log) Erase(ctx context.Context, tx *db.Tx, conversationID int64, since db.Time, payload any) error {
	_, err := tx.Exec(ctx, `INSERT INTO event_erasures (conversation_id, since, payload) VALUES ($1, $2, $3) ON CONFLICT (conversation_id) DO NOTHING`,
		conversationID, since, db.ToJSON(payload))
	if err != nil {
		return fmt.Errorf("note the events to erase: %w", err)
	}
	return nil
}

const (
	erasedAtOnce = 1000      // conversations, whose events are looked for together
	eraseStep    = 2000      // events looked at in one query
	clockSkew    = time.Hour // between the nodes of a desk, at most
)

// EraseDue erases what was noted since the last time, and returns how many events that were. The log has no index by conversation, which all
// changes would pay for: it is read from the first event that may be meant to the last, for all conversations at once. Stopped in
// between, it begins again.
func (l *Log) EraseDue(ctx context.Context) (erased int, err error) {
	type noted struct {
		ConversationID int64
		Since          db.Time
	}
	for {
		due, err := db.Select[noted](ctx, l.db, `SELECT conversation_id, since FROM event_erasures ORDER BY since LIMIT $1 + 0`, erasedAtOnce)
		if err != nil {
			return erased, fmt.Errorf("read whose events to erase: %w", err)
		}
		if len(due) == 0 {
			return erased, nil
		}
		last, err := l.Last(ctx)
		if err != nil {
			return erased, err
		}
		at, err := l.firstSince(ctx, last, db.Time{Time: due[0].Since.Add(-clockSkew)})
		if err != nil {
			return erased, err
		}
		for ; at <= last; at += eraseStep {
			n, err := l.eraseStep(ctx, at)
			if err != nil {
				return erased, fmt.Errorf("erase events: %w", err)
			}
			erased += n
		}
		ids := make([]int64, len(due))
		for i, n := range due {
			ids[i] = n.ConversationID
		}
		err = l.db.Tx(ctx, func(tx *db.Tx) error {
			in, args := db.In(1, ids)
			_, err := tx.Exec(ctx, `DELETE FROM event_erasures WHERE conversation_id IN (`+in+`)`, args...)
			return err
		})
		if err != nil {
			return erased, fmt.Errorf("forget whose events were erased: %w", err)
		}
	}
}

// eraseStep erases those of the events from an id on that are meant, and returns their number.
func (l *Log) eraseStep(ctx context.Context, from int64) (int, error) {
	type meant struct {
		ID      int64
		Payload db.JSON
	}
	some, err := db.Select[meant](ctx, l.db, `SELECT e.id, x.payload FROM events e JOIN event_erasures x ON x.conversation_id = e.conversation_id
		WHERE e.id >= $1 AND e.id < $2 AND e.type <> $3`, from, from+eraseStep, string(ConversationDeleted))
	if err != nil || len(some) == 0 {
		return 0, err
	}
	return len(some), l.db.Tx(ctx, func(tx *db.Tx) error {
		for _, e := range some {
			if _, err := tx.Exec(ctx, `UPDATE events SET payload = $2 WHERE id = $1`, e.ID, e.Payload); err != nil {
				return err
			}
		}
		return nil
	})
}

// firstSince returns an id up to last before which no event was appended at a time or later. Ids grow with time.
func (l *Log) firstSince(ctx context.Context, last int64, since db.Time) (int64, error) {
	low, high := int64(1), last+1
	for low < high {
		middle := low + (high-low)/2
		var at db.Time
		if err := l.db.QueryRow(ctx, `SELECT created_at FROM events WHERE id >= $1 ORDER BY id LIMIT 1`, middle).Scan(&at); err != nil {
			return 0, fmt.Errorf("look for the first event to erase: %w", err)
		}
		if at.Before(since.Time) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}
