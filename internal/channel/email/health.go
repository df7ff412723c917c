package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Health says how the mail of an inbox fares.
type Health struct {
	Mailboxes []MailboxHealth  `json:"mailboxes"`
	Outbox    map[string]int64 `json:"outbox" doc:"How many replies are in each state of the outbox"`
}

// MailboxHealth says how a mailbox is read and what became of its mail.
type MailboxHealth struct {
	Name          string           `json:"name"`
	Configured    bool             `json:"configured" doc:"Whether the inbox reads it today"`
	Mode          string           `json:"mode" doc:"idle or polling; empty before the first contact"`
	ServerCount   int64            `json:"server_count" doc:"How many mails the server had at the last contact"`
	UIDValidity   int64            `json:"uid_validity" db:"uid_validity"`
	LastUID       int64            `json:"last_uid" db:"last_uid"`
	Since         *db.Time         `json:"since" doc:"Mail older than this was left out when the mailbox began"`
	LastContactAt *db.Time         `json:"last_contact_at"`
	LastError     string           `json:"last_error"`
	LastErrorAt   *db.Time         `json:"last_error_at"`
	Ledger        map[string]int64 `json:"ledger" db:"-" doc:"How many mails are in each state of the ledger"`
}

// ReadHealth returns the health of an inbox, its mailboxes in the order of the settings and then those that were read
// earlier. The inbox may be masked.
func ReadHealth(ctx context.Context, q db.Querier, in inbox.Inbox) (Health, error) {
	var cfg inbox.EmailConfig
	if err := in.Config.Decode(&cfg); err != nil {
		return Health{}, err
	}
	NameAccount(&cfg)
	type row struct {
		ID int64
		MailboxHealth
	}
	rows, err := db.Select[row](ctx, q, `SELECT id, name, mode, server_count, uid_validity, last_uid, since, last_contact_at, last_error, last_error_at
		FROM mailboxes WHERE inbox_id = $1 ORDER BY id`, in.ID)
	if err != nil {
		return Health{}, fmt.Errorf("read the mailboxes of inbox %d: %w", in.ID, err)
	}
	known := map[string]MailboxHealth{}
	var order []string
	for _, r := range rows {
		m := r.MailboxHealth
		if m.Ledger, err = countStates(ctx, q, `SELECT state, count(*) FROM mail_ledger WHERE mailbox_id = $1 GROUP BY state`, r.ID, ledgerStates); err != nil {
			return Health{}, err
		}
		known[m.Name] = m
		order = append(order, m.Name)
	}
	h := Health{Mailboxes: []MailboxHealth{}}
	for _, server := range cfg.IMAP {
		name := mailboxName(server)
		m, ok := known[name]
		if !ok {
			m = MailboxHealth{Name: name, Ledger: zeros(ledgerStates)}
		}
		delete(known, name)
		m.Configured = true
		h.Mailboxes = append(h.Mailboxes, m)
	}
	for _, name := range order {
		if m, ok := known[name]; ok {
			h.Mailboxes = append(h.Mailboxes, m)
		}
	}
	h.Outbox, err = countStates(ctx, q, `SELECT state, count(*) FROM outbox WHERE inbox_id = $1 GROUP BY state`, in.ID, outboxStates)
	return h, err
}

var (
	ledgerStates = []string{"pending", "filed", "duplicate", "ignored", "quarantined"}
	outboxStates = []string{"queued", "sending", "delayed", "sent", "failed"}
)

func zeros(states []string) map[string]int64 {
	out := map[string]int64{}
	for _, s := range states {
		out[s] = 0
	}
	return out
}

// countStates runs a query of states and counts; states without rows are there with 0.
func countStates(ctx context.Context, q db.Querier, query string, id int64, states []string) (map[string]int64, error) {
	out := zeros(states)
	err := db.Each(ctx, q, func(rows db.Rows) error {
		var state string
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return err
		}
		out[state] = n
		return nil
	}, query, id)
	if err != nil {
		return nil, fmt.Errorf("count the mail of an inbox: %w", err)
	}
	return out, nil
}

// Contact says when a mailbox was last read, and what went wrong last.
type Contact struct {
	At      *db.Time `db:"last_contact_at"`
	Error   string   `db:"last_error"`
	ErrorAt *db.Time `db:"last_error_at"`
}

// LastContact returns the last contact with a mailbox of an inbox; the zero value if it was never tried.
func LastContact(ctx context.Context, q db.Querier, inboxID int64, server inbox.IMAPServer) (Contact, error) {
	c, err := db.Get[Contact](ctx, q, `SELECT last_contact_at, last_error, last_error_at FROM mailboxes WHERE inbox_id = $1 AND name = $2`, inboxID, mailboxName(server))
	if errors.Is(err, db.ErrNoRows) {
		return Contact{}, nil
	}
	if err != nil {
		return Contact{}, fmt.Errorf("read the last contact with a mailbox of inbox %d: %w", inboxID, err)
	}
	return c, nil
}

// ReadInterval returns after how long a mailbox is looked at again at the latest, whether or not its server announces mail.
func ReadInterval(server inbox.IMAPServer) time.Duration {
	return interval(server.ReadInterval, defaultInterval)
}
