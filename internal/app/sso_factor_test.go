package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/foyerdesk/foyer/internal/desk/factor/factortest"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// requireFactor makes the role Agent need a second factor.
func (d *desk) requireFactor() {
	d.t.Helper()
	d.admin.ok(http.MethodPut, "/api/v1/roles/1/two-factor", map[string]any{"require_two_factor": true}, nil)
}

// question is what a browser is asked about a passkey.
type question = map[string]any

func (c *client) ask(path string) (q question) {
	c.t.Helper()
	c.ok(http.MethodPost, path, map[string]any{}, &q)
	return q
}

func answerBy(q question, sign func(map[string]any) map[string]any) map[string]any {
	return map[string]any{"token": q["token"], "credential": sign(q["options"].(map[string]any)), "name": "Laptop"}
}

// addPasskey registers an authenticator for who is signed in.
func (c *client) addPasskey() *factortest.Authenticator {
	c.t.Helper()
	key := factortest.New("desk.test", "http://desk.test")
	c.ok(http.MethodPost, "/api/v1/agents/me/passkeys", answerBy(c.ask("/api/v1/agents/me/passkeys/options"), key.Create), nil)
	return key
}

const waits = "/?next=&step=two-factor"

func TestProviderAloneDoesNotSignInWhoseRoleNeedsASecondFactor(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		now := time.Now()
		d.app.Factors.Now = func() time.Time { return now }
		d.requireFactor()
		// Who has none comes in and can do nothing but set one up.
		b := d.browser()
		if to := b.signIn(d); to != "/" {
			t.Fatalf("it leads to %s", to)
		}
		b.want(403, "PermissionException", http.MethodGet, "/api/v1/conversations/assigned", nil)
		var app struct{ Secret string }
		b.ok(http.MethodPost, "/api/v1/agents/me/two-factor/totp", map[string]any{}, &app)
		code := func() string {
			c, err := totp.GenerateCode(app.Secret, now)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		b.ok(http.MethodPost, "/api/v1/agents/me/two-factor/totp/confirm", map[string]any{"code": code()}, nil)
		b.ok(http.MethodGet, "/api/v1/conversations/assigned", nil, nil)

		again := d.browser()
		if to := again.signIn(d); to != waits {
			t.Fatalf("it leads to %s", to)
		}
		if who := again.me(); who != "" {
			t.Fatalf("%s has a session after one proof", who)
		}
		again.want(400, "InputException", http.MethodPost, "/api/v1/auth/two-factor", map[string]any{"code": "000000"})
		now = now.Add(30 * time.Second)
		again.ok(http.MethodPost, "/api/v1/auth/two-factor", map[string]any{"code": code()}, nil)
		if who := again.me(); who != "asha@example.com" {
			t.Errorf("signed in as %q", who)
		}

		// Where no role wants it, the second factor is the provider's business.
		d.admin.ok(http.MethodPut, "/api/v1/roles/1/two-factor", map[string]any{"require_two_factor": false}, nil)
		third := d.browser()
		if to := third.signIn(d); to != "/" || third.me() == "" {
			t.Errorf("it leads to %s", to)
		}
	})
}

// A passkey signs in without the provider, so it must not where the provider is the only way in: who leaves the company
// loses the account there. As the second of two proofs it is welcome.
func TestPasskeyIsNoWayAroundTheOnlyWayIn(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, database string) {
		d := startSSO(t, database)
		key := signIn(t, d.app.URL(), "asha@example.com", agentPassword).addPasskey()
		byPasskey := func(c *client) (int, string) {
			code, raw := c.do(http.MethodPost, "/api/v1/auth/passkey", answerBy(c.ask("/api/v1/auth/passkey/options"), key.Get))
			return code, string(raw)
		}
		if code, raw := byPasskey(newClient(t, d.app.URL())); code != http.StatusOK {
			t.Fatalf("before: %d %s", code, raw)
		}
		d.admin.ok(http.MethodPut, "/api/v1/settings/sign-in", map[string]any{"app.sso_only": true}, nil)
		if code, raw := byPasskey(newClient(t, d.app.URL())); code != http.StatusForbidden || !strings.Contains(raw, "PermissionException") {
			t.Errorf("alone: %d %s", code, raw)
		}
		d.requireFactor()
		b := d.browser()
		if to := b.signIn(d); to != waits {
			t.Fatalf("it leads to %s", to)
		}
		if code, raw := byPasskey(b.client); code != http.StatusOK {
			t.Fatalf("after the provider: %d %s", code, raw)
		}
		if who := b.me(); who != "asha@example.com" {
			t.Errorf("signed in as %q", who)
		}
		// The sign-in at the provider was used up with it, and is worth nothing for another agent's passkey.
		b.ok(http.MethodPost, "/api/v1/auth/logout", map[string]any{}, nil)
		if code, _ := byPasskey(b.client); code != http.StatusForbidden {
			t.Errorf("the same sign-in again: %d", code)
		}
		other := d.browser()
		if to := other.signIn(d); to != waits {
			t.Fatalf("it leads to %s", to)
		}
		d.admin.ok(http.MethodPut, "/api/v1/settings/sign-in", map[string]any{"app.sso_only": false}, nil)
		d.addAgent("bo@example.com", "Agent")
		theirs := signIn(t, d.app.URL(), "bo@example.com", agentPassword).addPasskey()
		d.admin.ok(http.MethodPut, "/api/v1/settings/sign-in", map[string]any{"app.sso_only": true}, nil)
		key = theirs
		if code, raw := byPasskey(other.client); code != http.StatusForbidden {
			t.Errorf("another agent's: %d %s", code, raw)
		}
		system := signIn(t, d.app.URL(), "System", systemPassword)
		key = system.addPasskey() // the way in when the provider is away
		if code, raw := byPasskey(newClient(t, d.app.URL())); code != http.StatusOK {
			t.Errorf("System: %d %s", code, raw)
		}
		if n := d.count(`SELECT count(*) FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = 'bo@example.com')`); n != 1 {
			t.Errorf("Bo has %d sessions", n)
		}
	})
}
