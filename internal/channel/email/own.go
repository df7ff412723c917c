package email

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/flow/notify"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// Available reports whether there is an inbox that the desk's own mail can be sent by.
func (c *Channel) Available(ctx context.Context) (bool, error) {
	_, err := c.ownInbox(ctx)
	if errors.Is(err, notify.ErrNoSender) {
		return false, nil
	}
	return err == nil, err
}

// ownInbox returns the inbox by which the desk sends its own mail: the oldest enabled one.
func (c *Channel) ownInbox(ctx context.Context) (id int64, err error) {
	err = c.DB.QueryRow(ctx, `SELECT id FROM inboxes WHERE channel = 'email' AND enabled AND deleted_at IS NULL ORDER BY id LIMIT 1`).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return 0, notify.ErrNoSender
	}
	return id, err
}

// SendOwn sends a mail of the desk itself, such as a link to set a password. It says of itself that a machine wrote it
// (RFC 3834 §5), so that no automatic answer comes back.
func (c *Channel) SendOwn(ctx context.Context, to, subject, html string) error {
	id, err := c.ownInbox(ctx)
	if err != nil {
		return err
	}
	in, cfg, err := c.Inboxes.Decrypted(ctx, id)
	if err != nil {
		return err
	}
	data, from, err := composeOwn(in, to, subject, html)
	if err != nil {
		return err
	}
	if res := c.sender(id, cfg).Send(ctx, from, []string{to}, data); !res.Sent {
		return fmt.Errorf("send by inbox %d: %w", id, res.Err)
	}
	return nil
}

func composeOwn(in inbox.Inbox, to, subject, html string) (data []byte, sender string, err error) {
	from, err := mail.ParseAddress(in.From)
	if err != nil {
		return nil, "", fmt.Errorf("the inbox's From address %q cannot be read: %w", in.From, err)
	}
	rcpt, err := mail.ParseAddress(to)
	if err != nil {
		return nil, "", fmt.Errorf("the address %q cannot be read: %w", to, err)
	}
	data, err = mail.Compose(mail.Outgoing{MessageID: crypt.Token(24) + "@" + domainOf(from.Email), Date: db.Now().Time, From: from, To: []mail.Address{rcpt},
		Subject: subject, HTML: html, Headers: []mail.HeaderField{{Name: "Auto-Submitted", Value: "auto-generated"}, {Name: loopHeader, Value: from.Email}}})
	return data, from.Email, err
}

func domainOf(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return address[i+1:]
	}
	return "localhost"
}
