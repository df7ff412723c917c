package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// The scenarios of access that need the whole desk: sockets, restarts, addresses. Those of the API alone are in
// internal/api.

// count asks the database.
func (d *desk) count(query string, args ...any) (n int) {
	d.t.Helper()
	if err := d.app.DB.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// want makes a request that must be answered with a status and an error type ("" for success).
func (c *client) want(code int, errorType, method, path string, body any) problem {
	c.t.Helper()
	got, raw := c.do(method, path, body)
	var p problem
	if err := oneDocument(raw, &p); err != nil || got != code || p.ErrorType != errorType {
		c.t.Fatalf("%s %s: %d %s (%v), want %d %s", method, path, got, clip(raw), err, code, errorType)
	}
	return p
}

func edit(email string, more map[string]any) map[string]any {
	body := map[string]any{"first_name": "Asha", "last_name": "Rao", "email": email, "roles": []string{"Agent"}, "enabled": true, "availability_status": "offline"}
	for k, v := range more {
		body[k] = v
	}
	return body
}

func TestIdleDoesNotOverrideManualAwayAndChangesAreBroadcast(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		id := d.addAgent("asha@example.com", "Agent")
		asha := signIn(t, d.app.URL(), "asha@example.com", agentPassword)
		const path = "/api/v1/agents/me/availability"
		sockets := []*socket{d.admin.dial("")}
		asha.ok(http.MethodPut, path, map[string]string{"status": "away_manual"}, nil)
		sockets[0].next("agent_availability_update", `"away_manual"`) // has been spread: a socket opened now is not told
		sockets = append(sockets, asha.dial(""))
		var me struct {
			Status string `json:"availability_status"`
		}
		asha.ok(http.MethodPut, path, map[string]string{"status": "online", "source": "idle"}, &me)
		if me.Status != "away_manual" {
			t.Errorf("an idle browser made it %s", me.Status)
		}
		asha.ok(http.MethodPut, path, map[string]string{"status": "online"}, &me)
		asha.ok(http.MethodPut, path, map[string]string{"status": "online"}, &me) // the same again is no change
		asha.ok(http.MethodPut, path, map[string]string{"status": "away_and_reassigning"}, &me)
		for _, s := range sockets {
			first := s.next("agent_availability_update", fmt.Sprintf(`"agent_id":%d`, id))
			second := s.next("agent_availability_update")
			if !first.has(`"online"`) || !second.has(`"away_and_reassigning"`) {
				t.Errorf("broadcast %s, then %s", first.Data, second.Data)
			}
		}
		if n := d.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'agent_online' AND actor_id = $1`, id); n != 1 {
			t.Errorf("%d agent_online activities", n)
		}
	})
}

func TestPermissionRemovalKicks(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		inboxID := d.addInbox(s)
		role := map[string]any{"name": "R", "permissions": []string{"conversations:read", "conversations:read_all", "messages:read", "messages:write"}}
		var r, c made
		d.admin.ok(http.MethodPost, "/api/v1/roles", role, &r)
		d.admin.ok(http.MethodPost, "/api/v1/conversations", newConversation(inboxID, "bo@x.test"), &c)
		id := d.addAgent("asha@example.com", "R")
		asha := signIn(t, d.app.URL(), "asha@example.com", agentPassword)
		note := map[string]any{"message": "<p>n</p>", "private": true, "sender_type": "agent"}
		messages := "/api/v1/conversations/" + c.UUID + "/messages"
		asha.ok(http.MethodPost, messages, note, nil)
		sock, other := asha.dial(""), d.admin.dial("")
		role["permissions"] = []string{"conversations:read", "conversations:read_all", "messages:read"}
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/roles/%d", r.ID), role, nil)
		if e := sock.kicked(); e.Code != websocket.StatusNormalClosure || !strings.Contains(e.Reason, "kicked") {
			t.Errorf("closed with %d %s", e.Code, e.Reason)
		}
		other.settle()
		asha.want(403, "PermissionException", http.MethodPost, messages, note)
		asha.ok(http.MethodGet, messages, nil, nil)
		if n := d.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'agent_role_permissions_changed' AND target_model_type = 'role' AND target_model_id = $1`, r.ID); n != 1 {
			t.Errorf("%d activities", n)
		}
		// So do a new password, the deletion of the role, and that of the agent.
		for _, change := range []func(){
			func() {
				d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", id), edit("asha@example.com", map[string]any{"roles": []string{"R"}, "new_password": agentPassword}), nil)
			},
			func() { d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/roles/%d", r.ID), nil, nil) },
			func() { d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d", id), nil, nil) },
		} {
			sock := signIn(t, d.app.URL(), "asha@example.com", agentPassword).dial("")
			change()
			if e := sock.kicked(); e.Code != websocket.StatusNormalClosure {
				t.Errorf("closed with %d %s", e.Code, e.Reason)
			}
		}
	})
}

func newConversation(inboxID int64, email string) map[string]any {
	return map[string]any{"inbox_id": inboxID, "content": "<p>Hello</p>", "contact_email": email, "first_name": "Bo", "subject": "From " + email, "initiator": "contact"}
}

func TestSystemSignsInAfterEveryAttemptAndRestart(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		a, err := app.Start(context.Background(), cfg, quiet())
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{t: t, app: a, admin: signIn(t, a.URL(), "System", systemPassword)}
		d.addAgent("boss@example.com", "Admin")
		boss := signIn(t, a.URL(), "boss@example.com", agentPassword)
		system := func(more map[string]any) map[string]any { return edit("System", more) }
		boss.want(400, "InputException", http.MethodDelete, "/api/v1/agents/1", nil)
		for _, more := range []map[string]any{{"email": "x@example.com"}, {"enabled": false}, {"roles": []string{"Agent"}}, {"roles": []string{}}} {
			more["roles"] = orElse(more["roles"], []string{"Admin"})
			boss.want(400, "InputException", http.MethodPut, "/api/v1/agents/1", system(more))
		}
		boss.ok(http.MethodPut, "/api/v1/agents/1", system(map[string]any{"email": "system", "roles": []string{"Admin"}}), nil)
		// A language that there is not must neither be stored nor end the process.
		boss.want(400, "InputException", http.MethodPut, "/api/v1/settings/general", map[string]any{"app.site_name": "x", "app.lang": "xx-YY",
			"app.root_url": "http://desk.test", "app.max_file_upload_size": 20})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		again := startWith(t, cfg) // signs in as System
		again.admin.want(200, "", http.MethodGet, "/api/v1/agents", nil)
	})
}

func orElse(v, or any) any {
	if v == nil {
		return or
	}
	return v
}

func TestForwardedAddressesAreOnlyBelievedFromTrustedProxies(t *testing.T) {
	t.Parallel()
	cfg := deskConfig(t, dbtestSQLite(t))
	cfg.TrustedProxies, cfg.AuthPerMinute = []string{"127.0.0.0/8", "10.0.0.0/8"}, 3
	behind := startWith(t, cfg)
	open := deskConfig(t, dbtestSQLite(t))
	open.AuthPerMinute = 3
	direct := startWith(t, open)
	ip := func(d *desk) (ip string) {
		if err := d.app.DB.QueryRow(context.Background(), `SELECT ip FROM activity_logs ORDER BY id DESC LIMIT 1`).Scan(&ip); err != nil {
			t.Fatal(err)
		}
		return ip
	}
	const wrong = `{"email":"nobody@x.test","password":"x"}`
	for forwarded, want := range map[string]string{"203.0.113.7": "203.0.113.7", "1.2.3.4, 203.0.113.8, 10.0.0.2": "203.0.113.8", "2001:db8::1": "2001:db8::1",
		"::ffff:203.0.113.9": "203.0.113.9", "nonsense": "127.0.0.1", "203.0.113.10, nonsense": "127.0.0.1"} {
		ask(t, behind.app.URL(), http.MethodPost, "/api/v1/auth/login", wrong, "X-Forwarded-For", forwarded, "X-Real-IP", "9.9.9.9", "X-Client-IP", "9.9.9.9")
		if got := ip(behind); got != want {
			t.Errorf("%q is %s, want %s", forwarded, got, want)
		}
	}
	// Nobody gets around the limit by inventing addresses. Signing in as System was the first request.
	var codes []int
	for i := range 4 {
		a := ask(t, direct.app.URL(), http.MethodPost, "/api/v1/auth/login", wrong, "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i), "X-Client-IP", fmt.Sprint("9.9.9.", i))
		codes = append(codes, a.code)
		if got := ip(direct); got != "127.0.0.1" {
			t.Errorf("the address is %s", got)
		}
		h := a.header
		if h.Get("X-RateLimit-Limit") != "3" || h.Get("X-RateLimit-Reset") == "" || h.Get("X-RateLimit-Remaining") != fmt.Sprint(max(0, 1-i)) {
			t.Errorf("request %d: %v", i, h)
		}
		if a.code == http.StatusTooManyRequests && h.Get("Retry-After") != "60" {
			t.Errorf("Retry-After %q", h.Get("Retry-After"))
		}
	}
	if fmt.Sprint(codes) != "[400 400 429 429]" {
		t.Errorf("answers %v", codes)
	}
	direct.admin.ok(http.MethodGet, "/api/v1/agents/me", nil, nil) // the rest of the API is not limited
}

func TestGuessingAtOneAccountFromManyAddressesIsThrottled(t *testing.T) {
	t.Parallel()
	cfg := deskConfig(t, dbtestSQLite(t))
	cfg.TrustedProxies = []string{"127.0.0.1"}
	d := startWith(t, cfg)
	d.addAgent("asha@example.com", "Agent")
	guess := func(i int, email, password string) int {
		return ask(t, d.app.URL(), http.MethodPost, "/api/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password),
			"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i)).code
	}
	throttled := 0
	for i := range 15 {
		switch code := guess(i, []string{"asha@example.com", " ASHA@example.com"}[i%2], "wrong"); code {
		case http.StatusTooManyRequests:
			throttled++
		case http.StatusBadRequest:
		default:
			t.Errorf("guess %d: %d", i, code)
		}
	}
	if throttled == 0 {
		t.Error("15 guesses from 15 addresses were all taken")
	}
	if code := guess(20, "asha@example.com", agentPassword); code != http.StatusTooManyRequests {
		t.Errorf("the account is not throttled: %d", code)
	}
	if code := guess(21, "System", systemPassword); code != http.StatusOK {
		t.Errorf("another account is throttled: %d", code)
	}
}

func TestManagersOfAgentsAndRolesCannotEscalate(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		var manager, strong made
		d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Manager", "permissions": []string{"users:manage", "roles:manage"}}, &manager)
		d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Strong", "permissions": []string{"inboxes:manage"}}, &strong)
		self := d.addAgent("manager@example.com", "Manager")
		admin := d.addAgent("admin@example.com", "Admin")
		m := signIn(t, d.app.URL(), "manager@example.com", agentPassword)
		agent := func(id int64) string { return fmt.Sprintf("/api/v1/agents/%d", id) }
		denied := func(method, path string, body any) {
			t.Helper()
			m.want(403, "PermissionException", method, path, body)
		}
		denied(http.MethodPut, agent(self), edit("manager@example.com", map[string]any{"roles": []string{"Manager", "Admin"}}))
		denied(http.MethodPut, agent(self), edit("manager@example.com", map[string]any{"roles": []string{"Manager", "Strong"}}))
		denied(http.MethodPost, "/api/v1/agents", edit("puppet@example.com", map[string]any{"roles": []string{"Admin"}}))
		denied(http.MethodPut, agent(admin), edit("admin@example.com", map[string]any{"roles": []string{"Admin"}, "new_password": agentPassword}))
		denied(http.MethodPut, agent(admin), edit("mine@example.com", map[string]any{"roles": []string{"Admin"}}))
		denied(http.MethodPut, agent(1), edit("System", map[string]any{"roles": []string{"Admin"}, "new_password": agentPassword}))
		denied(http.MethodPost, agent(1)+"/api-key", nil)
		denied(http.MethodPost, agent(admin)+"/api-key", nil)
		denied(http.MethodPut, fmt.Sprintf("/api/v1/roles/%d", manager.ID), map[string]any{"name": "Manager", "permissions": []string{"users:manage", "roles:manage", "inboxes:manage"}})
		denied(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Mine", "permissions": []string{"inboxes:manage"}})
		m.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Less", "permissions": []string{"users:manage"}}, nil)
		m.ok(http.MethodPost, "/api/v1/agents", edit("less@example.com", map[string]any{"roles": []string{"Less"}}), nil)
		m.ok(http.MethodPost, agent(self)+"/api-key", nil, nil)

		// The last administrator besides System stays one, whoever asks.
		for _, more := range []map[string]any{{"roles": []string{"Agent"}}, {"roles": []string{}}, {"roles": []string{"Admin"}, "enabled": false}} {
			d.admin.want(400, "InputException", http.MethodPut, agent(admin), edit("admin@example.com", more))
		}
		d.admin.want(400, "InputException", http.MethodDelete, agent(admin), nil)
		// Two who leave at the same time do not both get away.
		second := d.addAgent("second@example.com", "Admin")
		for range 8 {
			var wg sync.WaitGroup
			for id, email := range map[int64]string{admin: "admin@example.com", second: "second@example.com"} {
				wg.Go(func() {
					body := edit(email, map[string]any{"roles": []string{"Agent"}})
					if code, raw, err := d.admin.try(http.MethodPut, agent(id), body); err != nil || (code != 200 && code != 400) {
						t.Errorf("%d %s %v", code, raw, err)
					}
				})
			}
			wg.Wait()
			if n := d.count(`SELECT count(*) FROM users u JOIN user_roles ur ON ur.user_id = u.id WHERE ur.role_id = 2 AND NOT u.is_system AND u.deleted_at IS NULL AND u.enabled`); n != 1 {
				t.Fatalf("%d administrators are left", n)
			}
			for id, email := range map[int64]string{admin: "admin@example.com", second: "second@example.com"} {
				d.admin.ok(http.MethodPut, agent(id), edit(email, map[string]any{"roles": []string{"Admin"}}), nil)
			}
		}
	})
}

func TestRequestsWithAnIdempotencyKeyWorkOnce(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		base := d.app.URL()
		body := func(name string) string {
			return fmt.Sprintf(`{"name":%q,"conversation_assignment_type":"Manual"}`, name)
		}
		post := func(path, key, body string) answer {
			return ask(t, base, http.MethodPost, path, body, append(d.admin.session(), "Idempotency-Key", key)...)
		}
		first, again := post("/api/v1/teams", "k1", body("One")), post("/api/v1/teams", "k1", body("One"))
		if first.code != 200 || again.code != 200 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%d %s, then %d %s", first.code, first.body, again.code, again.body)
		}
		if a := post("/api/v1/roles", "k1", `{"name":"R","permissions":["messages:read"]}`); a.code != 409 {
			t.Errorf("the key of another request: %d %s", a.code, a.body)
		}
		// What was refused may be tried again under the same key.
		if a := post("/api/v1/teams", "k2", `{"name":""}`); a.code != 400 {
			t.Errorf("%d %s", a.code, a.body)
		}
		if a := post("/api/v1/teams", "k2", body("Two")); a.code != 200 {
			t.Errorf("after a refusal: %d %s", a.code, a.body)
		}
		if a := post("/api/v1/teams", strings.Repeat("k", 201), body("Long")); a.code != 400 {
			t.Errorf("a long key: %d", a.code)
		}
		// The key of one agent is not that of another, and it proves nothing.
		d.addAgent("asha@example.com", "Agent")
		asha := signIn(t, base, "asha@example.com", agentPassword)
		if a := ask(t, base, http.MethodPost, "/api/v1/teams", body("One"), append(asha.session(), "Idempotency-Key", "k1")...); a.code != 403 {
			t.Errorf("another agent got %d %s", a.code, a.body)
		}
		if a := ask(t, base, http.MethodPost, "/api/v1/teams", body("One"), "Cookie", d.admin.cookies(), "Idempotency-Key", "k1"); a.code != 403 {
			t.Errorf("without CSRF token: %d %s", a.code, a.body)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[int]int{}
		for range 24 {
			wg.Go(func() {
				a := post("/api/v1/teams", "k3", body("Three"))
				mu.Lock()
				codes[a.code]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if codes[200] == 0 || codes[200]+codes[409] != 24 {
			t.Errorf("at once: %v", codes)
		}
		if n := d.count(`SELECT count(*) FROM teams`); n != 3 {
			t.Errorf("%d teams", n)
		}
	})
}
