package email

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// Release is how a mail that was set aside is let through.
type Release struct {
	// Fresh makes it a conversation of its own; otherwise it goes where it would have gone without the rule.
	Fresh bool
	// From is the sender of a mail that names none.
	From string
}

// Release files a mail that was ignored or quarantined, as it would have been if no rule had kept it, and returns it. A
// mail that cannot be parsed becomes a message with the mail as a file. NotFound if there is no such mail; Conflict if
// it is not set aside, is not kept, or, as a conversation of its own, is in the desk already; Invalid if it names no sender and
// none is given.
func (c *Channel) Release(ctx context.Context, id int64, r Release) (Mail, error) {
	e, err := c.setAside(ctx, c.DB, id, "")
	if err != nil {
		return Mail{}, err
	}
	if e.Blob == "" {
		return Mail{}, fault.New(fault.Conflict, "error.mail_not_kept")
	}
	in, _, err := c.Inboxes.Decrypted(ctx, e.InboxID)
	if err != nil {
		return Mail{}, err
	}
	room, err := c.roomFor(ctx, e)
	if err != nil {
		return Mail{}, err
	}
	defer room()
	e.Attempts = 1 // this is no attempt of the intake
	p := c.parse(ctx, e, nil)
	if p.mail == nil {
		if p, err = c.enclosed(ctx, p); err != nil {
			return Mail{}, err
		}
	}
	from, err := senderOf(p.mail, r.From)
	if err != nil {
		return Mail{}, err
	}
	p.mail.From = []mail.Address{from}
	files, err := c.storeFiles(ctx, p)
	if err != nil {
		return Mail{}, err
	}
	lock := ""
	if c.DB.Engine() == db.Postgres {
		lock = " FOR UPDATE"
	}
	err = c.DB.Tx(ctx, func(tx *db.Tx) error {
		was, err := c.setAside(ctx, tx, id, lock)
		if err != nil {
			return err
		}
		done, err := c.letThrough(ctx, tx, in, p, files, r.Fresh)
		if err != nil {
			return err
		}
		done.reason = clean(strings.TrimSpace(done.reason + " (released)"))
		if _, err := tx.Exec(ctx, `UPDATE mail_ledger SET state = $2, rule = '', reason = $3, source_id = $4, message_id = $5, settled_at = $6 WHERE id = $1`,
			id, done.state, done.reason, clean(p.source), done.messageID, db.Now()); err != nil {
			return fmt.Errorf("settle mail %d: %w", id, err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.MailReleased, Target: audit.Target{Model: "inbox", ID: in.ID, Name: in.Name},
			Before: map[string]any{"state": was.State}, After: map[string]any{"state": done.state}, Note: fmt.Sprintf("mail %d from %s", id, from.Email)})
	})
	if unique, _ := db.IsUnique(err); unique {
		err = fault.New(fault.Conflict, "error.mail_in_desk").Because(err)
	}
	if err != nil {
		return Mail{}, err
	}
	return c.readMail(ctx, id)
}

// letThrough stores the message of a released mail, unless the inbox has it.
func (c *Channel) letThrough(ctx context.Context, tx *db.Tx, in inbox.Inbox, p parsed, files []media.Incoming, fresh bool) (outcome, error) {
	existing, err := c.Conversations.HasSource(ctx, tx, in.ID, p.source)
	if err != nil {
		return outcome{}, err
	}
	switch {
	case existing != 0 && fresh:
		return outcome{}, fault.New(fault.Conflict, "error.mail_in_desk")
	case existing != 0:
		return outcome{state: stateDuplicate, reason: "the inbox has a message with this Message-ID", messageID: &existing}, nil
	}
	from, err := c.writer(ctx, tx, in, p.mail)
	if err != nil {
		return outcome{}, err
	}
	filed, err := c.store(ctx, tx, in, p, from, files, filing{fresh: fresh})
	if err != nil {
		return outcome{}, err
	}
	return outcome{state: stateFiled, messageID: &filed.MessageID}, nil
}

// senderOf returns who wrote a mail: who it says, else who is given, else whoever it came from in another way.
func senderOf(m *mail.Message, given string) (mail.Address, error) {
	if len(m.From) > 0 {
		return m.From[0], nil
	}
	if given = strings.TrimSpace(given); given != "" {
		a, err := mail.ParseAddress(given)
		if err != nil {
			return a, fault.Field("from", "error.address_invalid", "value", given)
		}
		return a, nil
	}
	for _, list := range [][]mail.Address{m.ReplyTo, m.Sender} {
		if len(list) > 0 {
			return list[0], nil
		}
	}
	return mail.Address{}, fault.Required("from")
}

// enclosed makes a message of a mail that cannot be parsed: a sentence that says so, and the mail as a file.
func (c *Channel) enclosed(ctx context.Context, p parsed) (parsed, error) {
	f, err := c.Blobs.Open(ctx, p.entry.Blob)
	if err != nil {
		return p, fault.New(fault.Conflict, "error.mail_not_kept").Because(err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(f)
	if err != nil {
		return p, fmt.Errorf("read the stored mail: %w", err)
	}
	lang := i18n.Default
	if c.Voice != nil {
		lang, _ = c.Voice(ctx)
	}
	p.err = nil
	p.mail = &mail.Message{Header: mail.ReadHeader(raw, mail.Limits{MaxHeaderBytes: maxHead}),
		Parts: []mail.Part{{Filename: "mail.eml", ContentType: "application/octet-stream", Disposition: mail.Attached, Data: raw}}}
	p.mail.Subject = p.mail.Header.Get("Subject")
	p.text = i18n.T(lang, "email.unreadable", nil)
	p.source = fmt.Sprintf("mail-%d-%d-%d@foyer.invalid", p.entry.MailboxID, p.entry.UIDValidity, p.entry.UID)
	return p, nil
}

// ReadSince lets a mailbox be read from another time on: mails that came before and were left out are entered, those that
// are in the ledger stay what they are. The zero time is everything. NotFound if the inbox has no such mailbox, Invalid for a
// time after the present beginning.
func (c *Channel) ReadSince(ctx context.Context, inboxID, mailboxID int64, since db.Time) error {
	return c.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := checkMailbox(ctx, tx, inboxID, mailboxID); err != nil {
			return err
		}
		type row struct {
			Name  string
			Since *db.Time
		}
		m, err := db.Get[row](ctx, tx, `SELECT name, since FROM mailboxes WHERE id = $1`, mailboxID)
		if err != nil {
			return fmt.Errorf("read mailbox %d: %w", mailboxID, err)
		}
		if m.Since != nil && since.After(m.Since.Time) {
			return fault.Field("since", "error.mailbox_since")
		}
		// Without a UIDVALIDITY the mailbox begins anew; what is being entered at this moment is entered under the old one,
		// which the server still has.
		if _, err := tx.Exec(ctx, `UPDATE mailboxes SET since = $2, uid_validity = uid_validity - uid_validity % 4294967296, compared_at = NULL WHERE id = $1`, mailboxID, since); err != nil {
			return fmt.Errorf("let mailbox %d begin earlier: %w", mailboxID, err)
		}
		in, err := c.Inboxes.TouchTx(ctx, tx, inboxID)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.InboxUpdated, Target: audit.Target{Model: "inbox", ID: inboxID, Name: in},
			Before: map[string]any{"mailbox": m.Name, "since": m.Since}, After: map[string]any{"mailbox": m.Name, "since": since}})
	})
}
