// Package sandbox is a small world of mail around a desk: an IMAP server with the desk's mailbox, an SMTP server that
// takes mail for that mailbox and everything the desk sends, and a page on which one plays the customer. It serves the
// demo and tests; it is real protocol over real sockets, and it forgets everything when it stops.
package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Sent is a mail that was handed to the SMTP server for somebody other than the desk.
type Sent struct {
	At   time.Time
	From string
	To   []string
	Raw  []byte
}

// Servers are the mail servers of a sandbox. They are safe for concurrent use.
type Servers struct {
	// Mailbox is the address whose mail goes into the IMAP mailbox; User and Password sign in to both servers.
	Mailbox, User, Password string
	// IMAPAddr and SMTPAddr are where the servers listen.
	IMAPAddr, SMTPAddr string

	user *imapmemserver.User
	imap *imapserver.Server
	smtp *smtp.Server

	mu      sync.Mutex
	sent    []Sent
	onSent  func(Sent)
	cut     func(Sent) bool
	refuse  func(recipient string) error
	accepts func(user, token string) bool
	folders []imap.ListData
}

// Start listens on the addresses given, "127.0.0.1:0" for any free port.
func Start(mailbox, password, imapAddr, smtpAddr string) (*Servers, error) {
	s := &Servers{Mailbox: mailbox, User: mailbox, Password: password}
	mem := imapmemserver.New()
	s.user = imapmemserver.NewUser(s.User, password)
	if err := s.user.Create("INBOX", nil); err != nil {
		return nil, fmt.Errorf("make the mailbox: %w", err)
	}
	mem.AddUser(s.user)
	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			if s.tokens() != nil {
				return tokenSession{announcing{mem.NewSession(), s}, s}, nil, nil
			}
			return announcing{mem.NewSession(), s}, nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}, imap.CapSpecialUse: {}, imap.CapListExtended: {}},
		InsecureAuth: true,
		Logger:       discard{},
	})
	imapListener, err := net.Listen("tcp", imapAddr)
	if err != nil {
		return nil, fmt.Errorf("listen for IMAP: %w", err)
	}
	smtpListener, err := net.Listen("tcp", smtpAddr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for SMTP: %w", err), imapListener.Close())
	}
	s.IMAPAddr, s.SMTPAddr = imapListener.Addr().String(), smtpListener.Addr().String()
	s.smtp = smtp.NewServer(backend{s})
	s.smtp.Domain, s.smtp.AllowInsecureAuth, s.smtp.EnableSMTPUTF8 = "sandbox.localhost", true, true
	s.smtp.MaxMessageBytes, s.smtp.MaxRecipients = 100<<20, 200
	s.smtp.ErrorLog = discard{}
	go func() { _ = s.imap.Serve(imapListener) }()
	go func() { _ = s.smtp.Serve(smtpListener) }()
	return s, nil
}

// announcing also tells, when IDLE begins, what came since the last command, as mail servers do (RFC 2177): the library's own
// session keeps that back until the mail after it.
type announcing struct {
	imapserver.Session
	s *Servers
}

// List also says what folders are for, which the library's own session does not keep.
func (a announcing) List(w *imapserver.ListWriter, ref string, patterns []string, options *imap.ListOptions) error {
	if !options.ReturnSpecialUse {
		return a.Session.List(w, ref, patterns, options)
	}
	a.s.mu.Lock()
	folders := slices.Clone(a.s.folders)
	a.s.mu.Unlock()
	for i := range folders {
		if err := w.WriteList(&folders[i]); err != nil {
			return err
		}
	}
	return nil
}

// Idle announces changes until stop.
func (a announcing) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	if err := a.Poll(w, true); err != nil {
		return err
	}
	return a.Session.Idle(w, stop)
}

// Close stops both servers.
func (s *Servers) Close() error { return errors.Join(s.imap.Close(), s.smtp.Close()) }

// Deliver puts a mail into the desk's mailbox.
func (s *Servers) Deliver(raw []byte) error { return s.DeliverAt(raw, time.Now()) }

// DeliverAt puts a mail into the desk's mailbox that arrived there at another time.
func (s *Servers) DeliverAt(raw []byte, at time.Time) error {
	_, err := s.user.Append("INBOX", literal{bytes.NewReader(raw)}, &imap.AppendOptions{Time: at})
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

// Restore replaces the desk's mailbox by one with the given mails, as a server does that was restored from a copy: it
// has another UIDVALIDITY, and its UIDs begin anew (RFC 3501 §2.3.1.1).
func (s *Servers) Restore(mails ...[]byte) error {
	const copied = "Restored"
	if err := s.user.Create(copied, nil); err != nil {
		return fmt.Errorf("make the restored mailbox: %w", err)
	}
	for _, raw := range mails {
		if _, err := s.user.Append(copied, literal{bytes.NewReader(raw)}, &imap.AppendOptions{Time: time.Now()}); err != nil {
			return fmt.Errorf("restore a mail: %w", err)
		}
	}
	if err := errors.Join(s.user.Delete("INBOX"), s.user.Rename(copied, "INBOX", nil)); err != nil {
		return fmt.Errorf("put the restored mailbox in place: %w", err)
	}
	return nil
}

// MakeFolder adds a folder for a special use (RFC 6154) to the desk's mailbox.
func (s *Servers) MakeFolder(name string, uses ...imap.MailboxAttr) error {
	if err := s.user.Create(name, nil); err != nil {
		return fmt.Errorf("make the folder %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folders = append(s.folders, imap.ListData{Mailbox: name, Delim: '/', Attrs: uses})
	return nil
}

// Sent returns the mails that left the desk, oldest first.
func (s *Servers) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

// OnSent calls fn for each mail that leaves the desk.
func (s *Servers) OnSent(fn func(Sent)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onSent = fn
}

// CutAfterData makes the SMTP server take mails for which fn holds and close the connection instead of saying so: the
// moment in which a sender cannot know whether its mail was taken.
func (s *Servers) CutAfterData(fn func(Sent) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = fn
}

// Refuse makes the SMTP server refuse recipients for which fn returns an error, an [smtp.SMTPError] in its words.
func (s *Servers) Refuse(fn func(recipient string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = fn
}

// accept takes one mail: into the mailbox for its address (and what is written behind a plus), outside for all others.
func (s *Servers) accept(from string, to []string, raw []byte) error {
	var outside []string
	for _, rcpt := range to {
		if s.isMailbox(rcpt) {
			if err := s.Deliver(append([]byte("Delivered-To: "+rcpt+"\r\n"), raw...)); err != nil {
				return err
			}
			continue
		}
		outside = append(outside, rcpt)
	}
	if len(outside) == 0 {
		return nil
	}
	m := Sent{At: time.Now(), From: from, To: outside, Raw: raw}
	s.mu.Lock()
	s.sent = append(s.sent, m)
	fn := s.onSent
	s.mu.Unlock()
	if fn != nil {
		fn(m)
	}
	return nil
}

func (s *Servers) isMailbox(address string) bool {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	local, _, _ = strings.Cut(local, "+")
	return local+"@"+domain == strings.ToLower(s.Mailbox)
}

type backend struct{ s *Servers }

// NewSession implements smtp.Backend.
func (b backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{s: b.s, conn: c.Conn()}, nil
}

// session is one SMTP connection. Signing in is possible and not required.
type session struct {
	s    *Servers
	conn net.Conn
	from string
	to   []string
}

func (s *session) AuthMechanisms() []string {
	if s.s.tokens() != nil {
		return []string{xoauth2}
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	if s.s.tokens() != nil {
		return s.tokenServer(), nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.s.User || password != s.s.Password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.s.mu.Lock()
	refuse := s.s.refuse
	s.s.mu.Unlock()
	if refuse != nil {
		if err := refuse(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.s.accept(s.from, s.to, raw); err != nil {
		return err
	}
	s.s.mu.Lock()
	cut := s.s.cut
	s.s.mu.Unlock()
	if cut != nil && cut(Sent{From: s.from, To: s.to, Raw: raw}) {
		return errors.Join(errors.New("cut"), s.conn.Close())
	}
	return nil
}

type literal struct{ *bytes.Reader }

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}
