package app_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

type examination struct {
	Status    string
	Version   string
	CheckedAt string `json:"checked_at"`
	Checks    []struct {
		Name, Title, Status, Found, Advice string
		Millis                             *int64 `json:"duration_ms"`
	}
}

func (h examination) status(name string) string {
	for _, c := range h.Checks {
		if c.Name == name {
			return c.Status
		}
	}
	return "no such check"
}

func TestTheDoctorExaminesARunningAndAStoppedDesk(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		t.Setenv("FOYER_DATA_DIR", cfg.DataDir)
		t.Setenv("FOYER_DATABASE_URL", url)
		examine := func(wantCode int) (h examination) {
			t.Helper()
			code, out := command(t, "", "doctor", "--json")
			if err := json.Unmarshal([]byte(out), &h); code != wantCode || err != nil || h.CheckedAt == "" || len(h.Checks) == 0 {
				t.Fatalf("exit code %d, %v: %s", code, err, out)
			}
			for _, c := range h.Checks {
				if c.Name == "" || c.Title == "" || c.Found == "" || c.Millis == nil {
					t.Errorf("%+v", c)
				}
			}
			return h
		}
		s := startMail(t)
		visit(t, cfg, func(d *desk) {
			t.Setenv("FOYER_ADDRESS", d.app.Addr())
			t.Setenv("FOYER_ROOT_URL", d.app.URL())
			d.admin = signIn(t, d.app.URL(), "System", systemPassword)
			d.admin.ok(http.MethodPut, "/api/v1/settings/general", map[string]any{"app.site_name": "Acme", "app.lang": "en-US", "app.root_url": d.app.URL(), "app.max_file_upload_size": 5}, nil)
			d.addInbox(s)
			eventually(t, "the mailbox to be read", func() bool { return d.count(`SELECT count(*) FROM mailboxes WHERE last_contact_at IS NOT NULL`) == 1 })
			before := d.count(`SELECT count(*) FROM activity_logs`)
			if h := examine(0); h.Status != "ok" || h.status("desk") != "ok" || h.status("inbox.1.imap.1") != "ok" {
				t.Errorf("%+v", h)
			}
			if after := d.count(`SELECT count(*) FROM activity_logs`); after != before {
				t.Error("the doctor left traces")
			}
			d.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Care", "conversation_assignment_type": "Manual"}, nil)
		})
		if h := examine(0); h.Status != "warning" || h.status("desk") != "warning" || h.status("inbox.1.imap.1") != "ok" {
			t.Errorf("%+v", h)
		}
		code, out := command(t, "", "doctor")
		if code != 0 || strings.Contains(out, "\x1b") || !strings.Contains(out, "0 failed, 2 to look at") {
			t.Errorf("%d %s", code, out)
		}
		_ = os.RemoveAll(filepath.Join(cfg.DataDir, "blobs"))
		if h := examine(1); h.Status != "failed" || h.status("blobs") != "failed" {
			t.Errorf("%+v", h)
		}
		t.Setenv("FOYER_ROOT_URL", "desk")
		if h := examine(1); h.status("configuration") != "failed" {
			t.Errorf("%+v", h)
		}
		if code, _ := command(t, "", "doctor", "--nonsense"); code != 2 {
			t.Errorf("a command line that is not understood ends with %d", code)
		}
	})
}
