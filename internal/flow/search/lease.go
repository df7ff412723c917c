package search

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// leaseTime is for how long a node that indexes keeps others from trying; it renews well before.
const leaseTime = 10 * time.Second

// lease is this node's right to index. It saves nodes from doing the same work, no more: that nothing is written twice or
// forgotten is up to the queue. A SQLite desk has one node and needs none.
type lease struct {
	s     *Service
	until time.Time
}

const leaseName = "search"

func (l *lease) hold(ctx context.Context) (held bool, err error) {
	if l.s.db.Engine() == db.SQLite || time.Until(l.until) > leaseTime/2 {
		return true, nil
	}
	now := db.Now()
	until := db.At(now.Add(leaseTime))
	err = l.s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO leases (name, owner, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
			WHERE leases.owner = excluded.owner OR leases.until < $4`, leaseName, l.s.node, until, now)
		held = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take the lease to index: %w", err)
	}
	if held {
		l.until = until.Time
	}
	return held, nil
}

// release lets another node go on at once.
func (l *lease) release(ctx context.Context) {
	if l.until.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := l.s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM leases WHERE name = $1 AND owner = $2`, leaseName, l.s.node)
		return err
	})
	if err != nil {
		l.s.log.Warn("could not give back the lease to index; another node goes on when it is over", "error", err)
	}
}
