package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

var quiet = slog.New(slog.DiscardHandler)

type greet struct {
	Name string `json:"name"`
}

func (greet) Kind() string { return "greet" }

type tick struct{}

func (tick) Kind() string { return "tick" }

func start(t *testing.T, d *db.DB, wire func(r *jobs.Runner)) *jobs.Runner {
	t.Helper()
	ctx := context.Background()
	if err := jobs.Migrate(ctx, d); err != nil {
		t.Fatal(err)
	}
	r, err := jobs.New(d, "here", quiet)
	if err != nil {
		t.Fatal(err)
	}
	wire(r)
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return r
}

func want[T any](t *testing.T, ch <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(time.Minute):
		t.Fatalf("waited for %s", what)
	}
	return v
}

func TestJobExistsExactlyIfItsTransactionCommits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		ran := make(chan string, 10)
		r := start(t, d, func(r *jobs.Runner) {
			jobs.Handle(r, func(_ context.Context, g greet) error { ran <- g.Name; return nil })
		})
		undone := errors.New("undone")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := r.Insert(ctx, tx, greet{"never"}, jobs.Options{}); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if err := d.Tx(ctx, func(tx *db.Tx) error { return r.Insert(ctx, tx, greet{"Ida"}, jobs.Options{}) }); err != nil {
			t.Fatal(err)
		}
		if got := want(t, ran, "the job"); got != "Ida" {
			t.Fatalf("ran %q", got)
		}
	})
}

func TestFailedJobIsTriedAgainAndUniqueJobOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		ran := make(chan string, 10)
		n := 0
		r := start(t, d, func(r *jobs.Runner) {
			jobs.Handle(r, func(_ context.Context, g greet) error {
				if n++; n == 1 {
					return errors.New("not yet")
				}
				ran <- g.Name
				return nil
			})
		})
		err := d.Tx(ctx, func(tx *db.Tx) error {
			for range 3 {
				if err := r.Insert(ctx, tx, greet{"Ole"}, jobs.Options{Unique: true, At: time.Now().Add(50 * time.Millisecond)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, ran, "the second attempt")
		if n != 2 {
			t.Fatalf("ran %d times", n)
		}
	})
}

func TestPeriodicJobRunsAtStart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ran := make(chan struct{}, 10)
		start(t, d, func(r *jobs.Runner) {
			jobs.Handle(r, func(context.Context, tick) error { ran <- struct{}{}; return nil })
			r.Every(time.Hour, tick{})
		})
		want(t, ran, "the periodic job")
	})
}
