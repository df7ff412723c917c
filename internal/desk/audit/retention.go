package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Retention says for how long entries are kept.
type Retention struct {
	Days int64 `json:"retention_days" doc:"After how many days an entry is deleted; 0 for never"`
}

// The bounds of a retention that is not for ever. The database itself, by a trigger, deletes nothing that is younger than
// the least: whoever shortens the retention to hide something leaves an entry about that.
const (
	minRetention = 30
	maxRetention = 36_500
)

const retentionKey = "activity_log.retention_days"

// Retention returns for how long entries are kept.
func (l *Log) Retention(ctx context.Context) (Retention, error) { return retention(ctx, l.db) }

func retention(ctx context.Context, q db.Querier) (r Retention, err error) {
	var raw db.JSON
	err = q.QueryRow(ctx, `SELECT value FROM settings WHERE key = $1`, retentionKey).Scan(&raw)
	if errors.Is(err, db.ErrNoRows) {
		return r, nil
	}
	if err == nil {
		err = raw.Decode(&r.Days)
	}
	if err != nil {
		return r, fmt.Errorf("read how long the activity log is kept: %w", err)
	}
	return r, nil
}

// SetRetention says for how long entries are kept from now on. Invalid unless it is 0 or from 30 to 36500 days.
func (l *Log) SetRetention(ctx context.Context, r Retention) error {
	if r.Days != 0 && (r.Days < minRetention || r.Days > maxRetention) {
		return fault.Field("retention_days", "error.retention_range", "min", strconv.Itoa(minRetention), "max", strconv.Itoa(maxRetention))
	}
	return l.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := retention(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, retentionKey, db.ToJSON(r.Days)); err != nil {
			return fmt.Errorf("save how long the activity log is kept: %w", err)
		}
		return Record(ctx, tx, Entry{Type: RetentionChanged, Target: Target{Model: "activity_log"}, Before: before, After: r})
	})
}

const (
	// pruned is how many entries are deleted in one transaction.
	pruned = 1_000
	// margin is how much longer than they must entries are kept: the database has a clock of its own, and refuses to delete
	// what by that clock is too young.
	margin = time.Hour
)

// Prune deletes the entries that are older than they are kept, the oldest first and some at a time, and returns how many. It
// does nothing while they are kept for ever. That it begins is itself recorded, together with the first deletion. When ctx
// ends it stops; the next time it goes on.
func (l *Log) Prune(ctx context.Context) (total int64, err error) {
	for {
		n, err := l.pruneSome(ctx, total == 0)
		total += n
		if ctx.Err() != nil {
			return total, nil
		}
		if err != nil || n < pruned {
			return total, err
		}
	}
}

func (l *Log) pruneSome(ctx context.Context, first bool) (n int64, err error) {
	err = l.db.Tx(ctx, func(tx *db.Tx) error {
		n = 0
		keep, err := retention(ctx, tx)
		if err != nil || keep.Days == 0 {
			return err
		}
		before := db.At(time.Now().Add(-time.Duration(keep.Days)*24*time.Hour - margin))
		var old int64
		if first {
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM activity_logs WHERE created_at < $1`, before).Scan(&old); err != nil {
				return fmt.Errorf("count old entries of the activity log: %w", err)
			}
		}
		if n, err = tx.Exec(ctx, pruneQuery, before, pruned); err != nil {
			return fmt.Errorf("delete old entries of the activity log: %w", err)
		}
		if !first || n == 0 {
			return nil
		}
		return Record(ctx, tx, Entry{Type: Pruned, Target: Target{Model: "activity_log"}, After: struct {
			Entries int64   `json:"entries"`
			Before  db.Time `json:"before"`
		}{old, before}})
	})
	return n, err
}

const pruneQuery = `DELETE FROM activity_logs WHERE id IN (SELECT id FROM activity_logs WHERE created_at < $1 ORDER BY created_at, id LIMIT $2 + 0)`
