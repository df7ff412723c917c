package email

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// post is an SMTP server for tests; its hooks decide what it refuses.
type post struct {
	mu    sync.Mutex
	conns int
	mails []posted
	rcpt  func(to string) error
	data  func() error
	login string // user:password that it wants, "" for nobody
}

type posted struct {
	from string
	to   []string
	body string
	utf8 bool
}

func (p *post) NewSession(*smtp.Conn) (smtp.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns++
	return &postSession{p: p}, nil
}

func (p *post) got() (mails []posted, conns int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]posted(nil), p.mails...), p.conns
}

type postSession struct {
	p *post
	m posted
}

func (s *postSession) AuthMechanisms() []string { return []string{"PLAIN", "LOGIN", "CRAM-MD5"} }

// Auth implements PLAIN with the library, LOGIN and CRAM-MD5 by hand, to be sure of both ends.
func (s *postSession) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user+":"+password != s.p.login {
			return smtp.ErrAuthFailed
		}
		return nil
	}
	switch mech {
	case "PLAIN":
		return sasl.NewPlainServer(func(_, u, p string) error { return check(u, p) }), nil
	case "LOGIN":
		var user string
		return &asking{questions: []string{"User Name\x00", "Secret please"}, done: func(answers []string) error {
			user = answers[0]
			return check(user, answers[1])
		}}, nil
	}
	// The challenge and the answer are the example of RFC 2195 §2.
	return &asking{questions: []string{"<1896.697170952@postoffice.reston.mci.net>"}, done: func(answers []string) error {
		if answers[0] != "tim b913a602c7eda7a495b4e6e7334d3890" {
			return smtp.ErrAuthFailed
		}
		return nil
	}}, nil
}

// asking is a SASL server that asks and then decides.
type asking struct {
	questions, answers []string
	asked              int
	done               func(answers []string) error
}

func (a *asking) Next(response []byte) ([]byte, bool, error) {
	if a.asked > 0 {
		a.answers = append(a.answers, string(response))
	}
	if a.asked == len(a.questions) {
		return nil, true, a.done(a.answers)
	}
	a.asked++
	return []byte(a.questions[a.asked-1]), false, nil
}

func (s *postSession) Reset()        { s.m = posted{} }
func (s *postSession) Logout() error { return nil }
func (s *postSession) Mail(from string, o *smtp.MailOptions) error {
	s.m = posted{from: from, utf8: o.UTF8}
	return nil
}

func (s *postSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.p.rcpt != nil {
		if err := s.p.rcpt(to); err != nil {
			return err
		}
	}
	s.m.to = append(s.m.to, to)
	return nil
}

func (s *postSession) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.p.data != nil {
		if err := s.p.data(); err != nil {
			return err
		}
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.m.body = string(body)
	s.p.mails = append(s.p.mails, s.m)
	return nil
}

// serve runs p and returns the settings that reach it. secure is a certificate for STARTTLS and TLS.
func serve(t *testing.T, p *post, secure *tls.Config, tlsType string, with func(*smtp.Server)) inbox.SMTPServer {
	t.Helper()
	srv := smtp.NewServer(p)
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog, srv.TLSConfig = "post.test", true, log.New(io.Discard, "", 0), secure
	if with != nil {
		with(srv)
	}
	l := listen(t)
	if tlsType == inbox.TLSImplicit && secure != nil {
		l = tls.NewListener(l, secure)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return at(l.Addr(), tlsType)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func at(addr net.Addr, tlsType string) inbox.SMTPServer {
	return inbox.SMTPServer{Host: "127.0.0.1", Port: addr.(*net.TCPAddr).Port, TLSType: tlsType, MaxConns: 2, IdleTimeout: "1m", PoolWaitTimeout: "30s"}
}

// script runs an SMTP server that answers each line with what fn says; an empty answer closes the connection, "-" says
// nothing.
func script(t *testing.T, fn func(conn int, line string) string) inbox.SMTPServer {
	t.Helper()
	l := listen(t)
	go func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_, _ = io.WriteString(c, "220 script.test ready\r\n")
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					answer := fn(n, lines.Text())
					if answer == "" {
						return
					}
					if answer != "-" {
						_, _ = io.WriteString(c, answer+"\r\n")
					}
				}
			}()
		}
	}()
	return at(l.Addr(), inbox.TLSNone)
}

// polite answers as a server does that takes everything, but for lines that begin like one of the exceptions.
func polite(exceptions map[string]string) func(int, string) string {
	inData := false
	return func(_ int, line string) string {
		for prefix, answer := range exceptions {
			if strings.HasPrefix(line, prefix) && (!inData || prefix == ".") {
				return answer
			}
		}
		switch {
		case inData && line == ".":
			inData = false
			return "250 2.0.0 queued"
		case inData:
			return "-"
		case line == "DATA":
			inData = true
			return "354 go on"
		}
		return "250 fine"
	}
}

var hasty = patience{dial: 5 * time.Second, command: 300 * time.Millisecond, block: 300 * time.Millisecond, final: 300 * time.Millisecond}

func sending(t *testing.T, servers ...inbox.SMTPServer) *Sender {
	t.Helper()
	s := NewSender(inbox.EmailConfig{SMTP: servers}, nil)
	t.Cleanup(s.Close)
	return s
}

const letterText = "Message-Id: <1@acme.test>\r\nSubject: Hi\r\n\r\nHello\r\n.dot\r\n"

func send(t *testing.T, s *Sender, to ...string) Result {
	t.Helper()
	return s.Send(t.Context(), "help@acme.test", to, []byte(letterText))
}

func TestMailIsHandedOverOnConnectionsThatAreUsedAgain(t *testing.T) {
	p := &post{}
	s := sending(t, serve(t, p, nil, inbox.TLSNone, nil))
	for range 3 {
		if res := send(t, s, "a@x.test", "b@x.test"); !res.Sent || res.Err != nil || len(res.Refused) != 0 {
			t.Fatalf("result %+v", res)
		}
	}
	mails, conns := p.got()
	if len(mails) != 3 || conns != 1 || mails[0].from != "help@acme.test" || len(mails[0].to) != 2 || mails[0].body != letterText {
		t.Errorf("%d connections, mails %+v", conns, mails)
	}
}

func TestOneBadRecipientDoesNotFailTheOthers(t *testing.T) {
	p := &post{rcpt: func(to string) error {
		if strings.HasPrefix(to, "bad") {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such  user here"}
		}
		return nil
	}}
	s := sending(t, serve(t, p, nil, inbox.TLSNone, nil))
	res := send(t, s, "a@x.test", "bad@x.test", "c@x.test")
	if !res.Sent || res.Err != nil || len(res.Refused) != 1 || res.Refused[0] != (Recipient{"bad@x.test", 550, "5.1.1", "No such user here"}) {
		t.Errorf("result %+v", res)
	}
	if res := send(t, s, "bad@x.test"); res.Sent || res.Temporary || res.Err == nil || res.Err.Error() != "bad@x.test: 550 No such user here" {
		t.Errorf("nobody left: %+v", res)
	}
	if res := send(t, s, "d@x.test"); !res.Sent {
		t.Errorf("afterwards: %+v", res)
	}
	if mails, conns := p.got(); len(mails) != 2 || conns != 1 {
		t.Errorf("%d mails over %d connections", len(mails), conns)
	}
}

func TestRepliesAndLostConnectionsAreClassified(t *testing.T) {
	for name, c := range map[string]struct {
		exceptions map[string]string
		temporary  bool
		afterData  bool
		words      string
	}{
		"sender deferred":         {map[string]string{"MAIL": "451 4.7.1 greylisted"}, true, false, "greylisted"},
		"sender refused":          {map[string]string{"MAIL": "550 5.7.1 not you"}, false, false, "not you"},
		"recipient deferred":      {map[string]string{"RCPT": "450 4.2.1 busy"}, true, false, "busy"},
		"recipient refused":       {map[string]string{"RCPT": "550 5.1.1 nobody"}, false, false, "nobody"},
		"shutting down":           {map[string]string{"RCPT": "421 4.3.2 closing"}, true, false, "closing"},
		"data refused":            {map[string]string{"DATA": "554 5.5.1 no"}, false, false, "no"},
		"mail deferred":           {map[string]string{".": "452 4.3.1 disk full"}, true, false, "disk full"},
		"mail refused":            {map[string]string{".": "554 5.7.1 looks like spam"}, false, false, "spam"},
		"dropped at sender":       {map[string]string{"MAIL": ""}, true, false, ""},
		"dropped at recipient":    {map[string]string{"RCPT": ""}, true, false, ""},
		"dropped before the mail": {map[string]string{"DATA": ""}, true, false, ""},
		"dropped after the mail":  {map[string]string{".": ""}, true, true, ""},
		"silent at sender":        {map[string]string{"MAIL": "-"}, true, false, ""},
		"silent after the mail":   {map[string]string{".": "-"}, true, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(inbox.EmailConfig{SMTP: []inbox.SMTPServer{script(t, polite(c.exceptions))}}, hasty, nil)
			res := s.Send(t.Context(), "help@acme.test", []string{"a@x.test"}, []byte("Subject: Hi\r\n\r\nHello\r\n"))
			if res.Sent || res.Err == nil || res.Temporary != c.temporary || res.AfterData != c.afterData || !strings.Contains(res.Err.Error(), c.words) {
				t.Errorf("result %+v", res)
			}
			if len(s.pools[0].slots) != 0 {
				t.Error("the slot is not given back")
			}
		})
	}
}

func TestServerThatTakesInNothingIsGivenUp(t *testing.T) {
	l := listen(t)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, "220 x\r\n250 a\r\n250 b\r\n250 c\r\n354 go\r\n")
	}()
	s := newSender(inbox.EmailConfig{SMTP: []inbox.SMTPServer{at(l.Addr(), inbox.TLSNone)}}, hasty, nil)
	data := append([]byte("Subject: big\r\n\r\n"), bytes.Repeat([]byte("0123456789\r\n"), 2<<20)...)
	res := s.Send(t.Context(), "help@acme.test", []string{"a@x.test"}, data)
	if res.Sent || !res.Temporary || res.AfterData {
		t.Errorf("result %+v", res)
	}
}

func TestRefusedConnectionsUseUpNoSlots(t *testing.T) {
	l := listen(t)
	server := at(l.Addr(), inbox.TLSNone)
	_ = l.Close()
	s := sending(t, server)
	for range 10 {
		if res := send(t, s, "a@x.test"); res.Sent || !res.Temporary || errors.Is(res.Err, errBusy) {
			t.Fatalf("result %+v", res)
		}
	}
	if n := len(s.pools[0].slots); n != 0 {
		t.Errorf("%d slots are gone", n)
	}
}

func TestIdleConnectionThatTheServerEndedIsReplaced(t *testing.T) {
	var mu sync.Mutex
	var seen []int
	normal := map[int]func(int, string) string{}
	server := script(t, func(conn int, line string) string {
		mu.Lock()
		defer mu.Unlock()
		if normal[conn] == nil {
			normal[conn] = polite(nil)
		}
		if strings.HasPrefix(line, "MAIL") {
			if seen = append(seen, conn); len(seen) == 2 {
				return "421 4.4.2 idle for too long"
			}
		}
		return normal[conn](conn, line)
	})
	s := sending(t, server)
	for range 2 {
		if res := send(t, s, "a@x.test"); !res.Sent {
			t.Fatalf("result %+v", res)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if fmt.Sprint(seen) != "[1 1 2]" {
		t.Errorf("connections used: %v", seen)
	}
}

func TestNeverMoreConnectionsThanAllowed(t *testing.T) {
	var mu sync.Mutex
	open, most := 0, 0
	hold := make(chan struct{})
	p := &post{data: func() error {
		mu.Lock()
		open++
		most = max(most, open)
		full := open == 2
		mu.Unlock()
		if full {
			close(hold)
		}
		<-hold
		mu.Lock()
		open--
		mu.Unlock()
		return nil
	}}
	s := sending(t, serve(t, p, nil, inbox.TLSNone, nil))
	var wg sync.WaitGroup
	once := make(chan Result, 2)
	for range 2 {
		wg.Go(func() { once <- send(t, s, "a@x.test") })
	}
	wg.Wait()
	close(once)
	for res := range once {
		if !res.Sent {
			t.Errorf("result %+v", res)
		}
	}
	if _, conns := p.got(); conns != 2 || most != 2 {
		t.Errorf("%d connections, %d at once", conns, most)
	}
}

func TestEndedContextEndsTheAttempt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := sending(t, script(t, func(_ int, line string) string {
		if strings.HasPrefix(line, "RCPT") {
			cancel()
			return "-"
		}
		return "250 fine"
	}))
	res := s.Send(ctx, "help@acme.test", []string{"a@x.test"}, []byte(letterText))
	if res.Sent || !res.Temporary || !errors.Is(res.Err, context.Canceled) {
		t.Errorf("result %+v", res)
	}
}

func TestNextServerIsAskedWhenOneIsAway(t *testing.T) {
	gone := listen(t)
	away := at(gone.Addr(), inbox.TLSNone)
	_ = gone.Close()
	p := &post{}
	s := sending(t, away, serve(t, p, nil, inbox.TLSNone, nil), away)
	for range 5 {
		if res := send(t, s, "a@x.test"); !res.Sent {
			t.Fatalf("result %+v", res)
		}
	}
	if res := send(t, sending(t)); !errors.Is(res.Err, errNoServer) || res.Temporary {
		t.Errorf("without servers: %+v", res)
	}
}

func TestEveryWayToSignIn(t *testing.T) {
	secret := "tanstaaftanstaaf" // of RFC 2195 §2
	server := serve(t, &post{login: "tim:" + secret}, nil, inbox.TLSNone, nil)
	for _, protocol := range []string{"plain", "login", "cram"} {
		server.AuthProtocol, server.Username, server.Password = protocol, "tim", secret
		if err := Probe(t.Context(), server, nil); err != nil {
			t.Errorf("%s: %v", protocol, err)
		}
		server.Password = "wrong"
		err := Probe(t.Context(), server, nil)
		if err == nil || ExplainSMTP(err, server).Key != "email.problem.password" {
			t.Errorf("%s with a wrong password: %v", protocol, err)
		}
		if res := send(t, sending(t, server), "a@x.test"); res.Sent || res.Temporary {
			t.Errorf("%s with a wrong password: %+v", protocol, res)
		}
	}
	bare := script(t, polite(nil))
	bare.AuthProtocol = "plain"
	if err := Probe(t.Context(), bare, nil); ExplainSMTP(err, bare).Key != "email.problem.no_auth" {
		t.Errorf("without AUTH: %v", err)
	}
	// PLAIN and LOGIN stand for each other; a challenge does not become a password that is sent.
	for offered, chosen := range map[string]string{"PLAIN": "login", "LOGIN": "plain"} {
		for _, protocol := range []string{chosen, "cram"} {
			one := script(t, func(_ int, line string) string {
				switch verb, _, _ := strings.Cut(line, " "); {
				case verb == "EHLO":
					return "250-mail.test\r\n250 AUTH " + offered
				case verb == "AUTH" && offered == "PLAIN":
					return "235 welcome"
				case verb == "AUTH" || verb == base64.StdEncoding.EncodeToString([]byte("tim")):
					return "334 VXNlcm5hbWU6"
				case verb == base64.StdEncoding.EncodeToString([]byte(secret)):
					return "235 welcome"
				}
				return "250 fine"
			})
			one.AuthProtocol, one.Username, one.Password = protocol, "tim", secret
			err := Probe(t.Context(), one, nil)
			if protocol == "cram" && !errors.Is(err, errNoAuth) || protocol != "cram" && err != nil {
				t.Errorf("%s where %s is offered: %v", protocol, offered, err)
			}
		}
	}
}

func TestInternationalAddresses(t *testing.T) {
	both, none := &post{}, &post{}
	with := sending(t, serve(t, both, nil, inbox.TLSNone, func(s *smtp.Server) { s.EnableSMTPUTF8 = true }))
	without := sending(t, serve(t, none, nil, inbox.TLSNone, nil))
	if res := send(t, with, "jürgen@bücher.test"); !res.Sent {
		t.Errorf("result %+v", res)
	}
	if res := send(t, without, "shop@bücher.test", "jürgen@x.test"); !res.Sent || len(res.Refused) != 1 || res.Refused[0].Code != 553 {
		t.Errorf("result %+v", res)
	}
	mails, _ := both.got()
	if len(mails) != 1 || mails[0].to[0] != "jürgen@bücher.test" || !mails[0].utf8 {
		t.Errorf("with SMTPUTF8: %+v", mails)
	}
	mails, _ = none.got()
	if len(mails) != 1 || mails[0].to[0] != "shop@xn--bcher-kva.test" || mails[0].utf8 {
		t.Errorf("without: %+v", mails)
	}
	if res := send(t, without, "a@x.test> SIZE=1 <b@x.test"); res.Sent || res.Temporary {
		t.Errorf("an address with brackets: %+v", res)
	}
}

// certificate returns the settings of a server with a certificate of its own making for names and addresses.
func certificate(t *testing.T, name string, ends time.Time) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: ends.Add(-48 * time.Hour), NotAfter: ends,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if ip := net.ParseIP(name); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

func TestEncryptionIsWhatTheSettingsSay(t *testing.T) {
	good := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
	for _, c := range []struct {
		name, server, client string
		cert                 *tls.Config
		skip                 bool
		problem              string
	}{
		{"starttls", "starttls", "starttls", good, true, ""},
		{"tls", "tls", "tls", good, true, ""},
		{"untrusted starttls", "starttls", "starttls", good, false, "certificate_unknown"},
		{"untrusted tls", "tls", "tls", good, false, "certificate_unknown"},
		{"expired", "tls", "tls", certificate(t, "127.0.0.1", time.Now().Add(-time.Hour)), false, "certificate_expired"},
		{"other name", "tls", "tls", certificate(t, "mail.other.test", time.Now().Add(time.Hour)), false, "certificate_name"},
		{"tls to a plain port", "none", "tls", nil, true, "not_tls"},
		{"starttls not offered", "none", "starttls", nil, true, "no_starttls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := serve(t, &post{}, c.cert, c.server, nil)
			server.TLSType, server.TLSSkipVerify = c.client, c.skip
			err := Probe(t.Context(), server, nil)
			if c.problem == "" {
				if err != nil {
					t.Fatal(err)
				}
				if res := send(t, sending(t, server), "a@x.test"); !res.Sent {
					t.Errorf("result %+v", res)
				}
				return
			}
			if err == nil {
				t.Fatal("connected")
			}
			if got := ExplainSMTP(err, server).Key; got != "email.problem."+c.problem {
				t.Errorf("%s for %v", got, err)
			}
			if res := send(t, sending(t, server), "a@x.test"); res.Sent || !res.Temporary {
				t.Errorf("result %+v", res)
			}
		})
	}
}
