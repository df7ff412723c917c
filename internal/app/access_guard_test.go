package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// What an agent who leaves had to do is announced: in each conversation, to who looks at it, and in the log of events.
func TestDeletingAnAgentAnnouncesEachConversationTheyLose(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		inbox := d.addInbox(s)
		id := d.addAgent("asha@example.com", "Agent")
		conversation := func(email, status string) string {
			var c made
			body := newConversation(inbox, email)
			body["agent_id"] = id
			d.admin.ok(http.MethodPost, "/api/v1/conversations", body, &c)
			d.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/status", map[string]string{"status": status}, nil)
			return c.UUID
		}
		open, done := conversation("bo@x.test", "Open"), conversation("di@x.test", "Resolved")
		sock := d.admin.dial("")
		d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d", id), nil, nil)
		sock.next("new_message", open, `"activity"`)
		sock.next("new_conversation", open, `"assigned_user_id":null`)
		activities := func(uuid string) (texts []string) {
			var l struct{ Results []message }
			d.admin.ok(http.MethodGet, "/api/v1/conversations/"+uuid+"/messages?page_size=100&type=activity", nil, &l)
			for _, m := range l.Results {
				texts = append(texts, m.Content)
			}
			return texts
		}
		if all := strings.Join(activities(open), "\n"); !strings.Contains(strings.ToLower(all), "unassigned") && !strings.Contains(strings.ToLower(all), "removed") {
			t.Errorf("the conversation says %q", all)
		}
		for uuid, want := range map[string]string{open: `"assigned_user_id":null`, done: fmt.Sprintf(`"assigned_user_id":%d`, id)} {
			if _, raw := d.admin.do(http.MethodGet, "/api/v1/conversations/"+uuid, nil); !strings.Contains(string(raw), want) {
				t.Errorf("want %s: %s", want, clip(raw))
			}
		}
		if n := d.count(`SELECT count(*) FROM events WHERE cause = $1`, fmt.Sprintf("agent_deleted:%d", id)); n == 0 {
			t.Error("no event says why")
		}
	})
}

func TestEveryRefusalIsAnEnvelope(t *testing.T) {
	t.Parallel()
	cfg := deskConfig(t, dbtestSQLite(t))
	d := startWith(t, cfg)
	base := d.app.URL()
	large := strings.Repeat("x", 70<<10)
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		code               int
	}{
		"unknown route":        {http.MethodGet, "/api/v1/nothing", "", nil, 404},
		"unknown page":         {http.MethodGet, "/nothing", "", nil, 404},
		"wrong method":         {http.MethodDelete, "/api/v1/agents", "", nil, 405},
		"PATCH":                {http.MethodPatch, "/api/v1/agents/1", "{}", nil, 405},
		"header":               {http.MethodGet, "/health", "", []string{"X-Large", large}, 431},
		"cookie":               {http.MethodGet, "/api/v1/agents/me", "", []string{"Cookie", "libredesk_session=" + large}, 431},
		"line":                 {http.MethodGet, "/health?" + large, "", nil, 431},
		"doubled slash to 404": {http.MethodGet, "/api//v1//nothing", "", nil, 404},
		"not a number":         {http.MethodGet, "/api/v1/agents/x", "", d.admin.session(), 400},
		"not JSON":             {http.MethodPost, "/api/v1/teams", "{", d.admin.session(), 400},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, base, c.method, c.path, c.body, c.header...)
			if a.code == 431 || c.code == 431 {
				if a.code != 431 || !strings.Contains(string(a.body), `"error_type":"GeneralException"`) || !strings.Contains(string(a.body), `"data":null`) {
					t.Errorf("%d %s", a.code, clip(a.body))
				}
				return
			}
			if _, err := a.envelope(); err != nil || a.code != c.code {
				t.Errorf("%d, %v: %s", a.code, err, clip(a.body))
			}
			if c.code == 405 && a.header.Get("Allow") == "" {
				t.Error("no Allow header")
			}
		})
	}
	if a := ask(t, base, http.MethodHead, "/api/v1/agents/me", ""); a.code != 405 {
		t.Errorf("HEAD: %d", a.code)
	}
	if a := ask(t, base, http.MethodOptions, "/api/v1/agents", "", "Origin", "https://evil.test", "Access-Control-Request-Method", "POST"); a.code != 200 || len(a.body) != 0 ||
		a.header.Get("Allow") == "" {
		t.Errorf("OPTIONS: %d %v", a.code, a.header)
	}
}

func TestOtherSitesScriptsGetNoAccess(t *testing.T) {
	t.Parallel()
	cfg := deskConfig(t, dbtestSQLite(t))
	d := startWith(t, cfg)
	for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodPost} {
		for _, path := range []string{"/", "/health", "/api/v1/config", "/api/v1/agents/me", "/api/v1/agents"} {
			a := ask(t, d.app.URL(), method, path, "", append([]string{"Origin", "https://evil.test"}, d.admin.session()...)...)
			for name := range a.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s", method, path, name)
				}
			}
			if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Referrer-Policy") == "" || a.header.Get("X-Frame-Options") != "DENY" ||
				a.header.Get("Strict-Transport-Security") != "" {
				t.Errorf("%s %s: %v", method, path, a.header)
			}
		}
	}
	if a := ask(t, d.app.URL(), http.MethodGet, "/inboxes/assigned", "", d.admin.session()...); !strings.Contains(a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("page policy %q", a.header.Get("Content-Security-Policy"))
	}
}

func TestBrowsersAreToldToStayWithHTTPS(t *testing.T) {
	t.Parallel()
	cfg := deskConfig(t, dbtestSQLite(t))
	cfg.RootURL, cfg.HSTS = "https://desk.test", 365*24*time.Hour
	d := startWith(t, cfg)
	for _, path := range []string{"/", "/health", "/api/v1/agents", "/api/v1/nothing"} {
		if got := ask(t, d.app.URL(), http.MethodGet, path, "").header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestPathsWrittenInAnotherWayLeadToTheirRoute(t *testing.T) {
	t.Parallel()
	d := startWith(t, deskConfig(t, dbtestSQLite(t)))
	for _, c := range []struct {
		method, path, to string
		code             int
	}{
		{http.MethodGet, "/api/v1/agents/", "/api/v1/agents", 301},
		{http.MethodGet, "/API/v1/Agents/compact?x=1", "/api/v1/agents/compact?x=1", 301},
		{http.MethodGet, "//api//v1/agents/me", "/api/v1/agents/me", 301},
		{http.MethodPost, "/api/v1/agents/", "/api/v1/agents", 308},
		{http.MethodPut, "/api/v1//roles/1", "/api/v1/roles/1", 308},
		{http.MethodGet, "//evil.test/x", "", 404},
		{http.MethodDelete, "/api/v1/agents/", "", 404},
	} {
		if a := ask(t, d.app.URL(), c.method, c.path, "", d.admin.session()...); a.code != c.code || a.header.Get("Location") != c.to {
			t.Errorf("%s %s: %d %q", c.method, c.path, a.code, a.header.Get("Location"))
		}
	}
}

func TestEveryTypeThatNamesJSONIsJSON(t *testing.T) {
	t.Parallel()
	d := startWith(t, deskConfig(t, dbtestSQLite(t)))
	for _, ct := range []string{"application/json", "application/json; charset=utf-8", "text/json", "application/vnd.desk+json"} {
		header := append(d.admin.session(), "Content-Type", ct)
		if a := ask(t, d.app.URL(), http.MethodPut, "/api/v1/agents/me/availability", `{"status":"online"}`, header...); a.code != 200 {
			t.Errorf("%s: %d %s", ct, a.code, a.body)
		}
	}
	form := append(d.admin.session(), "Content-Type", "application/x-www-form-urlencoded")
	if a := ask(t, d.app.URL(), http.MethodPut, "/api/v1/agents/me/availability", `status=away_manual`, form...); a.code != 200 {
		t.Errorf("a form: %d %s", a.code, a.body)
	}
}

func TestAdminHasEveryPermissionWhateverIsStored(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		d.exec(`UPDATE roles SET permissions = '["messages:read"]' WHERE name = 'Admin'`) // as of a version that knew fewer
		for _, path := range []string{"/api/v1/roles/2", "/api/v1/agents/1"} {
			var has struct{ Permissions []role.Permission }
			d.admin.ok(http.MethodGet, path, nil, &has)
			if len(has.Permissions) != len(role.All) || !slices.Contains(has.Permissions, role.MessagesWriteAsContact) {
				t.Errorf("%s: %d permissions", path, len(has.Permissions))
			}
		}
		d.admin.ok(http.MethodGet, "/api/v1/activity-logs", nil, nil)
	})
}

func TestTheCommandLineRestoresSystem(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		t.Setenv("FOYER_DATA_DIR", cfg.DataDir)
		t.Setenv("FOYER_DATABASE_URL", url)
		run(t, cfg, func(d *desk) {
			d.exec(`UPDATE users SET enabled = FALSE WHERE is_system`)
			d.exec(`DELETE FROM user_roles WHERE user_id = 1`)
		})
		if code, _ := command(t, "weak\n", "user", "reset-password", "System"); code == 0 {
			t.Error("a weak password is taken")
		}
		if code, out := command(t, "R3stored!Passw0rd\n", "user", "reset-password", "system"); code != 0 {
			t.Fatalf("%d %s", code, out)
		}
		d := &desk{t: t, app: startApp(t, cfg)}
		d.admin = signIn(t, d.app.URL(), "System", "R3stored!Passw0rd")
		d.admin.ok(http.MethodGet, "/api/v1/agents", nil, nil)
	})
}

func TestTheLogHoldsNoSecretsOfRefusedRequests(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	cfg := deskConfig(t, dbtestSQLite(t))
	a, err := app.Start(t.Context(), cfg, slog.New(slog.NewTextHandler(&lockedWriter{w: &log}, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, app: a, admin: signIn(t, a.URL(), "System", systemPassword)}
	key := d.newKey(1)
	session := d.admin.session()
	for _, header := range [][]string{{"Cookie", d.admin.cookies(), "X-CSRFTOKEN", "wr0ng-t0ken"}, token(key + "wr0ng"), {"Cookie", "libredesk_session=wr0ng-s3ssion"}} {
		ask(t, a.URL(), http.MethodPost, "/api/v1/teams", `{"name":1}`, header...)
	}
	ask(t, a.URL(), http.MethodPost, "/api/v1/auth/login", `{"email":"System","password":"wr0ng-p4ssword"}`)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	_, secret, _ := strings.Cut(key, ":")
	for _, s := range []string{"wr0ng", secret, session[3], systemPassword} {
		if strings.Contains(log.String(), s) {
			t.Errorf("the log holds %q", s)
		}
	}
}

// lockedWriter lets many write, one at a time.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
