package email

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// The states of a mail in the ledger. Pending ends in exactly one of the others.
const (
	statePending     = "pending"
	stateFiled       = "filed"
	stateDuplicate   = "duplicate"
	stateIgnored     = "ignored"
	stateQuarantined = "quarantined"
)

// The rules by which mails are ignored or quarantined, and by which delivery reports are known.
const (
	ruleLoop       = "loop"
	ruleAutomatic  = "automatic"
	ruleReport     = "report"
	ruleBlocked    = "blocked"
	ruleNotice     = "notice" // answers a notification, and is not its agent's
	rulePurged     = "purged"
	ruleDeleted    = "deleted" // marked as deleted on the server when it was first seen
	ruleLarge      = "large"
	ruleWithheld   = "withheld" // the server lists it and does not give it
	ruleUnreadable = "unreadable"
	ruleNoSender   = "no_sender"
	ruleFailed     = "failed"
)

// mailbox is one folder on one server, as the ledger knows it.
type mailbox struct {
	ID          int64
	InboxID     int64
	Name        string
	UIDValidity int64 // the server's in the lower half, see validity
	LastUID     int64
	Since       *db.Time // mails that arrived at the server before are not read
	BeginsAfter *int64   // the UID up to which mails are left out; nil if that is not known
	LeftOut     int64    // of what the server holds
	ComparedAt  *db.Time // nil until server and ledger were compared
	kept        withheld
}

// holds reports whether the UIDs of the ledger still name what they named on the server. They do not if the mailbox has
// another UIDVALIDITY, nor if the server is about to give UIDs that it has given before: then it was restored from a copy
// without being told to say so, and what came since would never be seen.
func (m *mailbox) holds(s *imap.SelectData) bool {
	return uint32(m.UIDValidity) == s.UIDValidity && (s.UIDNext == 0 || int64(s.UIDNext) > m.LastUID) //nolint:gosec // its lower half
}

// validity returns what stands for a server's UIDVALIDITY in the ledger: UIDs that mean something else under the same one
// are told apart by the upper half.
func (m *mailbox) validity(s *imap.SelectData) int64 {
	next := m.UIDValidity&^math.MaxUint32 | int64(s.UIDValidity)
	if next == m.UIDValidity {
		next += math.MaxUint32 + 1
	}
	return next
}

// entry is one mail in the ledger.
type entry struct {
	ID          int64
	InboxID     int64
	MailboxID   int64
	UIDValidity int64
	UID         int64
	Size        int64
	Blob        string
	State       string
	Attempts    int64
}

const entryColumns = `id, inbox_id, mailbox_id, uid_validity, uid, size, blob, state, attempts`

func (e *entry) scan(row db.Row) error {
	return row.Scan(&e.ID, &e.InboxID, &e.MailboxID, &e.UIDValidity, &e.UID, &e.Size, &e.Blob, &e.State, &e.Attempts)
}

// openMailbox returns the ledger's row of a folder, made on first sight.
func (c *Channel) openMailbox(ctx context.Context, inboxID int64, name string) (m mailbox, err error) {
	err = c.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO mailboxes (inbox_id, name) VALUES ($1, $2) ON CONFLICT (inbox_id, name) DO NOTHING`, inboxID, name); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT id, inbox_id, name, uid_validity, last_uid, since, begins_after, left_out, compared_at FROM mailboxes WHERE inbox_id = $1 AND name = $2`, inboxID, name).
			Scan(&m.ID, &m.InboxID, &m.Name, &m.UIDValidity, &m.LastUID, &m.Since, &m.BeginsAfter, &m.LeftOut, &m.ComparedAt)
	})
	if err != nil {
		return m, fmt.Errorf("open mailbox %s in the ledger: %w", name, err)
	}
	return m, nil
}

// restart begins a mailbox anew: on first sight, and when the server gives it another UIDVALIDITY (RFC 3501 §2.3.1.1),
// which makes every UID known so far meaningless: the server holds none of those mails any more. Mails seen before are
// recognised by their Message-ID.
func (c *Channel) restart(ctx context.Context, m *mailbox, uidValidity int64, since db.Time, from int64) error {
	if m.Since == nil {
		m.Since = &since
	}
	m.UIDValidity, m.LastUID, m.BeginsAfter, m.LeftOut, m.ComparedAt = uidValidity, from, &from, 0, nil
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE mail_ledger SET on_server = FALSE WHERE mailbox_id = $1 AND uid_validity <> $2 AND on_server`, m.ID, uidValidity); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE mailboxes SET uid_validity = $2, last_uid = $3, begins_after = $3, since = $4, left_out = 0, compared_at = NULL WHERE id = $1`,
			m.ID, uidValidity, from, m.Since)
		return err
	})
}

// record enters fetched mails and moves the mailbox's mark behind them, in one transaction: a mail below the mark is in
// the ledger, always, or had vanished before it was fetched. upTo is up to where the ledger then has all of them. It
// returns the entries that are new.
func (c *Channel) record(ctx context.Context, m *mailbox, fetched []fetched, upTo int64) (out []entry, err error) {
	err = c.DB.Tx(ctx, func(tx *db.Tx) error {
		out = out[:0]
		last := max(m.LastUID, upTo)
		for some := range slices.Chunk(fetched, enteredAtOnce) {
			pending, err := enter(ctx, tx, m, some)
			if err != nil {
				return err
			}
			out = append(out, pending...)
		}
		if _, err := tx.Exec(ctx, `UPDATE mailboxes SET last_uid = $2, last_contact_at = $4 WHERE id = $1 AND last_uid < $2 AND uid_validity = $3`, m.ID, last, m.UIDValidity, db.Now()); err != nil {
			return err
		}
		m.LastUID = last
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("enter mails in the ledger: %w", err)
	}
	return out, nil
}

// enteredAtOnce is how many mails one statement enters.
const enteredAtOnce = 10

// enter enters some mails and returns those that are new and to be filed, in their order. One that another node, or this one before it
// was killed, entered is left as it is.
func enter(ctx context.Context, tx *db.Tx, m *mailbox, some []fetched) (pending []entry, err error) {
	now := db.Now()
	args := []any{now, m.InboxID, m.ID, m.UIDValidity}
	entries := make([]entry, len(some))
	values := make([]string, len(some))
	for i, f := range some {
		e := entry{InboxID: m.InboxID, MailboxID: m.ID, UIDValidity: m.UIDValidity, UID: f.UID, Size: f.Size, Blob: f.Blob, State: statePending}
		var settled *db.Time
		rule, reason := "", f.Reason
		switch {
		case f.Deleted:
			e.State, rule, reason = stateIgnored, ruleDeleted, "marked as deleted on the server"
		case reason != "":
			e.State, rule = stateQuarantined, f.Rule
		}
		if rule != "" {
			settled = &now
		}
		n := len(args)
		values[i] = fmt.Sprintf("($1, $2, $3, $4, $%d, $%d, $%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5, n+6, n+7)
		args = append(args, e.UID, e.Size, e.Blob, e.State, rule, reason, settled)
		entries[i] = e
	}
	ids := make(map[int64]int64, len(some))
	err = db.Each(ctx, tx, func(r db.Rows) error {
		var id, uid int64
		err := r.Scan(&id, &uid)
		ids[uid] = id
		return err
	}, `INSERT INTO mail_ledger (created_at, inbox_id, mailbox_id, uid_validity, uid, size, blob, state, rule, reason, settled_at)
		VALUES `+strings.Join(values, ", ")+` ON CONFLICT (mailbox_id, uid_validity, uid) DO NOTHING RETURNING id, uid`, args...)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.ID = ids[e.UID]; e.ID != 0 && e.State == statePending {
			pending = append(pending, e)
		}
		delete(ids, e.UID)
	}
	return pending, nil
}

// pending returns mails of a mailbox that are entered but not settled, oldest first.
func (c *Channel) pending(ctx context.Context, mailboxID int64, limit int) (out []entry, err error) {
	err = db.Each(ctx, c.DB, func(r db.Rows) error {
		var e entry
		err := e.scan(r)
		out = append(out, e)
		return err
	}, `SELECT `+entryColumns+` FROM mail_ledger WHERE mailbox_id = $1 AND state = 'pending' ORDER BY id LIMIT $2 + 0`, mailboxID, limit)
	if err != nil {
		return nil, fmt.Errorf("read pending mails: %w", err)
	}
	return out, nil
}

// attempt counts a try to file a mail, before it is made: a mail that kills the process is not tried for ever.
func (c *Channel) attempt(ctx context.Context, e *entry) error {
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `UPDATE mail_ledger SET attempts = attempts + 1 WHERE id = $1 RETURNING attempts`, e.ID).Scan(&e.Attempts)
	})
}

// spare takes an attempt back that failed for no fault of the mail's.
func (c *Channel) spare(ctx context.Context, e entry) error {
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mail_ledger SET attempts = attempts - 1 WHERE id = $1 AND attempts > 0`, e.ID)
		return err
	})
}

// outcome is how a mail was settled.
type outcome struct {
	state     string
	rule      string
	reason    string
	sourceID  string
	messageID *int64
}

// settle gives an entry its final state, in the caller's transaction. It reports false if it is settled already.
func settle(ctx context.Context, tx *db.Tx, id int64, o outcome) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE mail_ledger SET state = $2, reason = $3, source_id = $4, message_id = $5, settled_at = $6, rule = $7
		WHERE id = $1 AND state = 'pending'`, id, o.state, o.reason, o.sourceID, o.messageID, db.Now(), o.rule)
	if err != nil {
		return false, fmt.Errorf("settle mail %d: %w", id, err)
	}
	return n == 1, nil
}

// contacted notes that the mailbox was reached, how it is watched, how many mails the server holds and how many of them are
// left out.
func (c *Channel) contacted(ctx context.Context, m *mailbox, mode string, count int64) error {
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mailboxes SET mode = $2, server_count = $3, left_out = $4, compared_at = $5, last_contact_at = $6, last_error = '', last_problem = ''
			WHERE id = $1 AND uid_validity = $7`, m.ID, mode, count, m.LeftOut, m.ComparedAt, db.Now(), m.UIDValidity)
		return err
	})
}

// troubled notes why the mailbox cannot be read, for people.
func (c *Channel) troubled(ctx context.Context, mailboxID int64, problem Problem) error {
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mailboxes SET last_error = $2, last_problem = $3, last_error_at = $4 WHERE id = $1`,
			mailboxID, clean(problem.Detail), db.ToJSON(problem), db.Now())
		return err
	})
}
