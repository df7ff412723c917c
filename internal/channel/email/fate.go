package email

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// fate is what has become of a reply, recipient by recipient. Who has it is never among those whose copy was lost.
type fate struct {
	delivery conversation.Delivery
	next     db.Time
	reached  []string
	bounces  []conversation.Bounced
	news     []conversation.Bounce // of the bounces, those that are new
	lost     []conversation.Bounce // who was refused in the attempt for good, as a bounce or not
}

// judge tells what an attempt makes of a reply. Who was refused for good while the reply reached others, or may yet, has bounced;
// for who was refused for now it is tried again as long as there is time, and only for them. A reply that nobody has in the end has
// failed.
func judge(r claimed, o outboxRow, res attemptResult, now db.Time) (f fate, err error) {
	f = fate{delivery: conversation.Delivery{State: "sent", Attempts: r.Attempts}, next: now}
	if f.bounces, f.reached, err = o.decode(); err != nil {
		return f, err
	}
	before := len(f.reached)
	if res.accepted {
		f.reached = append(f.reached, without(res.asked, addresses(res.refused))...)
	}
	waits := res.err != nil && res.temporary && now.Sub(r.CreatedAt.Time) < giveUp
	f.lost = res.lost(waits, now)
	switch {
	case waits:
		f.next = db.At(now.Add(retryAfter[min(int(r.Attempts), len(retryAfter))-1]))
		f.delivery.State, f.delivery.NextAttemptAt, f.delivery.LastError = "delayed", &f.next, clean(res.err.Error())
	case len(f.reached) == 0 && res.err != nil && len(openIn(f.bounces)) == 0:
		f.delivery.State, f.delivery.LastError = "failed", clean(res.err.Error())
		return f, nil
	case len(f.reached) == 0:
		f.delivery.State = "failed"
	case before == 0 && len(f.lost) == 0:
		f.reached = nil // all at once, which "sent" says
	}
	report := fmt.Sprintf("smtp:%d", now.UnixMicro())
	for _, b := range f.lost {
		var isNews bool
		if f.bounces, isNews = addBounce(f.bounces, conversation.Bounced{Bounce: b, Report: report}); isNews {
			f.news = append(f.news, b)
		}
	}
	f.delivery.Bounces = openIn(f.bounces)
	if n := len(f.delivery.Bounces); f.delivery.State == "failed" && n > 0 {
		f.delivery.LastError = f.delivery.Bounces[n-1].Words()
	}
	return f, nil
}

// lost are those who will not get a reply by this attempt or a later one; waits says that there will be one for who was not
// refused for good.
func (res attemptResult) lost(waits bool, now db.Time) (out []conversation.Bounce) {
	add := func(recipient, status, words string) {
		out = append(out, conversation.Bounce{Recipient: recipient, Action: mail.Failed, StatusCode: status, Message: clean(words), At: now})
	}
	for _, bad := range res.refused {
		if bad.forGood() || !waits {
			add(bad.Address, bad.Status, bad.Message)
		}
	}
	if res.err != nil && !res.accepted && !waits {
		for _, a := range without(res.asked, addresses(res.refused)) {
			add(a, "", res.err.Error())
		}
	}
	return out
}

func addresses(list []Recipient) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.Address
	}
	return out
}

// conclude ends an attempt in the outbox.
func (f fate) conclude(ctx context.Context, tx *db.Tx, messageID int64) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET state = $2, next_attempt_at = $3, lease_until = 0, lease_owner = '', last_error = $4, bounces = $5, bounced = $6,
		reached = $7, updated_at = $8 WHERE message_id = $1`, messageID, f.delivery.State, f.next, f.delivery.LastError,
		listJSON(f.bounces), len(f.delivery.Bounces) > 0, listJSON(f.reached), db.Now())
	if err != nil {
		return fmt.Errorf("note how a reply fared: %w", err)
	}
	return nil
}

// listJSON is a list as it is stored: an empty one is not null.
func listJSON[T any](list []T) db.JSON {
	if list == nil {
		list = []T{}
	}
	return db.ToJSON(list)
}

// tellFate tells the conversation, its people and the contacts what an attempt made of a reply.
func (c *Channel) tellFate(ctx context.Context, tx *db.Tx, r claimed, accepted bool, f fate) error {
	var err error
	switch {
	case accepted || f.delivery.State == "sent":
		err = c.Conversations.SettleTx(ctx, tx, r.MessageID, conversation.StatusSent)
	case f.delivery.State == "failed":
		err = c.Conversations.SettleTx(ctx, tx, r.MessageID, conversation.StatusFailed)
	}
	if err != nil {
		return err
	}
	if err := markDead(ctx, tx, f.lost); err != nil {
		return err
	}
	switch {
	case len(f.news) > 0:
		return c.Conversations.BounceTx(ctx, tx, r.MessageID, fmt.Sprintf("message:%d", r.MessageID), f.delivery, f.news)
	case f.delivery.State != "sent" || r.Attempts > 1 || len(f.delivery.Bounces) > 0:
		return c.Conversations.NoteDeliveryTx(ctx, tx, r.MessageID, f.delivery)
	}
	return nil
}

// markDead notes on contacts that mail to their address does not arrive, where that is because of the address.
func markDead(ctx context.Context, tx *db.Tx, bounces []conversation.Bounce) error {
	for _, b := range bounces {
		if b.Action != mail.Failed || !ofAddress(b.StatusCode) {
			continue
		}
		if err := contact.MarkBounced(ctx, tx, b.Recipient, b.Words()); err != nil {
			return err
		}
	}
	return nil
}

// ofAddress reports whether a status is about a recipient's address, mailbox or server, or does not say, and is for good: not about
// the mail, its sender or the way it was handed over (RFC 3463 §3.1).
func ofAddress(status string) bool {
	class, rest, _ := strings.Cut(status, ".")
	subject, _, _ := strings.Cut(rest, ".")
	return class == "5" && slices.Contains([]string{"0", "1", "2", "4"}, subject)
}

// openIn are the bounces that count, lostIn the recipients whose copy was given up by one of them.
func openIn(all []conversation.Bounced) (out []conversation.Bounce) {
	for _, b := range all {
		if !b.Cleared {
			out = append(out, b.Bounce)
		}
	}
	return out
}

func lostIn(all []conversation.Bounced) (out []string) {
	for _, b := range openIn(all) {
		if b.Action == mail.Failed {
			out = append(out, b.Recipient)
		}
	}
	return out
}

// decode returns what came back of a reply, and who has it.
func (o outboxRow) decode() (bounces []conversation.Bounced, reached []string, err error) {
	if err := o.Bounces.Decode(&bounces); err != nil {
		return nil, nil, err
	}
	return bounces, reached, o.Reached.Decode(&reached)
}
