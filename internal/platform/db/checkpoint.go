package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
)

// checkpointer copies what was committed to the write-ahead log into the database file.
//
// SQLite does that in the commit that finds the log grown, and everybody who writes waits: for the pages of some hundred changes all
// over a large database some 35 ms. Here a connection of its own copies beside the writer, which SQLite lets go on meanwhile. The log is
// only begun anew when all of it was copied, which while much is written is at no time so: now and then the writer itself copies the
// little that is left.
type checkpointer struct {
	writer *sql.DB // used between transactions only
	look   *sql.Stmt
	beside *sql.DB
	wake   chan struct{}
	done   chan struct{}
	busy   atomic.Bool // copies beside the writer
}

// Sizes of the log in pages of 4 KiB.
const (
	copyFrom   = 1000 // is worth a copy beside the writer
	beginAnew  = 8000 // a log so long is begun anew as soon as less than copyFrom of it is left to copy
	longestLog = 32000
)

func newCheckpointer(ctx context.Context, writer, beside *sql.DB) (*checkpointer, error) {
	look, err := writer.PrepareContext(ctx, checkpointing("NOOP")) // after every commit
	if err != nil {
		return nil, fmt.Errorf("look at the write-ahead log: %w", err)
	}
	c := &checkpointer{writer: writer, look: look, beside: beside, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go c.run()
	return c, nil
}

func (c *checkpointer) run() {
	defer close(c.done)
	for range c.wake {
		// An error here is one of the disk; the writer meets it as well and tells those whose changes it concerns.
		_, _, _ = checkpoint(c.beside.QueryRow(checkpointing("PASSIVE")))
		c.busy.Store(false)
	}
}

// committed looks at the log after a commit of the writer, in the writer's goroutine.
func (c *checkpointer) committed() {
	if c.busy.Load() {
		return
	}
	pages, copied, err := checkpoint(c.look.QueryRow())
	switch left := pages - copied; {
	case err != nil: // of the disk, as above
	case left >= copyFrom:
		c.busy.Store(true)
		c.wake <- struct{}{}
	case pages >= beginAnew && left > 0:
		_, _, _ = checkpoint(c.writer.QueryRow(checkpointing("PASSIVE")))
	}
}

func (c *checkpointer) close() error {
	close(c.wake)
	<-c.done
	return errors.Join(c.look.Close(), c.beside.Close())
}

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
