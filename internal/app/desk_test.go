package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/mail"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

const systemPassword = "Str0ng!Passw0rd"

// client speaks the API as one person.
type client struct {
	t    testing.TB
	base string
	http *http.Client
	key  string // "key:secret" instead of a session
}

func newClient(t testing.TB, base string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, base: base, http: &http.Client{Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signIn makes a client with a session.
func signIn(t testing.TB, base, email, password string) *client {
	t.Helper()
	c := newClient(t, base)
	c.ok(http.MethodPost, "/api/v1/auth/login", map[string]string{"email": email, "password": password}, nil)
	return c
}

func (c *client) csrf() string {
	u, _ := url.Parse(c.base)
	for _, k := range c.http.Jar.Cookies(u) {
		if k.Name == "csrf_token" {
			return k.Value
		}
	}
	return ""
}

// do makes a request and returns its status and body.
func (c *client) do(method, path string, body any) (int, []byte) {
	c.t.Helper()
	code, data, err := c.try(method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return code, data
}

func (c *client) try(method, path string, body any) (int, []byte, error) {
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, c.base+path, r)
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		req.Header.Set("Authorization", "token "+c.key)
	} else if token := c.csrf(); token != "" {
		req.Header.Set("X-CSRFTOKEN", token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, data, err
}

// ok makes a request that must succeed and decodes its data.
func (c *client) ok(method, path string, body, data any) {
	c.t.Helper()
	code, raw := c.do(method, path, body)
	if code != http.StatusOK {
		c.t.Fatalf("%s %s: %d %s", method, path, code, raw)
	}
	if data == nil {
		return
	}
	env := struct{ Data any }{data}
	if err := json.Unmarshal(raw, &env); err != nil {
		c.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
	}
}

// desk is a running desk in this process.
type desk struct {
	t     testing.TB
	app   *app.App
	admin *client
}

func quiet() *slog.Logger {
	if os.Getenv("FOYER_TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

func deskConfig(t testing.TB, database string) config.Config {
	cfg := config.Defaults()
	cfg.Address, cfg.DataDir, cfg.DatabaseURL = "127.0.0.1:0", t.TempDir(), database
	cfg.RootURL, cfg.InsecureCookies, cfg.SystemUserPassword = "http://desk.test", true, systemPassword
	cfg.AuthPerMinute = 1000
	return cfg
}

// startDesk runs a desk on a database until the test ends.
func startDesk(t testing.TB, database string) *desk { return startWith(t, deskConfig(t, database)) }

// rehearsed reports whether transactions on SQLite are to run twice here too, which takes long.
func rehearsed() bool { return os.Getenv("FOYER_TEST_REHEARSE") != "" }

func startWith(t testing.TB, cfg config.Config) *desk {
	t.Helper()
	a, err := app.Start(context.Background(), cfg, quiet())
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	a.DB.Rehearse(rehearsed())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return &desk{t: t, app: a, admin: signIn(t, a.URL(), "System", systemPassword)}
}

// startMail runs a mail server with the mailbox help@acme.test.
func startMail(t testing.TB) *sandbox.Servers {
	t.Helper()
	s, err := sandbox.Start("help@acme.test", "secret", "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func hostPort(addr string) (string, int) {
	host, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	return host, n
}

// inboxBody is the request that makes an e-mail inbox on the servers.
func inboxBody(s *sandbox.Servers, from string) map[string]any {
	imapHost, imapPort := hostPort(s.IMAPAddr)
	smtpHost, smtpPort := hostPort(s.SMTPAddr)
	return map[string]any{"name": "Support", "channel": "email", "enabled": true, "from": from, "config": map[string]any{
		"auth_type": "password", "enable_plus_addressing": true,
		"imap": []any{map[string]any{"host": imapHost, "port": imapPort, "username": s.User, "password": s.Password, "mailbox": "INBOX",
			"tls_type": "none", "read_interval": "1s", "scan_inbox_since": "48h"}},
		"smtp": []any{map[string]any{"host": smtpHost, "port": smtpPort, "username": s.User, "password": s.Password, "auth_protocol": "plain",
			"tls_type": "none", "max_conns": 4, "max_msg_retries": 3, "idle_timeout": "25s", "pool_wait_timeout": "10s"}},
	}}
}

func (d *desk) addInbox(s *sandbox.Servers) int64 {
	d.t.Helper()
	var in struct{ ID int64 }
	d.admin.ok(http.MethodPost, "/api/v1/inboxes", inboxBody(s, "Help <help@acme.test>"), &in)
	return in.ID
}

// row is a conversation in a list, with what tests look at.
type row struct {
	UUID, Subject, Status string
	ReferenceNumber       string `json:"reference_number"`
	ContactID             int64  `json:"contact_id"`
	Contact               struct{ Email string }
}

type list struct {
	Results []row
	Total   int
}

func (d *desk) all() (l list) {
	d.t.Helper()
	d.admin.ok(http.MethodGet, "/api/v1/conversations/all?page_size=500&order_by=conversations.created_at&order=asc", nil, &l)
	return l
}

// message is one message, with what tests look at.
type message struct {
	UUID, Type, Status, Content string
	TextContent                 string `json:"text_content"`
	ContentType                 string `json:"content_type"`
	Meta                        map[string]any
	Attachments                 []struct {
		Name, URL, Disposition, UUID string
		Size                         int64
	}
	Delivery *struct {
		State     string
		LastError string `json:"last_error"`
		Bounces   []struct {
			Recipient, Action, Message string
			StatusCode                 string `json:"status_code"`
		}
	}
}

func (d *desk) messages(uuid string) (out []message) {
	d.t.Helper()
	var l struct{ Results []message }
	d.admin.ok(http.MethodGet, "/api/v1/conversations/"+uuid+"/messages?page_size=500&type=incoming&type=outgoing", nil, &l)
	for i := len(l.Results) - 1; i >= 0; i-- {
		out = append(out, l.Results[i])
	}
	return out
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// rawMail makes a simple mail.
func rawMail(id, from, subject, body string, headers ...string) []byte {
	var sb strings.Builder
	fmt.Fprintf(&sb, "From: %s\r\nTo: help@acme.test\r\nSubject: %s\r\nDate: %s\r\n", from, subject, time.Now().Format(time.RFC1123Z))
	if id != "" {
		fmt.Fprintf(&sb, "Message-ID: <%s>\r\n", id)
	}
	for _, h := range headers {
		sb.WriteString(h + "\r\n")
	}
	sb.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body + "\r\n")
	return []byte(sb.String())
}

func parsed(t testing.TB, raw []byte) *mail.Message {
	t.Helper()
	m, err := mail.Parse(raw, mail.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func decode(raw []byte, data any) error {
	env := struct{ Data any }{data}
	return json.Unmarshal(raw, &env)
}
