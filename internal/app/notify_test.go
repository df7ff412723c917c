package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestForgottenPasswordIsMailedByTheFirstInbox(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.admin.ok(http.MethodPost, "/api/v1/agents", map[string]any{"first_name": "Asha", "email": "asha@x.test", "roles": []string{"Agent"}, "send_welcome_email": true}, nil)
		eventually(t, "the welcome mail", func() bool { return len(s.Sent()) == 1 })
		guest := newClient(t, d.app.URL())
		guest.ok(http.MethodPost, "/api/v1/agents/reset-password", map[string]string{"email": "nobody@x.test"}, nil)
		guest.ok(http.MethodPost, "/api/v1/agents/reset-password", map[string]string{"email": "asha@x.test"}, nil)
		eventually(t, "the mail with the link", func() bool { return len(s.Sent()) == 2 })
		got := parsed(t, s.Sent()[1].Raw)
		if got.Header.Get("Auto-Submitted") != "auto-generated" || s.Sent()[1].To[0] != "asha@x.test" {
			t.Fatalf("mail to %v: %s", s.Sent()[1].To, s.Sent()[1].Raw)
		}
		token := regexp.MustCompile(`/set-password\?token=([A-Za-z0-9]{32})`).FindStringSubmatch(got.HTML)
		if token == nil {
			t.Fatalf("no link in %s", got.HTML)
		}
		set := func(password string) (int, []byte) {
			return guest.do(http.MethodPost, "/api/v1/agents/set-password", map[string]string{"token": token[1], "password": password})
		}
		if code, raw := set("N3w!Password"); code != http.StatusOK {
			t.Fatalf("%d %s", code, raw)
		}
		if code, _ := set("N3w!Password2"); code != http.StatusBadRequest {
			t.Fatalf("the link worked twice: %d", code)
		}
		asha := signIn(t, d.app.URL(), "asha@x.test", "N3w!Password")
		asha.ok(http.MethodPut, "/api/v1/agents/me", map[string]string{"language": "fa-IR"}, nil)
		guest.ok(http.MethodPost, "/api/v1/agents/reset-password", map[string]string{"email": "asha@x.test"}, nil)
		eventually(t, "the mail in the agent's language", func() bool { return len(s.Sent()) == 3 })
		if html := parsed(t, s.Sent()[2].Raw).HTML; !strings.Contains(html, `dir="rtl"`) || !strings.Contains(html, "سلام") {
			t.Errorf("the mail is not in Persian: %s", html)
		}
	})
}
