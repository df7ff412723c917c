package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// writer is SQLite's single writer with group commit.
//
// One goroutine takes the transactions in the order they come. While one runs, others queue; before it commits, the
// writer takes those that are waiting into the same SQLite transaction, each inside a savepoint, up to a bound of
// number and time. One that fails is rolled back to its savepoint and only its caller is told. All the others are
// told of success only after the one COMMIT has reached the disk.
type writer struct {
	db    *sql.DB
	reqs  chan *writeReq
	done  chan struct{}
	stmts stmtCache
	log   *checkpointer

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
	maxGroupTime = 4 * time.Millisecond
)

// ErrClosed is returned by writes after the database was closed.
var ErrClosed = errors.New("database is closed")

func newWriter(d *sql.DB, log *checkpointer) *writer {
	w := &writer{db: d, reqs: make(chan *writeReq, 1024), done: make(chan struct{}), log: log}
	go w.run()
	return w
}

// drain waits for the transactions that are queued. There are none after.
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
	return errors.Join(w.log.close(), w.db.Close())
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
	ctx := context.Background()
	missed := map[string]struct{}{}
	var members []*writeReq
	sqlTx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		first.err = fmt.Errorf("begin: %w", err)
		close(first.reply)
		return
	}
	deadline := time.Now().Add(maxGroupTime)
	for req := first; req != nil; req = w.next(len(members), deadline) {
		members = append(members, req)
		if fatal := w.member(sqlTx, req, missed); fatal != nil {
			err = fatal
			break
		}
	}
	if err == nil {
		err = sqlTx.Commit()
	} else {
		_ = sqlTx.Rollback()
	}
	for _, req := range members {
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
	for query := range missed {
		w.stmts.get(ctx, w.db, query)
	}
	w.log.committed()
}

// next returns a transaction that is already waiting, nil if there is none or the group is full.
func (w *writer) next(n int, deadline time.Time) *writeReq {
	if n >= maxGroup || time.Now().After(deadline) {
		return nil
	}
	select {
	case req, ok := <-w.reqs:
		if ok {
			return req
		}
	default:
	}
	return nil
}

// member runs one transaction inside its savepoint. What it returns ends the whole group: SQLite itself rolled back,
// as it does when the disk is full.
func (w *writer) member(sqlTx *sql.Tx, req *writeReq, missed map[string]struct{}) (fatal error) {
	if err := req.ctx.Err(); err != nil {
		req.err = err
		return nil
	}
	ctx := context.Background()
	tx := &Tx{engine: SQLite, sql: sqlTx, stmts: &w.stmts, missed: missed}
	if _, err := tx.Exec(ctx, "SAVEPOINT member"); err != nil {
		return err
	}
	func() {
		defer func() { req.panic = recover() }()
		req.err = req.fn(tx)
	}()
	if req.err != nil || req.panic != nil {
		if _, err := tx.Exec(ctx, "ROLLBACK TO member"); err != nil {
			return err
		}
	}
	req.hooks = tx.hooks
	_, err := tx.Exec(ctx, "RELEASE member")
	return err
}
