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
	placeKept    = 100       // steps after which it is kept how far they came
	clockSkew    = time.Hour // between the nodes of a desk, at most
)

type erasure struct {
	ConversationID int64
	Since          db.Time
}

// EraseDue erases what was noted since the last time, and returns how many events that were. The log has no index by conversation, which all
// changes would pay for: it is read from the first event that may be meant to the last, for many conversations at once. Stopped in
// between, it goes on near there the next time. Called again while it works, it does nothing.
func (l *Log) EraseDue(ctx context.Context) (erased int, err error) {
	if !l.erasing.TryLock() {
		return 0, nil
	}
	defer l.erasing.Unlock()
	for {
		due, err := db.Select[erasure](ctx, l.db, `SELECT conversation_id, since FROM event_erasures ORDER BY since LIMIT $1 + 0`, erasedAtOnce)
		if err != nil {
			return erased, fmt.Errorf("read whose events to erase: %w", err)
		}
		if len(due) == 0 {
			return erased, nil
		}
		n, err := l.erase(ctx, due)
		erased += n
		if err != nil {
			return erased, fmt.Errorf("erase events: %w", err)
		}
	}
}

func (l *Log) erase(ctx context.Context, due []erasure) (erased int, err error) {
	ids := make([]int64, len(due))
	for i, e := range due {
		ids[i] = e.ConversationID
	}
	last, err := l.Last(ctx)
	if err != nil {
		return 0, err
	}
	at, err := l.firstSince(ctx, last, db.Time{Time: due[0].Since.Add(-clockSkew)})
	if err != nil {
		return 0, err
	}
	for steps := 1; at <= last; steps++ {
		n, err := l.eraseStep(ctx, at)
		if err != nil {
			return erased, err
		}
		erased, at = erased+n, at+eraseStep
		if steps%placeKept == 0 && at <= last {
			if err := l.keepPlace(ctx, ids, at); err != nil {
				return erased, err
			}
		}
	}
	return erased, l.db.Tx(ctx, func(tx *db.Tx) error {
		in, args := db.In(1, ids)
		_, err := tx.Exec(ctx, `DELETE FROM event_erasures WHERE conversation_id IN (`+in+`)`, args...)
		return err
	})
}

// keepPlace notes that the events of conversations are erased up to an id.
func (l *Log) keepPlace(ctx context.Context, conversations []int64, id int64) error {
	reached, err := l.timeOf(ctx, id)
	if err != nil {
		return err
	}
	in, args := db.In(2, conversations)
	return l.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE event_erasures SET since = $1 WHERE since < $1 AND conversation_id IN (`+in+`)`, append([]any{reached}, args...)...)
		return err
	})
}

// meantQuery finds those of some events that are meant. SQLite takes the tables of a CROSS JOIN in this order; it would not know which is the longer.
const meantQuery = `SELECT e.id, x.payload FROM events e CROSS JOIN event_erasures x
	WHERE x.conversation_id = e.conversation_id AND e.id >= $1 AND e.id < $2 AND e.type <> $3`

// eraseStep erases those of the events from an id on that are meant, and returns their number.
func (l *Log) eraseStep(ctx context.Context, from int64) (int, error) {
	type meant struct {
		ID      int64
		Payload db.JSON
	}
	some, err := db.Select[meant](ctx, l.db, meantQuery, from, from+eraseStep, string(ConversationDeleted))
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
		at, err := l.timeOf(ctx, middle)
		if err != nil {
			return 0, err
		}
		if at.Before(since.Time) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// timeOf returns when the first event from an id on was appended.
func (l *Log) timeOf(ctx context.Context, id int64) (at db.Time, err error) {
	err = l.db.QueryRow(ctx, `SELECT created_at FROM events WHERE id >= $1 ORDER BY id LIMIT 1`, id).Scan(&at)
	return at, err
}
