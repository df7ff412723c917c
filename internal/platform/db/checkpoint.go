package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// checkpointer copies what was committed to the write-ahead log into the database file.
//
// SQLite does that in the commit that finds the log grown, and everybody who writes waits: for the pages of some hundred changes all
// over a large database some 35 ms. Here a connection of its own copies beside the writer, which SQLite lets go on meanwhile, and rarely:
// pages that change again and again, such as the tops of lists, are copied once for all their changes in the log.
//
// The log is only begun anew when all of it was copied, which while much is written is at no time so. So what was written during
// a copy is copied next, each time less, until the writer itself copies the little that is left. SQLite has the copy put on disk only
// then. Here each copy is when it was made, for the writer not to wait for all of them.
type checkpointer struct {
	writer   *sql.DB // used between transactions only
	look     *sql.Stmt
	beside   *sql.DB
	database *os.File
	wake     chan struct{}
	done     chan struct{}
	busy     atomic.Bool  // copies beside the writer
	pages    atomic.Int64 // of the log at the last commit, about; 0 if all are copied
}

// Sizes of the log in pages of 4 KiB.
const (
	copyFrom   = 30000 // is copied
	beginAnew  = 300   // is little enough for the writer to copy
	longestLog = 64000 // is copied by SQLite in the next commit
)

// calm is for how long nothing is written before a log of any length is copied, for a start after a crash to find less to do.
const calm = time.Second

func newCheckpointer(ctx context.Context, path string, writer, beside *sql.DB) (*checkpointer, error) {
	look, err := writer.PrepareContext(ctx, checkpointing("NOOP")) // after every commit
	if err != nil {
		return nil, fmt.Errorf("look at the write-ahead log: %w", err)
	}
	database, err := os.Open(path) //nolint:gosec // the database that was asked for
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database to put it on disk: %w", err), look.Close())
	}
	c := &checkpointer{writer: writer, look: look, beside: beside, database: database, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go c.run()
	return c, nil
}

func (c *checkpointer) run() {
	defer close(c.done)
	tick := time.NewTicker(calm)
	defer tick.Stop()
	var before int64
	for {
		select {
		case _, open := <-c.wake:
			if !open {
				return
			}
			c.copy()
		case <-tick.C:
			now := c.pages.Load()
			if now > 0 && now == before && c.busy.CompareAndSwap(false, true) {
				c.pages.Store(0)
				c.copy()
			}
			before = now
		}
	}
}

// copy copies what is in the log and puts it on disk. An error here is one of the disk. The writer meets it as well, with files of its own,
// and tells those whose changes it concerns; it does not begin the log anew.
func (c *checkpointer) copy() {
	if _, _, err := checkpoint(c.beside.QueryRow(checkpointing("PASSIVE"))); err == nil {
		_ = flush(c.database)
	}
	c.busy.Store(false)
}

// committed looks at the log after a commit of the writer, in the writer's goroutine.
func (c *checkpointer) committed() {
	if c.busy.Load() {
		c.pages.Add(1) // or more: the copy that is being made leaves something
		return
	}
	pages, copied, err := checkpoint(c.look.QueryRow())
	left := pages - copied
	if err != nil || left <= 0 { // an error is of the disk, as above
		c.pages.Store(0)
		return
	}
	c.pages.Store(int64(pages))
	switch {
	case pages < copyFrom:
	case left > beginAnew:
		if c.busy.CompareAndSwap(false, true) {
			c.wake <- struct{}{}
		}
	default:
		_, _, _ = checkpoint(c.writer.QueryRow(checkpointing("PASSIVE")))
	}
}

// close waits for a copy that is being made. Once SQLite has closed the database, the caller calls release.
func (c *checkpointer) close() error {
	close(c.wake)
	<-c.done
	return errors.Join(c.look.Close(), c.beside.Close())
}

// release closes the file of the database. The locks that this process has on it go with it, SQLite's too.
func (c *checkpointer) release() error { return c.database.Close() }

// checkpointing is the statement that copies as much of the log as it can without waiting for anybody, nothing for "NOOP".
func checkpointing(mode string) string { return `PRAGMA main.wal_checkpoint(` + mode + `)` }

// checkpoint returns how many pages the log has and how many of them are copied.
func checkpoint(row *sql.Row) (pages, copied int, err error) {
	var blocked int
	if err := row.Scan(&blocked, &pages, &copied); err != nil {
		return 0, 0, fmt.Errorf("copy the write-ahead log: %w", err)
	}
	return pages, copied, nil
}
