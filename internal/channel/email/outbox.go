package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

var attempts = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "foyer_outbox_attempts_total",
	Help: "Attempts to send a reply, by result: sent, delayed or failed.",
}, []string{"result"})

const (
	// outboxLease is how long a reply stays with a node that has fallen silent while sending it.
	outboxLease = 30 * time.Second
	outboxRenew = 8 * time.Second
	// outboxLook is how often a node looks for replies that another node queued or left behind.
	outboxLook = time.Second
	// sendTimeout bounds one attempt.
	sendTimeout = 10 * time.Minute
	// giveUp is for how long a reply is tried while the server says "later"; RFC 5321 §4.5.4.1 asks for days, but an
	// agent must hear of it while it still matters.
	giveUp = 48 * time.Hour
)

// retryAfter are the pauses between attempts (RFC 5321 §4.5.4.1); the last one repeats.
var retryAfter = []time.Duration{5 * time.Second, 20 * time.Second, time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

// queue puts a reply into the outbox, in the transaction that stores it or tries it again.
func (c *Channel) queue(ctx context.Context, tx *db.Tx, r conversation.Outgoing) error {
	now := db.Now()
	_, err := tx.Exec(ctx, `INSERT INTO outbox (message_id, inbox_id, conversation_id, state, next_attempt_at, created_at, updated_at)
		VALUES ($1, $2, $3, 'queued', $4, $4, $4)
		ON CONFLICT (message_id) DO UPDATE SET state = 'queued', attempts = 0, next_attempt_at = $4, lease_until = 0, cancelled = FALSE, created_at = $4, updated_at = $4
		WHERE outbox.state = 'failed'`, r.MessageID, r.InboxID, r.ConversationID, now)
	if err != nil {
		return fmt.Errorf("queue reply: %w", err)
	}
	if r.Again {
		if err := clearBounces(ctx, tx, r.MessageID); err != nil {
			return err
		}
	}
	tx.AfterCommit(c.wakeOutbox)
	return nil
}

func (c *Channel) wakeOutbox() {
	select {
	case c.outWake <- struct{}{}:
	default:
	}
}

// claimed is a reply that this node is to send.
type claimed struct {
	MessageID int64
	InboxID   int64
	Attempts  int64
	CreatedAt db.Time
}

// lanes counts the replies being sent of each inbox, so that a server that stalls holds up only its own.
type lanes struct {
	mu   sync.Mutex
	busy map[int64]int
}

// laneWidth is how many replies of one inbox leave at the same time.
const laneWidth = 4

func (l *lanes) free(inbox int64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return laneWidth - l.busy[inbox]
}

func (l *lanes) add(inbox int64, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy[inbox] += n
}

// runOutbox sends what is due until ctx ends, then waits for what is being sent.
func (c *Channel) runOutbox(ctx context.Context) {
	c.reclaim(ctx)
	l := &lanes{busy: map[int64]int{}}
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(outboxLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.outWake:
		case <-tick.C:
		}
		due, err := c.dueInboxes(ctx)
		if err != nil {
			if ctx.Err() == nil {
				c.Log.Warn("could not look into the outbox", "error", err)
			}
			continue
		}
		for _, inboxID := range due {
			n := l.free(inboxID)
			if n <= 0 {
				continue
			}
			replies, err := c.claim(ctx, inboxID, n)
			if err != nil {
				c.Log.Warn("could not claim replies", "inbox", inboxID, "error", err)
				continue
			}
			l.add(inboxID, len(replies))
			for _, r := range replies {
				wg.Go(func() {
					defer c.wakeOutbox()
					defer l.add(inboxID, -1)
					c.send(context.WithoutCancel(ctx), r)
				})
			}
		}
	}
}

// reclaim takes back, at start, what this node was sending when it was killed. What another node held waits until its
// lease runs out.
func (c *Channel) reclaim(ctx context.Context) {
	err := c.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE outbox SET lease_until = 0 WHERE state = 'sending' AND lease_owner = $1`, c.node)
		return err
	})
	if err != nil {
		c.Log.Warn("could not take back the outbox", "error", err)
	}
}

// dueWhere selects replies that may be sent now: due, in nobody's hands, and the first of their conversation. One that has reached
// somebody, and still goes to others, holds up none after it.
const dueWhere = `o.state IN ('queued', 'sending', 'delayed') AND o.next_attempt_at <= $1 AND o.lease_until < $1
	AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.conversation_id = o.conversation_id AND e.message_id < o.message_id
		AND e.state IN ('queued', 'sending', 'delayed') AND e.reached = '[]')`

func (c *Channel) dueInboxes(ctx context.Context) ([]int64, error) {
	return db.Select[int64](ctx, c.DB, `SELECT DISTINCT o.inbox_id FROM outbox o WHERE `+dueWhere, db.Now())
}

func (c *Channel) claim(ctx context.Context, inboxID int64, n int) (out []claimed, err error) {
	lock := ""
	if c.DB.Engine() == db.Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	err = c.DB.Tx(ctx, func(tx *db.Tx) error {
		now := db.Now()
		p, err := lockPace(ctx, tx, inboxID)
		if err != nil {
			return err
		}
		allowed := p.allows(now.Time, n)
		if allowed == 0 {
			out = nil
			return nil
		}
		out, err = db.Select[claimed](ctx, tx, `UPDATE outbox SET state = 'sending', lease_owner = $3, lease_until = $4, attempts = attempts + 1, updated_at = $1
			WHERE message_id IN (SELECT o.message_id FROM outbox o WHERE `+dueWhere+` AND o.inbox_id = $2 ORDER BY o.next_attempt_at, o.message_id LIMIT $5`+lock+`)
			RETURNING message_id, inbox_id, attempts, created_at`, now, inboxID, c.node, db.At(now.Add(outboxLease)), allowed)
		if err != nil || p.perMinute == 0 || len(out) == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE outbox_paces SET used_until = $2 WHERE inbox_id = $1`, inboxID, p.after(now.Time, len(out)))
		return err
	})
	return out, err
}

// send makes one attempt and records what came of it.
func (c *Channel) send(ctx context.Context, r claimed) {
	sctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	go c.keepLease(sctx, r.MessageID, cancel)
	res := c.deliver(sctx, r)
	if err := c.conclude(ctx, r, res); err != nil {
		c.Log.Error("could not record how a reply fared; it stays queued", "message", r.MessageID, "error", err)
	}
}

// keepLease renews the lease of a reply while it is being sent, and stops the attempt if another node took it.
func (c *Channel) keepLease(ctx context.Context, messageID int64, stop context.CancelFunc) {
	tick := time.NewTicker(outboxRenew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			var n int64
			err := c.DB.Tx(ctx, func(tx *db.Tx) (err error) {
				n, err = tx.Exec(ctx, `UPDATE outbox SET lease_until = $3 WHERE message_id = $1 AND lease_owner = $2 AND state = 'sending'`,
					messageID, c.node, db.At(time.Now().Add(outboxLease)))
				return err
			})
			if err == nil && n == 0 {
				stop()
				return
			}
		}
	}
}

// attemptResult is what an attempt came to. Err is why not all who were asked for have the reply; accepted, that a server took it
// for those who are not among the refused. Trouble is what keeps the whole inbox from sending.
type attemptResult struct {
	asked     []string // bare addresses
	accepted  bool
	refused   []Recipient
	err       error
	temporary bool
	trouble   *Problem
	keepsCopy bool // a copy goes into the folder for sent mail
}

// passes reports whether a later attempt may get by what kept a reply from being composed: trouble with the database, the stored
// files or the keys does, a reply that is not fit to be sent, a file that is gone or an inbox that was deleted does not.
func passes(err error) bool {
	var never unfit
	return !errors.As(err, &never) && !errors.Is(err, blob.ErrNotFound) && !fault.Is(err, fault.NotFound)
}

// deliver composes the mail and hands it to a server. A server that lets nothing of the inbox out, whatever it answers, will do so
// again once its settings are mended: the replies wait.
func (c *Channel) deliver(ctx context.Context, r claimed) attemptResult {
	in, cfg, err := c.Inboxes.Decrypted(ctx, r.InboxID)
	if err != nil {
		return attemptResult{err: fmt.Errorf("the inbox cannot be used: %w", err), temporary: passes(err)}
	}
	if !in.Enabled {
		return attemptResult{err: errors.New("the inbox is disabled")}
	}
	letter, err := c.letter(ctx, r.MessageID, in, cfg)
	if err != nil {
		return attemptResult{err: err, temporary: passes(err)}
	}
	if len(letter.recipients) == 0 { // nobody is left who could get it
		return attemptResult{}
	}
	res := c.sender(r.InboxID, cfg).Send(ctx, letter.from, letter.recipients, letter.data)
	out := attemptResult{accepted: res.Sent, keepsCopy: res.Sent && cfg.SentCopy, err: res.Err, temporary: res.Temporary || res.Shut != nil}
	for _, a := range letter.recipients {
		out.asked = append(out.asked, conversation.BareAddress(a))
	}
	for _, bad := range res.Refused {
		bad.Address = conversation.BareAddress(bad.Address)
		out.refused = append(out.refused, bad)
	}
	if res.Shut != nil {
		problem := ExplainSMTP(res.Err, *res.Shut)
		out.trouble = &problem
	}
	// Whoever was refused for good is no reason to try again.
	if later := slices.DeleteFunc(slices.Clone(out.refused), Recipient.forGood); len(later) > 0 && (res.Sent || len(out.refused) == len(out.asked)) {
		out.err, out.temporary = refusals(later), true
	}
	return out
}

// conclude records an attempt: sent, delayed until the next one, or failed, and tells the conversation.
func (c *Channel) conclude(ctx context.Context, r claimed, res attemptResult) error {
	var state string
	err := c.DB.Tx(ctx, func(tx *db.Tx) error {
		state = ""
		o, err := lockOutbox(ctx, tx, r.MessageID)
		if fault.Is(err, fault.NotFound) || err == nil && (o.State != "sending" || o.LeaseOwner != c.node) {
			return nil
		}
		if err != nil {
			return err
		}
		f, err := judge(r, o, res, db.Now())
		if err != nil {
			return err
		}
		state = f.delivery.State
		if err := f.conclude(ctx, tx, r.MessageID); err != nil {
			return err
		}
		if err := c.tellFate(ctx, tx, r, res.accepted, f); err != nil {
			return err
		}
		if res.keepsCopy {
			if err := c.Jobs.Insert(ctx, tx, SentCopy{r.MessageID, r.InboxID}, jobs.Options{MaxAttempts: copyAttempts}); err != nil {
				return err
			}
		}
		return noteSending(ctx, tx, r.InboxID, res.accepted, res.trouble)
	})
	if err == nil && state != "" {
		attempts.WithLabelValues(state).Inc()
	}
	return err
}
