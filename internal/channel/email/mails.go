package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// Mail is one mail in the ledger, for people. What its header says is read from the mail as it came, and empty if that is
// not kept.
type Mail struct {
	ID           int64    `json:"id"`
	MailboxID    int64    `json:"mailbox_id"`
	UID          int64    `json:"uid" db:"uid"`
	Size         int64    `json:"size" doc:"In bytes"`
	State        string   `json:"state" enum:"pending,filed,duplicate,ignored,quarantined"`
	Rule         string   `json:"rule" doc:"By which rule it was ignored or quarantined; empty for none"`
	Reason       string   `json:"reason" doc:"The rule with what it found"`
	OnServer     bool     `json:"on_server" doc:"Whether the server still holds it"`
	CreatedAt    db.Time  `json:"created_at" doc:"When it was entered"`
	SettledAt    *db.Time `json:"settled_at"`
	Kept         bool     `json:"kept" doc:"Whether the mail as it came is kept"`
	Conversation *string  `json:"conversation_uuid" doc:"Where it was filed, or what it is a duplicate of"`
	Message      *string  `json:"message_uuid"`
	From         string   `json:"from" db:"-"`
	Subject      string   `json:"subject" db:"-"`
	Date         *db.Time `json:"date" db:"-"`
}

// MailsPage is a page of the ledger, the newest first.
type MailsPage struct {
	Mails []Mail `json:"mails"`
	Next  *int64 `json:"next" doc:"The before of the next page; null on the last one"`
}

// MailsQuery says which mails of a mailbox are wanted. State and Rule are "" for all, Before is 0 for the newest.
type MailsQuery struct {
	InboxID, MailboxID int64
	State, Rule        string
	Before             int64
	Size               int
}

// SQL is the query of one page of ids. Each form of it is answered from an index in the right order.
func (q MailsQuery) SQL() (string, []any) {
	where, args := `mailbox_id = $1`, []any{q.MailboxID}
	add := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(` AND %s $%d`, condition, len(args))
	}
	if q.State != "" {
		add(`state =`, q.State)
	}
	if q.Rule != "" {
		add(`rule <> '' AND rule =`, q.Rule)
	}
	if q.Before > 0 {
		add(`id <`, q.Before)
	}
	args = append(args, q.Size+1)
	return fmt.Sprintf(`SELECT id FROM mail_ledger WHERE %s ORDER BY id DESC LIMIT $%d + 0`, where, len(args)), args
}

const mailColumns = `l.id, l.mailbox_id, l.uid, l.size, l.state, l.rule, l.reason, l.on_server, l.created_at, l.settled_at, l.blob <> '' AS kept,
	c.uuid AS conversation, m.uuid AS message`

const mailTables = `mail_ledger l LEFT JOIN messages m ON m.id = l.message_id LEFT JOIN conversations c ON c.id = m.conversation_id`

// Mails returns a page of a mailbox's mails; NotFound if the inbox has no such mailbox, Invalid for an unknown state.
func (c *Channel) Mails(ctx context.Context, q MailsQuery) (page MailsPage, err error) {
	if err := checkMailbox(ctx, c.DB, q.InboxID, q.MailboxID); err != nil {
		return page, err
	}
	if q.State != "" && !slices.Contains(ledgerStates, q.State) {
		return page, fault.Field("state", "error.unknown_value", "value", q.State)
	}
	text, args := q.SQL()
	ids, err := db.Select[int64](ctx, c.DB, text, args...)
	if err != nil {
		return page, fmt.Errorf("list the mails of mailbox %d: %w", q.MailboxID, err)
	}
	if len(ids) > q.Size {
		ids = ids[:q.Size]
		page.Next = &ids[q.Size-1]
	}
	type row struct {
		Mail
		Blob string
	}
	places, args := db.In(1, ids)
	rows, err := db.Select[row](ctx, c.DB, `SELECT `+mailColumns+`, l.blob FROM `+mailTables+` WHERE l.id IN (`+places+`) ORDER BY l.id DESC`, args...)
	if err != nil {
		return page, fmt.Errorf("read a page of mails: %w", err)
	}
	page.Mails = make([]Mail, len(rows))
	var wg sync.WaitGroup
	turns := make(chan struct{}, 8)
	for i, r := range rows {
		page.Mails[i] = r.Mail
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			c.head(ctx, &page.Mails[i], r.Blob)
		})
	}
	wg.Wait()
	return page, nil
}

// maxHead is how many bytes of a mail are read for a line of the list.
const maxHead = 64 << 10

// head fills in what the header of a mail says; what cannot be read stays empty.
func (c *Channel) head(ctx context.Context, m *Mail, name string) {
	if name == "" {
		return
	}
	f, err := c.Blobs.Open(ctx, name)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxHead))
	if err != nil {
		return
	}
	h := mail.ReadHeader(raw, mail.Limits{MaxHeaderBytes: maxHead})
	m.From, m.Subject = h.Get("From"), h.Get("Subject")
}

func checkMailbox(ctx context.Context, q db.Querier, inboxID, mailboxID int64) error {
	var n int
	if err := q.QueryRow(ctx, `SELECT count(*) FROM mailboxes b JOIN inboxes i ON i.id = b.inbox_id WHERE b.id = $1 AND i.id = $2 AND i.deleted_at IS NULL`,
		mailboxID, inboxID).Scan(&n); err != nil {
		return fmt.Errorf("look for mailbox %d: %w", mailboxID, err)
	}
	if n == 0 {
		return fault.Missing("mailbox")
	}
	return nil
}

// OpenedMail is a mail that was set aside, with what is in it. HTML is sanitised.
type OpenedMail struct {
	Mail
	HTML     string       `json:"html" doc:"Sanitised; empty for a mail of plain text"`
	Text     string       `json:"text"`
	Files    []MailFile   `json:"files"`
	Problems []string     `json:"problems" doc:"What was broken in the mail, or why it cannot be shown"`
	Header   *mail.Header `json:"-"` // nil if the mail is not kept
}

// MailFile is a file in a mail that was set aside.
type MailFile struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size" doc:"In bytes"`
}

// OpenMail returns an ignored or quarantined mail; NotFound if there is none with that id, Conflict for one in another
// state: a mail that was filed is read where it was filed, by who may.
func (c *Channel) OpenMail(ctx context.Context, id int64) (out OpenedMail, err error) {
	e, err := c.setAside(ctx, c.DB, id, "")
	if err != nil {
		return out, err
	}
	if out.Mail, err = c.readMail(ctx, id); err != nil {
		return out, err
	}
	out.Files, out.Problems = []MailFile{}, []string{}
	if e.Blob == "" {
		return out, nil
	}
	release, err := c.roomFor(ctx, e)
	if err != nil {
		return out, err
	}
	defer release()
	e.Attempts = 1 // reading is not counted as an attempt to file
	p := c.parse(ctx, e, nil)
	if p.mail == nil {
		out.Problems = append(out.Problems, p.err.Error())
		return out, nil
	}
	m := p.mail
	out.HTML, out.Text, out.Header = clean(p.html), clean(p.text), &m.Header
	out.Problems = append(out.Problems, m.Problems[:min(len(m.Problems), 20)]...)
	for _, part := range m.Parts {
		out.Files = append(out.Files, MailFile{Name: part.Filename, ContentType: part.ContentType, Size: int64(len(part.Data))})
	}
	return out, nil
}

// readMail returns one mail with what its header says.
func (c *Channel) readMail(ctx context.Context, id int64) (Mail, error) {
	type row struct {
		Mail
		Blob string
	}
	r, err := db.Get[row](ctx, c.DB, `SELECT `+mailColumns+`, l.blob FROM `+mailTables+` WHERE l.id = $1`, id)
	if err != nil {
		return Mail{}, fmt.Errorf("read mail %d: %w", id, err)
	}
	c.head(ctx, &r.Mail, r.Blob)
	return r.Mail, nil
}

// setAside returns the entry of an ignored or quarantined mail; NotFound if there is none with that id, Conflict if it
// is in another state. lock is put behind the query.
func (c *Channel) setAside(ctx context.Context, q db.Querier, id int64, lock string) (e entry, err error) {
	err = e.scan(q.QueryRow(ctx, `SELECT `+entryColumns+` FROM mail_ledger WHERE id = $1
		AND EXISTS (SELECT 1 FROM inboxes i WHERE i.id = inbox_id AND i.deleted_at IS NULL)`+lock, id))
	if errors.Is(err, db.ErrNoRows) {
		return e, fault.Missing("mail")
	}
	if err != nil {
		return e, fmt.Errorf("read mail %d: %w", id, err)
	}
	if e.State != stateIgnored && e.State != stateQuarantined {
		return e, fault.New(fault.Conflict, "error.mail_not_set_aside")
	}
	return e, nil
}

// OpenSource opens an ignored or quarantined mail as it came; the caller closes it. Errors are those of [Channel.OpenMail], and
// NotFound for a mail that is not kept.
func (c *Channel) OpenSource(ctx context.Context, id int64) (blob.Content, error) {
	e, err := c.setAside(ctx, c.DB, id, "")
	if err != nil {
		return nil, err
	}
	if e.Blob == "" {
		return nil, fault.Missing("mail")
	}
	content, err := c.Blobs.Open(ctx, e.Blob)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, fault.Missing("mail").Because(err)
	}
	return content, err
}
