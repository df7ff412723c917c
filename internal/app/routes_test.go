package app_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/remote"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// prepared is a desk that has one of everything, by the places in paths.
type prepared struct {
	*desk
	bare   *client           // an agent without any permission
	bareID int64             //
	ids    map[string]string // by collection
	valid  map[string]string // bodies that are accepted, by "METHOD path"
}

type made struct {
	ID        int64
	UUID      string
	ContactID int64 `json:"contact_id"`
}

// prepare starts and fills a desk.
func prepare(t *testing.T, url string) *prepared { return prepareOn(t, startDesk(t, url)) }

func prepareOn(t *testing.T, d *desk) *prepared {
	t.Helper()
	s := startMail(t)
	p := &prepared{desk: d, ids: map[string]string{}}
	create := func(path string, body any) (m made) {
		t.Helper()
		d.admin.ok(http.MethodPost, path, body, &m)
		return m
	}
	num := func(m made) string { return fmt.Sprint(m.ID) }
	inboxID := d.addInbox(s)
	p.ids["inboxes"] = fmt.Sprint(inboxID)
	p.ids["teams"] = num(create("/api/v1/teams", map[string]any{"name": "Billing", "conversation_assignment_type": "Manual"}))
	d.admin.ok(http.MethodPut, "/api/v1/agents/1", map[string]any{"first_name": "System", "email": "System", "roles": []string{"Admin"},
		"teams": []string{"Billing"}, "enabled": true, "availability_status": "offline"}, nil)
	p.ids["tags"] = num(create("/api/v1/tags", map[string]any{"name": "vip"}))
	p.ids["statuses"] = num(create("/api/v1/statuses", map[string]any{"name": "Waiting for parts", "category": "waiting"}))
	p.ids["custom-attributes"] = num(create("/api/v1/custom-attributes", map[string]any{"name": "Plan", "description": "What they pay for", "applies_to": "contact", "key": "plan", "data_type": "text"}))
	p.ids["organizations"] = num(create("/api/v1/organizations", map[string]any{"name": "Acme", "domains": []string{"acme.test"}}))
	p.ids["views"] = num(create("/api/v1/views/me", map[string]any{"name": "Mine", "filters": []any{}}))
	p.ids["shared-views"] = num(create("/api/v1/shared-views", map[string]any{"name": "Ours", "filters": []any{}, "visibility": "all"}))
	p.ids["templates"] = num(create("/api/v1/templates", map[string]any{"name": "Plain", "type": "email_outgoing", "body": "{{ template \"content\" . }}"}))
	p.ids["roles"] = num(create("/api/v1/roles", map[string]any{"name": "Reader", "permissions": []string{"messages:read"}}))
	p.ids["agents"] = num(create("/api/v1/agents", map[string]any{"first_name": "Vic", "email": "vic@acme.test", "roles": []string{"Reader"}}))
	bare := d.addAgent("bare@acme.test", "Reader")
	p.bareID = bare
	d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", bare), map[string]any{"first_name": "Bare", "email": "bare@acme.test",
		"roles": []string{}, "enabled": true, "availability_status": "offline"}, nil)
	p.bare = signIn(t, d.app.URL(), "bare@acme.test", agentPassword)
	d.exec(`INSERT INTO oidc_providers (created_at, updated_at, name, provider, provider_url, client_id, client_secret, enabled)
		VALUES (0, 0, 'Away', 'Custom', 'http://127.0.0.1:1', '', '', TRUE)`)
	p.ids["oidc"] = "1"
	d.exec(`INSERT INTO agent_imports (actor_id, actor, may_grant, invite, total, running, started_at, updated_at, ended_at)
		VALUES (1, '{}', '[]', FALSE, 0, FALSE, 0, 0, 9000000000000000)`)
	d.exec(`INSERT INTO tag_imports (created_at, report) VALUES (9000000000000000, '{"refused":[]}')`)
	d.exec(`INSERT INTO bulk_jobs (created_at, updated_at, ended_at, user_id, actor, may, action) VALUES (0, 0, 9000000000000000, 1, '{}', '[]', '{"type":"delete"}')`)
	p.ids["bulk"] = "1"
	c := create("/api/v1/conversations", map[string]any{"inbox_id": inboxID, "content": "<p>Hello</p>", "contact_email": "bo@x.test", "first_name": "Bo", "subject": "Hi", "initiator": "contact"})
	p.ids["conversations"], p.ids["contacts"] = c.UUID, fmt.Sprint(c.ContactID)
	p.ids["notes"] = num(create("/api/v1/contacts/"+p.ids["contacts"]+"/notes", map[string]any{"note": "<p>calls on Mondays</p>"}))
	p.ids["messages"] = create("/api/v1/conversations/"+c.UUID+"/messages", map[string]any{"message": "<p>note</p>", "private": true, "sender_type": "agent"}).UUID
	p.ids["held"] = create("/api/v1/conversations/"+c.UUID+"/messages", map[string]any{"message": "<p>later</p>", "sender_type": "agent", "to": []string{"bo@x.test"}, "send_at": inAnHour()}).UUID
	p.ids["notifications"] = "1"
	p.valid = p.bodies(s.User)
	maps.Copy(p.valid, contactBodies)
	return p
}

func inAnHour() string { return time.Now().Add(time.Hour).UTC().Format(time.RFC3339) }

const agentPassword = "Passw0rd!Passw0rd"

// addAgent makes an agent who can sign in with the password of all test agents.
func (d *desk) addAgent(email string, roles ...string) int64 {
	d.t.Helper()
	var m made
	name, _, _ := strings.Cut(email, "@")
	d.admin.ok(http.MethodPost, "/api/v1/agents", map[string]any{"first_name": name, "email": email, "roles": roles}, &m)
	d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", m.ID), map[string]any{"first_name": name, "email": email, "roles": roles,
		"enabled": true, "availability_status": "offline", "new_password": agentPassword}, nil)
	return m.ID
}

// fill puts what the desk has into the places of a path.
func (p *prepared) fill(path string) string {
	collection, _, _ := strings.Cut(strings.TrimPrefix(path, api.Base+"/"), "/")
	return strings.NewReplacer("{id}", p.ids[collection], "{uuid}", p.ids["conversations"], "{message}", p.ids["messages"], "{note}", p.ids["notes"], "{held}", p.ids["held"],
		"{lang}", "de-DE", "{of}", "999", "{other}", "999", "{mail}", "999", "{mailbox}", "999", "{name}", "00000000-0000-4000-8000-000000000000", "{$}", "").Replace(path)
}

// enveloped reports whether every answer of a route, not only its errors, is an envelope.
func enveloped(path string) bool {
	return strings.HasPrefix(path, api.Base+"/") && !strings.Contains(path, "/lang/") && !slices.ContainsFunc([]string{"/export", "/transcript", "/source", "/attachments"}, func(end string) bool { return strings.HasSuffix(path, end) })
}

// check looks that an answer is no failure of the desk and has the right form.
func check(t *testing.T, who string, r api.RouteInfo, path string, a answer) {
	t.Helper()
	if a.code >= 500 && !isPage(r.Path) {
		t.Errorf("%s: %s %s: %d %s", who, r.Method, path, a.code, clip(a.body))
		return
	}
	if a.code >= 300 && a.code < 400 || (a.code == http.StatusOK && !enveloped(r.Path)) {
		return
	}
	if _, err := a.envelope(); err != nil && !isPage(r.Path) {
		t.Errorf("%s: %s %s: %d: %v: %s", who, r.Method, path, a.code, err, clip(a.body))
	}
}

// isPage reports whether a route serves the web app, which is not there in a binary that was built without it.
func isPage(path string) bool { return !strings.HasPrefix(path, "/api/") && path != "/ws" }

func changes(method string) bool { return method != http.MethodGet }

func TestEveryRouteByWhoAsks(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		p := prepare(t, url)
		base := p.app.URL()
		adminKey := p.newKey(1)
		gone := p.addAgent("gone@acme.test", "Agent")
		revoked := p.newKey(gone)
		p.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d/api-key", gone), nil, nil)
		disabled := p.newKey(gone)
		left := signIn(t, base, "gone@acme.test", agentPassword)
		p.disable(gone, "gone@acme.test")
		bareKey := p.newKey(p.bareID)

		count := 0
		for _, r := range p.app.API.Routes() {
			path := p.fill(r.Path)
			body := ""
			if changes(r.Method) {
				body = "{}"
			}
			one := func(who string, header []string, want ...int) {
				t.Helper()
				a := ask(t, base, r.Method, path, body, header...)
				check(t, who, r, path, a)
				if len(want) > 0 && !slices.Contains(want, a.code) {
					t.Errorf("%s: %s %s: %d, want %v: %s", who, r.Method, path, a.code, want, clip(a.body))
				}
				if len(want) == 0 && (a.code == http.StatusUnauthorized || a.code == http.StatusForbidden) {
					t.Errorf("%s: %s %s: %d %s", who, r.Method, path, a.code, clip(a.body))
				}
			}
			if r.Public {
				if isPage(r.Path) {
					continue // its own tests look at pages
				}
				want := []int{200, 302, 301, 400, 401, 404}
				if strings.HasSuffix(r.Path, "/finish") {
					want = []int{403} // an answer to a sign-in that was never begun
				}
				one("guest", nil, want...)
				continue
			}
			count++
			guest := http.StatusUnauthorized
			if changes(r.Method) {
				guest = http.StatusForbidden
			}
			one("guest", nil, guest)
			one("unknown session", []string{"Cookie", "libredesk_session=unknown; csrf_token=x", "X-CSRFTOKEN", "x"}, 401)
			if changes(r.Method) {
				one("without CSRF", []string{"Cookie", p.admin.cookies()}, 403)
				one("wrong CSRF", []string{"Cookie", p.admin.cookies(), "X-CSRFTOKEN", "wrong"}, 403)
				one("empty CSRF", []string{"Cookie", p.admin.cookies() + "; csrf_token=", "X-CSRFTOKEN", ""}, 403)
			}
			wrong := adminKey[:len(adminKey)-1] + "!"
			for scheme, key := range map[string]string{"wrong": wrong, "revoked": revoked, "disabled": disabled, "unknown": "x:y"} {
				one(scheme+" key", token(key), 401)
				one(scheme+" key with a good session", append(basic(key), p.admin.session()...), 401)
			}
			one("session of who is disabled", left.session(), 401, 403) // 403 says so once and ends the session
			one("unusable authorization", append([]string{"Authorization", "Digest x"}, p.admin.session()...), 401)
			if r.Permission != "" {
				one("without permission", p.bare.session(), 403)
				one("key without permission", token(bareKey), 403)
			} else if r.Path != api.Base+"/auth/logout" {
				one("without permission", p.bare.session(), 200, 400, 403, 404, 426)
			}
		}
		if count < 40 {
			t.Errorf("only %d routes need an agent", count)
		}
		p.checkOneRight(t)
		// What is allowed comes last: it deletes what is in the paths.
		credentials := [][]string{token(adminKey), basic(adminKey), {"Authorization", "Bearer " + adminKey}, p.admin.session()}
		for i := range 2 * len(credentials) {
			header, deletes := credentials[i%len(credentials)], i >= len(credentials)
			for _, r := range p.app.API.Routes() {
				signsOut := strings.HasSuffix(r.Path, "/auth/logout") || (strings.HasSuffix(r.Path, "/me/sessions") && deletes && header[0] == "Authorization")
				if r.Public || signsOut || deletes != (r.Method == http.MethodDelete) {
					continue
				}
				body := ""
				if changes(r.Method) {
					body = "{}"
				}
				path := p.fill(r.Path)
				a := ask(t, base, r.Method, path, body, header...)
				check(t, "admin", r, path, a)
				signed := r.Path == remote.Path // what counts there is the signature
				if a.code == http.StatusUnauthorized || a.code == http.StatusForbidden && !signed {
					t.Errorf("admin by %s: %s %s: %d %s", header[0], r.Method, path, a.code, clip(a.body))
				}
			}
		}
	})
}

// checkOneRight looks that a route's permission is all that it takes: a key that is limited to it, and to reading
// conversations and messages, gets through. What deletes is left out, for the paths name one thing each.
func (p *prepared) checkOneRight(t *testing.T) {
	t.Helper()
	keys := map[role.Permission][]string{}
	for _, r := range p.app.API.Routes() {
		if r.Permission == "" || r.Method == http.MethodDelete {
			continue
		}
		if keys[r.Permission] == nil {
			var k struct {
				Key    string `json:"api_key"`
				Secret string `json:"api_secret"`
			}
			p.admin.ok(http.MethodPost, "/api/v1/agents/1/api-keys", map[string]any{"name": r.Permission,
				"permissions": []role.Permission{r.Permission, role.ConversationsRead, role.ConversationsReadAll, role.MessagesRead}}, &k)
			keys[r.Permission] = token(k.Key + ":" + k.Secret)
		}
		path, body := p.fill(r.Path), ""
		if changes(r.Method) {
			body = "{}"
		}
		a := ask(t, p.app.URL(), r.Method, path, body, keys[r.Permission]...)
		check(t, "only "+string(r.Permission), r, path, a)
		if a.code == http.StatusUnauthorized || a.code == http.StatusForbidden {
			t.Errorf("only %s: %s %s: %d %s", r.Permission, r.Method, path, a.code, clip(a.body))
		}
	}
	if len(keys) < 15 {
		t.Errorf("only %d permissions are asked for", len(keys))
	}
}

func (d *desk) disable(id int64, email string) {
	d.t.Helper()
	d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", id), map[string]any{"first_name": "Gone", "email": email,
		"roles": []string{"Agent"}, "enabled": false, "availability_status": "offline"}, nil)
}
