package search

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// between returns the ids that those of rows stored in a period are at least and are below; 0 where the period is open or
// the table small. Rows are numbered in the order in which they are stored, but for those stored at the same time, for which
// an hour is added at both ends.
func (s *Service) between(ctx context.Context, table string, after, before db.Time) (above, below int64, err error) {
	if !after.IsZero() {
		above, err = s.storedAt(ctx, table, db.At(after.Add(-time.Hour)))
	}
	if err == nil && !before.IsZero() {
		below, err = s.storedAt(ctx, table, db.At(before.Add(time.Hour)))
	}
	return above, below, err
}

// storedAt returns the id that the first row stored at a time or later has, or would have; 0 if there are few rows.
func (s *Service) storedAt(ctx context.Context, table string, at db.Time) (int64, error) {
	var low, high int64
	if err := s.db.QueryRow(ctx, `SELECT COALESCE(min(id), 0), COALESCE(max(id), 0) + 1 FROM `+table).Scan(&low, &high); err != nil {
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
