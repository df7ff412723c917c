package email

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// maxBounces is how many bounces are kept with one reply.
const maxBounces = 200

// departed is a reply that has an entry in the outbox.
type departed struct {
	MessageID int64
	Meta      db.JSON
	State     string
	Attempts  int64
	LastError string
	Bounces   db.JSON
	Reached   db.JSON
}

// bounced ties a report to the reply it is about: one that this inbox sent under the Message-ID named, to the recipient
// named. Anyone can write a report, so nothing else in it is believed, and it never becomes a message.
func (c *Channel) bounced(ctx context.Context, tx *db.Tx, in inbox.Inbox, p parsed, report mail.Report) (outcome, error) {
	o, err := findDeparted(ctx, tx, in.ID, report.OriginalID)
	if errors.Is(err, db.ErrNoRows) {
		return outcome{state: stateIgnored, rule: ruleReport, reason: "delivery report: about no message of this inbox"}, nil
	}
	if err != nil {
		return outcome{}, fmt.Errorf("find the reply that bounced: %w", err)
	}
	recipients := conversation.Recipients(o.Meta)
	var known []conversation.Bounced
	if err := o.Bounces.Decode(&known); err != nil {
		return outcome{}, err
	}
	var news []conversation.Bounce
	matched := false
	for _, r := range report.Recipients {
		address := r.Original
		if !slices.Contains(recipients, address) {
			address = r.Address
		}
		if !slices.Contains(recipients, address) {
			continue
		}
		matched = true
		b := conversation.Bounced{Report: clean(p.source), Bounce: conversation.Bounce{Recipient: address, Action: r.Action,
			StatusCode: r.Status, Message: clean(r.Words), At: db.Now()}}
		var isNews bool
		if known, isNews = addBounce(known, b); isNews {
			news = append(news, b.Bounce)
		}
	}
	switch {
	case !matched:
		return outcome{state: stateIgnored, rule: ruleReport, reason: "delivery report: about nobody the message was sent to"}, nil
	case len(news) == 0:
		return outcome{state: stateDuplicate, rule: ruleReport, reason: "delivery report: known already", messageID: &o.MessageID}, nil
	}
	if err := c.applyBounces(ctx, tx, p.entry.ID, o, recipients, known, news); err != nil {
		return outcome{}, err
	}
	return outcome{state: stateFiled, rule: ruleReport, reason: "delivery report: " + news[0].Action + " for " + news[0].Recipient, messageID: &o.MessageID}, nil
}

func findDeparted(ctx context.Context, tx *db.Tx, inboxID int64, sourceID string) (o departed, err error) {
	lock := ""
	if tx.Engine() == db.Postgres {
		lock = " FOR UPDATE OF o"
	}
	err = tx.QueryRow(ctx, `SELECT m.id, m.meta, o.state, o.attempts, o.last_error, o.bounces, o.reached FROM messages m
		JOIN outbox o ON o.message_id = m.id WHERE m.inbox_id = $1 AND m.source_id = $2`+lock, inboxID, clean(sourceID)).
		Scan(&o.MessageID, &o.Meta, &o.State, &o.Attempts, &o.LastError, &o.Bounces, &o.Reached)
	return o, err
}

// addBounce adds a bounce unless its report was seen or it says less than is known of the recipient: what was given up
// is not merely delayed.
func addBounce(known []conversation.Bounced, b conversation.Bounced) ([]conversation.Bounced, bool) {
	for i, k := range known {
		if k.Recipient != b.Recipient {
			continue
		}
		if k.Report == b.Report {
			return known, false
		}
		if k.Cleared {
			continue
		}
		if k.Action == mail.Failed {
			return known, false
		}
		known[i].Cleared = true
	}
	if len(known) >= maxBounces {
		return known, false
	}
	return append(known, b), true
}

// applyBounces stores the bounces of a reply. It has failed when every recipient's copy was given up; it can then be sent
// again like any other that failed.
func (c *Channel) applyBounces(ctx context.Context, tx *db.Tx, entryID int64, o departed, recipients []string, all []conversation.Bounced, news []conversation.Bounce) error {
	var reached []string
	if err := o.Reached.Decode(&reached); err != nil {
		return err
	}
	lost := lostIn(all)
	d := conversation.Delivery{State: o.State, Attempts: o.Attempts, LastError: o.LastError, Bounces: openIn(all)}
	if o.State == "sent" && len(without(recipients, lost)) == 0 {
		d.State, d.LastError = "failed", news[len(news)-1].Words()
	}
	if _, err := tx.Exec(ctx, `UPDATE outbox SET bounces = $2, bounced = TRUE, reached = $3, state = $4, last_error = $5, updated_at = $6 WHERE message_id = $1`,
		o.MessageID, db.ToJSON(all), listJSON(without(reached, lost)), d.State, d.LastError, db.Now()); err != nil {
		return fmt.Errorf("note what bounced: %w", err)
	}
	if err := markDead(ctx, tx, news); err != nil {
		return err
	}
	return c.Conversations.BounceTx(ctx, tx, o.MessageID, fmt.Sprintf("mail:%d", entryID), d, news)
}

// clearBounces lets what came back of earlier attempts no longer count, when a reply is queued again.
func clearBounces(ctx context.Context, tx *db.Tx, messageID int64) error {
	var raw db.JSON
	var all []conversation.Bounced
	if err := tx.QueryRow(ctx, `SELECT bounces FROM outbox WHERE message_id = $1`, messageID).Scan(&raw); err != nil {
		return fmt.Errorf("read what bounced: %w", err)
	}
	if err := raw.Decode(&all); err != nil || len(all) == 0 {
		return err
	}
	for i := range all {
		all[i].Cleared = true
	}
	_, err := tx.Exec(ctx, `UPDATE outbox SET bounces = $2, bounced = FALSE WHERE message_id = $1`, messageID, db.ToJSON(all))
	return err
}
