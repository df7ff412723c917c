package api_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/factor"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/desk/sso"
	"github.com/foyerdesk/foyer/internal/desk/team"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

const (
	systemPassword = "Str0ng!Passw0rd"
	ashaPassword   = "Asha!Passw0rd"
)

// accessDesk is the API over a seeded desk, with real sign-in. Asha has the role Agent and is in the team Billing.
type accessDesk struct {
	*testing.T
	db   *db.DB
	api  *api.API
	log  *bytes.Buffer
	asha int64

	factors *factor.Service
}

// browser keeps cookies as a browser does.
type browser struct {
	k       *accessDesk
	cookies map[string]*http.Cookie
}

func eachAccessDesk(t *testing.T, fn func(k *accessDesk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newAccessDesk(t, d, 1000)) })
}

func newAccessDesk(t *testing.T, d *db.DB, authPerMinute int) *accessDesk {
	t.Helper()
	ctx := t.Context()
	k := &accessDesk{T: t, db: d, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(k.log, nil))
	k.must(jobs.Migrate(ctx, d))
	runner, err := jobs.New(d, "here", log)
	k.must(err)
	blobs, err := blob.NewDisk(t.TempDir())
	k.must(err)
	box, err := crypt.NewBox(bytes.Repeat([]byte{1}, crypt.KeySize))
	k.must(err)
	dir := agent.NewDirectory(d, log)
	agents, roles, teams := agent.New(d, dir), role.New(d), team.New(d)
	changed := func(ids []int64) {
		for _, id := range ids {
			dir.Changed(id)
		}
	}
	roles.Changed, teams.Changed = changed, changed
	files := media.New(d, blobs, box, func(context.Context) (media.Limits, error) {
		return media.Limits{MaxBytes: 1 << 20, Extensions: []string{"*"}}, nil
	}, func() string { return "https://desk.test" })
	conversations := conversation.New(d, event.NewLog(d, bus.Local{}, log), runner, files)
	agents.Unassign = conversations.UnassignAll
	_, err = agents.Seed(ctx, systemPassword)
	k.must(err)
	system, err := dir.ByID(ctx, 1)
	k.must(err)
	_, err = teams.Create(ctx, team.Edit{Name: "Billing", ConversationAssignmentType: team.Manual})
	k.must(err)
	asha, err := agents.Create(ctx, system, agent.Edit{FirstName: "Asha", Email: "asha@example.com", Roles: []string{"Agent"}, Teams: []string{"Billing"}, NewPassword: ashaPassword})
	k.must(err)
	k.asha = asha.ID
	k.factors = factor.New(d, box, agents, dir, func() string { return "https://desk.test" }, func() string { return "Acme" })
	k.api = api.New(api.Deps{DB: d, Factors: k.factors, Log: log, Version: "v0.0.1", Principals: dir, Agents: agents, Roles: roles, Teams: teams,
		Settings: setting.New(d, "https://desk.test", []string{i18n.Default}), Media: files, Conversations: conversations, SessionLifetime: 9 * time.Hour, AuthPerMinute: authPerMinute,
		SSO: sso.New(sso.Options{DB: d, Box: box, Agents: agents, RootURL: func() string { return "https://desk.test" }}),
		Translate: func(lang, key string, params map[string]string) string {
			return i18n.T(cmp.Or(lang, i18n.Default), key, params)
		}},
		api.Auth, api.Factors, api.Agents, api.Credentials, api.Teams, api.Roles, api.Settings, api.Branding, api.Activity, api.Web(fstest.MapFS{"index.html": {Data: []byte("<title>the app</title>")}}))
	return k
}

func (k *accessDesk) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *accessDesk) guest() *browser { return &browser{k, map[string]*http.Cookie{}} }

func (k *accessDesk) signIn(email, password string) *browser {
	k.Helper()
	b := k.guest()
	b.want(200, http.MethodPost, "/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
	return b
}

func (k *accessDesk) system() *browser { k.Helper(); return k.signIn("System", systemPassword) }

func (k *accessDesk) count(query string, args ...any) (n int) {
	k.Helper()
	k.must(k.db.QueryRow(k.Context(), query, args...).Scan(&n))
	return n
}

func (k *accessDesk) audited(kind string, actor, target int64) int {
	k.Helper()
	return k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = $1 AND actor_id = $2 AND target_model_id = $3`, kind, actor, target)
}

// send makes a request with the cookies there are and the CSRF header, unless a header given replaces it.
func (b *browser) send(method, path, body string, header ...string) *httptest.ResponseRecorder {
	b.k.Helper()
	r := httptest.NewRequestWithContext(b.k.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	if c := b.cookies["csrf_token"]; c != nil {
		r.Header.Set("X-CSRFTOKEN", c.Value)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.k.api.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

// want sends a request to the API and returns its data, or fails.
func (b *browser) want(code int, method, path, body string, has ...string) map[string]any {
	b.k.Helper()
	w := b.send(method, api.Base+path, body)
	b.check(w, code, method+" "+path+" "+body, has...)
	var answer struct{ Data any }
	d := json.NewDecoder(w.Body)
	if err := d.Decode(&answer); err != nil || d.More() {
		b.k.Errorf("%s %s: not one JSON document: %v", method, path, err)
	}
	m, _ := answer.Data.(map[string]any)
	return m
}

func (b *browser) check(w *httptest.ResponseRecorder, code int, what string, has ...string) {
	b.k.Helper()
	if w.Code != code {
		b.k.Fatalf("%s: %d, want %d: %s", what, w.Code, code, w.Body)
	}
	for _, s := range has {
		if !strings.Contains(w.Body.String(), s) {
			b.k.Errorf("%s: %s lacks %s", what, w.Body, s)
		}
	}
}

func TestSignInSetsBothCookies(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.guest()
		me := b.want(200, http.MethodPost, "/auth/login", `{"email":"System","password":"`+systemPassword+`"}`, `"email":"System"`, `"roles":["Admin"]`)
		if me["last_login_at"] != nil {
			k.Errorf("last_login_at: %v, want the time before this one", me["last_login_at"])
		}
		s, c := b.cookies["libredesk_session"], b.cookies["csrf_token"]
		if s == nil || !s.HttpOnly || s.SameSite != http.SameSiteLaxMode || s.MaxAge != 32400 || !s.Secure || s.Path != "/" {
			k.Errorf("session cookie: %+v", s)
		}
		if c == nil || c.HttpOnly {
			k.Errorf("CSRF cookie: %+v", c)
		}
		if k.audited("agent_login", 1, 1) != 1 {
			k.Error("not audited")
		}
		for name, body := range map[string]string{"form": "not json", "no password": `{"email":"System"}`, "no email": `{"password":"x"}`} {
			b.check(k.guest().send(http.MethodPost, api.Base+"/auth/login", body), 400, name, "InputException")
		}
	})
}

func TestRequestsOfAnotherAgentsPageAreRefused(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.guest()
		b.want(200, http.MethodPost, "/auth/login", `{"email":"System","password":"`+systemPassword+`"}`)
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			path, body := "/agents/me", ""
			if method == http.MethodPut {
				path, body = "/agents/me/availability", `{"status":"online"}`
			}
			b.check(b.send(method, api.Base+path, body, "X-Agent-ID", "1"), 200, method+" of the own page")
			b.check(b.send(method, api.Base+path, body, "X-Agent-ID", "2"), 401, method+" of another's page")
		}
		b.want(200, http.MethodGet, "/agents/me", "")
	})
}

func TestUnknownAgentAndWrongPasswordGetTheSameAnswer(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.guest()
		unknown := b.send(http.MethodPost, api.Base+"/auth/login", `{"email":"nobody@example.com","password":"x"}`)
		wrong := b.send(http.MethodPost, api.Base+"/auth/login", `{"email":"asha@example.com","password":"x"}`)
		b.check(unknown, 400, "unknown", "InputException")
		if unknown.Body.String() != wrong.Body.String() || unknown.Code != wrong.Code {
			k.Errorf("%s differs from %s", unknown.Body, wrong.Body)
		}
	})
}

func TestChangesOfASessionNeedTheCSRFToken(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		g, b := k.guest(), k.system()
		path := api.Base + "/agents/me/availability"
		b.check(b.send(http.MethodPut, path, `{"status":"online"}`, "X-CSRFTOKEN", ""), 403, "without", "PermissionException")
		b.check(b.send(http.MethodPut, path, `{"status":"online"}`, "X-CSRFTOKEN", "other"), 403, "wrong", "PermissionException")
		b.want(200, http.MethodPut, "/agents/me/availability", `{"status":"online"}`, `"availability_status":"online"`)
		g.want(403, http.MethodPost, "/agents", `{}`, "PermissionException")
		g.want(401, http.MethodGet, "/agents", ``, "GeneralException")
	})
}

func TestKeyRoundTrip(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b, g := k.system(), k.guest()
		pair := func() (string, string) {
			d := b.want(200, http.MethodPost, "/agents/1/api-key", ``)
			return d["api_key"].(string), d["api_secret"].(string)
		}
		key, secret := pair()
		if len(key) != 32 || len(secret) != 64 {
			k.Errorf("%d and %d characters", len(key), len(secret))
		}
		basic := base64.StdEncoding.EncodeToString([]byte(key + ":" + secret))
		me := api.Base + "/agents/me"
		for _, header := range []string{"token " + key + ":" + secret, "Basic " + basic, "TOKEN " + key + ":" + secret, "Bearer " + key + ":" + secret} {
			g.check(g.send(http.MethodGet, me, ``, "Authorization", header), 200, header, key)
			g.check(g.send(http.MethodPut, me+"/availability", `{"status":"online"}`, "Authorization", header), 200, header)
		}
		for _, header := range []string{"token x:y", "token " + key + ":x", "Digest abc", "Basic !!!", "token :", "token"} {
			b.check(b.send(http.MethodGet, me, ``, "Authorization", header), 401, header)
		}
		b.check(b.send(http.MethodGet, me, ``, "Authorization", "Digest abc"), 401, "unusable", "UnauthorizedException")
		next, nextSecret := pair()
		g.check(g.send(http.MethodGet, me, ``, "Authorization", "token "+key+":"+secret), 401, "replaced")
		g.check(g.send(http.MethodGet, me, ``, "Authorization", "token "+next+":"+nextSecret), 200, "new")
		for path, body := range map[string]string{"/agents/1/api-key": ``, "/agents/1/api-keys": `{"name":"Export"}`} {
			b.check(b.send(http.MethodPost, api.Base+path, body, "Idempotency-Key", "once"), 200, "with an Idempotency-Key", "api_secret")
		}
		if n := k.count(`SELECT count(*) FROM idempotency_keys`); n != 0 {
			k.Error("an API secret is kept in clear")
		}
		b.want(200, http.MethodDelete, "/agents/1/api-key", ``, `"data":true`)
		b.want(200, http.MethodGet, "/agents/1", ``, `"api_key":null`)
		b.want(404, http.MethodPost, "/agents/999/api-key", ``)
		b.want(400, http.MethodPost, "/agents/x/api-key", ``)
	})
}

func TestPermissionsAreAskedFor(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.signIn("asha@example.com", ashaPassword)
		for _, r := range k.api.Routes() {
			if r.Permission == "" {
				continue
			}
			path := strings.NewReplacer("{id}", "1").Replace(r.Path)
			b.check(b.send(r.Method, path, `{}`), 403, r.Method+" "+path, "PermissionException")
		}
		w := b.send(http.MethodGet, api.Base+"/agents/compact", ``)
		b.check(w, 200, "compact", `"asha@example.com"`)
		if strings.Contains(w.Body.String(), "System") {
			k.Errorf("System is listed: %s", w.Body)
		}
		b.want(200, http.MethodGet, "/agents/me/teams", ``, `"name":"Billing"`, `"conversation_assignment_type":"Manual"`)
		b.want(200, http.MethodGet, "/teams/compact", ``, `{"id":1,"name":"Billing","emoji":""}`)
		b.want(200, http.MethodGet, "/roles", ``, `"Admin"`)
	})
}

func TestAgentsAreCreatedWholeOrNotAtAll(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.system()
		agents := k.count(`SELECT count(*) FROM users`)
		for body, field := range map[string]string{
			`{"first_name":"B","email":"not-an-email","roles":["Agent"]}`:       "email",
			`{"first_name":"B","email":"b@example.com","roles":["Nope"]}`:       "roles",
			`{"first_name":"B","email":"b@example.com","roles":null}`:           "roles",
			`{"first_name":"","email":"b@example.com","roles":["Agent"]}`:       "first_name",
			`{"first_name":"\u0000","email":"b@example.com","roles":["Agent"]}`: "first_name",
			`{"first_name":"B","email":7,"roles":["Agent"]}`:                    "email",
		} {
			b.want(400, http.MethodPost, "/agents", body, "InputException", field)
		}
		if n := k.count(`SELECT count(*) FROM users`); n != agents {
			k.Errorf("%d agents, want %d", n, agents)
		}
		b.want(200, http.MethodPost, "/agents", `{"first_name":"B","email":"b@example.com","roles":["Agent"]}`, `"enabled":true`, `"availability_status":"offline"`, `"teams":[]`)
		b.want(409, http.MethodPost, "/agents", `{"first_name":"A","email":" Asha@Example.com ","roles":["Agent"]}`, "ConflictException", `"field":"email"`)
		b.want(200, http.MethodDelete, fmt.Sprintf("/agents/%d", k.asha), ``, `"data":true`)
		again := b.want(200, http.MethodPost, "/agents", `{"first_name":"A","email":" Asha@Example.com ","roles":["Agent"]}`, `"email":"asha@example.com"`)
		if int64(again["id"].(float64)) == k.asha {
			k.Error("the id was used twice")
		}
		b.want(404, http.MethodGet, fmt.Sprintf("/agents/%d", k.asha), ``, "NotFoundException")
		b.want(400, http.MethodDelete, "/agents/1", ``)
		b.want(404, http.MethodDelete, "/agents/999", ``)
		b.want(400, http.MethodGet, "/agents/0", ``)
	})
}

func TestUpdateReplacesAllOfAnAgent(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b, asha := k.system(), k.signIn("asha@example.com", ashaPassword)
		path := fmt.Sprintf("/agents/%d", k.asha)
		body := `{"first_name":"Asha","email":"asha@example.com","roles":["Agent"],"availability_status":"offline"`
		key := b.want(200, http.MethodPost, path+"/api-key", ``)
		asha.want(200, http.MethodGet, "/agents/me", ``, `"name":"Billing"`)
		b.want(200, http.MethodPut, path, body+`,"enabled":true}`, `"teams":[]`)
		asha.want(200, http.MethodGet, "/agents/me", ``, `"teams":[]`)
		b.want(400, http.MethodPut, path, strings.Replace(body, "offline", "gone", 1)+`,"enabled":true}`, "availability_status")
		b.want(400, http.MethodPut, path, body+`,"enabled":true,"new_password":"weak"}`, "InputException")
		k.signIn("asha@example.com", ashaPassword)
		b.want(200, http.MethodPut, path, body+`,"enabled":true,"new_password":"Passw0rd!Passw0rd"}`)
		if k.audited("agent_password_set", 1, k.asha) != 1 {
			k.Error("the password is not in the audit log")
		}
		asha.want(401, http.MethodGet, "/agents/me", ``)
		asha = k.signIn("asha@example.com", "Passw0rd!Passw0rd")
		session := asha.cookies["libredesk_session"]
		b.want(200, http.MethodPut, path, body+`}`, `"enabled":false`)
		asha.want(403, http.MethodGet, "/agents/me", ``, "PermissionException")
		asha.cookies["libredesk_session"] = session
		asha.want(401, http.MethodGet, "/agents/me", ``)
		g := k.guest()
		g.check(g.send(http.MethodGet, api.Base+"/agents/me", ``, "Authorization", fmt.Sprintf("token %s:%s", key["api_key"], key["api_secret"])), 401, "key")
		g.want(403, http.MethodPost, "/auth/login", `{"email":"asha@example.com","password":"Passw0rd!Passw0rd"}`, "PermissionException")
		b.want(404, http.MethodPut, "/agents/999", body+`}`)
		b.want(400, http.MethodPut, "/agents/x", body+`}`)
	})
}

func TestForgottenPasswordIsSetByALinkOnce(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		g, asha := k.guest(), k.signIn("asha@example.com", ashaPassword)
		g.want(200, http.MethodPost, "/agents/reset-password", `{"email":"nobody@example.com"}`, `"data":true`)
		if strings.Contains(k.log.String(), "set-password?token=") {
			k.Error("a stranger got a link")
		}
		g.want(400, http.MethodPost, "/agents/reset-password", `{}`)
		asha.want(400, http.MethodPost, "/agents/reset-password", `{"email":"asha@example.com"}`)
		asha.check(asha.send(http.MethodPost, api.Base+"/agents/reset-password", `{"email":"asha@example.com"}`, "X-CSRFTOKEN", ""), 200, "a session without its CSRF token is nobody's")
		_, after, ok := strings.Cut(k.log.String(), "/set-password?token=")
		if !ok || len(after) < 32 {
			k.Fatalf("no link in %s", k.log)
		}
		token := after[:32]
		g.want(400, http.MethodPost, "/agents/set-password", `{"token":"`+token+`","password":"weak"}`, "InputException")
		g.want(400, http.MethodPost, "/agents/set-password", `{"token":"x","password":"Passw0rd!Passw0rd"}`, "InputException")
		g.want(200, http.MethodPost, "/agents/set-password", `{"token":"`+token+`","password":"Passw0rd!Passw0rd"}`, `"data":true`)
		g.want(400, http.MethodPost, "/agents/set-password", `{"token":"`+token+`","password":"Passw0rd!Passw0rd"}`)
		asha.want(401, http.MethodGet, "/agents/me", ``)
		k.signIn("asha@example.com", "Passw0rd!Passw0rd")
	})
}

func TestBodiesOverTheLimitAreRefusedByAnEnvelope(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.system()
		k.api.MaxBody = 1000
		long := `{"name":"` + strings.Repeat("x", 2000) + `"}`
		b.want(413, http.MethodPost, "/auth/login", long, `"status":"error"`, `"data":null`, `"error_type":"GeneralException"`)
		b.want(413, http.MethodPost, "/teams", long, `"status":"error"`, `"data":null`, `"error_type":"GeneralException"`)
	})
}

func TestRolesAreGuarded(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.system()
		b.want(400, http.MethodPut, "/roles/2", `{"name":"Admin","permissions":["messages:read"]}`, "InputException")
		b.want(400, http.MethodDelete, "/roles/1", ``)
		b.want(400, http.MethodDelete, "/roles/2", ``)
		b.want(400, http.MethodPost, "/roles", `{"name":"R","permissions":["bogus:x"]}`, "InputException", "permissions")
		b.want(200, http.MethodPost, "/roles", `{"name":"R","permissions":["messages:read","bogus:x"]}`, `"permissions":["messages:read"]`)
		b.want(409, http.MethodPost, "/roles", `{"name":"R","permissions":["messages:read"]}`, "ConflictException")
		b.want(200, http.MethodPut, "/roles/3", `{"name":"R2","permissions":["messages:write"]}`, `"name":"R2"`)
		if k.audited("agent_role_permissions_changed", 1, 3) != 1 {
			k.Error("not audited")
		}
		b.want(404, http.MethodGet, "/roles/x", ``, "NotFoundException")
		b.want(404, http.MethodPut, "/roles/999", `{"name":"X","permissions":["messages:read"]}`)
		b.want(200, http.MethodDelete, "/roles/3", ``, `"data":true`)
		b.want(404, http.MethodDelete, "/roles/3", ``)
	})
}

func TestTeamsAreKeptByTheContract(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.system()
		b.want(200, http.MethodPost, "/teams", `{"name":"Sales","conversation_assignment_type":"Round robin","timezone":"Europe/Oslo","max_auto_assigned_conversations":3}`,
			`"conversation_assignment_type":"Round robin"`, `"max_auto_assigned_conversations":3`, `"emoji":""`, `"sla_policy_id":null`)
		for body, field := range map[string]string{
			`{"name":"T","conversation_assignment_type":"round_robin"}`:                                 "conversation_assignment_type",
			`{"conversation_assignment_type":"Manual"}`:                                                 "name",
			`{"name":"T","conversation_assignment_type":"Manual","timezone":"Bogus/Zone"}`:              "timezone",
			`{"name":"T","conversation_assignment_type":"Manual","max_auto_assigned_conversations":-1}`: "max_auto_assigned_conversations",
			`{"name":"T","conversation_assignment_type":"Manual","sla_policy_id":7}`:                    "sla_policy_id",
			`{"name":"` + strings.Repeat("x", 141) + `","conversation_assignment_type":"Manual"}`:       "name",
			`{"name":"a\u0000b","conversation_assignment_type":"Manual"}`:                               "name",
		} {
			b.want(400, http.MethodPost, "/teams", body, `"field":"`+field+`"`)
		}
		b.want(409, http.MethodPost, "/teams", `{"name":"Billing","conversation_assignment_type":"Manual"}`, "ConflictException")
		b.want(409, http.MethodPut, "/teams/2", `{"name":"Billing","conversation_assignment_type":"Manual"}`, "ConflictException")
		b.want(404, http.MethodGet, "/teams/999", ``, "NotFoundException")
		b.want(404, http.MethodPut, "/teams/999", `{"name":"X","conversation_assignment_type":"Manual"}`, "NotFoundException")
		b.want(400, http.MethodGet, "/teams/x", ``)
		b.want(200, http.MethodGet, "/teams/1/members", ``, `"first_name":"Asha"`)
		b.want(200, http.MethodDelete, "/teams/1", ``, `"data":true`)
		b.want(200, http.MethodDelete, "/teams/1", ``, `"data":true`)
		b.want(200, http.MethodGet, fmt.Sprintf("/agents/%d", k.asha), ``, `"teams":[]`)
	})
}

func TestGeneralSettingsAreChecked(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.system()
		body := func(key, value string) string {
			s := map[string]any{"app.site_name": "Acme", "app.lang": "en-US", "app.root_url": "https://desk.example.com/ ", "app.timezone": "Europe/Oslo",
				"app.max_file_upload_size": 20, "app.allowed_file_upload_extensions": []string{"*"}, "app.show_conversation_subject": true}
			if key != "" {
				s[key] = value
			}
			raw, _ := json.Marshal(s)
			return string(raw)
		}
		for key, bad := range map[string]string{"app.timezone": "Bogus/Zone", "app.lang": "xx-YY", "app.root_url": "javascript:alert(1)", "app.max_file_upload_size": "many"} {
			b.want(400, http.MethodPut, "/settings/general", body(key, bad), "InputException", key)
		}
		b.want(200, http.MethodPut, "/settings/general", body("", ""), `"data":true`)
		b.want(200, http.MethodGet, "/settings/general", ``, `"app.root_url":"https://desk.example.com"`, `"app.site_name":"Acme"`, `"app.update":null`,
			`"app.version":"v0.0.1"`, `"app.restart_required":false`, `"app.business_hours_id":""`, `"app.timezone":"Europe/Oslo"`)
		k.guest().want(200, http.MethodGet, "/config", ``, `"app.site_name":"Acme"`, `"app.sso_providers":[]`)
	})
}

func TestSignInIsLimitedByAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newAccessDesk(t, d, 5)
		b := k.system()
		g := k.guest()
		for range 4 {
			g.want(400, http.MethodPost, "/auth/login", `{"email":"x","password":"y"}`)
		}
		w := g.send(http.MethodPost, api.Base+"/auth/login", `{"email":"x","password":"y"}`, "X-Forwarded-For", "198.51.100.1")
		g.check(w, 429, "the sixth", `"error_type":"RateLimitException"`, `"data":null`)
		if h := w.Header(); h.Get("Retry-After") != "60" || h.Get("X-RateLimit-Remaining") != "0" || h.Get("X-RateLimit-Limit") != "5" {
			t.Errorf("headers: %v", h)
		}
		b.want(200, http.MethodGet, "/agents/me", ``)
	})
}

func TestPagesLeadToSignInAndBackOnThisHostOnly(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.system()
		for next, want := range map[string]string{"https://evil.example/x?y=1": "/x?y=1", "//evil.example/a": "/a", "/admin/teams": "/admin/teams", "": "/inboxes/assigned"} {
			if w := b.send(http.MethodGet, "/?next="+next, ``); w.Code != 302 || w.Header().Get("Location") != want {
				k.Errorf("next %q: %d %q, want %q", next, w.Code, w.Header().Get("Location"), want)
			}
		}
		stale := k.guest()
		stale.cookies["libredesk_session"] = &http.Cookie{Name: "libredesk_session", Value: "unknown"}
		w := stale.send(http.MethodGet, "/inboxes/assigned", ``)
		if w.Code != 302 || w.Header().Get("Location") != "/?next=%2Finboxes%2Fassigned" || stale.cookies["libredesk_session"] != nil {
			k.Errorf("%d %v", w.Code, w.Header())
		}
		stale.cookies["libredesk_session"] = &http.Cookie{Name: "libredesk_session", Value: "unknown"}
		stale.check(stale.send(http.MethodGet, w.Header().Get("Location"), ``), 200, "the sign-in page", "the app")
	})
}

func TestSystemIsProtectedFromOtherAdmins(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		k.system().want(200, http.MethodPost, "/agents", `{"first_name":"Boss","email":"boss@example.com","roles":["Admin"],"new_password":"Passw0rd!Passw0rd"}`)
		b := k.signIn("boss@example.com", "Passw0rd!Passw0rd")
		b.want(400, http.MethodDelete, "/agents/1", ``)
		for _, body := range []string{
			`{"first_name":"S","email":"x@example.com","roles":["Admin"],"enabled":true,"availability_status":"offline"}`,
			`{"first_name":"S","email":"System","roles":["Admin"],"enabled":false,"availability_status":"offline"}`,
			`{"first_name":"S","email":"System","roles":[],"enabled":true,"availability_status":"offline"}`,
		} {
			b.want(400, http.MethodPut, "/agents/1", body, "InputException")
		}
		b.want(200, http.MethodPut, "/agents/1", `{"first_name":"S","email":"System","roles":["Admin"],"enabled":true,"availability_status":"offline"}`, `"email":"System"`)
		k.system()
	})
}

func TestSigningOut(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		b := k.system()
		if w := b.send(http.MethodGet, "/logout", ``, "Sec-Fetch-Site", "cross-site"); w.Code != 302 || b.cookies["libredesk_session"] == nil {
			k.Errorf("another site signed the agent out: %d", w.Code)
		}
		b.want(200, http.MethodGet, "/agents/me", ``)
		session := b.cookies["libredesk_session"]
		if w := b.send(http.MethodGet, "/logout", ``, "Sec-Fetch-Site", "same-origin"); w.Code != 302 || w.Header().Get("Location") != "/" || b.cookies["libredesk_session"] != nil {
			k.Errorf("%d %v", w.Code, w.Header())
		}
		b.cookies["libredesk_session"] = session
		b.want(401, http.MethodGet, "/agents/me", ``)
		b.check(k.guest().send(http.MethodGet, "/logout", ``), 401, "nobody", "GeneralException")
		c := k.system()
		c.check(c.send(http.MethodPost, api.Base+"/auth/logout", ``, "X-CSRFTOKEN", ""), 403, "without CSRF token")
		c.want(200, http.MethodPost, "/auth/logout", ``, `"data":true`)
		if k.audited("agent_logout", 1, 1) != 2 {
			k.Error("not audited")
		}
	})
}
