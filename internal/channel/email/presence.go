package email

import (
	"context"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// The books of a mailbox balance: what the server holds is what the ledger has as present there and what was left out
// because it is older than the mailbox's beginning. Mails are entered as they come, but leave the server without notice, so
// that the two are compared whenever their numbers differ.
//
// Comparing is not needed for every arrival: after everything above the mark was entered, present and left out together are
// never fewer than what the server holds, and as many exactly if nothing left it.

// comparing remembers how long comparing took, so that a busy mailbox of many mails is not compared all the time.
type comparing struct {
	notBefore time.Time
}

// compareShare is which part of the time may be spent on comparing, as its reciprocal.
const compareShare = 20

// compare makes the ledger know what left the server, and returns how many mails the server holds of those up to the mark.
// late is when to come back because it was compared too recently, 0 for no need.
func (c *Channel) compare(ctx context.Context, client *imapclient.Client, m *mailbox, last *comparing) (count int64, late time.Duration, err error) {
	present, err := presentMails(ctx, c.DB, m.ID)
	if err != nil {
		return 0, 0, err
	}
	if state := client.Mailbox(); m.ComparedAt != nil && state != nil && int64(state.NumMessages) == present+m.LeftOut {
		return present + m.LeftOut, 0, nil
	}
	if wait := time.Until(last.notBefore); wait > 0 && m.ComparedAt != nil {
		return present + m.LeftOut, wait, nil
	}
	began := time.Now()
	found, err := within(client, c.IMAPTimeout, client.UIDSearch(&imap.SearchCriteria{}, nil).Wait)
	if err != nil {
		return 0, 0, fmt.Errorf("list all mail: %w", err)
	}
	held := map[int64]bool{}
	for _, uid := range found.AllUIDs() {
		if int64(uid) <= m.LastUID {
			held[int64(uid)] = true
		}
	}
	if present, err = c.forgetAbsent(ctx, m, held); err != nil {
		return 0, 0, err
	}
	missed, err := c.missed(ctx, m, held)
	if err != nil {
		return 0, 0, err
	}
	m.LeftOut, m.ComparedAt = int64(len(held))-present, db.Now().Ptr()
	last.notBefore = time.Now().Add(max(time.Second, compareShare*time.Since(began)))
	if missed > 0 {
		c.Log.Warn("the server did not list a mail that it holds; listing again", "mailbox", m.Name, "uid", missed)
		m.LastUID, m.ComparedAt, late = missed-1, nil, time.Millisecond
	}
	return int64(len(held)), late, nil
}

// missed returns the lowest UID that the server holds and never listed, 0 for none. Where the beginning of the mailbox is
// not known, what is above the first mail that was entered is no older mail that was left out.
func (c *Channel) missed(ctx context.Context, m *mailbox, held map[int64]bool) (int64, error) {
	begin, known := int64(-1), map[int64]bool{}
	if m.BeginsAfter != nil {
		begin = *m.BeginsAfter
	}
	err := db.Each(ctx, c.DB, func(r db.Rows) error {
		var uid int64
		err := r.Scan(&uid)
		if begin < 0 {
			begin = uid
		}
		known[uid] = true
		return err
	}, `SELECT uid FROM mail_ledger WHERE mailbox_id = $1 AND uid_validity = $2 ORDER BY uid`, m.ID, m.UIDValidity)
	if err != nil {
		return 0, fmt.Errorf("look for mails that were not listed: %w", err)
	}
	lowest := int64(0)
	for uid := range held {
		if begin >= 0 && uid > begin && !known[uid] && (lowest == 0 || uid < lowest) {
			lowest = uid
		}
	}
	return lowest, nil
}

// presentMails returns how many of a mailbox's mails the server holds by what the ledger knows.
func presentMails(ctx context.Context, q db.Querier, mailboxID int64) (n int64, err error) {
	err = q.QueryRow(ctx, `SELECT CAST(COALESCE(sum(present), 0) AS BIGINT) FROM mail_ledger_counts WHERE mailbox_id = $1`, mailboxID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count the mails that are on the server: %w", err)
	}
	return n, nil
}

// forgetAbsent marks mails as gone that the server does not hold any more, and returns how many of the rest it does.
func (c *Channel) forgetAbsent(ctx context.Context, m *mailbox, held map[int64]bool) (present int64, err error) {
	known, err := db.Select[int64](ctx, c.DB, `SELECT uid FROM mail_ledger WHERE mailbox_id = $1 AND uid_validity = $2 AND on_server ORDER BY uid`, m.ID, m.UIDValidity)
	if err != nil {
		return 0, fmt.Errorf("read which mails are on the server: %w", err)
	}
	var gone []int64
	for _, uid := range known {
		if !held[uid] {
			gone = append(gone, uid)
		}
	}
	for len(gone) > 0 {
		n := min(len(gone), 500)
		err := c.DB.Tx(ctx, func(tx *db.Tx) error {
			places, args := db.In(3, gone[:n])
			_, err := tx.Exec(ctx, `UPDATE mail_ledger SET on_server = FALSE WHERE mailbox_id = $1 AND uid_validity = $2 AND on_server AND uid IN (`+places+`)`,
				append([]any{m.ID, m.UIDValidity}, args...)...)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("note which mails left the server: %w", err)
		}
		gone = gone[n:]
	}
	return presentMails(ctx, c.DB, m.ID)
}

// notEntered returns those of listed mails that are not in the ledger: the mark goes back when older mail is to be read.
func (c *Channel) notEntered(ctx context.Context, m *mailbox, listed []uidSize) ([]uidSize, error) {
	uids := make([]int64, len(listed))
	for i, s := range listed {
		uids[i] = int64(s.uid)
	}
	places, args := db.In(3, uids)
	known, err := db.Select[int64](ctx, c.DB, `SELECT uid FROM mail_ledger WHERE mailbox_id = $1 AND uid_validity = $2 AND uid IN (`+places+`)`,
		append([]any{m.ID, m.UIDValidity}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("look for mails in the ledger: %w", err)
	}
	if len(known) == 0 {
		return listed, nil
	}
	entered := map[int64]bool{}
	for _, uid := range known {
		entered[uid] = true
	}
	var out []uidSize
	for _, s := range listed {
		if !entered[int64(s.uid)] {
			out = append(out, s)
		}
	}
	return out, nil
}
