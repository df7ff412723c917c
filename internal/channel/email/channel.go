// Package email is the mail channel: it reads customers' mail from IMAP mailboxes and sends agents' replies by SMTP.
//
// # In: the ledger
//
// Every mail that a mailbox shows gets a row in mail_ledger, keyed by mailbox, UIDVALIDITY and UID, and its raw bytes in
// the blob store, before anything in it is looked at (mailbox.go). The row then ends in exactly one state: filed as a
// message, duplicate, ignored with the rule, or quarantined with the reason (file.go); it gets there in the same
// transaction in which the message is stored. Progress is the highest UID entered: not a time, not the \Seen flag, and
// nothing in the mailbox is ever changed. Kill the process anywhere: what was entered is filed later, once; what was
// not is fetched again.
//
// # Out: the outbox
//
// A reply is a row in outbox, inserted with the message, and carries the Message-ID that the message was stored with
// through every attempt (outbox.go). A node takes a row by a lease in the database, so that several nodes never send
// the same reply, and "sent" means that the server answered 250. Replies of one conversation leave in order. The
// outbox is not a queue of the job runner, because order, the pace of each inbox and a truthful state for people
// matter here and would have to be built beside it anyway.
//
// # Threading
//
// thread.go says to which conversation a mail belongs. It never trusts a sender who has no part in it.
package email

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// Options wire the channel.
type Options struct {
	// Node is the name under which leases are held. It is this node's alone, and the same after a restart.
	Node          string
	DB            *db.DB
	Log           *slog.Logger
	Blobs         blob.Store
	Inboxes       *inbox.Service
	Conversations *conversation.Service
	Events        *event.Log
	Media         *media.Service
	Templates     *template.Service
	// Own are the settings of the server for the desk's own mail; nil leaves it to the inboxes.
	Own *setting.EmailService
	// Jobs runs what is done after a reply has left.
	Jobs *jobs.Runner
	// Box signs where notifications are answered.
	Box *crypt.Box
	// Token returns an access token for an inbox that signs in with OAuth; see [Tokens] for refused.
	Token func(ctx context.Context, inboxID int64, refused string) (string, error)
	// IMAPTimeout is how long a server may take for one command; a body gets more, by its size.
	IMAPTimeout time.Duration
	// AlarmAfter is after how long without reading a mailbox there is an alarm.
	AlarmAfter time.Duration
	// RootURL returns the desk's own address, by which links and images of ours in replies are known.
	RootURL func() string
	// Voice returns in which language and time zone the desk speaks to its customers; nil is English and UTC.
	Voice func(ctx context.Context) (lang string, zone *time.Location)
}

// Channel is the mail channel of one node.
type Channel struct {
	Options
	node string

	mu      sync.Mutex
	readers map[int64]*reader // by inbox
	senders map[int64]*Sender
	outWake chan struct{}
	change  chan struct{}
	room    *semaphore.Weighted // bytes of large mails in memory
}

// reader is the running intake of one inbox.
type reader struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes the channel and registers how e-mail replies leave. Nothing is read or sent before Run.
func New(o Options) *Channel {
	c := &Channel{Options: o, node: o.Node, readers: map[int64]*reader{}, senders: map[int64]*Sender{},
		outWake: make(chan struct{}, 1), change: make(chan struct{}, 1),
		room: semaphore.NewWeighted(largeRoom)}
	o.Conversations.OnReply("email", c.queue)
	o.Conversations.OnPurge(forgetMails)
	o.Conversations.OnMove(moveReplies)
	o.Inboxes.OnChange(func(int64) {
		select {
		case c.change <- struct{}{}:
		default: // the reconciliation that waits finds this one too
		}
	})
	return c
}

// reconcileEvery is how often the running readers are compared with the inboxes there are, for changes made on
// another node.
const reconcileEvery = 10 * time.Second

// Run reads and sends until ctx ends, then lets what is in hand finish.
func (c *Channel) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { c.runOutbox(ctx) })
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	versions := map[int64]db.Time{}
	started := db.Now()
	c.reconcile(ctx, versions)
	for {
		select {
		case <-ctx.Done():
			c.stopReaders()
			wg.Wait()
			return
		case <-c.change:
			c.reconcile(ctx, versions)
		case <-tick.C:
			c.reconcile(ctx, versions)
			c.watchOutages(ctx, started)
		}
	}
}

// reconcile starts, restarts and stops readers so that each enabled e-mail inbox has one with its present settings. Every change
// of settings changes updated_at; a reader that has them already is left alone.
func (c *Channel) reconcile(ctx context.Context, versions map[int64]db.Time) {
	type row struct {
		ID        int64
		UpdatedAt db.Time
	}
	rows, err := db.Select[row](ctx, c.DB, `SELECT id, updated_at FROM inboxes WHERE channel = 'email' AND enabled AND deleted_at IS NULL`)
	if err != nil {
		if ctx.Err() == nil {
			c.Log.Warn("could not read inboxes", "error", err)
		}
		return
	}
	wanted := map[int64]bool{}
	for _, r := range rows {
		wanted[r.ID] = true
		if v, ok := versions[r.ID]; ok && v.Equal(r.UpdatedAt.Time) {
			continue
		}
		versions[r.ID] = r.UpdatedAt
		c.stopReader(r.ID)
		if err := c.startReader(ctx, r.ID); err != nil {
			c.Log.Warn("could not start inbox", "inbox", r.ID, "error", err)
			delete(versions, r.ID)
		}
	}
	for id := range versions {
		if !wanted[id] {
			delete(versions, id)
			c.stopReader(id)
		}
	}
}

// startReader begins to read the mailboxes of an inbox.
func (c *Channel) startReader(ctx context.Context, id int64) error {
	in, cfg, err := c.Inboxes.Decrypted(ctx, id)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	tokens := c.tokens(id, &cfg)
	rctx, cancel := context.WithCancel(ctx)
	r := &reader{cancel: cancel, done: make(chan struct{})}
	c.mu.Lock()
	c.readers[id] = r
	delete(c.senders, id) // made again with the present settings
	c.mu.Unlock()
	go func() {
		defer close(r.done)
		var wg sync.WaitGroup
		for _, server := range cfg.IMAP {
			wg.Go(func() { c.watch(rctx, in, server, tokens) })
		}
		wg.Wait()
	}()
	c.wakeOutbox()
	return nil
}

func (c *Channel) stopReader(id int64) {
	c.mu.Lock()
	r := c.readers[id]
	delete(c.readers, id)
	delete(c.senders, id)
	c.mu.Unlock()
	if r != nil {
		r.cancel()
		<-r.done
	}
}

func (c *Channel) stopReaders() {
	c.mu.Lock()
	var ids []int64
	for id := range c.readers {
		ids = append(ids, id)
	}
	c.mu.Unlock()
	for _, id := range ids {
		c.stopReader(id)
	}
}

// lease takes or renews a named lease of this node; false if another node holds it.
func (c *Channel) lease(ctx context.Context, name string, ttl time.Duration) (held bool, err error) {
	now := db.Now()
	err = c.DB.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO leases (name, owner, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
			WHERE leases.owner = excluded.owner OR leases.until < $4`, name, c.node, db.At(now.Add(ttl)), now)
		held = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take lease %s: %w", name, err)
	}
	return held, nil
}

func (c *Channel) release(ctx context.Context, name string) {
	_ = c.DB.Tx(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM leases WHERE name = $1 AND owner = $2`, name, c.node)
		return err
	})
}
