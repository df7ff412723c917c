package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/sso"
	"github.com/foyerdesk/foyer/internal/desk/sso/ssotest"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// ssoDesk is a desk with Asha, and an identity provider that it knows.
type ssoDesk struct {
	*desk
	idp  *ssotest.Provider
	id   int64 // of the provider
	asha int64
}

var ashaThere = ssotest.Person{Subject: "sub-asha", Email: "Asha@Example.com", Verified: true, Given: "Asha", Family: "Rao"}

func startSSO(t testing.TB, database string) *ssoDesk {
	t.Helper()
	idp := startIdentity(t)
	cfg := deskConfig(t, database)
	cfg.OutboundAllow, cfg.AuthPerMinute = []string{"127.0.0.0/8"}, 1_000_000
	d := &ssoDesk{desk: startWith(t, cfg), idp: idp}
	d.asha = d.addAgent("asha@example.com", "Agent")
	var p sso.Provider
	d.admin.ok(http.MethodPost, "/api/v1/oidc", providerBody(idp), &p)
	if p.RedirectURI != "" || !p.Enabled || p.ClientSecret != sso.Mask {
		t.Errorf("created %+v", p)
	}
	d.id = p.ID
	d.allow(ssotest.ClientSecret)
	idp.SignedIn(ashaThere)
	return d
}

func startIdentity(t testing.TB) *ssotest.Provider {
	t.Helper()
	idp, err := ssotest.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = idp.Close() })
	return idp
}

// allow makes the provider accept the desk with a secret.
func (d *ssoDesk) allow(secret string) {
	d.idp.Allow(secret, fmt.Sprintf("http://desk.test/api/v1/oidc/%d/finish", d.id))
}

func providerBody(idp *ssotest.Provider) map[string]any {
	return map[string]any{"name": "Company login", "provider": "Custom", "provider_url": idp.URL, "client_id": ssotest.ClientID,
		"client_secret": ssotest.ClientSecret, "logo_url": "", "enabled": true}
}

// change replaces what the provider is, with some fields other than usual.
func (d *ssoDesk) change(fields map[string]any) (int, []byte) {
	body := providerBody(d.idp)
	for k, v := range fields {
		body[k] = v
	}
	return d.admin.do(http.MethodPut, fmt.Sprintf("/api/v1/oidc/%d", d.id), body)
}

func (d *ssoDesk) mustChange(fields map[string]any) {
	d.t.Helper()
	if code, raw := d.change(fields); code != http.StatusOK {
		d.t.Fatalf("change the provider: %d %s", code, raw)
	}
}

// browser is somebody's browser. It follows no redirect by itself and asks for pages, as browsers do.
type browser struct{ *client }

func (d *ssoDesk) browser() browser { return browser{newClient(d.t, d.app.URL())} }

// open asks for a page and returns the status and where it leads.
func (b browser) open(address string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml")
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatalf("open %s: %v", address, err)
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}

// goThere begins to sign in and goes through the provider. It returns the address that the provider sends the browser
// back to, on this desk.
func (b browser) goThere(d *ssoDesk, next string) string {
	b.t.Helper()
	path := fmt.Sprintf("%s/api/v1/oidc/%d/login", b.base, d.id)
	if next != "" {
		path += "?next=" + url.QueryEscape(next)
	}
	code, to := b.open(path)
	if code != http.StatusFound || !strings.HasPrefix(to, d.idp.URL+"/authorize?") {
		b.t.Fatalf("login: %d %s", code, to)
	}
	for range 5 {
		if strings.HasPrefix(to, "http://desk.test/") {
			return b.base + strings.TrimPrefix(to, "http://desk.test")
		}
		if code, to = b.open(to); code != http.StatusFound {
			b.t.Fatalf("at the provider: %d", code)
		}
		if strings.HasPrefix(to, "/") {
			to = d.idp.URL + to
		}
	}
	b.t.Fatal("the provider does not send the browser back")
	return ""
}

// signIn goes the whole way and returns where it leads.
func (b browser) signIn(d *ssoDesk) string {
	b.t.Helper()
	_, to := b.open(b.goThere(d, ""))
	return to
}

// me returns the address of the agent who is signed in, "" if nobody is.
func (b browser) me() string {
	b.t.Helper()
	var a struct{ Email string }
	if code, raw := b.do(http.MethodGet, "/api/v1/agents/me", nil); code != http.StatusOK || decode(raw, &a) != nil {
		return ""
	}
	return a.Email
}

// refused looks that a browser was sent to the sign-in page with a reason and got no session.
func (b browser) refused(to, reason string) {
	b.t.Helper()
	if to != "/?error="+reason {
		b.t.Errorf("it leads to %q, want the reason %s", to, reason)
	}
	if who := b.me(); who != "" {
		b.t.Errorf("%s has a session", who)
	}
}

func (d *ssoDesk) health() sso.Health {
	d.t.Helper()
	var p sso.Provider
	d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/oidc/%d", d.id), nil, &p)
	return p.Health
}

// TestSingleSignOn is scenario 20 of the specification's chapter on access.
func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		b := d.browser()
		back := b.goThere(d, "/admin/teams")
		other, _ := url.Parse(back)
		q := other.Query()
		state := []byte(q.Get("state"))
		state[20] ^= 1 // another character, whatever it was
		q.Set("state", string(state))
		other.RawQuery = q.Encode()
		if _, to := b.open(other.String()); to != "/?error="+sso.CodeState {
			t.Errorf("another state leads to %s", to)
		}
		if a := ask(t, b.base, http.MethodGet, strings.TrimPrefix(other.String(), b.base), ""); a.code != http.StatusForbidden {
			t.Errorf("a program with another state: %d %s", a.code, a.body)
		}
		if code, to := b.open(back); code != http.StatusFound || to != "/admin/teams" {
			t.Fatalf("finish: %d %s", code, to)
		}
		if who := b.me(); who != "asha@example.com" {
			t.Errorf("signed in as %q", who)
		}
		if _, to := b.open(back); to != "/?error="+sso.CodeState {
			t.Errorf("the same answer again leads to %s", to)
		}
		if h := d.health(); h.LastSuccessAt == nil || h.LastError != "" {
			t.Errorf("health %+v", h)
		}
		logged := d.texts(`SELECT activity_description FROM activity_logs WHERE activity_type = 'agent_login' ORDER BY id DESC`)
		if !strings.Contains(logged[0], "through Company login") {
			t.Errorf("the audit log says %q", logged[0])
		}

		unverified := ashaThere
		unverified.Verified = false
		system := ashaThere
		system.Email = "System"
		for reason, who := range map[string]ssotest.Person{sso.CodeUnverified: unverified, sso.CodeNoAgent: system} {
			d.idp.SignedIn(who)
			b := d.browser()
			b.refused(b.signIn(d), reason)
		}
	})
}

// TestProviderSecretIsMaskedAndEncrypted is scenario 21.
func TestProviderSecretIsMaskedAndEncrypted(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		path := fmt.Sprintf("/api/v1/oidc/%d", d.id)
		var p sso.Provider
		d.admin.ok(http.MethodGet, path, nil, &p)
		if p.ClientSecret != sso.Mask || p.ClientID != ssotest.ClientID || p.RedirectURI != "http://desk.test/api/v1/oidc/1/finish" {
			t.Errorf("read %+v", p)
		}
		d.mustChange(map[string]any{"client_secret": sso.Mask, "name": "Renamed"})
		b := d.browser()
		if to := b.signIn(d); to != "/" || b.me() == "" {
			t.Errorf("after saving the mask: %s", to)
		}
		for field, value := range map[string]string{"client_secret": "", "client_id": " "} {
			if code, raw := d.change(map[string]any{field: value}); code != http.StatusBadRequest {
				t.Errorf("%s %q: %d %s", field, value, code, raw)
			}
		}
		for _, column := range []string{"client_id", "client_secret"} {
			if v := d.texts("SELECT " + column + " FROM oidc_providers"); !strings.HasPrefix(v[0], "enc:") {
				t.Errorf("%s is kept as %q", column, v[0])
			}
		}
		a := ask(t, d.app.URL(), http.MethodGet, "/api/v1/config", "")
		if !strings.Contains(string(a.body), `"name":"Renamed"`) || strings.Contains(string(a.body), "secret") {
			t.Errorf("config: %s", a.body)
		}
		d.mustChange(map[string]any{"enabled": false})
		if a := ask(t, d.app.URL(), http.MethodGet, "/api/v1/config", ""); !strings.Contains(string(a.body), `"app.sso_providers":[]`) {
			t.Errorf("config lists a disabled provider: %s", a.body)
		}
	})
}

func TestSignInIsBoundToTheBrowserThatBeganIt(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		victim, attacker := d.browser(), d.browser()
		back := attacker.goThere(d, "")
		_, to := victim.open(back)
		victim.refused(to, sso.CodeState)
		if _, to := attacker.open(back); to != "/" || attacker.me() == "" {
			t.Errorf("the browser that began it cannot finish: %s", to)
		}
		// Two tabs do not take each other's.
		b := d.browser()
		first, second := b.goThere(d, "/account"), b.goThere(d, "/contacts")
		for address, want := range map[string]string{first: "/account", second: "/contacts"} {
			if _, to := b.open(address); to != want {
				t.Errorf("a tab comes out at %s, want %s", to, want)
			}
		}
	})
}

func TestSignInThatTookTooLongIsOver(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		b := d.browser()
		back := b.goThere(d, "")
		d.exec(`UPDATE oidc_sign_ins SET expires_at = expires_at - 601000000`)
		_, to := b.open(back)
		b.refused(to, sso.CodeExpired)
		_, to = b.open(back)
		b.refused(to, sso.CodeState)
	})
}

// exec changes the database behind the desk's back.
func (d *desk) exec(statement string, args ...any) {
	d.t.Helper()
	err := d.app.DB.Tx(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(context.Background(), statement, args...)
		return err
	})
	if err != nil {
		d.t.Fatalf("%s: %v", statement, err)
	}
}

func TestOnlyWhatTheProviderVouchesForIsBelieved(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		person := func(change func(*ssotest.Person)) ssotest.Person {
			p := ashaThere
			change(&p)
			return p
		}
		claim := func(name string, value any) ssotest.Faults {
			return ssotest.Faults{Claims: map[string]any{name: value}}
		}
		for name, c := range map[string]struct {
			who    ssotest.Person
			faults ssotest.Faults
			reason string
		}{
			"wrong nonce":             {ashaThere, claim("nonce", "other"), sso.CodeExchange},
			"no nonce":                {ashaThere, claim("nonce", nil), sso.CodeExchange},
			"wrong audience":          {ashaThere, claim("aud", "another-client"), sso.CodeExchange},
			"for another of many":     {ashaThere, ssotest.Faults{Claims: map[string]any{"aud": []string{ssotest.ClientID, "x"}, "azp": "x"}}, sso.CodeExchange},
			"wrong issuer":            {ashaThere, claim("iss", "https://evil.example"), sso.CodeExchange},
			"about nobody":            {ashaThere, claim("sub", ""), sso.CodeExchange},
			"over":                    {ashaThere, claim("exp", 1_000_000_000), sso.CodeExchange},
			"signed by somebody else": {ashaThere, ssotest.Faults{Forge: true}, sso.CodeExchange},
			"user info of another":    {ashaThere, ssotest.Faults{UserinfoOnly: true, WrongUserinfo: true}, sso.CodeExchange},
			"cancelled":               {ashaThere, ssotest.Faults{Deny: "access_denied"}, sso.CodeCancelled},
			"refused":                 {ashaThere, ssotest.Faults{Deny: "server_error", Describe: "<script>alert(1)</script>"}, sso.CodeRefused},
			"no address":              {person(func(p *ssotest.Person) { p.Email = "" }), ssotest.Faults{}, sso.CodeNoEmail},
			"unverified as text":      {person(func(p *ssotest.Person) { p.Verified = "false" }), ssotest.Faults{}, sso.CodeUnverified},
			"unverified as nonsense":  {person(func(p *ssotest.Person) { p.Verified = []any{true} }), ssotest.Faults{}, sso.CodeUnverified},
			"nobody's address":        {person(func(p *ssotest.Person) { p.Email = "nobody@example.com" }), ssotest.Faults{}, sso.CodeNoAgent},
			"system in small letters": {person(func(p *ssotest.Person) { p.Email = "system" }), ssotest.Faults{}, sso.CodeNoAgent},
			"a name for an address":   {person(func(p *ssotest.Person) { p.Email = "Asha <asha@example.com>" }), ssotest.Faults{}, sso.CodeNoAgent},
		} {
			t.Run(name, func(t *testing.T) {
				d.idp.SignedIn(c.who)
				d.idp.Misbehave(c.faults)
				b := d.browser()
				b.t = t
				b.refused(b.signIn(d), c.reason)
			})
		}
		d.idp.Misbehave(ssotest.Faults{UserinfoOnly: true})
		for name, verified := range map[string]any{"true": true, "text": "true", "not said": nil} {
			d.idp.SignedIn(person(func(p *ssotest.Person) { p.Verified = verified }))
			if b := d.browser(); b.signIn(d) != "/" || b.me() != "asha@example.com" {
				t.Errorf("an address verified (%s) is refused", name)
			}
		}
	})
}

func TestAdministratorsSeeWhyAProviderFails(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		d.allow("another-secret") // as when the one that the desk has expired
		b := d.browser()
		b.refused(b.signIn(d), sso.CodeExchange)
		h := d.health()
		if h.LastError != sso.CodeExchange || h.LastErrorAt == nil || !strings.Contains(h.Detail, "invalid_client") {
			t.Errorf("health %+v", h)
		}
		d.mustChange(map[string]any{"client_secret": sso.Mask, "name": "Renamed"})
		if h := d.health(); h.LastError == "" {
			t.Error("a new name makes the failure forgotten")
		}
		d.mustChange(map[string]any{"client_secret": "another-secret"})
		if h := d.health(); h.LastError != "" || h.Detail != "" {
			t.Errorf("with a new secret: %+v", h)
		}
		d.allow(ssotest.ClientSecret)
		d.mustChange(nil)
		b.signIn(d)
		if h := d.health(); h.LastError != "" || h.Detail != "" || h.LastSuccessAt == nil {
			t.Errorf("after it works again: %+v", h)
		}
		d.idp.Misbehave(ssotest.Faults{Deny: "temporarily_unavailable", Describe: "down\nfor <b>maintenance</b>"})
		b.signIn(d)
		if h := d.health(); h.LastError != sso.CodeRefused || h.Detail != "temporarily_unavailable down for <b>maintenance</b>" {
			t.Errorf("health %+v", h)
		}
	})
}

func TestDisabledAgentGetsNoSession(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		b := d.browser()
		if b.signIn(d) != "/" {
			t.Fatal("Asha cannot sign in")
		}
		d.disable(d.asha, "asha@example.com")
		b = d.browser()
		b.refused(b.signIn(d), sso.CodeDisabled)
		d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d", d.asha), nil, nil)
		b.refused(b.signIn(d), sso.CodeNoAgent)
	})
}

func TestAccountIsLinkedAtTheFirstSignIn(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		identities := fmt.Sprintf("/api/v1/agents/%d/identities", d.asha)
		if b := d.browser(); b.signIn(d) != "/" {
			t.Fatal("Asha cannot sign in")
		}
		renamed := ashaThere
		renamed.Email = "asha.rao@example.com"
		d.idp.SignedIn(renamed)
		if b := d.browser(); b.signIn(d) != "/" || b.me() != "asha@example.com" {
			t.Error("an agent whose address changed there is not known any more")
		}
		heir := ashaThere
		heir.Subject = "sub-of-somebody-new"
		d.idp.SignedIn(heir)
		b := d.browser()
		b.refused(b.signIn(d), sso.CodeLinked)
		var list []sso.Identity
		d.admin.ok(http.MethodGet, identities, nil, &list)
		if len(list) != 1 || list[0].Issuer != d.idp.URL || list[0].Email != "asha.rao@example.com" {
			t.Errorf("identities %+v", list)
		}
		d.admin.ok(http.MethodDelete, identities, nil, nil)
		if b := d.browser(); b.signIn(d) != "/" || b.me() != "asha@example.com" {
			t.Error("after the link was removed the new account is refused")
		}
	})
}

func TestNewcomersBecomeAgentsOnlyWhereTheyMay(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		newcomer := ssotest.Person{Subject: "sub-new", Email: "New.One@Acme.test", Verified: true, Given: "New", Family: "One"}
		d.idp.SignedIn(newcomer)
		b := d.browser()
		b.refused(b.signIn(d), sso.CodeNoAgent)
		for _, incomplete := range []map[string]any{{"auto_provision": true}, {"auto_provision": true, "default_role_id": 1},
			{"auto_provision": true, "allowed_domains": []string{"acme.test"}}, {"auto_provision": true, "default_role_id": 99, "allowed_domains": []string{"acme.test"}},
			{"auto_provision": true, "default_role_id": 1, "allowed_domains": []string{"not a domain"}}} {
			if code, raw := d.change(incomplete); code != http.StatusBadRequest {
				t.Errorf("%v: %d %s", incomplete, code, raw)
			}
		}
		d.mustChange(map[string]any{"auto_provision": true, "default_role_id": 1, "allowed_domains": []string{"@ACME.test"}})
		for _, outsider := range []string{"x@evil.test", "x@sub.acme.test", "x@acme.test.evil.test"} {
			d.idp.SignedIn(ssotest.Person{Subject: outsider, Email: outsider, Verified: true})
			b.refused(b.signIn(d), sso.CodeNoAgent)
		}
		d.idp.SignedIn(newcomer)
		if to := b.signIn(d); to != "/" {
			t.Fatalf("the newcomer is sent to %s", to)
		}
		var me struct {
			Email     string
			FirstName string `json:"first_name"`
			LastName  string `json:"last_name"`
			Roles     []string
		}
		b.ok(http.MethodGet, "/api/v1/agents/me", nil, &me)
		if me.Email != "new.one@acme.test" || me.FirstName != "New" || me.LastName != "One" || !slices.Equal(me.Roles, []string{"Agent"}) {
			t.Errorf("made %+v", me)
		}
	})
}

func TestNobodyGivesNewcomersMoreThanTheyHave(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "SSO", "permissions": []string{"oidc:manage"}}, nil)
		d.addAgent("sso@acme.test", "SSO")
		admin := d.admin
		d.admin = signIn(t, d.app.URL(), "sso@acme.test", agentPassword)
		grant := map[string]any{"auto_provision": true, "default_role_id": 2, "allowed_domains": []string{"acme.test"}}
		if code, raw := d.change(grant); code != http.StatusForbidden {
			t.Errorf("%d %s", code, raw)
		}
		limited := d.admin
		d.admin = admin
		d.mustChange(grant)
		d.admin = limited
		grant["allowed_domains"] = []string{"evil.test"}
		if code, raw := d.change(grant); code != http.StatusForbidden {
			t.Errorf("another domain for the role: %d %s", code, raw)
		}
		grant["allowed_domains"], grant["name"] = []string{"acme.test"}, "Renamed"
		d.mustChange(grant)
	})
}

func TestSingleSignOnCanBeTheOnlyWayIn(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		d.mustChange(map[string]any{"enabled": false})
		only := map[string]any{"app.sso_only": true}
		if code, raw := d.admin.do(http.MethodPut, "/api/v1/settings/sign-in", only); code != http.StatusBadRequest {
			t.Errorf("without a provider: %d %s", code, raw)
		}
		d.mustChange(nil)
		d.admin.ok(http.MethodPut, "/api/v1/settings/sign-in", only, nil)
		for _, password := range []string{agentPassword, "wrong"} {
			code, raw := newClient(t, d.app.URL()).do(http.MethodPost, "/api/v1/auth/login", map[string]string{"email": "asha@example.com", "password": password})
			if code != http.StatusForbidden || !strings.Contains(string(raw), "PermissionException") {
				t.Errorf("a password: %d %s", code, raw)
			}
		}
		signIn(t, d.app.URL(), "System", systemPassword) // the way in when the provider is away
		if b := d.browser(); b.signIn(d) != "/" || b.me() == "" {
			t.Error("the provider is no way in")
		}
		if code, raw := d.change(map[string]any{"enabled": false}); code != http.StatusBadRequest {
			t.Errorf("disabling the last provider: %d %s", code, raw)
		}
		if code, raw := d.admin.do(http.MethodDelete, fmt.Sprintf("/api/v1/oidc/%d", d.id), nil); code != http.StatusBadRequest {
			t.Errorf("deleting the last provider: %d %s", code, raw)
		}
		a := ask(t, d.app.URL(), http.MethodGet, "/api/v1/config", "")
		if !strings.Contains(string(a.body), `"app.sso_only":true`) {
			t.Errorf("config: %s", a.body)
		}
		if err := d.app.AllowPasswords(t.Context()); err != nil { // as the command line does
			t.Fatal(err)
		}
		signIn(t, d.app.URL(), "asha@example.com", agentPassword)
	})
}

func TestProviderIsReadBeforeItIsKept(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		gone := startIdentity(t)
		away := gone.URL
		_ = gone.Close()
		for name, address := range map[string]string{"nobody there": away, "no discovery document": d.idp.URL + "/keys", "inside the network": "http://10.0.0.1",
			"metadata": "http://169.254.169.254/latest", "IPv6 loopback, which is not allowed here": "http://[::1]:1", "no address": "desk", "another scheme": "file:///etc/passwd",
			"a query": d.idp.URL + "?x=y", "another issuer": strings.Replace(d.idp.URL, "127.0.0.1", "localhost", 1)} {
			body := providerBody(d.idp)
			body["provider_url"] = address
			for _, path := range []string{"/api/v1/oidc", "/api/v1/oidc/test"} {
				code, raw := d.admin.do(http.MethodPost, path, body)
				if code != http.StatusBadRequest || !strings.Contains(string(raw), `"field":"provider_url"`) {
					t.Errorf("%s: %s: %d %s", name, path, code, raw)
				}
			}
		}
		var found sso.Found
		d.admin.ok(http.MethodPost, "/api/v1/oidc/test", map[string]any{"provider_url": d.idp.URL + "/.well-known/openid-configuration"}, &found)
		if found.Issuer != d.idp.URL || found.TokenEndpoint == "" {
			t.Errorf("found %+v", found)
		}
		// The stored secret goes to no other host than the one it was entered for.
		other := startIdentity(t)
		if code, raw := d.change(map[string]any{"provider_url": other.URL, "client_secret": sso.Mask}); code != http.StatusBadRequest || !strings.Contains(string(raw), `"field":"client_secret"`) {
			t.Errorf("%d %s", code, raw)
		}
		// A provider that is down can still be changed, and its sign-ins end with a reason.
		_ = d.idp.Close()
		d.mustChange(map[string]any{"client_secret": sso.Mask, "name": "Down"})
		b := d.browser()
		_, to := b.open(fmt.Sprintf("%s/api/v1/oidc/%d/login?next=/account", b.base, d.id))
		if to != "/?error=sso_unreachable&next=%2Faccount" {
			t.Errorf("it leads to %s", to)
		}
		if h := d.health(); h.LastError != sso.CodeUnreachable || h.Detail == "" {
			t.Errorf("health %+v", h)
		}
		// One that is deleted is gone at once.
		d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/oidc/%d", d.id), nil, nil)
		d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/oidc/%d", d.id), nil, nil)
		_, to = b.open(fmt.Sprintf("%s/api/v1/oidc/%d/login", b.base, d.id))
		b.refused(to, sso.CodeProvider)
	})
}

func TestNextPageIsOneOfThisDesk(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		for next, want := range map[string]string{"https://evil.example/a?b=1": "/a?b=1", "//evil.example/a": "/a", "/\\evil.example": "/evil.example",
			"javascript:alert(1)": "/inboxes/assigned", "/inboxes/all?x=%0d%0aSet-Cookie:a=b": "/inboxes/all?x=%0d%0aSet-Cookie:a=b",
			"/" + strings.Repeat("a", 3000): "/"} {
			b := d.browser()
			if _, to := b.open(b.goThere(d, next)); to != want || b.me() == "" {
				t.Errorf("next=%.60s leads to %.60s, want %s", next, to, want)
			}
		}
	})
}

// FuzzFinish sends what nobody's provider would send to where sign-ins end: the answer is a refusal, never a session, a
// failure of the desk, or a way to another site.
func FuzzFinish(f *testing.F) {
	for _, q := range []string{"", "state=&code=", "state=%00&code=x", "state=a&code=b&error=access_denied", "error=%3Cscript%3E&state=x", "state=" + strings.Repeat("a", 43) + "&code=\xff"} {
		f.Add("1", q, strings.Repeat("b", 43))
	}
	f.Add("-1", "state=x", "")
	f.Add("99999999999999999999", "%", ";=,")
	database := filepath.Join(f.TempDir(), "foyer.db")
	d := startSSO(f, database)
	f.Fuzz(func(t *testing.T, id, query, secret string) {
		u := &url.URL{Path: "/api/v1/oidc/" + strings.ReplaceAll(id, "/", "") + "/finish", RawQuery: query}
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.URL, req.RemoteAddr = u, "192.0.2.1:1"
		req.Header.Set("Accept", "text/html")
		state, _ := url.ParseQuery(query)
		name := "foyer_sso_" + state.Get("state")
		req.Header.Set("Cookie", name[:min(len(name), 18)]+"="+secret)
		rec := httptest.NewRecorder()
		d.app.API.ServeHTTP(rec, req)
		to := rec.Header().Get("Location")
		if rec.Code >= 500 || (rec.Code == http.StatusFound && !strings.HasPrefix(to, "/?error=sso_")) || strings.Contains(strings.Join(rec.Header().Values("Set-Cookie"), ";"), "libredesk_session") {
			if rec.Code != http.StatusMovedPermanently && rec.Code != http.StatusTemporaryRedirect { // the mux, to a clean path
				t.Errorf("%q?%q: %d %s", id, query, rec.Code, to)
			}
		}
	})
}

func TestTooManySignInsAreToldOnTheSignInPage(t *testing.T) {
	t.Parallel()
	idp := startIdentity(t)
	cfg := deskConfig(t, filepath.Join(t.TempDir(), "foyer.db"))
	cfg.OutboundAllow, cfg.AuthPerMinute = []string{"127.0.0.0/8"}, 3 // the administrator's sign-in is the first
	d := &ssoDesk{desk: startWith(t, cfg), idp: idp}
	var p sso.Provider
	d.admin.ok(http.MethodPost, "/api/v1/oidc", providerBody(idp), &p)
	d.id = p.ID
	b := d.browser()
	for i, want := range []string{idp.URL, idp.URL, "/?error=sso_busy"} {
		if _, to := b.open(fmt.Sprintf("%s/api/v1/oidc/%d/login", b.base, d.id)); !strings.HasPrefix(to, want) {
			t.Errorf("sign-in %d leads to %s, want %s", i, to, want)
		}
	}
	if a := ask(t, b.base, http.MethodGet, fmt.Sprintf("/api/v1/oidc/%d/finish", d.id), ""); a.code != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("a program: %d %s", a.code, a.body)
	}
}

func TestEveryReasonHasItsSentence(t *testing.T) {
	t.Parallel()
	english := i18n.Pack(i18n.Default)
	for _, code := range []string{sso.CodeProvider, sso.CodeUnreachable, sso.CodeState, sso.CodeExpired, sso.CodeCancelled, sso.CodeRefused, sso.CodeExchange,
		sso.CodeNoEmail, sso.CodeUnverified, sso.CodeNoAgent, sso.CodeDisabled, sso.CodeLinked, "sso_busy"} {
		if english["auth.error."+code] == "" {
			t.Errorf("%s has no sentence", code)
		}
	}
}

func TestAnotherNodeFinishesASignIn(t *testing.T) {
	t.Parallel()
	needPostgres(t)
	cfg := nodeConfigs(t, dbtest.PostgresURL(t))
	for i := range cfg {
		cfg[i].OutboundAllow = []string{"127.0.0.0/8"}
	}
	d := &ssoDesk{desk: startWith(t, cfg[0]), idp: startIdentity(t)}
	other := startWith(t, cfg[1])
	d.addAgent("asha@example.com", "Agent")
	var p sso.Provider
	d.admin.ok(http.MethodPost, "/api/v1/oidc", providerBody(d.idp), &p)
	d.id = p.ID
	d.allow(ssotest.ClientSecret)
	d.idp.SignedIn(ashaThere)
	b := d.browser()
	back := strings.Replace(b.goThere(d, "/account"), d.app.URL(), other.app.URL(), 1)
	if _, to := b.open(back); to != "/account" || b.me() != "asha@example.com" {
		t.Errorf("the other node leads to %s", to)
	}
}
