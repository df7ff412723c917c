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
	Sending   SendingHealth    `json:"sending"`
	PerMinute int64            `json:"per_minute" doc:"How many replies it may send in a minute; 0 for any number"`
	Outbox    map[string]int64 `json:"outbox" doc:"How many replies are in each state of the outbox; counting ends at 1000"`
}

// MailboxHealth says how a mailbox is read and what became of its mail.
type MailboxHealth struct {
	ID            int64            `json:"id" doc:"0 before the first contact"`
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
	LastProblem   db.JSON          `json:"-"`
	Problem       string           `json:"problem" db:"-" doc:"The last error in plain words; empty for none"`
	LeftOut       int64            `json:"left_out" doc:"How many mails the server has that are older than the beginning"`
	ComparedAt    *db.Time         `json:"compared_at" doc:"When ledger and server were compared; null for not yet"`
	Ledger        map[string]int64 `json:"ledger" db:"-" doc:"How many mails are in each state of the ledger"`
	Present       map[string]int64 `json:"present" db:"-" doc:"How many of them the server still has; with left_out they are server_count"`
	Rules         []RuleCount      `json:"rules" db:"-" doc:"How many mails were ignored and quarantined, by rule"`
}

// RuleCount says how many mails were set aside by a rule.
type RuleCount struct {
	State string `json:"state"`
	Rule  string `json:"rule"`
	Count int64  `json:"count"`
}

// Explained returns what the last error of a mailbox means; false if there was none.
func (m MailboxHealth) Explained() (Problem, bool) { return explained(m.LastProblem) }

func explained(stored db.JSON) (p Problem, ok bool) {
	if len(stored) == 0 || stored.Decode(&p) != nil {
		return p, false
	}
	return p, p.Key != ""
}

// ReadHealth returns the health of an inbox, its mailboxes in the order of the settings and then those that were read
// earlier. The inbox may be masked.
func ReadHealth(ctx context.Context, q db.Querier, in inbox.Inbox) (Health, error) {
	var cfg inbox.EmailConfig
	if err := in.Config.Decode(&cfg); err != nil {
		return Health{}, err
	}
	NameAccount(&cfg)
	rows, err := db.Select[MailboxHealth](ctx, q, `SELECT id, name, mode, server_count, uid_validity % 4294967296 AS uid_validity, last_uid, since, last_contact_at, last_error, last_error_at, last_problem,
		left_out, compared_at
		FROM mailboxes WHERE inbox_id = $1 ORDER BY id`, in.ID)
	if err != nil {
		return Health{}, fmt.Errorf("read the mailboxes of inbox %d: %w", in.ID, err)
	}
	known := map[string]MailboxHealth{}
	var order []string
	for _, m := range rows {
		if err := m.count(ctx, q); err != nil {
			return Health{}, err
		}
		known[m.Name] = m
		order = append(order, m.Name)
	}
	h := Health{Mailboxes: []MailboxHealth{}}
	if h.PerMinute, err = Pace(ctx, q, in.ID); err != nil {
		return Health{}, err
	}
	if h.Sending, err = readSending(ctx, q, in.ID); err != nil {
		return Health{}, err
	}
	for _, server := range cfg.IMAP {
		name := mailboxName(server)
		m, ok := known[name]
		if !ok {
			m = MailboxHealth{Name: name, Ledger: zeros(ledgerStates), Present: zeros(ledgerStates), Rules: []RuleCount{}}
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
	h.Outbox, err = countOutbox(ctx, q, in.ID, shownStates)
	return h, err
}

var ledgerStates = []string{"pending", "filed", "duplicate", "ignored", "quarantined"}

func zeros(states []string) map[string]int64 {
	out := map[string]int64{}
	for _, s := range states {
		out[s] = 0
	}
	return out
}

// count fills in how many mails are in which state, from the counters that the ledger keeps.
func (m *MailboxHealth) count(ctx context.Context, q db.Querier) error {
	m.Ledger, m.Present, m.Rules = zeros(ledgerStates), zeros(ledgerStates), []RuleCount{}
	err := db.Each(ctx, q, func(rows db.Rows) error {
		var r RuleCount
		var present int64
		if err := rows.Scan(&r.State, &r.Rule, &r.Count, &present); err != nil {
			return err
		}
		m.Ledger[r.State] += r.Count
		m.Present[r.State] += present
		if r.Count > 0 && (r.State == stateIgnored || r.State == stateQuarantined) {
			m.Rules = append(m.Rules, r)
		}
		return nil
	}, `SELECT state, rule, CAST(sum(total) AS BIGINT), CAST(sum(present) AS BIGINT) FROM mail_ledger_counts
		WHERE mailbox_id = $1 GROUP BY state, rule ORDER BY state, rule`, m.ID)
	if err != nil {
		return fmt.Errorf("count the mails of mailbox %d: %w", m.ID, err)
	}
	return nil
}

// Contact says when a mailbox was last read, and what went wrong last.
type Contact struct {
	At      *db.Time `db:"last_contact_at"`
	Error   string   `db:"last_error"`
	ErrorAt *db.Time `db:"last_error_at"`
	Problem db.JSON  `db:"last_problem"` // a [Problem], empty for none
}

// LastContact returns the last contact with a mailbox of an inbox; the zero value if it was never tried.
func LastContact(ctx context.Context, q db.Querier, inboxID int64, server inbox.IMAPServer) (Contact, error) {
	c, err := db.Get[Contact](ctx, q, `SELECT last_contact_at, last_error, last_error_at, last_problem FROM mailboxes WHERE inbox_id = $1 AND name = $2`, inboxID, mailboxName(server))
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
