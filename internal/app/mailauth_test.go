package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/mailauth"
	"github.com/foyerdesk/foyer/internal/desk/mailauth/mailauthtest"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// oauthDesk is a desk, a provider of mailboxes that it knows as Google and as Microsoft, and mail servers that take the
// provider's tokens only.
type oauthDesk struct {
	*desk
	provider *mailauthtest.Provider
	servers  *sandbox.Servers
}

const oauthMailbox = "help@acme.test"

func startProvider(t testing.TB) *mailauthtest.Provider {
	t.Helper()
	p, err := mailauthtest.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	p.SignedIn(oauthMailbox, time.Hour)
	return p
}

func allowProvider(cfg config.Config, p *mailauthtest.Provider) config.Config {
	cfg.OutboundAllow, cfg.OAuthGoogleURL, cfg.OAuthMicrosoftURL = []string{"127.0.0.0/8"}, p.URL, p.URL
	return cfg
}

func startOAuth(t testing.TB, database string) *oauthDesk {
	t.Helper()
	p, s := startProvider(t), startMail(t)
	s.AcceptTokens(p.Accepts)
	return &oauthDesk{startWith(t, allowProvider(deskConfig(t, database), p)), p, s}
}

func wish(more map[string]any) map[string]any {
	body := map[string]any{"client_id": mailauthtest.ClientID, "client_secret": mailauthtest.ClientSecret}
	for k, v := range more {
		body[k] = v
	}
	return body
}

// consent begins a connection and goes through the provider; it returns the path that the browser is sent back to.
func (d *oauthDesk) consent(c *client, provider string, more map[string]any) string {
	d.t.Helper()
	var to string
	c.ok(http.MethodPost, "/api/v1/inboxes/oauth/"+provider+"/authorize", wish(more), &to)
	if !strings.HasPrefix(to, d.provider.URL) || strings.Contains(to, mailauthtest.ClientSecret) {
		d.t.Fatalf("consent page %s", to)
	}
	code, back := browser{c}.open(to)
	if code != http.StatusFound || !strings.HasPrefix(back, "http://desk.test/api/v1/inboxes/oauth/"+provider+"/callback?") {
		d.t.Fatalf("at the provider: %d %s", code, back)
	}
	return strings.TrimPrefix(back, "http://desk.test")
}

// finish opens what the provider sends the browser back to, and returns the query of the page it ends on.
func (d *oauthDesk) finish(c *client, path string) string {
	d.t.Helper()
	code, to := browser{c}.open(c.base + path)
	page, query, _ := strings.Cut(to, "?")
	if code != http.StatusFound || page != c.base+"/admin/inboxes" {
		d.t.Fatalf("callback: %d %s", code, to)
	}
	return query
}

type oauthInbox struct {
	ID      int64
	Name    string
	From    string
	Enabled bool
	Config  map[string]any
}

// connect makes an inbox of the mailbox and points it to the mail servers of the test.
func (d *oauthDesk) connect(provider string) int64 {
	d.t.Helper()
	if got := d.finish(d.admin, d.consent(d.admin, provider, map[string]any{"tenant_id": mailauthtest.Tenant})); got != "success=oauth_connected" {
		d.t.Fatalf("connecting ended with %s", got)
	}
	in := d.inboxOf(oauthMailbox)
	d.point(in)
	return in.ID
}

func (d *oauthDesk) inboxOf(from string) oauthInbox {
	d.t.Helper()
	var all []oauthInbox
	d.admin.ok(http.MethodGet, "/api/v1/inboxes", nil, &all)
	i := slices.IndexFunc(all, func(in oauthInbox) bool { return in.From == from })
	if i < 0 {
		d.t.Fatalf("no inbox of %s", from)
	}
	return all[i]
}

// point saves the inbox as a form does, masks and all, with other servers.
func (d *oauthDesk) point(in oauthInbox) {
	d.t.Helper()
	for kind, address := range map[string]string{"imap": d.servers.IMAPAddr, "smtp": d.servers.SMTPAddr} {
		server := in.Config[kind].([]any)[0].(map[string]any)
		server["host"], server["port"] = hostPort(address)
		server["tls_type"], server["read_interval"] = "none", "1s"
	}
	d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", in.ID), map[string]any{"name": in.Name, "channel": "email", "enabled": true, "from": in.From, "config": in.Config}, nil)
}

func (d *oauthDesk) state(id int64) (s mailauth.State) {
	d.t.Helper()
	d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/oauth", id), nil, &s)
	return s
}

// endSoon makes the stored token one that has to be renewed before its next use.
func (d *oauthDesk) endSoon(id int64) {
	d.t.Helper()
	in := d.inboxOf(oauthMailbox)
	o := in.Config["oauth"].(map[string]any)
	o["access_token"], o["expires_at"] = "ended", "2020-01-01T00:00:00Z"
	d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", id), map[string]any{"name": in.Name, "channel": "email", "enabled": true, "from": in.From, "config": in.Config}, nil)
}

func TestMailboxIsConnectedByOAuthReadAndAnswered(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"google", "microsoft"} {
		t.Run(provider, func(t *testing.T) {
			dbtest.URLs(t, func(t *testing.T, url string) {
				d := startOAuth(t, url)
				id := d.connect(provider)
				in := d.inboxOf(oauthMailbox)
				if in.Name != "help@acme.test Inbox" || !in.Enabled || in.Config["auth_type"] != "oauth2" || in.Config["enable_plus_addressing"] != true {
					t.Errorf("connected %+v", in)
				}
				o := in.Config["oauth"].(map[string]any)
				for _, secret := range []string{"client_secret", "access_token", "refresh_token"} {
					if o[secret] != "••••••••••" {
						t.Errorf("%s is shown as %v", secret, o[secret])
					}
				}
				if o["provider"] != provider || o["account"] != oauthMailbox || (provider == "google") != (o["tenant_id"] == "") {
					t.Errorf("connection %v", o)
				}
				d.deliver(d.servers, rawMail("m1@x.test", "bo@x.test", "Printer", "It smokes."))
				r := d.waitConversations(1).Results[0]
				d.admin.ok(http.MethodPost, "/api/v1/conversations/"+r.UUID+"/messages", map[string]any{"message": "<p>Unplug it.</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
				eventually(t, "the reply to leave", func() bool { return len(d.servers.Sent()) == 1 })
				if s := d.state(id); !s.Connected || s.Account != oauthMailbox || s.Provider != provider || s.Failure != "" {
					t.Errorf("state %+v", s)
				}
				if n := d.count(`SELECT count(*) FROM inboxes WHERE CAST(config AS TEXT) LIKE '%` + mailauthtest.ClientSecret + `%'`); n != 0 {
					t.Error("the client's secret is stored as it is")
				}
				if n := d.count(`SELECT count(*) FROM activity_logs WHERE CAST(detail AS TEXT) LIKE '%` + mailauthtest.ClientSecret + `%'`); n != 0 {
					t.Error("the client's secret is in the activity log")
				}
				if got := d.finish(d.admin, d.consent(d.admin, provider, nil)); got != "error=inbox_already_exists" {
					t.Errorf("connecting it twice ended with %s", got)
				}
				var tried struct{ IMAP, SMTP []struct{ OK bool } }
				d.admin.ok(http.MethodPost, "/api/v1/inboxes/test", map[string]any{"id": id, "name": in.Name, "channel": "email", "from": in.From, "config": in.Config}, &tried)
				if len(tried.IMAP) != 1 || !tried.IMAP[0].OK || len(tried.SMTP) != 1 || !tried.SMTP[0].OK {
					t.Errorf("test of the connections %+v", tried)
				}
			})
		})
	}
}

// A shared mailbox of Microsoft 365 has no sign-in of its own: a person who may use it agrees.
func TestSharedMailboxIsReadAndAnsweredByAPersonsConnection(t *testing.T) {
	t.Parallel()
	const shared = "sales@acme.test"
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startOAuth(t, url)
		d.servers.AcceptTokens(func(user, token string) bool { return user == shared && d.provider.Accepts(oauthMailbox, token) })
		if got := d.finish(d.admin, d.consent(d.admin, "microsoft", map[string]any{"tenant_id": mailauthtest.Tenant})); got != "success=oauth_connected" {
			t.Fatalf("connecting ended with %s", got)
		}
		in := d.inboxOf(oauthMailbox)
		in.From = shared
		for _, kind := range []string{"imap", "smtp"} {
			in.Config[kind].([]any)[0].(map[string]any)["username"] = shared
		}
		d.point(in)

		d.deliver(d.servers, rawMail("m1@x.test", "bo@x.test", "An offer", "How much?"))
		r := d.waitConversations(1).Results[0]
		d.admin.ok(http.MethodPost, "/api/v1/conversations/"+r.UUID+"/messages", map[string]any{"message": "<p>Nothing.</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
		eventually(t, "the reply to leave", func() bool { return len(d.servers.Sent()) == 1 })
		if from := d.servers.Sent()[0].From; from != shared {
			t.Errorf("the reply is from %s", from)
		}
		if s := d.state(in.ID); !s.Connected || s.Account != oauthMailbox || s.Failure != "" {
			t.Errorf("state %+v", s)
		}
		if got := d.finish(d.admin, d.consent(d.admin, "microsoft", map[string]any{"tenant_id": mailauthtest.Tenant, "flow_type": "reconnect", "inbox_id": in.ID})); got != "success=oauth_reconnected" {
			t.Errorf("reconnecting as the same person ended with %s", got)
		}
		if again := d.inboxOf(shared); again.ID != in.ID || again.Config["imap"].([]any)[0].(map[string]any)["username"] != shared {
			t.Errorf("reconnected %+v", again)
		}
		back := d.consent(d.admin, "microsoft", map[string]any{"tenant_id": mailauthtest.Tenant, "flow_type": "reconnect", "inbox_id": in.ID})
		d.exec(`UPDATE inboxes SET config = '"damaged"'`)
		if got := d.finish(d.admin, back); got != "error=config_parse_failed" {
			t.Errorf("reconnecting what cannot be read ended with %s", got)
		}
	})
}

func TestConnectingAMailboxThatFailsSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startOAuth(t, database)
		t.Run("wrong input", func(t *testing.T) {
			for field, c := range map[string]struct {
				provider string
				body     map[string]any
			}{
				"client_id":     {"google", map[string]any{"client_secret": "x"}},
				"client_secret": {"google", map[string]any{"client_id": "x", "client_secret": " "}},
				"provider":      {"yahoo", wish(nil)},
			} {
				code, raw := d.admin.do(http.MethodPost, "/api/v1/inboxes/oauth/"+c.provider+"/authorize", c.body)
				if code != http.StatusBadRequest || !strings.Contains(string(raw), "InputException") || !strings.Contains(string(raw), field) {
					t.Errorf("%s: %d %s", field, code, raw)
				}
			}
		})
		refused := func(c *client, path string) {
			t.Helper()
			if code, raw := c.do(http.MethodGet, path, nil); code != http.StatusBadRequest || !strings.Contains(string(raw), "InputException") {
				t.Errorf("%s: %d %s", path, code, raw)
			}
		}
		for _, c := range []struct {
			name, provider string
			faults         mailauthtest.Faults
			more           map[string]any
			want           string
		}{
			{"denied", "google", mailauthtest.Faults{Deny: "access_denied"}, nil, "error=oauth_denied"},
			{"wrong secret", "google", mailauthtest.Faults{}, map[string]any{"client_secret": "wrong"}, "error=token_exchange_failed"},
			{"provider in trouble", "microsoft", mailauthtest.Faults{Fail: 503}, nil, "error=token_exchange_failed"},
			{"no address", "google", mailauthtest.Faults{NoAddress: true}, nil, "error=email_fetch_failed"},
			{"no address", "microsoft", mailauthtest.Faults{NoAddress: true}, nil, "error=email_fetch_failed"},
			{"forged token", "microsoft", mailauthtest.Faults{Forge: true}, nil, "error=email_fetch_failed"},
			{"no such inbox", "google", mailauthtest.Faults{}, map[string]any{"flow_type": "reconnect", "inbox_id": 999}, "error=inbox_not_found"},
		} {
			d.provider.Misbehave(c.faults)
			if got := d.finish(d.admin, d.consent(d.admin, c.provider, c.more)); got != c.want {
				t.Errorf("%s at %s ended with %s", c.name, c.provider, got)
			}
			d.provider.Misbehave(mailauthtest.Faults{})
		}
		t.Run("state", func(t *testing.T) {
			back := d.consent(d.admin, "google", nil)
			u, _ := url.Parse(back)
			forged := u.Query()
			forged.Set("state", "forged")
			refused(d.admin, u.Path+"?"+forged.Encode())
			refused(d.admin, strings.Replace(back, "/google/", "/microsoft/", 1))
			refused(signIn(t, d.app.URL(), "System", systemPassword), back) // another session of the same person
			without := u.Query()
			without.Del("state")
			refused(d.admin, u.Path+"?"+without.Encode())
			if got := d.finish(d.admin, back); got != "success=oauth_connected" {
				t.Errorf("the right answer after the wrong ones ended with %s", got)
			}
			refused(d.admin, back) // good once
		})
		t.Run("old state", func(t *testing.T) {
			back := d.consent(d.admin, "google", nil)
			d.exec(`UPDATE inbox_oauth_begun SET expires_at = 1`)
			refused(d.admin, back)
		})
		if n := d.count(`SELECT count(*) FROM inboxes`); n != 1 {
			t.Errorf("%d inboxes", n)
		}
	})
}

func TestTokenIsRenewedWhenItEndsAndWhenTheServerRefusesIt(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startOAuth(t, url)
		id := d.connect("google")
		d.deliver(d.servers, rawMail("m1@x.test", "bo@x.test", "One", "one"))
		d.waitConversations(1)
		d.endSoon(id) // restarts the reader, which has to sign in anew
		d.deliver(d.servers, rawMail("m2@x.test", "bo@x.test", "Two", "two"))
		d.waitConversations(2)
		if n := d.provider.Renewals(); n != 1 {
			t.Errorf("renewed %d times, want once", n)
		}
		// The provider ends the tokens before their time: the server refuses one that still looks good.
		d.provider.EndTokens()
		in := d.inboxOf(oauthMailbox)
		d.point(in)
		d.deliver(d.servers, rawMail("m3@x.test", "bo@x.test", "Three", "three"))
		r := d.waitConversations(3).Results[0]
		d.admin.ok(http.MethodPost, "/api/v1/conversations/"+r.UUID+"/messages", map[string]any{"message": "<p>Hi.</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
		eventually(t, "the reply to leave", func() bool { return len(d.servers.Sent()) == 1 })
		if n := d.provider.Renewals(); n != 2 {
			t.Errorf("renewed %d times, want twice", n)
		}
	})
}

func TestRevokedMailboxSaysSoKeepsRepliesAndIsReconnected(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startOAuth(t, url)
		id := d.connect("google")
		d.deliver(d.servers, rawMail("m1@x.test", "bo@x.test", "One", "one"))
		r := d.waitConversations(1).Results[0]
		d.provider.Revoke()
		d.endSoon(id)
		eventually(t, "the desk to learn of it", func() bool { return d.state(id).Failure == "revoked" })
		if s := d.state(id); s.Connected || !strings.Contains(s.Message, "has ended the connection") || !strings.Contains(s.Detail, "invalid_grant") {
			t.Errorf("state %+v", s)
		}
		d.admin.ok(http.MethodPost, "/api/v1/conversations/"+r.UUID+"/messages", map[string]any{"message": "<p>Hi.</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
		eventually(t, "the reply to wait", func() bool { return d.count(`SELECT count(*) FROM outbox WHERE state = 'delayed'`) == 1 })
		d.deliver(d.servers, rawMail("m2@x.test", "bo@x.test", "Two", "two"))

		again := map[string]any{"flow_type": "reconnect", "inbox_id": id, "client_secret": ""}
		d.provider.SignedIn("somebody@else.test", time.Hour)
		if got := d.finish(d.admin, d.consent(d.admin, "google", again)); got != "error=email_mismatch" {
			t.Errorf("reconnecting as somebody else ended with %s", got)
		}
		d.provider.SignedIn(oauthMailbox, time.Hour)
		if got := d.finish(d.admin, d.consent(d.admin, "google", again)); got != "success=oauth_reconnected" {
			t.Errorf("reconnecting ended with %s", got)
		}
		if s := d.state(id); !s.Connected || s.Failure != "" {
			t.Errorf("state afterwards %+v", s)
		}
		d.waitConversations(2)
		d.exec(`UPDATE outbox SET next_attempt_at = 0`) // its next attempt is due
		eventually(t, "the reply to leave", func() bool { return len(d.servers.Sent()) == 1 })
	})
}

func TestTokensAreRenewedByOneNodeAtATime(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	p, s := startProvider(t), startMail(t)
	s.AcceptTokens(p.Accepts)
	cfg := nodeConfigs(t, dbtest.PostgresURL(t))
	a := &oauthDesk{startWith(t, allowProvider(cfg[0], p)), p, s}
	b := &oauthDesk{startWith(t, allowProvider(cfg[1], p)), p, s}
	id := a.connect("google")
	in := a.inboxOf(oauthMailbox)
	p.Misbehave(mailauthtest.Faults{Slow: 300 * time.Millisecond})
	a.endSoon(id)
	before := p.Renewals()
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			body := map[string]any{"id": id, "name": in.Name, "channel": "email", "from": in.From, "config": in.Config}
			code, raw, err := []*oauthDesk{a, b}[i%2].admin.try(http.MethodPost, "/api/v1/inboxes/test", body)
			if err != nil || code != http.StatusOK || strings.Count(string(raw), `"ok":true`) != 2 {
				t.Errorf("test of the connections: %d %s %v", code, raw, err)
			}
		})
	}
	wg.Wait()
	if n := p.Renewals() - before; n != 1 {
		t.Errorf("renewed %d times, want once", n)
	}
	if s := a.state(id); !s.Connected {
		t.Errorf("state %+v", s)
	}
}
