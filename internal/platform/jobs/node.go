package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// A node that runs jobs says so by a lease in the database, which it renews while it lives. What a node was running when
// it died is taken up by itself as soon as it starts again, and by another node once the lease is over. A node that could
// not renew its lease for so long that it may soon be over ends its own jobs before another begins them.
const (
	nodeLease = 8 * time.Second
	nodeRenew = 2 * time.Second
	nodeYield = 5 * time.Second // without a renewal for so long, the jobs here are ended
)

// clientPrefix begins the names of runners, "foyer/<node>/<start>": a row of River that names another is none of ours.
const clientPrefix = "foyer/"

// errNodeLost is why the jobs of a node end whose lease may be over.
var errNodeLost = errors.New("this node could not renew its lease to run jobs")

// node is this start of a node among those that share the database.
type node struct {
	db   *db.DB
	log  *slog.Logger
	name string // of the node
	id   string // of this start: River notes it in the jobs it runs

	mu   sync.Mutex
	term context.Context // over while the lease may be
	end  context.CancelCauseFunc
}

func newNode(d *db.DB, name string, log *slog.Logger) *node {
	name = strings.ReplaceAll(name, "/", "-")
	n := &node{db: d, log: log, name: name, id: clientPrefix + name + "/" + crypt.Token(8)}
	n.term, n.end = context.WithCancelCause(context.Background())
	return n
}

// within returns a context that ends with ctx and with the lease; an error if the lease may be over already.
func (n *node) within(ctx context.Context) (context.Context, func(), error) {
	n.mu.Lock()
	term := n.term
	n.mu.Unlock()
	if err := context.Cause(term); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	unlink := context.AfterFunc(term, func() { cancel(context.Cause(term)) })
	return ctx, func() { unlink(); cancel(nil) }, nil
}

// begin takes up what earlier starts of this node left, and takes the lease. The node's name is used by one process at
// a time, so whatever else runs under it is dead. A SQLite database has one node: whatever runs in it is dead.
func (n *node) begin(ctx context.Context) error {
	err := n.db.Tx(ctx, func(tx *db.Tx) error {
		if n.db.Engine() == db.SQLite {
			if _, err := tx.Exec(ctx, `DELETE FROM river_leader`); err != nil {
				return err
			}
			return n.takeUpTx(ctx, tx)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM leases WHERE name LIKE 'jobs/' || $1 || '%'`, clientPrefix+n.name+"/"); err != nil {
			return err
		}
		if _, err := n.renewTx(ctx, tx); err != nil {
			return err
		}
		return n.takeUpTx(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("take up the jobs of an earlier start: %w", err)
	}
	return nil
}

// live renews the lease and takes up the jobs of nodes that died, until ctx ends. One node alone has no need to.
func (n *node) live(ctx context.Context) {
	if n.db.Engine() == db.SQLite {
		return
	}
	tick := time.NewTicker(nodeRenew)
	defer tick.Stop()
	for renewed := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked := time.Now()
		held, err := n.renew(ctx)
		switch {
		case err == nil:
			if !held {
				n.log.Warn("ended jobs: the lease of this node was over", "renewed", renewed)
				n.yield()
			}
			renewed = asked
			n.resume()
		case ctx.Err() == nil:
			n.log.Warn("could not renew the lease to run jobs", "error", err)
			if time.Since(renewed) > nodeYield {
				n.yield()
			}
		}
	}
}

func (n *node) renew(ctx context.Context) (held bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, nodeRenew)
	defer cancel()
	err = n.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if held, err = n.renewTx(ctx, tx); err != nil {
			return err
		}
		return n.takeUpTx(ctx, tx)
	})
	return held, err
}

// yield ends the jobs that run.
func (n *node) yield() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.end(errNodeLost)
}

// resume lets jobs run again after yield.
func (n *node) resume() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.term.Err() != nil {
		n.term, n.end = context.WithCancelCause(context.Background())
	}
}

// clock is the time by which leases are told, in microseconds: that of the one database, not of its nodes.
const clock = `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`

// renewTx takes or renews the lease; held says whether the node had it until now.
func (n *node) renewTx(ctx context.Context, tx *db.Tx) (held bool, err error) {
	until := fmt.Sprintf("%s + %d", clock, nodeLease.Microseconds())
	had, err := tx.Exec(ctx, `UPDATE leases SET until = `+until+` WHERE name = 'jobs/' || $1 AND until > `+clock, n.id)
	if err != nil || had > 0 {
		return had > 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO leases (name, owner, until) VALUES ('jobs/' || $1, $1, `+until+`)
		ON CONFLICT (name) DO UPDATE SET until = excluded.until`, n.id)
	return false, err
}

// takeUpTx lets jobs be run again whose node is dead: each once, for it is no longer running afterwards. An attempt that
// was broken off counts, so that a job which ends its node does not do so for ever.
func (n *node) takeUpTx(ctx context.Context, tx *db.Tx) error {
	now, state, dead := `datetime('now', 'subsec')`, ``, ``
	if n.db.Engine() == db.Postgres {
		now, state, dead = `now()`, `::river_job_state`, ` AND `+lastClient+` LIKE '`+clientPrefix+`%' AND `+without(lastClient)
	}
	taken, err := tx.Exec(ctx, `UPDATE river_job SET scheduled_at = `+now+`,
		state = CASE WHEN attempt < max_attempts THEN 'available'`+state+` ELSE 'discarded'`+state+` END,
		finalized_at = CASE WHEN attempt < max_attempts THEN NULL ELSE `+now+` END
		WHERE state = 'running'`+dead)
	if err != nil {
		return err
	}
	if taken > 0 {
		n.log.Info("taking up jobs of a node that ended", "jobs", taken)
	}
	if n.db.Engine() == db.SQLite {
		return nil
	}
	// A dead node leads the others no longer. Without this, timed jobs would wait until River notices.
	if _, err := tx.Exec(ctx, `DELETE FROM river_leader WHERE leader_id LIKE '`+clientPrefix+`%' AND `+without("leader_id")); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM leases WHERE name LIKE 'jobs/%' AND until < `+clock)
	return err
}

// lastClient is which start of which node ran a job last.
const lastClient = `attempted_by[array_length(attempted_by, 1)]`

// without is the condition that a start of a node has no lease.
func without(id string) string {
	return `NOT EXISTS (SELECT 1 FROM leases WHERE leases.name = 'jobs/' || ` + id + ` AND leases.until > ` + clock + `)`
}

// leave gives the lease back: nothing runs here any more.
func (n *node) leave(ctx context.Context) error {
	return n.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM leases WHERE owner = $1`, n.id)
		return err
	})
}
