package email

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

var silent = promauto.NewGauge(prometheus.GaugeOpts{
	Name: "foyer_mailboxes_silent",
	Help: "Mailboxes of enabled inboxes that were not read for longer than mail_alarm_after.",
})

// Alarm is a mailbox that is not read.
type Alarm struct {
	InboxID   int64   `json:"inbox_id"`
	InboxName string  `json:"inbox_name"`
	Mailbox   string  `json:"mailbox"`
	Since     db.Time `json:"since" doc:"When it was last read, or since when it is to be read"`
	LastError string  `json:"last_error"`
}

// Alarms returns the mailboxes of enabled inboxes that were not read for longer than the configuration allows, or than twice
// the interval at which they are read.
func (c *Channel) Alarms(ctx context.Context) ([]Alarm, error) {
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
		var cfg inbox.EmailConfig
		if err := r.Config.Decode(&cfg); err != nil {
			return nil, err
		}
		NameAccount(&cfg)
		for _, server := range cfg.IMAP {
			last, err := LastContact(ctx, c.DB, r.ID, server)
			if err != nil {
				return nil, err
			}
			a := Alarm{InboxID: r.ID, InboxName: r.Name, Mailbox: mailboxName(server), Since: r.UpdatedAt, LastError: last.Error}
			if last.At != nil && last.At.After(a.Since.Time) {
				a.Since = *last.At
			}
			if time.Since(a.Since.Time) > max(c.AlarmAfter, 2*ReadInterval(server)) {
				out = append(out, a)
			}
		}
	}
	return out, nil
}

// watchSilence keeps the measure of mailboxes that are not read.
func (c *Channel) watchSilence(ctx context.Context) {
	alarms, err := c.Alarms(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.Log.Warn("could not look for mailboxes that are not read", "error", err)
		}
		return
	}
	silent.Set(float64(len(alarms)))
}
