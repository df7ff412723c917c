package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// An outage is an alarm that people were told of. It begins once, whichever node sees it first and however often nodes
// start: alarmed_at is set in the transaction in which the event is appended, and it ends only when a mail came in or went
// out, however settings are changed meanwhile.

var (
	silent = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "foyer_mailboxes_silent",
		Help: "Mailboxes of enabled inboxes that were not read for longer than mail_alarm_after.",
	})
	stuck = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "foyer_inboxes_not_sending",
		Help: "Enabled inboxes that could send nothing for longer than mail_alarm_after.",
	})
)

// SendingHealth says whether an inbox can send.
type SendingHealth struct {
	FailingSince *db.Time `json:"failing_since" doc:"Since when no reply could leave because a server cannot be used; null while sending works"`
	LastError    string   `json:"last_error"`
	LastProblem  db.JSON  `json:"-"`
	Problem      string   `json:"problem" db:"-" doc:"The last error in plain words; empty for none"`
}

// Explained returns what the last error of sending means; false if there was none.
func (s SendingHealth) Explained() (Problem, bool) { return explained(s.LastProblem) }

func readSending(ctx context.Context, q db.Querier, inboxID int64) (SendingHealth, error) {
	s, err := db.Get[SendingHealth](ctx, q, `SELECT failing_since, last_error, last_problem FROM outbox_troubles WHERE inbox_id = $1 AND failing_since IS NOT NULL`, inboxID)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return s, fmt.Errorf("read how inbox %d sends: %w", inboxID, err)
	}
	return s, nil
}

// noteSending notes that a reply of an inbox left, or what keeps all of its replies from leaving.
func noteSending(ctx context.Context, tx *db.Tx, inboxID int64, sent bool, trouble *Problem) (err error) {
	switch {
	case sent:
		_, err = tx.Exec(ctx, `UPDATE outbox_troubles SET failing_since = NULL WHERE inbox_id = $1 AND failing_since IS NOT NULL`, inboxID)
	case trouble != nil:
		_, err = tx.Exec(ctx, `INSERT INTO outbox_troubles (inbox_id, failing_since, failed_at, last_error, last_problem) VALUES ($1, $2, $2, $3, $4)
			ON CONFLICT (inbox_id) DO UPDATE SET failing_since = COALESCE(outbox_troubles.failing_since, excluded.failing_since),
			failed_at = excluded.failed_at, last_error = excluded.last_error, last_problem = excluded.last_problem`,
			inboxID, db.Now(), clean(trouble.Detail), db.ToJSON(trouble))
	}
	if err != nil {
		return fmt.Errorf("note how inbox %d sends: %w", inboxID, err)
	}
	return nil
}

// watchOutages keeps the measures of what does not work, and tells of outages that begin and end. started is when this node
// began to look: after a pause of the whole desk everything gets its chance first.
func (c *Channel) watchOutages(ctx context.Context, started db.Time) {
	err := c.beginOutages(ctx, started)
	if err == nil {
		err = c.endOutages(ctx)
	}
	if err != nil && ctx.Err() == nil {
		c.Log.Warn("could not look for mail that does not come in or go out", "error", err)
	}
}

func (c *Channel) beginOutages(ctx context.Context, started db.Time) error {
	alarms, err := c.Alarms(ctx)
	if err != nil {
		return err
	}
	mailboxes := 0
	for _, a := range alarms {
		if a.Part == inbox.Mailbox {
			mailboxes++
		}
		if a.erredAt.Before(started.Time) && time.Since(started.Time) < c.AlarmAfter {
			continue
		}
		if err := c.beginOutage(ctx, a); err != nil {
			return err
		}
	}
	silent.Set(float64(mailboxes))
	stuck.Set(float64(len(alarms) - mailboxes))
	return nil
}

func (c *Channel) beginOutage(ctx context.Context, a Alarm) error {
	o := inbox.Outage{State: inbox.OutageBegan, InboxID: a.InboxID, InboxName: a.InboxName, Part: a.Part, Mailbox: a.Mailbox, Since: a.Since}
	if p, ok := explained(a.problem); ok {
		o.Problem, o.Params = p.Key, p.Params
	}
	mark, args := `UPDATE mailboxes SET alarmed_at = $1 WHERE inbox_id = $2 AND name = $3 AND alarmed_at IS NULL`, []any{db.Now(), a.InboxID, a.Mailbox}
	if a.Part == inbox.Sending {
		mark, args = `UPDATE outbox_troubles SET alarmed_at = $1 WHERE inbox_id = $2 AND alarmed_at IS NULL`, args[:2]
	}
	return c.announce(ctx, o, mark, args...)
}

// outage is one that people know of, with what its end depends on.
type outage struct {
	InboxID   int64
	InboxName string
	Config    db.JSON
	Enabled   bool
	Mailbox   string
	AlarmedAt db.Time
	WorkedAt  *db.Time // when it last worked; for sending, null for not since
}

func (c *Channel) endOutages(ctx context.Context) error {
	read, err := db.Select[outage](ctx, c.DB, `SELECT i.id AS inbox_id, i.name AS inbox_name, i.config, i.enabled AND i.deleted_at IS NULL AS enabled,
		m.name AS mailbox, m.alarmed_at, m.last_contact_at AS worked_at FROM mailboxes m JOIN inboxes i ON i.id = m.inbox_id WHERE m.alarmed_at IS NOT NULL ORDER BY m.id`)
	if err != nil {
		return fmt.Errorf("read the outages of mailboxes: %w", err)
	}
	for _, o := range read {
		if err := c.endReading(ctx, o); err != nil {
			return err
		}
	}
	send, err := db.Select[outage](ctx, c.DB, `SELECT i.id AS inbox_id, i.name AS inbox_name, i.config, i.enabled AND i.deleted_at IS NULL AS enabled,
		'' AS mailbox, t.alarmed_at, CASE WHEN t.failing_since IS NULL THEN t.failed_at END AS worked_at
		FROM outbox_troubles t JOIN inboxes i ON i.id = t.inbox_id WHERE t.alarmed_at IS NOT NULL ORDER BY i.id`)
	if err != nil {
		return fmt.Errorf("read the outages of sending: %w", err)
	}
	for _, o := range send {
		state := inbox.OutageMoot
		switch {
		case o.WorkedAt != nil:
			state = inbox.OutageOver
		case o.Enabled:
			continue
		}
		if err := c.announce(ctx, o.ends(state, inbox.Sending), `UPDATE outbox_troubles SET alarmed_at = NULL WHERE inbox_id = $1 AND alarmed_at IS NOT NULL`, o.InboxID); err != nil {
			return err
		}
	}
	return nil
}

// endReading ends the outage of a mailbox that was read since, or that nobody wants to have read any more.
func (c *Channel) endReading(ctx context.Context, o outage) error {
	servers, err := mailServers(o.Config)
	if err != nil {
		return err
	}
	wanted := o.Enabled && slices.ContainsFunc(servers, func(s inbox.IMAPServer) bool { return mailboxName(s) == o.Mailbox })
	state := inbox.OutageMoot
	switch {
	case wanted && o.WorkedAt != nil && o.WorkedAt.After(o.AlarmedAt.Time):
		state = inbox.OutageOver
	case wanted:
		return nil
	}
	return c.announce(ctx, o.ends(state, inbox.Mailbox),
		`UPDATE mailboxes SET alarmed_at = NULL WHERE inbox_id = $1 AND name = $2 AND alarmed_at IS NOT NULL`, o.InboxID, o.Mailbox)
}

func (o outage) ends(state inbox.OutageState, part inbox.Part) inbox.Outage {
	return inbox.Outage{State: state, InboxID: o.InboxID, InboxName: o.InboxName, Part: part, Mailbox: o.Mailbox, Since: o.AlarmedAt}
}

// announce appends the event of an outage, if the statement that marks it finds that nobody has done so before.
func (c *Channel) announce(ctx context.Context, o inbox.Outage, mark string, args ...any) error {
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, mark, args...)
		if err != nil {
			return fmt.Errorf("mark an outage of inbox %d: %w", o.InboxID, err)
		}
		if n == 0 {
			return nil
		}
		var system int64
		if err := tx.QueryRow(ctx, `SELECT id FROM users WHERE is_system ORDER BY id LIMIT 1`).Scan(&system); err != nil {
			return fmt.Errorf("read the System user: %w", err)
		}
		return c.Events.Append(ctx, tx, event.New{Type: event.InboxOutage, ActorID: system, Payload: o})
	})
}
