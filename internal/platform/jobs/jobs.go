// Package jobs runs work that may fail or must outlive a request. A job is a row, inserted in the transaction of the
// change that causes it, so that it exists exactly if the change does; it is run by River, with retries and back-off,
// on whichever node takes it first. A job may run more than once: handlers carry ids, look at what is there now, and
// do nothing when there is nothing left to do.
//
// A [Runner] is wired in three steps: [New], then [Handle] and [Runner.Every] for everything it shall do, then
// [Runner.Start].
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Args are a job's arguments; Kind names the job for as long as rows of it may exist.
type Args = river.JobArgs

// Options say when and how often a job runs; the zero value is "now, up to 25 attempts".
type Options struct {
	At          time.Time // not before this time
	MaxAttempts int
	// Unique drops the job if one with the same arguments waits or runs already.
	Unique bool
}

// Runner inserts and runs jobs. It is safe for concurrent use once started.
type Runner struct {
	workers  *river.Workers
	periodic []*river.PeriodicJob
	insert   func(ctx context.Context, tx *db.Tx, args Args, opts *river.InsertOpts) error
	client   interface {
		Start(ctx context.Context) error
		Stop(ctx context.Context) error
		StopAndCancel(ctx context.Context) error
	}
	addPeriodic func(*river.PeriodicJob)
	started     bool
	node        *node
	stopNode    func() // returns when nothing is done for the node any more
}

// Jobs are short. One that still runs after this long hangs, and is tried again; jobs of a node that died are taken up
// sooner (node.go).
const (
	jobTimeout = 2 * time.Minute
	rescue     = 3 * time.Minute
)

// Migrate brings River's own tables up to date.
func Migrate(ctx context.Context, d *db.DB) error {
	var err error
	if d.Engine() == db.Postgres {
		var m *rivermigrate.Migrator[pgx.Tx]
		if m, err = rivermigrate.New(riverpgxv5.New(d.Pool()), &rivermigrate.Config{Logger: quiet()}); err == nil {
			_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		}
	} else {
		var m *rivermigrate.Migrator[*sql.Tx]
		if m, err = rivermigrate.New(riversqlite.New(d.Writer()), &rivermigrate.Config{Logger: quiet()}); err == nil {
			_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		}
	}
	if err != nil {
		return fmt.Errorf("migrate the job tables: %w", err)
	}
	return nil
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// New makes a runner on the database. The node's name must be used by no other process that runs at the same time, and be
// the same after a restart. Nothing runs before Start, but jobs may be inserted.
func New(d *db.DB, name string, log *slog.Logger) (*Runner, error) {
	r := &Runner{workers: river.NewWorkers(), node: newNode(d, name, log)}
	cfg := &river.Config{
		ID:                   r.node.id,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}},
		Workers:              r.workers,
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: rescue,
		Logger:               warnings(log),
		ErrorHandler:         &reporter{log},
	}
	if d.Engine() == db.Postgres {
		client, err := river.NewClient(riverpgxv5.New(d.Pool()), cfg)
		if err != nil {
			return nil, fmt.Errorf("make the job runner: %w", err)
		}
		r.client = client
		r.addPeriodic = func(p *river.PeriodicJob) { client.PeriodicJobs().Add(p) }
		r.insert = func(ctx context.Context, tx *db.Tx, args Args, opts *river.InsertOpts) error {
			ptx, err := tx.PG(ctx)
			if err == nil {
				_, err = client.InsertTx(ctx, ptx, args, opts)
			}
			return err
		}
		return r, nil
	}
	// SQLite has no notifications across connections: look often, it costs one short statement.
	cfg.FetchCooldown = 20 * time.Millisecond
	cfg.FetchPollInterval = 100 * time.Millisecond
	client, err := river.NewClient(riversqlite.New(d.Writer()), cfg)
	if err != nil {
		return nil, fmt.Errorf("make the job runner: %w", err)
	}
	r.client = client
	r.addPeriodic = func(p *river.PeriodicJob) { client.PeriodicJobs().Add(p) }
	r.insert = func(ctx context.Context, tx *db.Tx, args Args, opts *river.InsertOpts) error {
		_, err := client.InsertTx(context.WithoutCancel(ctx), tx.SQL(), args, opts)
		return err
	}
	return r, nil
}

// Handle says what runs a job of the kind of T. An error that fn returns is tried again later, unless it is made by
// [Cancel]. It panics after Start or for a kind that has a handler: both are mistakes in wiring.
func Handle[T Args](r *Runner, fn func(ctx context.Context, args T) error) {
	if r.started {
		panic("jobs: Handle after Start")
	}
	river.AddWorker(r.workers, river.WorkFunc(func(ctx context.Context, job *river.Job[T]) error {
		ctx, done, err := r.node.within(ctx)
		if err != nil {
			return river.JobSnooze(time.Second)
		}
		defer done()
		return fn(ctx, job.Args)
	}))
}

// Every inserts a job each interval, once among all nodes, and once at start.
func (r *Runner) Every(interval time.Duration, args Args) {
	r.periodic = append(r.periodic, river.NewPeriodicJob(
		river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: interval}}
		},
		&river.PeriodicJobOpts{RunOnStart: true},
	))
}

// Cancel returns an error that ends a job for good: trying again would not help.
func Cancel(err error) error { return river.JobCancel(err) }

// Insert adds a job to the transaction.
func (r *Runner) Insert(ctx context.Context, tx *db.Tx, args Args, o Options) error {
	opts := &river.InsertOpts{ScheduledAt: o.At, MaxAttempts: o.MaxAttempts}
	if o.Unique {
		opts.UniqueOpts = river.UniqueOpts{ByArgs: true}
	}
	if err := r.insert(ctx, tx, args, opts); err != nil {
		return fmt.Errorf("insert job %s: %w", args.Kind(), err)
	}
	return nil
}

// Start runs jobs until Stop, and at once those that this node was running when it was killed.
func (r *Runner) Start(ctx context.Context) error {
	if err := r.node.begin(ctx); err != nil {
		return err
	}
	r.started = true
	live, end := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() { defer close(ended); r.node.live(live) }()
	r.stopNode = func() { end(); <-ended }
	for _, p := range r.periodic {
		r.addPeriodic(p)
	}
	if err := r.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the job runner: %w", err)
	}
	return nil
}

// Stop takes no new jobs and waits for those that run, until ctx ends; then it cancels them. They are tried again
// after the next start.
func (r *Runner) Stop(ctx context.Context) error {
	if !r.started {
		return nil
	}
	err := r.client.Stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		cancel, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()
		err = r.client.StopAndCancel(cancel)
	}
	r.stopNode()
	if err == nil {
		err = r.node.leave(context.WithoutCancel(ctx))
	}
	if err != nil {
		return fmt.Errorf("stop the job runner: %w", err)
	}
	return nil
}
