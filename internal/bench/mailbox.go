package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
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

// ownMailbox starts an IMAP server with one mailbox and an SMTP server that takes everything, both on loopback.
func ownMailbox() (*mailbox, error) {
	user := imapmemserver.NewUser("bench", "bench")
	if err := user.Create("INBOX", nil); err != nil {
		return nil, fmt.Errorf("make the mailbox: %w", err)
	}
	store := imapmemserver.New()
	store.AddUser(user)
	in := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return store.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true,
		Logger:       log.New(io.Discard, "", 0),
	})
	out := smtp.NewServer(sink{})
	out.Domain = "localhost"
	out.ErrorLog = log.New(io.Discard, "", 0)

	inListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the IMAP server: %w", err)
	}
	outListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		_ = inListener.Close()
		return nil, fmt.Errorf("start the SMTP server: %w", err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = in.Serve(inListener) })
	serving.Go(func() { _ = out.Serve(outListener) })
	return &mailbox{
		imap: inListener.Addr().String(), smtp: outListener.Addr().String(), user: "bench", pass: "bench",
		deliver: func(mails ...[]byte) error {
			for _, mail := range mails {
				if _, err := user.Append("INBOX", bytes.NewReader(mail), &imap.AppendOptions{}); err != nil {
					return fmt.Errorf("deliver: %w", err)
				}
			}
			return nil
		},
		close: func() {
			_ = in.Close()
			_ = out.Close()
			serving.Wait()
		},
	}, nil
}

// sink takes every mail and forgets it.
type sink struct{}

func (sink) NewSession(*smtp.Conn) (smtp.Session, error) { return sinkSession{}, nil }

type sinkSession struct{}

func (sinkSession) Reset()                               {}
func (sinkSession) Logout() error                        { return nil }
func (sinkSession) Mail(string, *smtp.MailOptions) error { return nil }
func (sinkSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (sinkSession) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
