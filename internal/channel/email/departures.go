package email

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The states of a reply in the outbox, as people see them: those of the table, and what became of one that left or was
// taken back.
var shownStates = []string{"queued", "sending", "delayed", "failed", "bounced", "cancelled", "sent"}

// Departing is a reply on its way out, for people.
type Departing struct {
	ID            int64                 `json:"id"`
	Message       string                `json:"message_uuid"`
	Conversation  string                `json:"conversation_uuid"`
	Reference     string                `json:"reference_number"`
	Subject       string                `json:"subject"`
	Sender        string                `json:"sender" doc:"The name of who wrote it"`
	InboxID       int64                 `json:"inbox_id"`
	State         string                `json:"state" enum:"queued,sending,delayed,failed,bounced,cancelled,sent"`
	Attempts      int64                 `json:"attempts"`
	NextAttemptAt *db.Time              `json:"next_attempt_at" doc:"When a delayed one is tried next"`
	LastError     string                `json:"last_error" doc:"The server's words"`
	Bounces       []conversation.Bounce `json:"bounces"`
	Reached       []string              `json:"reached" doc:"Who has it, of one that still goes to others"`
	CreatedAt     db.Time               `json:"created_at"`
	UpdatedAt     db.Time               `json:"updated_at"`
	conversation.Addressees
}

// OutboxPage is a page of the outbox, the newest first.
type OutboxPage struct {
	Replies []Departing `json:"replies"`
	Next    *int64      `json:"next" doc:"The before of the next page; null on the last one"`
}

// OutboxQuery says which replies are wanted. InboxID 0 and State "" are all, Before 0 is the newest.
type OutboxQuery struct {
	InboxID int64
	State   string
	Before  int64
	Size    int
}

// SQL is the query of one page of ids. Each form of it is answered from an index in the right order.
func (q OutboxQuery) SQL() (string, []any) {
	where, args := `TRUE`, []any{}
	add := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(` AND %s $%d`, condition, len(args))
	}
	if q.InboxID != 0 {
		add(`inbox_id =`, q.InboxID)
	}
	if q.State != "" {
		add(`shown =`, q.State)
	}
	if q.Before > 0 {
		add(`message_id <`, q.Before)
	}
	args = append(args, q.Size+1)
	return fmt.Sprintf(`SELECT message_id FROM outbox WHERE %s ORDER BY message_id DESC LIMIT $%d + 0`, where, len(args)), args
}

// Outbox returns a page of the replies that left or are to leave; Invalid for an unknown state.
func (c *Channel) Outbox(ctx context.Context, q OutboxQuery) (page OutboxPage, err error) {
	if q.State != "" && !slices.Contains(shownStates, q.State) {
		return page, fault.Field("state", "error.unknown_value", "value", q.State)
	}
	text, args := q.SQL()
	ids, err := db.Select[int64](ctx, c.DB, text, args...)
	if err != nil {
		return page, fmt.Errorf("list the outbox: %w", err)
	}
	if len(ids) > q.Size {
		ids = ids[:q.Size]
		page.Next = &ids[q.Size-1]
	}
	page.Replies, err = c.departing(ctx, ids)
	return page, err
}

func (c *Channel) departing(ctx context.Context, ids []int64) ([]Departing, error) {
	out := []Departing{}
	places, args := db.In(1, ids)
	err := db.Each(ctx, c.DB, func(r db.Rows) error {
		var d Departing
		var first, last, subject string
		var meta, bounces, reached db.JSON
		var next db.Time
		var reference int64
		if err := r.Scan(&d.ID, &d.Message, &d.Conversation, &reference, &subject, &first, &last, &d.InboxID, &d.State, &d.Attempts, &next,
			&d.LastError, &bounces, &reached, &d.CreatedAt, &d.UpdatedAt, &meta); err != nil {
			return err
		}
		var of struct {
			Subject string
			conversation.Addressees
		}
		if err := meta.Decode(&of); err != nil {
			return err
		}
		if d.Addressees, d.Subject = of.Addressees, of.Subject; d.Subject == "" {
			d.Subject = subject
		}
		if d.Sender = first; last != "" {
			d.Sender += " " + last
		}
		d.Reference = strconv.FormatInt(reference, 10)
		if d.State == "delayed" {
			d.NextAttemptAt = &next
		}
		if err := reached.Decode(&d.Reached); err != nil {
			return err
		}
		for _, list := range []*[]string{&d.To, &d.CC, &d.BCC, &d.Reached} {
			if *list == nil {
				*list = []string{}
			}
		}
		if d.Bounces = conversation.OpenBounces(bounces); d.Bounces == nil {
			d.Bounces = []conversation.Bounce{}
		}
		out = append(out, d)
		return nil
	}, `SELECT o.message_id, m.uuid, c.uuid, c.reference_number, c.subject, u.first_name, u.last_name, o.inbox_id, o.shown, o.attempts, o.next_attempt_at,
		o.last_error, o.bounces, o.reached, o.created_at, o.updated_at, m.meta
		FROM outbox o JOIN messages m ON m.id = o.message_id JOIN conversations c ON c.id = o.conversation_id JOIN users u ON u.id = m.sender_id
		WHERE o.message_id IN (`+places+`) ORDER BY o.message_id DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("read a page of the outbox: %w", err)
	}
	return out, nil
}

// countedUpTo is up to which number the replies of a state are counted.
const countedUpTo = 1000

// CountOutbox returns how many replies are in each state that wants attention or passes, of all inboxes or of one; counting ends
// at 1000. Those sent are not counted.
func (c *Channel) CountOutbox(ctx context.Context, inboxID int64) (map[string]int64, error) {
	return countOutbox(ctx, c.DB, inboxID, shownStates[:len(shownStates)-1])
}

// CountSQL is the query that counts what is wanted, up to a bound, from the index of [OutboxQuery.SQL].
func (q OutboxQuery) CountSQL() (string, []any) {
	q.Size = countedUpTo - 1
	text, args := q.SQL()
	return `SELECT count(*) FROM (` + text + `) counted`, args
}

// countOutbox counts the replies of each state from its index, up to a bound.
func countOutbox(ctx context.Context, q db.Querier, inboxID int64, states []string) (map[string]int64, error) {
	out := map[string]int64{}
	for _, state := range states {
		text, args := OutboxQuery{InboxID: inboxID, State: state}.CountSQL()
		var n int64
		if err := q.QueryRow(ctx, text, args...).Scan(&n); err != nil {
			return nil, fmt.Errorf("count the outbox: %w", err)
		}
		out[state] = n
	}
	return out, nil
}

// outboxRow is the state of a reply, locked.
type outboxRow struct {
	State      string
	Bounced    bool
	Bounces    db.JSON
	Reached    db.JSON
	LeaseOwner string
}

func lockOutbox(ctx context.Context, tx *db.Tx, messageID int64) (outboxRow, error) {
	lock := ""
	if tx.Engine() == db.Postgres {
		lock = " FOR UPDATE"
	}
	rows, err := db.Select[outboxRow](ctx, tx, `SELECT state, bounced, bounces, reached, lease_owner FROM outbox WHERE message_id = $1`+lock, messageID)
	if err != nil {
		return outboxRow{}, fmt.Errorf("read the outbox: %w", err)
	}
	if len(rows) == 0 {
		return outboxRow{}, fault.Missing("message")
	}
	return rows[0], nil
}

// Resend lets a reply leave again: one that failed, bounced or was taken back as a new attempt, one that is delayed at once.
// With addressees it goes to them, but not to who has it already. Errors: NotFound; Forbidden; Conflict for a reply that is
// just being sent or has arrived; Invalid names the field.
func (c *Channel) Resend(ctx context.Context, p *agent.Principal, message string, to *conversation.Addressees) error {
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		d, err := c.Conversations.DepartureTx(ctx, tx, p, message)
		if err != nil {
			return err
		}
		o, err := lockOutbox(ctx, tx, d.MessageID)
		if err != nil {
			return err
		}
		switch {
		case o.State == "sending":
			return fault.New(fault.Conflict, "error.reply_being_sent")
		case o.State == "sent" && !o.Bounced:
			return fault.New(fault.Conflict, "error.reply_sent")
		}
		before := conversation.Recipients(d.Meta)
		if to != nil {
			if err := c.Conversations.ReaddressTx(ctx, tx, p, &d, *to); err != nil {
				return err
			}
		}
		reached, err := o.reached(before)
		if err != nil {
			return err
		}
		if len(without(conversation.Recipients(d.Meta), reached)) == 0 {
			return fault.Field("to", "error.reply_reached_all")
		}
		// As if it had failed, so that it can be queued again.
		if _, err := tx.Exec(ctx, `UPDATE outbox SET state = 'failed', cancelled = FALSE, reached = $2, last_error = '' WHERE message_id = $1`,
			d.MessageID, listJSON(reached)); err != nil {
			return fmt.Errorf("make a reply ready to be sent again: %w", err)
		}
		return c.Conversations.ResendTx(ctx, tx, p, d)
	})
}

// reached returns who has a reply that went to recipients: who had it before, and of one that left all whose copy did not
// come back.
func (o outboxRow) reached(recipients []string) ([]string, error) {
	bounces, reached, err := o.decode()
	if err != nil || o.State != "sent" {
		return reached, err
	}
	var late []string
	for _, b := range openIn(bounces) {
		late = append(late, b.Recipient)
	}
	for _, r := range without(recipients, late) {
		if !slices.Contains(reached, r) {
			reached = append(reached, r)
		}
	}
	return reached, nil
}

// without returns the addresses of a list that are not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(a string) bool { return slices.Contains(other, conversation.BareAddress(a)) })
}

// Cancel takes a reply back that nobody has. Errors: NotFound; Forbidden; Conflict for one that is just being sent or has
// left, be it to some only.
func (c *Channel) Cancel(ctx context.Context, p *agent.Principal, message string) error {
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		d, err := c.Conversations.DepartureTx(ctx, tx, p, message)
		if err != nil {
			return err
		}
		o, err := lockOutbox(ctx, tx, d.MessageID)
		if err != nil {
			return err
		}
		_, reached, err := o.decode()
		switch {
		case err != nil:
			return err
		case o.State != "queued" && o.State != "delayed":
			return fault.New(fault.Conflict, "error.reply_not_waiting")
		case len(reached) > 0:
			return fault.New(fault.Conflict, "error.reply_reached_some")
		}
		if _, err := tx.Exec(ctx, `UPDATE outbox SET state = 'failed', cancelled = TRUE, last_error = '', updated_at = $2 WHERE message_id = $1`,
			d.MessageID, db.Now()); err != nil {
			return fmt.Errorf("take a reply back: %w", err)
		}
		tx.AfterCommit(c.wakeOutbox)
		return c.Conversations.CancelledTx(ctx, tx, p, d, conversation.Delivery{State: "cancelled"})
	})
}
