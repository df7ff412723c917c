package bench

import (
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/foyerdesk/foyer/internal/sandbox"
)

// mailbox is where mails are delivered for the server under measurement to fetch.
type mailbox struct {
	imap, smtp string // addresses
	user, pass string
	deliver    func(mails ...[]byte) error
	close      func()
}

// mailbox connects to the mail server that was named, or starts one.
func (cmd *MailCmd) mailbox() (*mailbox, error) {
	if cmd.IMAP == "" {
		return ownMailbox()
	}
	box := &mailbox{imap: cmd.IMAP, smtp: cmd.SMTP, user: cmd.User, pass: cmd.Pass, close: func() {}}
	if box.smtp == "" {
		return nil, errors.New("with --imap, name the inbox's SMTP server by --smtp")
	}
	box.deliver = func(mails ...[]byte) error { return cmd.append(mails) }
	return box, nil
}

// append delivers mails by IMAP APPEND (RFC 9051, section 6.3.12), one connection a call.
func (cmd *MailCmd) append(mails [][]byte) error {
	dial := map[string]func(string, *imapclient.Options) (*imapclient.Client, error){
		"none": imapclient.DialInsecure, "starttls": imapclient.DialStartTLS, "tls": imapclient.DialTLS,
	}[cmd.IMAPTLS]
	c, err := dial(cmd.IMAP, nil)
	if err != nil {
		return fmt.Errorf("connect to the mailbox: %w", err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Login(cmd.User, cmd.Pass).Wait(); err != nil {
		return fmt.Errorf("sign in to the mailbox: %w", err)
	}
	for _, mail := range mails {
		a := c.Append("INBOX", int64(len(mail)), nil)
		_, err := a.Write(mail)
		if err = errors.Join(err, a.Close()); err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
		if _, err := a.Wait(); err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
	}
	return nil
}

// ownMailbox starts the mail servers of the sandbox, on loopback.
func ownMailbox() (*mailbox, error) {
	s, err := sandbox.Start("bench@bench.example", "bench", "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &mailbox{
		imap: s.IMAPAddr, smtp: s.SMTPAddr, user: s.User, pass: s.Password,
		deliver: func(mails ...[]byte) error {
			for _, mail := range mails {
				if err := s.Deliver(mail); err != nil {
					return err
				}
			}
			return nil
		},
		close: func() { _ = s.Close() },
	}, nil
}
