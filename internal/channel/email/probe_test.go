package email

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// mailboxes runs an IMAP server with an empty INBOX of "ana", password "pw", and returns the settings that reach it.
func mailboxes(t *testing.T, secure *tls.Config, tlsType string, caps imap.CapSet) inbox.IMAPServer {
	t.Helper()
	mem := imapmemserver.New()
	user := imapmemserver.NewUser("ana", "pw")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem.AddUser(user)
	o := &imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: caps, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	}
	if tlsType == inbox.TLSStart {
		o.TLSConfig = secure
	}
	srv := imapserver.New(o)
	l := listen(t)
	port := l.Addr().(*net.TCPAddr).Port
	if tlsType == inbox.TLSImplicit {
		l = tls.NewListener(l, secure)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return inbox.IMAPServer{Host: "127.0.0.1", Port: port, Username: "ana", Password: "pw", Mailbox: "INBOX", TLSType: tlsType, TLSSkipVerify: true}
}

func TestMailboxIsTriedAndItsProblemExplained(t *testing.T) {
	cert := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
	idle := imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}}
	plain := mailboxes(t, nil, inbox.TLSNone, idle)
	with := func(s inbox.IMAPServer, change func(*inbox.IMAPServer)) inbox.IMAPServer {
		change(&s)
		return s
	}
	gone := listen(t)
	port := gone.Addr().(*net.TCPAddr).Port
	_ = gone.Close()
	for name, c := range map[string]struct {
		server  inbox.IMAPServer
		problem string
	}{
		"none":              {plain, ""},
		"starttls":          {mailboxes(t, cert, inbox.TLSStart, idle), ""},
		"tls":               {mailboxes(t, cert, inbox.TLSImplicit, idle), ""},
		"password":          {with(plain, func(s *inbox.IMAPServer) { s.Password = "wrong" }), "password"},
		"mailbox":           {with(plain, func(s *inbox.IMAPServer) { s.Mailbox = "Support" }), "mailbox"},
		"refused":           {with(plain, func(s *inbox.IMAPServer) { s.Port = port }), "refused"},
		"name":              {with(plain, func(s *inbox.IMAPServer) { s.Host = "imap.acme.invalid" }), "dns"},
		"not tls":           {with(plain, func(s *inbox.IMAPServer) { s.TLSType = inbox.TLSImplicit }), "not_tls"},
		"no starttls":       {with(plain, func(s *inbox.IMAPServer) { s.TLSType = inbox.TLSStart }), "no_starttls"},
		"unknown authority": {with(mailboxes(t, cert, inbox.TLSImplicit, idle), func(s *inbox.IMAPServer) { s.TLSSkipVerify = false }), "certificate_unknown"},
		"unknown starttls":  {with(mailboxes(t, cert, inbox.TLSStart, idle), func(s *inbox.IMAPServer) { s.TLSSkipVerify = false }), "certificate_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := ProbeIMAP(t.Context(), c.server, nil)
			if c.problem == "" {
				if err != nil || !state.Idle || state.Messages != 0 {
					t.Errorf("state %+v, %v", state, err)
				}
				return
			}
			if err == nil {
				t.Fatal("connected")
			}
			p := ExplainIMAP(err, c.server)
			if p.Key != "email.problem."+c.problem || p.Detail == "" {
				t.Errorf("%+v for %v", p, err)
			}
		})
	}
}

func TestEveryProblemHasAText(t *testing.T) {
	for _, kind := range []string{"dns", "refused", "unreachable", "timeout", "closed", "not_tls", "no_starttls", "tls", "certificate_name",
		"certificate_expired", "certificate_unknown", "password", "no_auth", "mailbox", "rejected", "other"} {
		if key := "email.problem." + kind; i18n.T(i18n.Default, key, nil) == key {
			t.Errorf("%s has no text", key)
		}
	}
	if p := ExplainSMTP(errors.New("strange"), inbox.SMTPServer{}); p.Key != "email.problem.other" || p.Params["answer"] != "strange" {
		t.Errorf("%+v", p)
	}
}
