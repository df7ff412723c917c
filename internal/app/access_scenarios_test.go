package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// accessScenario is one of the acceptance scenarios of access, on a desk that nobody has used yet.
type accessScenario struct {
	title string
	play  func(t *testing.T, database string)
}

// TestAccessScenarios plays the acceptance scenarios that no test of a single rule plays whole.
func TestAccessScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range []accessScenario{
		{"Login sets both cookies", loginSetsBothCookies},
		{"Full-replacement update", updateByIDsOrNames},
		{"Reset flow", resetEndsSessions},
		{"Sweep", sweepSetsTheSilentOffline},
		{"Team contract", deletedTeamLeavesItsConversations},
		{"Rate limit", signInIsLimitedBesideTheRest},
		{"Pagination and filters", onlySignInsAreListed},
		{"Stale cookie", staleCookieLeadsToTheSignInPage},
		{"Language pack", languagePackIsWhole},
	} {
		t.Run(s.title, func(t *testing.T) {
			t.Parallel()
			dbtest.URLs(t, s.play)
		})
	}
}

func loginSetsBothCookies(t *testing.T, database string) {
	cfg := deskConfig(t, database)
	cfg.AuthPerMinute, cfg.InsecureCookies = config.Defaults().AuthPerMinute, false
	d := &desk{t: t, app: startApp(t, cfg)}
	a := ask(t, d.app.URL(), http.MethodPost, "/api/v1/auth/login", `{"email":"System","password":"`+systemPassword+`"}`)
	var me struct {
		Email string
		Roles []string
	}
	if a.code != 200 || decode(a.body, &me) != nil || me.Email != "System" || fmt.Sprint(me.Roles) != "[Admin]" {
		t.Fatalf("%d %s", a.code, a.body)
	}
	cookies := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		cookies[c.Name] = c
	}
	if c := cookies["libredesk_session"]; c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 32400 || c.Path != "/" {
		t.Errorf("session cookie %+v", c)
	}
	if c := cookies["csrf_token"]; c == nil || c.HttpOnly || !c.Secure || c.MaxAge != 0 {
		t.Errorf("CSRF cookie %+v", c)
	}
	if got := a.header.Get("X-RateLimit-Limit"); got != "30" {
		t.Errorf("X-RateLimit-Limit %q", got)
	}
	if n := d.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'agent_login' AND actor_id = 1 AND target_model_id = 1`); n != 1 {
		t.Errorf("%d sign-ins in the activity log", n)
	}
}

// startApp is startWith without signing in.
func startApp(t *testing.T, cfg config.Config) *app.App {
	t.Helper()
	a, err := app.Start(context.Background(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	a.DB.Rehearse(rehearsed())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return a
}

func updateByIDsOrNames(t *testing.T, database string) {
	d := startDesk(t, database)
	var team, other made
	d.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Billing", "conversation_assignment_type": "Manual"}, &team)
	d.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Sales", "conversation_assignment_type": "Manual"}, &other)
	type person struct {
		Roles []string
		Teams []struct{ Name string }
	}
	d.addAgent("boss@example.com", "Admin")
	id := d.addAgent("asha@example.com", "Agent")
	path := fmt.Sprintf("/api/v1/agents/%d", id)
	for _, c := range []struct{ roles, teams, want any }{
		{[]any{1}, []any{team.ID, other.ID}, "{[Agent] [{Billing} {Sales}]}"},
		{[]any{"Agent", 2}, []any{"Sales", team.ID, other.ID}, "{[Admin Agent] [{Billing} {Sales}]}"},
		{[]any{"Agent"}, []any{"Billing"}, "{[Agent] [{Billing}]}"},
		{[]any{"Agent", "Nobody's"}, []any{"Nobody's"}, "{[Agent] []}"},
		{[]any{}, nil, "{[] []}"},
	} {
		var p person
		d.admin.ok(http.MethodPut, path, edit("asha@example.com", map[string]any{"roles": c.roles, "teams": c.teams}), &p)
		if got := fmt.Sprint(p); got != c.want {
			t.Errorf("%v, %v: %s, want %s", c.roles, c.teams, got, c.want)
		}
	}
	for field, more := range map[string]map[string]any{"roles": {"roles": []any{99}}, "teams": {"teams": []any{99}}} {
		if p := d.admin.want(400, "InputException", http.MethodPut, path, edit("asha@example.com", more)); p.Field != field {
			t.Errorf("an id that is none: %+v", p)
		}
	}
	for _, roles := range []any{[]any{1.5}, []any{nil}, []any{[]any{}}, "Agent", map[string]any{}} {
		d.admin.want(400, "InputException", http.MethodPut, path, edit("asha@example.com", map[string]any{"roles": roles}))
	}
	d.admin.ok(http.MethodPost, "/api/v1/agents", map[string]any{"first_name": "Bo", "email": "bo@example.com", "roles": []any{1}, "teams": []any{team.ID}}, nil)
	var members []struct {
		FirstName string `json:"first_name"`
	}
	d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/teams/%d/members", team.ID), nil, &members)
	if fmt.Sprint(members) != "[{Bo}]" {
		t.Errorf("members %v", members)
	}
}

func resetEndsSessions(t *testing.T, database string) {
	d := startDesk(t, database)
	id := d.addAgent("asha@example.com", "Agent")
	asha := signIn(t, d.app.URL(), "asha@example.com", agentPassword)
	token, err := d.app.Agents.NewLink(context.Background(), id)
	if err != nil || len(token) != 32 {
		t.Fatal(token, err)
	}
	if n := d.count(`SELECT count(*) FROM password_tokens WHERE token_hash = $1`, token); n != 0 {
		t.Error("the token is kept in clear")
	}
	guest := newClient(t, d.app.URL())
	set := map[string]string{"token": token, "password": "N3w!Passw0rd"}
	guest.ok(http.MethodPost, "/api/v1/agents/set-password", set, nil)
	guest.want(400, "InputException", http.MethodPost, "/api/v1/agents/set-password", set)
	asha.want(401, "GeneralException", http.MethodGet, "/api/v1/agents/me", nil)
	// A link is worth nothing for who was disabled, or deleted, since.
	for _, change := range []func(){
		func() { d.disable(id, "asha@example.com") },
		func() { d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d", id), nil, nil) },
	} {
		if token, err = d.app.Agents.NewLink(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		change()
		guest.want(400, "InputException", http.MethodPost, "/api/v1/agents/set-password", map[string]string{"token": token, "password": "N3w!Passw0rd"})
	}
}

func sweepSetsTheSilentOffline(t *testing.T, database string) {
	d := startDesk(t, database)
	sock := d.admin.dial("")
	var ids []int64
	for email, status := range map[string]string{"asha@example.com": "online", "away@example.com": "away_manual"} {
		id := d.addAgent(email, "Agent")
		ids = append(ids, id)
		signIn(t, d.app.URL(), email, agentPassword).ok(http.MethodPut, "/api/v1/agents/me/availability", map[string]string{"status": status}, nil)
		sock.next("agent_availability_update", fmt.Sprintf(`"agent_id":%d`, id))
	}
	// Only a socket's signs of life keep an agent online: saying so by the API is none.
	if n := d.count(`SELECT count(*) FROM users WHERE last_active_at IS NOT NULL AND NOT is_system`); n != 0 {
		t.Error("a request is taken for a sign of life")
	}
	// Online again, too: the desk's own sweep may have come between.
	d.exec(`UPDATE users SET last_active_at = $1 WHERE NOT is_system`, time.Now().Add(-6*time.Minute).UnixMicro())
	d.exec(`UPDATE users SET availability_status = 'online' WHERE email = 'asha@example.com'`)
	if _, err := d.app.Agents.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	sock.next("agent_availability_update", `"availability_status":"offline"`)
	var got []string
	for _, id := range ids {
		var a struct {
			Email  string
			Status string `json:"availability_status"`
		}
		d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/agents/%d", id), nil, &a)
		got = append(got, a.Email+" "+a.Status)
	}
	if all := strings.Join(got, ", "); !strings.Contains(all, "asha@example.com offline") || !strings.Contains(all, "away@example.com away_manual") {
		t.Error(all)
	}
}

func deletedTeamLeavesItsConversations(t *testing.T, database string) {
	d, s := startDesk(t, database), startMail(t)
	inbox := d.addInbox(s)
	var team, c made
	d.admin.want(400, "InputException", http.MethodPost, "/api/v1/teams", map[string]any{"name": "Billing", "conversation_assignment_type": "round_robin"})
	d.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Billing", "conversation_assignment_type": "Round robin"}, &team)
	d.admin.want(409, "ConflictException", http.MethodPost, "/api/v1/teams", map[string]any{"name": "Billing", "conversation_assignment_type": "Manual"})
	body := newConversation(inbox, "bo@x.test")
	body["team_id"] = team.ID
	d.admin.ok(http.MethodPost, "/api/v1/conversations", body, &c)
	var after struct {
		Team *int64 `json:"assigned_team_id"`
	}
	d.admin.ok(http.MethodGet, "/api/v1/conversations/"+c.UUID, nil, &after)
	if after.Team == nil || *after.Team != team.ID {
		t.Fatalf("team %v", after.Team)
	}
	d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/teams/%d", team.ID), nil, nil)
	after.Team = nil
	code, raw := d.admin.do(http.MethodGet, "/api/v1/conversations/"+c.UUID, nil)
	if code != 200 || decode(raw, &after) != nil || after.Team != nil || !strings.Contains(string(raw), `"assigned_team_id":null`) {
		t.Errorf("%d %s", code, raw)
	}
}

func signInIsLimitedBesideTheRest(t *testing.T, database string) {
	cfg := deskConfig(t, database)
	cfg.AuthPerMinute = 5
	d := startWith(t, cfg) // the first
	for i := range 4 {
		// All of these count together.
		path := []string{"/api/v1/auth/login", "/api/v1/agents/reset-password", "/api/v1/agents/set-password", "/api/v1/auth/login"}[i]
		if a := ask(t, d.app.URL(), http.MethodPost, path, `{"email":"nobody@x.test","password":"x","token":"x"}`); a.code == 429 {
			t.Errorf("request %d: %d", i+2, a.code)
		}
	}
	a := ask(t, d.app.URL(), http.MethodPost, "/api/v1/auth/login", `{"email":"x","password":"y"}`)
	if _, err := a.envelope(); err != nil || a.code != 429 || a.header.Get("Retry-After") != "60" || a.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("%d %v %s %v", a.code, err, a.body, a.header)
	}
	d.admin.ok(http.MethodGet, "/api/v1/agents/me", nil, nil)
}

func onlySignInsAreListed(t *testing.T, database string) {
	d := startDesk(t, database)
	d.addAgent("asha@example.com", "Agent")
	var p struct {
		Results []struct {
			ActivityType string `json:"activity_type"`
		}
	}
	filters := url.QueryEscape(`[{"model":"activity_logs","field":"activity_type","operator":"equals","value":"agent_login"}]`)
	d.admin.ok(http.MethodGet, "/api/v1/activity-logs?filters="+filters, nil, &p)
	if len(p.Results) != 1 || p.Results[0].ActivityType != "agent_login" {
		t.Errorf("%+v", p)
	}
}

func staleCookieLeadsToTheSignInPage(t *testing.T, database string) {
	d := startDesk(t, database)
	stale := []string{"Cookie", "libredesk_session=unknown"}
	a := ask(t, d.app.URL(), http.MethodGet, "/inboxes/assigned", "", stale...)
	if a.code != 302 || a.header.Get("Location") != "/?next=%2Finboxes%2Fassigned" || !strings.Contains(a.header.Get("Set-Cookie"), "libredesk_session=; ") {
		t.Fatalf("%d %v", a.code, a.header)
	}
	a = ask(t, d.app.URL(), http.MethodGet, a.header.Get("Location"), "", stale...)
	if a.code == 401 || !strings.Contains(strings.Join(a.header.Values("Set-Cookie"), "\n"), "libredesk_session=; ") {
		t.Errorf("%d %s", a.code, clip(a.body))
	}
	before := d.count(`SELECT count(*) FROM sessions`)
	for _, path := range []string{"/", "/inboxes/assigned", "/api/v1/agents/me", "/logout"} {
		if a := ask(t, d.app.URL(), http.MethodGet, path, ""); strings.Contains(strings.Join(a.header.Values("Set-Cookie"), "\n"), "libredesk_session=") {
			t.Errorf("%s gives a stranger a session", path)
		}
	}
	if n := d.count(`SELECT count(*) FROM sessions`); n != before {
		t.Errorf("%d sessions, want %d", n, before)
	}
}

func languagePackIsWhole(t *testing.T, database string) {
	d := startDesk(t, database)
	pack := func(code string) map[string]string {
		a := ask(t, d.app.URL(), http.MethodGet, "/api/v1/lang/"+code, "")
		texts := map[string]string{}
		if err := json.Unmarshal(a.body, &texts); err != nil || a.code != 200 {
			t.Fatalf("%s: %d %v", code, a.code, err)
		}
		return texts
	}
	english, german := pack("en-US"), pack("de-DE")
	if german["_.code"] != "de-DE" || len(english) == 0 {
		t.Errorf("code %q", german["_.code"])
	}
	for key := range english {
		if _, ok := german[key]; !ok {
			t.Errorf("German lacks %s", key)
		}
	}
	if got := pack("xx")["_.code"]; got != "en-US" {
		t.Errorf("an unknown language is %q", got)
	}
	var list []struct{ Code, Name string }
	newClient(t, d.app.URL()).ok(http.MethodGet, "/api/v1/lang", nil, &list)
	for i := range list {
		if i > 0 && list[i-1].Name > list[i].Name {
			t.Errorf("%+v is not by name", list)
		}
	}
}

func TestFirstRun(t *testing.T) { dbtest.URLs(t, firstRun) }

func firstRun(t *testing.T, database string) {
	t.Setenv("FOYER_DATA_DIR", t.TempDir())
	t.Setenv("FOYER_DATABASE_URL", database)
	t.Setenv("LIBREDESK_SYSTEM_USER_PASSWORD", "weak")
	if code, _ := command(t, "", "migrate"); code == 0 {
		t.Error("a weak password is taken")
	}
	t.Setenv("LIBREDESK_SYSTEM_USER_PASSWORD", systemPassword)
	if code, out := command(t, "", "migrate"); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	answerTo[map[string]any](t, "user", "add", "asha@example.com", "--first-name", "Asha")
	t.Setenv("LIBREDESK_SYSTEM_USER_PASSWORD", "0ther!Passw0rd") // counts on the first run only
	if code, out := command(t, "", "migrate"); code != 0 {
		t.Fatalf("again: %d %s", code, out)
	}
	if all := answerTo[[]map[string]any](t, "user", "list"); len(all) != 1 {
		t.Errorf("after running it again: %v", all)
	}
	cfg := deskConfig(t, database)
	cfg.SystemUserPassword = ""
	startWith(t, cfg) // signs in with the first password
	t.Setenv("FOYER_ENCRYPTION_KEY", strings.Repeat("k", 31))
	if code, _ := command(t, "", "migrate"); code == 0 {
		t.Error("a key of 31 characters is taken")
	}
}
