package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

type importStatus struct {
	Running                bool
	Logs                   []string
	Total, Success, Errors int
	EndedAt                string `json:"ended_at"`
	Lines                  []struct {
		Row, Line                      int
		Email, Outcome, Field, Message string
	}
}

// importAgents uploads a file of agents and returns the status and body of the answer.
func (c *client) importAgents(path, file string, fields ...string) (int, string) {
	c.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	part, err := w.CreateFormFile("file", "agents.csv")
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = io.WriteString(part, file)
	_ = w.Close()
	req, err := http.NewRequest(http.MethodPost, c.base+path, &body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("X-CSRFTOKEN", c.csrf())
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

func (d *desk) importEnd() (st importStatus) {
	d.t.Helper()
	eventually(d.t, "the import to end", func() bool {
		d.admin.ok(http.MethodGet, importPath+"/status", nil, &st)
		return !st.Running
	})
	return st
}

const (
	importPath   = "/api/v1/agents/import"
	importHeader = "first_name,last_name,email,roles,teams\n"
)

func TestAgentsAreImportedRowByRow(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		d.addAgent("taken@x.test", "Agent")
		d.admin.want(404, "NotFoundException", http.MethodGet, importPath+"/status", nil)
		file := "\xef\xbb\xbf" + importHeader + "Asha,Rao,Asha@X.test,Agent,\n,Li,bo@x.test,Agent,\nC,C,not-an-address,Agent,\nD,D,d@x.test,Zed,\nE,E,e@x.test,Agent,Nope\nF,F,taken@x.test,Agent,\n"
		if code, body := d.admin.importAgents(importPath+"/check", file); code != 200 || !strings.Contains(body, `"total":6,"errors":5`) {
			t.Errorf("check: %d %s", code, body)
		}
		d.admin.want(404, "NotFoundException", http.MethodGet, importPath+"/status", nil) // a check is no import
		if code, body := d.admin.importAgents(importPath, file); code != 200 || !strings.Contains(body, `"data":true`) {
			t.Fatalf("import: %d %s", code, body)
		}
		st := d.importEnd()
		if st.Total != 6 || st.Success != 1 || st.Errors != 5 || len(st.Logs) != 8 || len(st.Lines) != 6 {
			t.Fatalf("%+v", st)
		}
		for i, field := range []string{"", "first_name", "email", "roles", "teams", "email"} {
			if l := st.Lines[i]; l.Field != field || l.Row != i+1 || l.Line != i+2 || (l.Message == "") != (field == "") {
				t.Errorf("%+v, want field %q", l, field)
			}
		}
		if n := d.count(`SELECT count(*) FROM users WHERE email = 'asha@x.test' AND password_hash IS NULL`); n != 1 {
			t.Errorf("%d agents were made", n)
		}
		if e := d.activity("agents_imported").Results; len(e) != 1 || e[0].ActorName != "System" || e[0].IP == "" || e[0].After["refused"] != 5.0 {
			t.Errorf("activity %+v", e)
		}
		for name, c := range map[string]struct {
			file string
			code int
		}{"no rows": {importHeader, 400}, "an open quote": {importHeader + `"a`, 400}, "too large": {importHeader + strings.Repeat("x", 2<<20), 413}} {
			if code, body := d.admin.importAgents(importPath, c.file); code != c.code {
				t.Errorf("%s: %d %s", name, code, body)
			}
		}
		if code, body := d.admin.importAgents(importPath, file, "send_welcome_email", "true"); code != 400 {
			t.Errorf("invitations without mail: %d %s", code, body)
		}
		if code, _ := d.admin.importAgents(importPath, "first_name,email\nA,a@x.test\n"); code != 200 {
			t.Errorf("a missing column: %d", code)
		}
		if st = d.importEnd(); len(st.Logs) != 1 || st.Total+st.Errors+st.Success != 0 {
			t.Errorf("a missing column: %+v", st)
		}
	})
}

func TestWhoImportsGrantsOnlyWhatTheyHold(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "People", "permissions": []string{"users:manage"}}, nil)
		d.addAgent("hr@x.test", "People")
		hr := signIn(t, d.app.URL(), "hr@x.test", agentPassword)
		if code, body := hr.importAgents(importPath, importHeader+"A,A,a@x.test,Admin,\nB,B,b@x.test,People,\n"); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
		if st := d.importEnd(); st.Success != 1 || st.Errors != 1 || st.Lines[0].Outcome != "refused" {
			t.Errorf("%+v", st)
		}
	})
}

func TestAnImportGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		const rows = 600
		cfg := deskConfig(t, url)
		a, err := app.Start(context.Background(), cfg, quiet())
		if err != nil {
			t.Fatal(err)
		}
		var file strings.Builder
		file.WriteString(importHeader)
		for i := range rows {
			fmt.Fprintf(&file, "A,B,a%d@x.test,Agent,\n", i)
		}
		admin := signIn(t, a.URL(), "System", systemPassword)
		if code, body := admin.importAgents(importPath, file.String()); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		d := startWith(t, cfg)
		if st := d.importEnd(); st.Total != rows || st.Success != rows || st.Errors != 0 || len(st.Logs) != rows+2 {
			t.Errorf("total %d success %d errors %d, %d lines", st.Total, st.Success, st.Errors, len(st.Logs))
		}
		if n := d.count(`SELECT count(*) FROM users WHERE email LIKE 'a%@x.test'`); n != rows {
			t.Errorf("%d agents", n)
		}
	})
}

func TestKilledInTheMidstOfAnImportNobodyIsMadeOrInvitedTwice(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		const rows = 500
		s, cfg := startMail(t), deskConfig(t, url)
		c := newChild(t, url, cfg.DataDir)
		c.start()
		admin := signIn(t, c.url, "System", systemPassword)
		(&desk{t: t, admin: admin}).addInbox(s)
		var file strings.Builder
		file.WriteString(importHeader)
		for i := range rows {
			fmt.Fprintf(&file, "A,B,a%d@x.test,Agent,\n", i)
		}
		if code, body := admin.importAgents(importPath, file.String(), "send_welcome_email", "true"); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
		var st importStatus
		eventually(t, "some of the rows to be done", func() bool {
			admin.ok(http.MethodGet, importPath+"/status?brief=true", nil, &st)
			return st.Success >= rows/20
		})
		c.kill()
		if st.Success == rows {
			t.Fatal("the import had ended before the desk was killed")
		}
		at := st.Success
		d := startWith(t, cfg)
		begun := time.Now()
		eventually(t, "the import to go on", func() bool {
			d.admin.ok(http.MethodGet, importPath+"/status?brief=true", nil, &st)
			return st.Success > at
		})
		if took := time.Since(begun); took > takenUpWithin {
			t.Errorf("taken up after %v", took)
		}
		eventually(t, "the import to end", func() bool {
			d.admin.ok(http.MethodGet, importPath+"/status?brief=true", nil, &st)
			return !st.Running
		})
		if st.Success != rows || st.Errors != 0 {
			t.Fatalf("%+v", st)
		}
		if n := d.count(`SELECT count(*) FROM users WHERE email LIKE 'a%@x.test'`); n != rows {
			t.Errorf("%d agents", n)
		}
		if n := d.count(`SELECT count(*) FROM river_job WHERE kind = 'notify.password'`); n != rows {
			t.Errorf("%d invitations", n)
		}
	})
}

func TestOneImportRunsAtATime(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		d.exec(`INSERT INTO agent_imports (actor_id, actor, may_grant, invite, total, running, started_at, updated_at)
			VALUES (1, '{}', '[]', FALSE, 1, TRUE, 0, 9000000000000000)`)
		if code, body := d.admin.importAgents(importPath, importHeader+"A,A,a@x.test,Agent,\n"); code != 409 || !strings.Contains(body, `"error_type":"ConflictException"`) {
			t.Errorf("%d %s", code, body)
		}
		var st importStatus
		d.admin.ok(http.MethodGet, importPath+"/status", nil, &st)
		d.admin.ok(http.MethodGet, importPath+"/status?brief=true", nil, &st)
		if !st.Running || st.Total != 1 || len(st.Logs) != 0 || st.EndedAt != "0001-01-01T00:00:00Z" {
			t.Errorf("%+v", st)
		}
	})
}
