package jobs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// leave puts a job there as a runner leaves it that is killed while it runs the job.
func leave(t *testing.T, d *db.DB, r *jobs.Runner, name, runner string) {
	t.Helper()
	ctx := context.Background()
	by := fmt.Sprintf(`jsonb('["%s"]')`, runner)
	if d.Engine() == db.Postgres {
		by = fmt.Sprintf(`ARRAY['%s']`, runner)
	}
	err := d.Tx(ctx, func(tx *db.Tx) error {
		if err := r.Insert(ctx, tx, greet{name}, jobs.Options{}); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE river_job SET state = 'running', attempt = attempt + 1, attempted_by = `+by+` WHERE state = 'available'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func prepared(t *testing.T, d *db.DB) *jobs.Runner {
	t.Helper()
	if err := jobs.Migrate(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	r, err := jobs.New(d, "before", quiet)
	if err != nil {
		t.Fatal(err)
	}
	jobs.Handle(r, func(context.Context, greet) error { return nil })
	return r
}

func TestJobOfANodeThatWasKilledRunsWhenItIsBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		leave(t, d, prepared(t, d), "Ida", "foyer/here/earlier")
		ran := make(chan string, 10)
		begun := time.Now()
		start(t, d, func(r *jobs.Runner) {
			jobs.Handle(r, func(_ context.Context, g greet) error { ran <- g.Name; return nil })
		})
		if got := want(t, ran, "the job"); got != "Ida" {
			t.Fatalf("ran %q", got)
		}
		t.Logf("after %v", time.Since(begun))
	})
}

// Only PostgreSQL has several nodes.
func TestJobOfANodeThatDiedRunsOnAnotherOnceItsLeaseIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() == db.SQLite {
			return
		}
		ctx := context.Background()
		before := prepared(t, d)
		lease := func(runner, until string) {
			if _, err := d.Pool().Exec(ctx, `INSERT INTO leases (name, owner, until) VALUES ('jobs/' || $1, $1, CAST(EXTRACT(EPOCH FROM now() + interval '`+until+`') * 1000000 AS BIGINT))`, runner); err != nil {
				t.Fatal(err)
			}
		}
		leave(t, d, before, "of a living node", "foyer/lives/1")
		lease("foyer/lives/1", "1 hour")
		leave(t, d, before, "of a dead node", "foyer/died/1")
		lease("foyer/died/1", "1 second")
		leave(t, d, before, "of an older version", "host_2026")
		if _, err := d.Pool().Exec(ctx, `INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('foyer/died/1', now(), now() + interval '1 hour')`); err != nil {
			t.Fatal(err)
		}
		ran := make(chan string, 10)
		ticked := make(chan struct{}, 10)
		start(t, d, func(r *jobs.Runner) {
			jobs.Handle(r, func(_ context.Context, g greet) error { ran <- g.Name; return nil })
			jobs.Handle(r, func(context.Context, tick) error { ticked <- struct{}{}; return nil })
			r.Every(time.Hour, tick{})
		})
		if got := want(t, ran, "the job"); got != "of a dead node" {
			t.Fatalf("ran %q", got)
		}
		want(t, ticked, "the dead node to lead no longer")
		select {
		case got := <-ran:
			t.Fatalf("ran %q", got)
		default:
		}
	})
}

func TestNodeWhoseLeaseIsOverEndsItsJobs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() == db.SQLite {
			return
		}
		ctx := context.Background()
		began, ended := make(chan struct{}, 10), make(chan error, 10)
		r := start(t, d, func(r *jobs.Runner) {
			jobs.Handle(r, func(ctx context.Context, g greet) error {
				began <- struct{}{}
				if g.Name == "Ole" {
					<-ctx.Done()
					ended <- context.Cause(ctx)
				}
				return nil
			})
		})
		if err := d.Tx(ctx, func(tx *db.Tx) error { return r.Insert(ctx, tx, greet{"Ole"}, jobs.Options{}) }); err != nil {
			t.Fatal(err)
		}
		want(t, began, "the job")
		if _, err := d.Pool().Exec(ctx, `DELETE FROM leases`); err != nil {
			t.Fatal(err)
		}
		if err := want(t, ended, "the job to be ended"); err == nil || err.Error() != "this node could not renew its lease to run jobs" {
			t.Fatal(err)
		}
		if err := d.Tx(ctx, func(tx *db.Tx) error { return r.Insert(ctx, tx, greet{"Una"}, jobs.Options{}) }); err != nil {
			t.Fatal(err)
		}
		want(t, began, "jobs to run again")
	})
}
