package email

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

var settled = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "foyer_mail_settled_total",
	Help: "Mails that reached their final state in the ledger, by that state.",
}, []string{"state"})

const (
	// maxAttempts is how often filing a mail is tried before it is quarantined. A node that is killed several times in a row is
	// not the fault of the mail that it had in hand.
	maxAttempts = 5
	// cautious is the size from which every attempt is counted before it is made, since such a mail may exhaust the
	// process; smaller ones are counted when they are found pending, which means that an attempt did not end.
	cautious = 2 << 20
	// largeRoom is how many bytes of mails over keepInMemory are in hand at a time; a larger one is in hand alone.
	largeRoom = 64 << 20
	// parsers is how many mails are parsed at the same time.
	parsers = 4
)

// The headers by which mail of ours is known. Clients and peers of the reference know these names.
const (
	loopHeader         = "X-Libredesk-Loop-Prevention"
	conversationHeader = "X-Libredesk-Conversation-UUID"
)

// parsed is a mail ready to be filed, or the reason why it cannot be.
type parsed struct {
	entry  entry
	mail   *mail.Message
	html   string
	text   string
	source string
	err    error // why it cannot be read
	// trouble is why it could not be tried: the database or the blob store does not work.
	trouble error
	// release gives back the room in memory that the mail takes; it is nil for one that was parsed alone.
	release func()
}

// fileBatch files entered mails in the order of their UIDs. A mail that cannot be filed is left pending or quarantined
// and the next one goes on; only trouble with the database or the blob store ends the batch.
func (c *Channel) fileBatch(ctx context.Context, in inbox.Inbox, b batch) error {
	lanes := make(chan chan parsed, parsers)
	go func() {
		defer close(lanes)
		for _, e := range b.entries {
			release, err := c.roomFor(ctx, e)
			if err != nil {
				return
			}
			lane := make(chan parsed, 1)
			select {
			case lanes <- lane:
			case <-ctx.Done():
				release()
				return
			}
			go func() {
				p := c.parse(ctx, e, b.raw[e.UID])
				p.release = release
				lane <- p
			}()
		}
	}()
	s := newStrands(len(b.entries))
	for lane := range lanes {
		p := <-lane
		s.run(p.kin(), func() error {
			defer p.release()
			if s.failed() {
				return nil
			}
			return c.file(ctx, in, p)
		})
	}
	return errors.Join(s.wait(), ctx.Err())
}

// roomFor waits until a mail may be held in memory: all mailboxes of a node share the room for large ones. Room is taken
// in the order in which mails are filed, so that what is waited for is always being filed.
func (c *Channel) roomFor(ctx context.Context, e entry) (release func(), err error) {
	if e.Size <= keepInMemory {
		return func() {}, nil
	}
	n := min(e.Size, largeRoom)
	if err := c.room.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { c.room.Release(n) }, nil
}

// filePending files what an earlier run entered and did not settle.
func (c *Channel) filePending(ctx context.Context, in inbox.Inbox, mailboxID int64) error {
	for {
		entries, err := c.pending(ctx, mailboxID, batchCount)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			if err := c.attempt(ctx, &e); err != nil {
				return err
			}
			release, err := c.roomFor(ctx, e)
			if err != nil {
				return err
			}
			p := parsed{entry: e, err: errors.New("it could not be filed in several attempts")}
			if e.Attempts <= maxAttempts {
				p = c.parse(ctx, e, nil)
			}
			err = c.file(ctx, in, p)
			release()
			if err != nil {
				return err
			}
		}
	}
}

// parse reads a mail. A panic in it is an error like any other: the mail is hostile until it is filed.
func (c *Channel) parse(ctx context.Context, e entry, raw []byte) (p parsed) {
	p.entry = e
	defer func() {
		if v := recover(); v != nil {
			c.Log.Error("parsing a mail panicked", "mail", e.ID, "panic", v, "trace", string(debug.Stack()))
			p.err = fmt.Errorf("it could not be parsed: %v", v)
		}
	}()
	if e.Size > cautious && e.Attempts == 0 {
		if p.trouble = c.attempt(ctx, &p.entry); p.trouble != nil {
			return p
		}
	}
	if raw == nil {
		if raw, p.err = c.readRaw(ctx, e.Blob); p.err != nil {
			if !errors.Is(p.err, blob.ErrNotFound) && blob.Check(ctx, c.Blobs) != nil {
				p.trouble = p.err
			}
			return p
		}
	}
	m, err := mail.Parse(raw, mail.DefaultLimits())
	if err != nil {
		p.err = fmt.Errorf("it could not be parsed: %w", err)
		return p
	}
	p.mail = m
	if p.source = m.MessageID; p.source == "" {
		sum := sha256.Sum256(raw)
		p.source = "no-message-id-" + hex.EncodeToString(sum[:16]) + "@foyer.invalid"
	}
	if strings.TrimSpace(m.HTML) != "" {
		p.html = htmlx.Sanitize(m.HTML)
		p.text = htmlx.Text(p.html)
	} else {
		p.text = m.Text
	}
	return p
}

// readRaw reads a stored mail, several times if the store stumbles.
func (c *Channel) readRaw(ctx context.Context, name string) (raw []byte, err error) {
	for _, pause := range []time.Duration{200 * time.Millisecond, time.Second, 0} {
		if raw, err = c.readOnce(ctx, name); err == nil || errors.Is(err, blob.ErrNotFound) {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return raw, err
}

func (c *Channel) readOnce(ctx context.Context, name string) ([]byte, error) {
	f, err := c.Blobs.Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read the stored mail: %w", err)
	}
	defer func() { _ = f.Close() }()
	raw := make([]byte, f.Size())
	if _, err := io.ReadFull(f, raw); err != nil {
		return nil, fmt.Errorf("read the stored mail: %w", err)
	}
	return raw, nil
}

// file settles a mail in one transaction with the message it becomes. It returns an error only for trouble that is not
// the mail's own.
func (c *Channel) file(ctx context.Context, in inbox.Inbox, p parsed) error {
	switch {
	case p.trouble != nil:
		return errors.Join(p.trouble, c.spare(ctx, p.entry))
	case p.err != nil:
		return c.quarantine(ctx, p.entry, ruleUnreadable, p.err)
	}
	files, err := c.storeFiles(ctx, p)
	if err != nil {
		return err
	}
	var done outcome
	for attempt := 1; ; attempt++ {
		err = c.DB.Tx(ctx, func(tx *db.Tx) error {
			var err error
			if done, err = c.decide(ctx, tx, in, p, files); err != nil {
				return err
			}
			if done.reason = clean(done.reason); done.sourceID == "" {
				done.sourceID = clean(p.source)
			}
			ok, err := settle(ctx, tx, p.entry.ID, done)
			if err == nil && !ok {
				return errSettled // undo: another node was first
			}
			return err
		})
		// Two mailboxes of one inbox may bring the same mail at the same time: the index lets one through, and a second
		// look finds the other a duplicate.
		if unique, _ := db.IsUnique(err); unique && attempt < 3 {
			continue
		}
		break
	}
	switch {
	case err == nil:
		settled.WithLabelValues(done.state).Inc()
		return nil
	case errors.Is(err, errSettled):
		return nil
	case ctx.Err() != nil || c.DB.Ping(ctx) != nil:
		return err
	}
	c.Log.Error("a mail could not be filed", "mail", p.entry.ID, "error", err)
	return c.quarantine(ctx, p.entry, ruleFailed, fmt.Errorf("it could not be filed: %w", err))
}

var errSettled = errors.New("the mail is settled already")

// quarantine sets a mail aside with the reason; its raw bytes stay.
func (c *Channel) quarantine(ctx context.Context, e entry, rule string, reason error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err := c.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := settle(ctx, tx, e.ID, outcome{state: stateQuarantined, rule: rule, reason: clean(reason.Error())})
		return err
	})
	if err == nil {
		settled.WithLabelValues(stateQuarantined).Inc()
		c.Log.Warn("mail quarantined", "mail", e.ID, "reason", reason)
	}
	return err
}

// decide applies the rules to a mail, in this order, and stores the message if it becomes one.
func (c *Channel) decide(ctx context.Context, tx *db.Tx, in inbox.Inbox, p parsed, files []media.Incoming) (outcome, error) {
	m := p.mail
	if len(m.From) == 0 {
		return outcome{state: stateQuarantined, rule: ruleNoSender, reason: "it has no sender"}, nil
	}
	if loop := m.Header.Get(loopHeader); loop != "" && strings.EqualFold(strings.TrimSpace(loop), conversation.BareAddress(in.From)) {
		return outcome{state: stateIgnored, rule: ruleLoop, reason: "loop: sent by this inbox"}, nil
	}
	if report, ok := m.Bounce(); ok {
		return c.bounced(ctx, tx, in, p, report)
	}
	how := filing{}
	rule, reason := ignoredAsAutomatic(m)
	ignored := outcome{state: stateIgnored, rule: rule, reason: reason}
	if rule != "" {
		var err error
		if how.automatic, err = keepsAutomatic(ctx, tx, in.ID, rule); err != nil || !how.automatic {
			return ignored, err
		}
	}
	from, err := c.writer(ctx, tx, in, m)
	if err != nil {
		return outcome{}, err
	}
	var seen conversation.Seen
	if err := c.Conversations.LookForSource(ctx, tx, in.ID, p.source, &seen); err != nil {
		return outcome{}, err
	}
	known, err := contact.LookUp(ctx, tx, from.Email)
	if err != nil {
		return outcome{}, err
	}
	switch {
	case seen.MessageID != 0:
		return outcome{state: stateDuplicate, reason: "the inbox has a message with this Message-ID", messageID: &seen.MessageID}, nil
	case seen.Purged:
		return c.purgedAgain(ctx, tx, p.entry, files)
	}
	if answered := ticketOf(m); answered != "" {
		if how.automatic {
			return ignored, nil
		}
		return c.answersNotice(ctx, tx, in, p, files, answered)
	}
	if via := m.From[0]; via != from {
		blocked, err := contact.Blocked(ctx, tx, via.Email)
		if err != nil {
			return outcome{}, err
		}
		if blocked {
			return outcome{state: stateIgnored, rule: ruleBlocked, reason: "blocked: " + via.Email}, nil
		}
	}
	if known.Blocked {
		return outcome{state: stateIgnored, rule: ruleBlocked, reason: "blocked: " + from.Email}, nil
	}
	how.known = &known
	filed, err := c.store(ctx, tx, in, p, from, files, how)
	if errors.Is(err, errAnswersNothing) {
		return ignored, nil
	}
	if err != nil {
		return outcome{}, err
	}
	return outcome{state: stateFiled, messageID: &filed.MessageID}, nil
}

// ignoredAsAutomatic returns the rule by which a mail is an automatic answer or a delivery report, "" if it is neither, and
// the reason in words.
// Mail that a machine wrote on its own account (Auto-Submitted: auto-generated, RFC 3834 §5.1), such as an alert or a
// web form, is no answer and is filed.
func ignoredAsAutomatic(m *mail.Message) (rule, reason string) {
	if m.IsDSN() {
		return ruleReport, "delivery report"
	}
	auto, why := m.AutoSubmitted()
	value := strings.ToLower(strings.TrimSpace(m.Header.Get("Auto-Submitted")))
	if strings.HasPrefix(value, "auto-generated") && !m.Header.Has("X-MS-Exchange-Inbox-Rules-Loop") { // Exchange says so of absences, too
		return "", ""
	}
	if auto {
		return ruleAutomatic, "automatic answer: " + why
	}
	return "", ""
}

// keepsAutomatic reports whether an inbox files automatic answers; reports of deliveries are none.
func keepsAutomatic(ctx context.Context, tx *db.Tx, inboxID int64, rule string) (bool, error) {
	if rule != ruleAutomatic {
		return false, nil
	}
	var config db.JSON
	if err := tx.QueryRow(ctx, `SELECT config FROM inboxes WHERE id = $1`, inboxID).Scan(&config); err != nil {
		return false, fmt.Errorf("read the settings of inbox %d: %w", inboxID, err)
	}
	var cfg inbox.EmailConfig
	err := config.Decode(&cfg)
	return cfg.KeepAutomatic, err
}

// clean makes text storable: PostgreSQL refuses NUL and bytes that are no UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
