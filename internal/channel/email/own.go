package email

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/flow/notify"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// inboxAttempts is how often a mail of the desk is tried that leaves by an inbox.
const inboxAttempts = 8

// Available reports whether the desk can send its own mail: by the server it was given for that, or by an inbox.
// attempts is how often such a mail is to be tried.
func (c *Channel) Available(ctx context.Context) (ok bool, attempts int, err error) {
	own, err := c.ownSettings(ctx)
	if err != nil || own.Enabled {
		return err == nil, 1 + own.MaxMsgRetries, err
	}
	_, err = c.ownInbox(ctx)
	if errors.Is(err, notify.ErrNoSender) {
		return false, 0, nil
	}
	return err == nil, inboxAttempts, err
}

func (c *Channel) ownSettings(ctx context.Context) (setting.Email, error) {
	if c.Own == nil {
		return setting.Email{}, nil
	}
	return c.Own.Opened(ctx)
}

// OwnServer returns the server of the desk's own mail in the form of an inbox's.
func OwnServer(e setting.Email) inbox.SMTPServer {
	return inbox.SMTPServer{Host: e.Host, Port: e.Port, Username: e.Username, Password: e.Password, AuthProtocol: e.AuthProtocol, TLSType: e.TLSType,
		TLSSkipVerify: e.TLSSkipVerify, HelloHostname: e.HelloHostname, MaxConns: e.MaxConns, MaxMsgRetries: e.MaxMsgRetries,
		IdleTimeout: e.IdleTimeout, PoolWaitTimeout: e.WaitTimeout}
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
//
// It leaves by the server that the settings name, as they are at this moment, else by an inbox.
func (c *Channel) SendOwn(ctx context.Context, to, subject, html string) error {
	return c.sendOwn(ctx, ownMail{to: to, subject: subject, html: html})
}

func (c *Channel) sendOwn(ctx context.Context, m ownMail) error {
	own, err := c.ownSettings(ctx)
	if err != nil {
		return err
	}
	if own.Enabled {
		data, from, err := m.compose(own.EmailAddress)
		if err != nil {
			return err
		}
		res := c.sender(ownSender, inbox.EmailConfig{SMTP: []inbox.SMTPServer{OwnServer(own)}}).Send(ctx, from, []string{m.to}, data)
		if !res.Sent {
			return fmt.Errorf("send by the desk's own server: %w", res.Err)
		}
		return nil
	}
	id, err := c.ownInbox(ctx)
	if err != nil {
		return err
	}
	in, cfg, err := c.Inboxes.Decrypted(ctx, id)
	if err != nil {
		return err
	}
	data, from, err := m.compose(in.From)
	if err != nil {
		return err
	}
	if res := c.sender(id, cfg).Send(ctx, from, []string{m.to}, data); !res.Sent {
		return fmt.Errorf("send by inbox %d: %w", id, res.Err)
	}
	return nil
}

// ownSender is the place of the desk's own server among the senders of the inboxes, whose ids begin at 1.
const ownSender = 0

// ownMail is a mail of the desk itself.
type ownMail struct {
	to, subject, html string
	replyTo           mail.Address // whose answers it takes; without an address the sender's
	name              string       // of the Message-ID, before the @; "" for a random one
}

// compose writes the mail and returns the bare address of its sender.
func (m ownMail) compose(sentBy string) (data []byte, sender string, err error) {
	from, err := mail.ParseAddress(sentBy)
	if err != nil {
		return nil, "", fmt.Errorf("the sender's address %q cannot be read: %w", sentBy, err)
	}
	rcpt, err := mail.ParseAddress(m.to)
	if err != nil {
		return nil, "", fmt.Errorf("the address %q cannot be read: %w", m.to, err)
	}
	data, err = mail.Compose(mail.Outgoing{MessageID: cmp.Or(m.name, crypt.Token(24)) + "@" + domainOf(from.Email), Date: db.Now().Time, From: from,
		ReplyTo: m.replyTo.Email, ReplyName: m.replyTo.Name, To: []mail.Address{rcpt}, Subject: m.subject, HTML: m.html,
		Headers: []mail.HeaderField{{Name: "Auto-Submitted", Value: "auto-generated"}, {Name: loopHeader, Value: from.Email}}})
	return data, from.Email, err
}

func domainOf(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return address[i+1:]
	}
	return "localhost"
}
