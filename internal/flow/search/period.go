package search

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// margin is how far apart rows may be stored that are not numbered in their order: by transactions at the same time. What is
// in it is read and passed over, which on a busy desk is much.
const margin = time.Minute

// between returns the ids that those of rows stored in a period are at least and are below; 0 where the period is open or
// the table small. Rows are numbered in the order in which they are stored, but for those stored at the same time, for which
// a margin is added at both ends.
func (s *Service) between(ctx context.Context, table string, after, before db.Time) (above, below int64, err error) {
	if !after.IsZero() {
		above, err = s.storedAt(ctx, table, db.At(after.Add(-margin)))
	}
	if err == nil && !before.IsZero() {
		below, err = s.storedAt(ctx, table, db.At(before.Add(margin)))
	}
	return above, below, err
}

// storedAt returns the id that the first row stored at a time or later has, or would have; 0 if there are few rows.
func (s *Service) storedAt(ctx context.Context, table string, at db.Time) (int64, error) {
	var low, high int64
	if err := s.db.QueryRow(ctx, ends(table)).Scan(&low, &high); err != nil {
		return 0, fmt.Errorf("read how many %s there are: %w", table, err)
	}
	if high-low <= looked {
		return 0, nil
	}
	for low < high {
		middle := low + (high-low)/2
		var id int64
		var stored db.Time
		err := s.db.QueryRow(ctx, `SELECT id, created_at FROM `+table+` WHERE id >= $1 ORDER BY id LIMIT 1`, middle).Scan(&id, &stored)
		if err != nil {
			return 0, fmt.Errorf("read when row %d of %s was stored: %w", middle, table, err)
		}
		if stored.Before(at.Time) {
			low = id + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

// ends is the statement of the first id of a table and of the one behind its last. Asked for both in one SELECT, SQLite would
// read the whole table.
func ends(table string) string {
	return `SELECT COALESCE((SELECT min(id) FROM ` + table + `), 0), COALESCE((SELECT max(id) FROM ` + table + `), 0) + 1`
}
