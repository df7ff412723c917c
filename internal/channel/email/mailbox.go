package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

const (
	// leaseTTL is how long a mailbox stays with a node that has fallen silent.
	leaseTTL   = 20 * time.Second
	leaseRenew = 6 * time.Second
	// batchCount and batchBytes bound how much is fetched before it is entered in the ledger.
	batchCount = 100
	batchBytes = 16 << 20
	// maxMail is the largest mail that is read; a larger one is quarantined by its size alone.
	maxMail = 200 << 20
	// keepInMemory is up to which size a fetched mail is handed on without reading it back from the blob store.
	keepInMemory = 4 << 20

	// defaultInterval is after how long a mailbox is looked at again when its settings do not say.
	defaultInterval = 5 * time.Minute

	backoffMin = 2 * time.Second
	backoffMax = 5 * time.Minute
)

// mailboxName names a folder on a server in the ledger; settings that do not change what is read are left out.
func mailboxName(s inbox.IMAPServer) string {
	return fmt.Sprintf("%s@%s:%d/%s", s.Username, s.Host, s.Port, s.Mailbox)
}

// watch reads one mailbox until ctx ends, connecting again after errors, with pauses that grow until it can be read. Among
// several nodes only the one that holds the mailbox's lease reads it.
func (c *Channel) watch(ctx context.Context, in inbox.Inbox, server inbox.IMAPServer, tokens Tokens) {
	name := mailboxName(server)
	log := c.Log.With("inbox", in.ID, "mailbox", name)
	pause := backoffMin
	kept := withheld{}
	for ctx.Err() == nil {
		m, err := c.openMailbox(ctx, in.ID, name)
		if err == nil {
			m.kept = kept
			reached := func() { pause = backoffMin }
			err = c.whileLeased(ctx, fmt.Sprintf("mailbox:%d", m.ID), func(ctx context.Context) error { return c.session(ctx, in, server, tokens, m, reached) })
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && !errors.Is(err, errNotHeld) {
			log.Warn("mailbox cannot be read; trying again", "in", pause, "error", err)
			if m.ID != 0 {
				_ = c.troubled(ctx, m.ID, ExplainIMAP(err, server))
			}
		}
		wait := pause
		if errors.Is(err, errNotHeld) {
			wait = leaseRenew
		} else {
			pause = min(2*pause, backoffMax)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

var errNotHeld = errors.New("another node reads this mailbox")

// whileLeased runs fn while this node holds a lease; fn's context ends when it is lost.
func (c *Channel) whileLeased(ctx context.Context, name string, fn func(context.Context) error) error {
	held, err := c.lease(ctx, name, leaseTTL)
	if err != nil {
		return err
	}
	if !held {
		return errNotHeld
	}
	defer c.release(ctx, name)
	fctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		tick := time.NewTicker(leaseRenew)
		defer tick.Stop()
		lastHeld := time.Now()
		for {
			select {
			case <-fctx.Done():
				return
			case <-tick.C:
				held, err := c.lease(fctx, name, leaseTTL)
				if err == nil && held {
					lastHeld = time.Now()
				} else if err == nil || time.Since(lastHeld) > leaseTTL-leaseRenew {
					cancel()
					return
				}
			}
		}
	}()
	return fn(fctx)
}

// session is one connection to a mailbox: it files what is pending, fetches what is new, and waits for more. It calls
// reached each time that everything was read.
func (c *Channel) session(ctx context.Context, in inbox.Inbox, server inbox.IMAPServer, tokens Tokens, m mailbox, reached func()) error {
	if err := c.filePending(ctx, in, m.ID); err != nil {
		return err
	}
	arrived := make(chan struct{}, 1)
	client, err := connectIMAP(ctx, server, tokens, c.IMAPTimeout, arrived)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer func() { stop(); _ = client.Close() }()

	waited := firstWait
	compared := comparing{}
	for ctx.Err() == nil {
		selected, err := within(client, c.IMAPTimeout, client.Select(server.Mailbox, &imap.SelectOptions{ReadOnly: true}).Wait)
		if err != nil {
			return fmt.Errorf("open the mailbox: %w", err)
		}
		if !m.holds(selected) {
			if err := c.begin(ctx, client, server, &m, selected); err != nil {
				return err
			}
		}
		before := m.LastUID
		if err := c.catchUp(ctx, client, in, &m); err != nil {
			return err
		}
		if waited = min(2*waited, time.Hour); m.LastUID != before {
			waited = firstWait
		}
		mode := "polling"
		if client.Caps().Has(imap.CapIdle) {
			mode = "idle"
		}
		count, late, err := c.compare(ctx, client, &m, &compared)
		if err != nil {
			return err
		}
		if err := c.contacted(ctx, &m, mode, count); err != nil {
			return err
		}
		reached()
		wait := interval(server.ReadInterval, defaultInterval)
		if mode == "idle" {
			wait = min(wait, waited)
		}
		if late > 0 {
			wait = min(wait, late)
		}
		if err := waitForMail(ctx, client, c.IMAPTimeout, mode == "idle", arrived, wait); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// firstWait is for how long a mailbox that announces mail is waited on after one arrived, then twice as long each time: a
// server that forgets to announce what came in the moment before IDLE began keeps it back no longer than it was quiet.
const firstWait = time.Second

func interval(s string, def time.Duration) time.Duration {
	if d, err := time.ParseDuration(s); err == nil && d >= time.Second {
		return d
	}
	return def
}

// begin starts a mailbox that is new or whose UIDs have lost their meaning. On first sight it looks back as far as the
// inbox says; later it stays with what it began with.
func (c *Channel) begin(ctx context.Context, client *imapclient.Client, server inbox.IMAPServer, m *mailbox, s *imap.SelectData) error {
	since := db.At(time.Now().Add(-interval(server.ScanInboxSince, 48*time.Hour)))
	if m.Since != nil {
		since = *m.Since
	}
	from := int64(0)
	if s.NumMessages > 0 {
		found, err := within(client, c.IMAPTimeout, client.UIDSearch(&imap.SearchCriteria{Since: since.Time}, nil).Wait)
		if err != nil {
			return fmt.Errorf("search for recent mail: %w", err)
		}
		uids := found.AllUIDs()
		from = max(0, int64(s.UIDNext)-1)
		for _, uid := range uids {
			from = min(from, int64(uid)-1)
		}
	}
	c.Log.Info("mailbox begins", "mailbox", m.Name, "uid_validity", s.UIDValidity, "after_uid", from)
	return c.restart(ctx, m, m.validity(s), since, from)
}

// catchUp fetches, enters and files everything above the mailbox's mark. Fetching the next batch and filing the one
// before go on at the same time.
func (c *Channel) catchUp(ctx context.Context, client *imapclient.Client, in inbox.Inbox, m *mailbox) error {
	batches := make(chan batch, 1)
	fctx, cancel := context.WithCancel(ctx)
	defer cancel()
	filed := make(chan error, 1)
	go func() {
		var err error
		for b := range batches {
			if err = c.fileBatch(fctx, in, b); err != nil {
				cancel()
				break
			}
		}
		for range batches { //nolint:revive // let the fetcher finish
		}
		filed <- err
	}()
	err := c.fetchAll(fctx, client, m, batches)
	close(batches)
	return errors.Join(<-filed, err)
}

// batch is entered mails with the bytes that are still in memory.
type batch struct {
	entries []entry
	raw     map[int64][]byte // by UID
}

func (c *Channel) fetchAll(ctx context.Context, client *imapclient.Client, m *mailbox, out chan<- batch) error {
	sizes, err := c.newMails(client, m)
	if err != nil {
		return err
	}
	for len(sizes) > 0 && ctx.Err() == nil {
		n, total := 0, int64(0)
		for n < len(sizes) && n < batchCount && (n == 0 || total+sizes[n].size <= batchBytes) {
			total += sizes[n].size
			n++
		}
		unknown, err := c.notEntered(ctx, m, sizes[:n])
		if err != nil {
			return err
		}
		mails, err := c.fetchWhole(ctx, client, m, unknown)
		if err != nil {
			return err
		}
		entries, err := c.record(ctx, m, mails, int64(sizes[n-1].uid))
		if err != nil {
			return err
		}
		raw := map[int64][]byte{}
		for _, f := range mails {
			raw[f.UID] = f.Raw
		}
		select {
		case out <- batch{entries, raw}:
		case <-ctx.Done():
		}
		sizes = sizes[n:]
	}
	return ctx.Err()
}

// connectIMAP opens a connection as the server's settings say and signs in, with a token if there are tokens. arrived gets a
// signal whenever the server tells of mail that came or went.
// limit is how long the server may take for each step.
func connectIMAP(ctx context.Context, s inbox.IMAPServer, tokens Tokens, limit time.Duration, arrived chan<- struct{}) (*imapclient.Client, error) {
	return withToken(ctx, tokens, func(token string) (*imapclient.Client, error) { return dialIMAP(ctx, s, token, limit, arrived) })
}

func dialIMAP(ctx context.Context, s inbox.IMAPServer, token string, limit time.Duration, arrived chan<- struct{}) (*imapclient.Client, error) {
	options := &imapclient.Options{
		TLSConfig: &tls.Config{ServerName: s.Host, InsecureSkipVerify: s.TLSSkipVerify, MinVersion: tls.VersionTLS12}, //nolint:gosec // the admin's choice
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(data *imapclient.UnilateralDataMailbox) {
				if data.NumMessages != nil {
					signal(arrived)
				}
			},
			Expunge: func(uint32) { signal(arrived) },
		},
	}
	dialer := &net.Dialer{Timeout: 20 * time.Second, KeepAlive: 30 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(limit))
	var client *imapclient.Client
	switch s.TLSType {
	case "tls":
		secure := tls.Client(conn, options.TLSConfig)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(failedAt(stageTLS, err), conn.Close())
		}
		client = imapclient.New(secure, options)
	case "starttls":
		if client, err = imapclient.NewStartTLS(conn, options); err != nil {
			return nil, errors.Join(failedAt(stageTLS, err), conn.Close())
		}
	default:
		client = imapclient.New(conn, options)
	}
	if _, err := within(client, limit, func() (struct{}, error) { return struct{}{}, client.WaitGreeting() }); err != nil {
		return nil, errors.Join(failedAt(stageGreeting, err), client.Close())
	}
	if err := signInIMAP(client, s, token, limit); err != nil {
		return nil, errors.Join(failedAt(signInStage(token), err), client.Close())
	}
	_ = conn.SetDeadline(time.Time{})
	return client, nil
}

// signal leaves word for who waits, unless there is some already.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// within runs a command and closes the connection if the server does not answer in time: the client library has no
// deadlines of its own.
func within[T any](client *imapclient.Client, limit time.Duration, fn func() (T, error)) (T, error) {
	timer := time.AfterFunc(limit, func() { _ = client.Close() })
	v, err := fn()
	if !timer.Stop() && err != nil {
		err = fmt.Errorf("no answer within %s: %w", limit, err)
	}
	return v, err
}

// waitForMail returns when there may be new mail: at once when the server says so (RFC 2177), and after the polling
// interval in any case.
func waitForMail(ctx context.Context, client *imapclient.Client, limit time.Duration, idle bool, arrived <-chan struct{}, poll time.Duration) error {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	if !idle {
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-client.Closed():
			return errors.New("the server closed the connection")
		}
		return nil
	}
	// Servers differ in whether IDLE also tells of what came between the last command and its start; NOOP always does
	// (RFC 3501 §6.1.2).
	if _, err := within(client, limit, func() (struct{}, error) { return struct{}{}, client.Noop().Wait() }); err != nil {
		return fmt.Errorf("noop: %w", err)
	}
	select {
	case <-arrived:
		return nil
	default:
	}
	cmd, err := within(client, limit, client.Idle)
	if err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	closed := false
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-arrived:
	case <-client.Closed():
		closed = true
	}
	if closed {
		return errors.New("the server closed the connection")
	}
	_, err = within(client, limit, func() (struct{}, error) { return struct{}{}, errors.Join(cmd.Close(), cmd.Wait()) })
	if err != nil {
		return fmt.Errorf("end idle: %w", err)
	}
	return nil
}
