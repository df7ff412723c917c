package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// maxPace is the most replies a minute that can be set.
const maxPace = 100_000

// SetPace says how many replies an inbox may send in a minute, over all nodes; 0 is any number. What is over it waits in the
// outbox. NotFound if there is no such inbox, Invalid for a number that makes no sense.
func (c *Channel) SetPace(ctx context.Context, inboxID, perMinute int64) error {
	if perMinute < 0 || perMinute > maxPace {
		return fault.Field("per_minute", "error.pace_range", "max", fmt.Sprint(maxPace))
	}
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		name, err := c.Inboxes.TouchTx(ctx, tx, inboxID)
		if err != nil {
			return err
		}
		before, err := Pace(ctx, tx, inboxID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO outbox_paces (inbox_id, per_minute) VALUES ($1, $2)
			ON CONFLICT (inbox_id) DO UPDATE SET per_minute = excluded.per_minute, used_until = 0`, inboxID, perMinute); err != nil {
			return fmt.Errorf("set the pace of inbox %d: %w", inboxID, err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.InboxUpdated, Target: audit.Target{Model: "inbox", ID: inboxID, Name: name},
			Before: map[string]any{"per_minute": before}, After: map[string]any{"per_minute": perMinute}})
	})
}

// Pace returns how many replies an inbox may send in a minute, 0 for any number.
func Pace(ctx context.Context, q db.Querier, inboxID int64) (perMinute int64, err error) {
	err = q.QueryRow(ctx, `SELECT per_minute FROM outbox_paces WHERE inbox_id = $1`, inboxID).Scan(&perMinute)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, fmt.Errorf("read the pace of inbox %d: %w", inboxID, err)
	}
	return perMinute, nil
}

// pace is the pace of an inbox at a moment: each reply uses up its share of a minute, and a sixth of the minute's replies may go
// at once after a pause.
type pace struct {
	perMinute int64
	usedUntil db.Time
}

// burstShare is which part of a minute's replies may leave at once, as its reciprocal.
const burstShare = 6

func (p pace) share() time.Duration { return time.Minute / time.Duration(p.perMinute) }

// allows returns how many of n replies may leave now.
func (p pace) allows(now time.Time, n int) int {
	if p.perMinute == 0 {
		return n
	}
	ahead := max(0, p.usedUntil.Sub(now))
	room := time.Duration(max(1, p.perMinute/burstShare))*p.share() - ahead
	return max(0, min(n, int(room/p.share())))
}

// after returns until when the pace is used up once n replies left.
func (p pace) after(now time.Time, n int) db.Time {
	from := now
	if p.usedUntil.After(now) {
		from = p.usedUntil.Time
	}
	return db.At(from.Add(time.Duration(n) * p.share()))
}

// lockPace returns the pace of an inbox, which no other node uses meanwhile.
func lockPace(ctx context.Context, tx *db.Tx, inboxID int64) (p pace, err error) {
	lock := ""
	if tx.Engine() == db.Postgres {
		lock = " FOR UPDATE"
	}
	err = tx.QueryRow(ctx, `SELECT per_minute, used_until FROM outbox_paces WHERE inbox_id = $1`+lock, inboxID).Scan(&p.perMinute, &p.usedUntil)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return p, fmt.Errorf("read the pace of inbox %d: %w", inboxID, err)
	}
	return p, nil
}
