package email

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Alarm is a mailbox that is not read, or an inbox whose replies do not leave.
type Alarm struct {
	InboxID   int64      `json:"inbox_id"`
	InboxName string     `json:"inbox_name"`
	Part      inbox.Part `json:"part" enum:"mailbox,sending"`
	Mailbox   string     `json:"mailbox" doc:"Which one is not read; empty for sending"`
	Since     db.Time    `json:"since" doc:"When it last worked, or since when it is to work"`
	LastError string     `json:"last_error"`
	problem   db.JSON
	erredAt   db.Time // when it was last tried in vain
}

// Alarms returns the mailboxes of enabled inboxes that were not read for longer than the configuration allows, or than twice
// the interval at which they are read; then the inboxes that could not send for as long.
func (c *Channel) Alarms(ctx context.Context) ([]Alarm, error) {
	out, err := c.silentMailboxes(ctx)
	if err != nil {
		return nil, err
	}
	stuck, err := c.stuckInboxes(ctx)
	return append(out, stuck...), err
}

func (c *Channel) silentMailboxes(ctx context.Context) ([]Alarm, error) {
	type row struct {
		ID        int64
		Name      string
		UpdatedAt db.Time
		Config    db.JSON
	}
	rows, err := db.Select[row](ctx, c.DB, `SELECT id, name, updated_at, config FROM inboxes WHERE channel = 'email' AND enabled AND deleted_at IS NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read inboxes: %w", err)
	}
	out := []Alarm{}
	for _, r := range rows {
		servers, err := mailServers(r.Config)
		if err != nil {
			return nil, err
		}
		for _, server := range servers {
			last, err := LastContact(ctx, c.DB, r.ID, server)
			if err != nil {
				return nil, err
			}
			a := Alarm{InboxID: r.ID, InboxName: r.Name, Part: inbox.Mailbox, Mailbox: mailboxName(server), Since: r.UpdatedAt, LastError: last.Error, problem: last.Problem}
			if last.At != nil && last.At.After(a.Since.Time) {
				a.Since = *last.At
			}
			if last.ErrorAt != nil {
				a.erredAt = *last.ErrorAt
			}
			if time.Since(a.Since.Time) > max(c.AlarmAfter, 2*ReadInterval(server)) {
				out = append(out, a)
			}
		}
	}
	return out, nil
}

// mailServers returns the mailboxes of an inbox's settings.
func mailServers(config db.JSON) ([]inbox.IMAPServer, error) {
	var cfg inbox.EmailConfig
	if err := config.Decode(&cfg); err != nil {
		return nil, err
	}
	NameAccount(&cfg)
	return cfg.IMAP, nil
}

// stuckInboxes are those of which nothing left for too long although it was tried with the present settings.
func (c *Channel) stuckInboxes(ctx context.Context) ([]Alarm, error) {
	var out []Alarm
	before := db.At(time.Now().Add(-c.AlarmAfter))
	err := db.Each(ctx, c.DB, func(r db.Rows) error {
		a := Alarm{Part: inbox.Sending}
		var changed db.Time
		if err := r.Scan(&a.InboxID, &a.InboxName, &changed, &a.Since, &a.erredAt, &a.LastError, &a.problem); err != nil {
			return err
		}
		if changed.After(a.Since.Time) {
			a.Since = changed
		}
		out = append(out, a)
		return nil
	}, `SELECT i.id, i.name, i.updated_at, t.failing_since, t.failed_at, t.last_error, t.last_problem FROM outbox_troubles t JOIN inboxes i ON i.id = t.inbox_id
		WHERE i.enabled AND i.deleted_at IS NULL AND t.failing_since < $1 AND i.updated_at < $1 AND t.failed_at > i.updated_at ORDER BY i.id`, before)
	if err != nil {
		return nil, fmt.Errorf("read which inboxes cannot send: %w", err)
	}
	return out, nil
}
