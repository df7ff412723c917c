package email

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// transcript puts a conversation into one text: whoever spoke by one letter.
func transcript(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%c %s\n", map[string]rune{byServer: '<', byDesk: '>', byTLS: '#', byMail: '@'}[l.By], l.Text)
	}
	return b.String()
}

var letterOfTest = &TestMail{From: "Help <help@acme.test>", To: "ana@acme.test", Subject: "Hi", HTML: "<p>Words of the mail</p>"}

func TestATestMailIsSentAndTheConversationTold(t *testing.T) {
	cert := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
	for _, kind := range []string{inbox.TLSNone, inbox.TLSStart, inbox.TLSImplicit} {
		t.Run(kind, func(t *testing.T) {
			p := &post{login: "ana:pass word"}
			var secure *tls.Config
			if kind != inbox.TLSNone {
				secure = cert
			}
			s := serve(t, p, secure, kind, nil)
			s.Username, s.Password, s.AuthProtocol, s.TLSSkipVerify, s.HelloHostname = "ana", "pass word", "plain", true, "desk.test"
			trial := Try(t.Context(), s, nil, letterOfTest)
			got := transcript(trial.Dialogue)
			if mails, _ := p.got(); trial.Err != nil || len(mails) != 1 || !strings.Contains(mails[0].body, "Auto-Submitted: auto-generated") {
				t.Fatalf("%v, %d mails:\n%s", trial.Err, len(mails), got)
			}
			at := 0
			steps := []string{"< 220 post.test", "> EHLO desk.test", "> AUTH PLAIN ••••••••••\n< 235 ", "> MAIL FROM:<help@acme.test>", "> RCPT TO:<ana@acme.test>\n< 250", "> DATA\n< 354", "\n@ ", "\n< 250"}
			switch kind {
			case inbox.TLSStart:
				steps = slices.Insert(steps, 1, "> EHLO localhost", "> STARTTLS\n< 220", "# TLS 1.3\n")
			case inbox.TLSImplicit:
				steps = slices.Insert(steps, 0, "# TLS 1.3\n")
			}
			for _, step := range steps {
				i := strings.Index(got[at:], step)
				if i < 0 {
					t.Fatalf("%q is missing or too early in:\n%s", step, got)
				}
				at += i
			}
			for _, secret := range []string{"pass word", "Words of", base64.StdEncoding.EncodeToString([]byte("\x00ana\x00pass word"))} {
				if strings.Contains(got, secret) {
					t.Errorf("it shows %q:\n%s", secret, got)
				}
			}
		})
	}
}

func TestWhatTheDeskSaysToSignInIsMasked(t *testing.T) {
	for name, c := range map[string]struct{ method, login string }{
		"plain": {"plain", "ana:hunter2"}, "login": {"login", "ana:hunter2"}, "cram": {"cram", "tim:tanstaaftanstaaf"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &post{login: c.login}, nil, inbox.TLSNone, nil)
			s.Username, s.Password, _ = strings.Cut(c.login, ":")
			s.AuthProtocol = c.method
			for _, password := range []string{s.Password, "wrong password"} {
				s.Password = password
				trial := Try(t.Context(), s, nil, nil)
				got := transcript(trial.Dialogue)
				if (trial.Err == nil) != (password != "wrong password") || !strings.Contains(got, "••••••••••") {
					t.Errorf("%v:\n%s", trial.Err, got)
				}
				for _, secret := range []string{password, "b913a602c7eda7a495b4e6e7334d3890"} {
					for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
						if strings.Contains(got, form) {
							t.Errorf("it shows %s:\n%s", form, got)
						}
					}
				}
			}
		})
	}
}

func TestASecretThatTheServerRepeatsIsMasked(t *testing.T) {
	const password = "correct horse"
	var said string
	s := script(t, func(_ int, line string) string {
		switch {
		case strings.HasPrefix(line, "EHLO"):
			return "250-script.test\r\n250 AUTH PLAIN"
		case strings.HasPrefix(line, "AUTH"):
			said = strings.Fields(line)[2]
			return "535-you said " + said + "\r\n535 which is " + password + "\x1b[2J"
		}
		return "221 bye"
	})
	s.Username, s.Password, s.AuthProtocol = "ana", password, "plain"
	trial := Try(t.Context(), s, nil, letterOfTest)
	got := transcript(trial.Dialogue)
	if trial.Err == nil || said == "" || !strings.Contains(got, "< 535-you said ••••••••••\n< 535 which is ••••••••••�[2J\n") {
		t.Errorf("%v:\n%s", trial.Err, got)
	}
}

func TestAConversationThatBreaksOffIsToldSoFar(t *testing.T) {
	for name, c := range map[string]struct {
		exceptions map[string]string
		end        string
	}{
		"refused":   {map[string]string{"RCPT": "550 5.1.1 nobody here"}, "> RCPT TO:<ana@acme.test>\n< 550 5.1.1 nobody here\n"},
		"cut":       {map[string]string{"MAIL": ""}, "> MAIL FROM:<help@acme.test>\n"},
		"not taken": {map[string]string{".": "421 4.3.2 closing"}, "\n< 421 4.3.2 closing\n"},
	} {
		t.Run(name, func(t *testing.T) {
			trial := Try(t.Context(), script(t, polite(c.exceptions)), nil, letterOfTest)
			if got := transcript(trial.Dialogue); trial.Err == nil || !strings.Contains(got, c.end) {
				t.Errorf("%v:\n%s", trial.Err, got)
			}
		})
	}
	t.Run("another service", func(t *testing.T) {
		l := listen(t)
		go func() {
			if c, err := l.Accept(); err == nil {
				_, _ = c.Write([]byte("* OK IMAP4rev1 ready\r\n* BYE"))
				_ = c.Close()
			}
		}()
		trial := Try(t.Context(), at(l.Addr(), inbox.TLSNone), nil, nil)
		if got := transcript(trial.Dialogue); trial.Err == nil || !strings.HasPrefix(got, "< * OK IMAP4rev1 ready\n") {
			t.Errorf("%v:\n%s", trial.Err, got)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		l := listen(t)
		_ = l.Close()
		if trial := Try(t.Context(), inbox.SMTPServer{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLSType: inbox.TLSNone}, nil, nil); trial.Err == nil || trial.Dialogue == nil || len(trial.Dialogue) != 0 {
			t.Errorf("%+v", trial)
		}
	})
}

// FuzzDialogue holds that no order of lines and no piece of them shows a secret, and that what is kept is bounded.
func FuzzDialogue(f *testing.F) {
	f.Add("220 x\r\n", "AUTH PLAIN AGFuYQBodW50ZXIy\r\n", "334 \r\n")
	f.Add("354 go\r\n", "DATA\r\nhunter2\r\n.\r\n", "535 hunter2\r\n")
	f.Fuzz(func(t *testing.T, first, second, third string) {
		var d dialogue
		d.wire(nil, inbox.SMTPServer{Password: "hunter2"}, "")
		for i, part := range []string{first, second, third, first} {
			d.writing = i%2 == 1
			d.hear([]byte(part))
			d.writing = false
			d.hear([]byte("hunter2 aHVudGVyMg==\r\n"))
		}
		lines := d.said()
		if len(lines) > maxDialogue+2 {
			t.Errorf("%d lines", len(lines))
		}
		for _, l := range lines {
			if len(l.Text) > 4*maxLine || l.By == byServer && strings.Contains(l.Text, "hunter2") {
				t.Errorf("%q", l)
			}
		}
	})
}
