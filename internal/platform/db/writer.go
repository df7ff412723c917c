package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// writer is SQLite's single writer with group commit.
//
// One goroutine takes the transactions in the order they come. While one runs, others queue; before it commits, the
// writer takes those that are waiting into the same SQLite transaction, up to a bound of number and time. All are told
// of success only after the one COMMIT has reached the disk, for which a [syncer] waits while the next group runs.
//
// Nothing marks in SQLite where one member of such a group ends and the next begins: a savepoint makes SQLite copy each
// page before its first change in it, which is a seventh of the time a change takes. Most members that fail do so before
// they write anything, and leave nothing behind. After one that has written, the whole group is rolled back and runs
// again, each member within a savepoint, so that only those fail that fail again.
type writer struct {
	db    *sql.DB
	reqs  chan *writeReq
	done  chan struct{}
	stmts stmtCache
	log   *checkpointer
	disk  *syncer

	rehearse atomic.Bool

	mu     sync.RWMutex // held for reading while a request is being queued
	closed bool
}

type writeReq struct {
	ctx   context.Context
	fn    func(*Tx) error
	err   error
	panic any
	hooks []func()
	reply chan struct{}
}

const (
	maxGroup     = 128
	maxGroupTime = 4 * time.Millisecond // while the disk rests
)

// ErrClosed is returned by writes after the database was closed.
var ErrClosed = errors.New("database is closed")

func newWriter(d *sql.DB, log *checkpointer, disk *syncer) *writer {
	w := &writer{db: d, reqs: make(chan *writeReq, 1024), done: make(chan struct{}), log: log, disk: disk}
	go w.run()
	return w
}

// drain waits until the transactions that are queued are committed. There are none after.
func (w *writer) drain() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.reqs)
	}
	w.mu.Unlock()
	<-w.done
}

// shut drains the writer and closes its connections.
func (w *writer) shut() error {
	w.drain()
	w.stmts.close()
	err := errors.Join(w.disk.close(), w.log.close(), w.db.Close())
	return errors.Join(err, w.log.release())
}

// do queues fn and waits until it is committed or refused. A context that ends while fn still waits withdraws it; once
// it runs, it runs to its end.
func (w *writer) do(ctx context.Context, fn func(*Tx) error) error {
	req := &writeReq{ctx: ctx, fn: fn, reply: make(chan struct{})}
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return ErrClosed
	}
	w.reqs <- req
	w.mu.RUnlock()
	<-req.reply
	if req.panic != nil {
		panic(req.panic)
	}
	return req.err
}

func (w *writer) run() {
	defer close(w.done)
	for req := range w.reqs {
		w.group(req)
	}
}

// group runs first and whatever is waiting behind it as one SQLite transaction.
func (w *writer) group(first *writeReq) {
	g := &group{w: w, missed: map[string]struct{}{}}
	err := w.disk.broken()
	if err == nil {
		err = g.begin()
	}
	if err != nil {
		first.err = err
		close(first.reply)
		return
	}
	deadline := time.Now().Add(maxGroupTime)
	whole := true // nobody failed and left something behind
	for req := first; req != nil; {
		g.members = append(g.members, req)
		if whole = g.run(req) && !w.rehearse.Load(); !whole {
			break
		}
		req = w.next(len(g.members), deadline)
	}
	alone := len(g.members) == 1 && (first.err != nil || first.panic != nil)
	switch {
	case whole:
		err = g.tx.Commit()
	case alone:
		_ = g.tx.Rollback()
		g.wrote = false
	default:
		if err = g.again(); err == nil {
			err = g.tx.Commit()
		} else {
			_ = g.tx.Rollback()
		}
	}
	missed := g.missed
	if err != nil {
		g.tell(err)
	} else {
		w.disk.groups <- g
	}
	for query := range missed {
		w.stmts.get(context.Background(), w.db, query)
	}
	w.log.committed()
}

// next returns a transaction for a group of n, nil if the group is to be committed: none is waiting, or it has taken long. While the disk is
// at work with what was committed before, it waits for more: committed now, the group could not be put on disk before that is done.
func (w *writer) next(n int, deadline time.Time) *writeReq {
	switch {
	case n >= maxGroup:
		return nil
	case time.Now().Before(deadline):
		select {
		case req := <-w.reqs:
			return req
		default:
		}
	}
	select {
	case req := <-w.reqs:
		return req
	case <-w.disk.rests:
		return nil
	}
}

// group are the transactions that are committed together.
type group struct {
	w       *writer
	tx      *sql.Tx
	members []*writeReq
	wrote   bool
	missed  map[string]struct{} // statements to prepare once the connection is free
}

func (g *group) begin() (err error) {
	if g.tx, err = g.w.db.BeginTx(context.Background(), nil); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// run runs a transaction. It reports false if that failed and may have left something behind.
func (g *group) run(req *writeReq) bool {
	if req.err = req.ctx.Err(); req.err != nil {
		return true
	}
	tx := &Tx{engine: SQLite, sql: g.tx, stmts: &g.w.stmts, missed: g.missed}
	req.panic = nil
	func() {
		defer func() { req.panic = recover() }()
		req.err = req.fn(tx)
	}()
	req.hooks = tx.hooks
	g.wrote = g.wrote || tx.wrote
	return !tx.wrote || (req.err == nil && req.panic == nil)
}

// again rolls back what the members did, and runs each of them within a savepoint. An error ends the whole group: SQLite
// itself rolled back, as it does when the disk is full.
func (g *group) again() error {
	_ = g.tx.Rollback() // SQLite may have done so
	if err := g.begin(); err != nil {
		return err
	}
	ctx := context.Background()
	marks := &Tx{engine: SQLite, sql: g.tx, stmts: &g.w.stmts, missed: g.missed}
	for _, req := range g.members {
		if _, err := marks.Exec(ctx, "SAVEPOINT member"); err != nil {
			return err
		}
		if !g.run(req) {
			if _, err := marks.Exec(ctx, "ROLLBACK TO member"); err != nil {
				return err
			}
		}
		if _, err := marks.Exec(ctx, "RELEASE member"); err != nil {
			return err
		}
	}
	return nil
}

// tell runs the hooks of the members and tells them that they are committed, or why not.
func (g *group) tell(err error) {
	for _, req := range g.members {
		if err != nil && req.err == nil {
			req.err = fmt.Errorf("commit: %w", err)
		}
		if req.err == nil && req.panic == nil {
			for _, hook := range req.hooks {
				hook()
			}
		}
		close(req.reply)
	}
}
