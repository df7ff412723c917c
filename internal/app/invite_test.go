package app_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

type invitee struct {
	ID        int64
	InvitedAt *string `json:"invited_at"`
}

func TestAnInvitationIsSentAgainToWhoHasNotComeYet(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		var a invitee
		body := map[string]any{"first_name": "Asha", "email": "asha@x.test", "roles": []string{"Agent"}, "enabled": true, "availability_status": "offline"}
		d.admin.ok(http.MethodPost, "/api/v1/agents", body, &a)
		path := fmt.Sprintf("/api/v1/agents/%d/invitation", a.ID)
		if a.InvitedAt != nil {
			t.Errorf("invited at %s without being asked to", *a.InvitedAt)
		}
		d.admin.ok(http.MethodPost, path, nil, &a)
		if a.InvitedAt == nil {
			t.Error("when the invitation was sent is not known")
		}
		eventually(t, "the invitation", func() bool { return len(s.Sent()) == 1 })
		d.admin.want(429, "RateLimitException", http.MethodPost, path, nil)
		d.exec(`UPDATE users SET invited_at = 1 WHERE id = $1`, a.ID)
		d.admin.ok(http.MethodPost, path, nil, nil)
		eventually(t, "the second invitation", func() bool { return len(s.Sent()) == 2 })
		links := regexp.MustCompile(`token=([A-Za-z0-9]{32})`)
		guest := newClient(t, d.app.URL())
		set := func(mail int) int {
			token := links.FindStringSubmatch(parsed(t, s.Sent()[mail].Raw).HTML)[1]
			code, _ := guest.do(http.MethodPost, "/api/v1/agents/set-password", map[string]string{"token": token, "password": agentPassword})
			return code
		}
		if old, fresh := set(0), set(1); old != 400 || fresh != 200 {
			t.Errorf("the links of the first and second mail: %d, %d", old, fresh)
		}
		if e := d.activity("agent_invited").Results; len(e) != 2 || e[0].ActorName != "System" || e[0].TargetID != a.ID {
			t.Errorf("activity %+v", e)
		}
		d.exec(`UPDATE users SET invited_at = 1 WHERE id = $1`, a.ID)
		body["enabled"] = false
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", a.ID), body, nil)
		d.admin.want(409, "ConflictException", http.MethodPost, path, nil)
		body["enabled"] = true
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", a.ID), body, nil)
		asha := signIn(t, d.app.URL(), "asha@x.test", agentPassword)
		d.admin.want(409, "ConflictException", http.MethodPost, path, nil)
		d.admin.want(400, "InputException", http.MethodPost, "/api/v1/agents/1/invitation", nil)
		d.admin.want(404, "NotFoundException", http.MethodPost, "/api/v1/agents/999/invitation", nil)
		asha.want(403, "PermissionException", http.MethodPost, path, nil)
		if n := d.count(`SELECT count(*) FROM river_job WHERE kind = 'notify.password'`); n != 2 {
			t.Errorf("%d mails for 2 invitations", n)
		}
	})
}

func TestWithoutAMailServerNobodyIsInvitedAndNobodyIsLost(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		var a invitee
		d.admin.ok(http.MethodPost, "/api/v1/agents", map[string]any{"first_name": "Asha", "email": "asha@x.test", "roles": []string{"Agent"}, "send_welcome_email": true}, &a)
		if a.ID == 0 || a.InvitedAt != nil {
			t.Errorf("%+v", a)
		}
		d.admin.want(409, "ConflictException", http.MethodPost, fmt.Sprintf("/api/v1/agents/%d/invitation", a.ID), nil)
	})
}

func TestWhereSingleSignOnIsTheOnlyWayInAnInvitationLeadsThere(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.exec(`INSERT INTO settings (key, value) VALUES ('signin.sso_only', 'true') ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
		d.admin.ok(http.MethodPost, "/api/v1/agents", map[string]any{"first_name": "Asha", "email": "asha@x.test", "roles": []string{"Agent"}, "send_welcome_email": true}, nil)
		eventually(t, "the invitation", func() bool { return len(s.Sent()) == 1 })
		text := parsed(t, s.Sent()[0].Raw).HTML
		if strings.Contains(text, "token=") || !strings.Contains(text, `href="http://desk.test"`) || !strings.Contains(text, "company account") {
			t.Errorf("the mail says %s", text)
		}
		if n := d.count(`SELECT count(*) FROM password_tokens`); n != 0 {
			t.Errorf("%d links for passwords that cannot be used", n)
		}
	})
}

func TestTheListOfAgentsSaysWhatTheyMayAndWhenTheyCame(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		d.addAgent("zoe@x.test", "Agent", "Admin")
		id := d.addAgent("bo@x.test", "Agent")
		signIn(t, d.app.URL(), "bo@x.test", agentPassword)
		d.exec(`INSERT INTO agent_totp (user_id, secret, created_at, confirmed_at) VALUES ($1, '', 0, 1)`, id)
		var list []struct {
			Email       string
			Roles       []string
			LastLoginAt *string `json:"last_login_at"`
			TwoFactor   bool    `json:"two_factor_enabled"`
		}
		d.admin.ok(http.MethodGet, "/api/v1/agents", nil, &list)
		if len(list) != 2 {
			t.Fatalf("%+v", list)
		}
		for _, a := range list {
			roles := strings.Join(a.Roles, " ")
			if isBo := a.Email == "bo@x.test"; isBo != a.TwoFactor || isBo != (a.LastLoginAt != nil) || (isBo && roles != "Agent") || (!isBo && roles != "Admin Agent") {
				t.Errorf("%+v", a)
			}
		}
	})
}
