package app_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

const ownMailPath = "/api/v1/settings/notifications/email"

func ownMail(host string, port int, change map[string]any) map[string]any {
	body := map[string]any{}
	for k, v := range map[string]any{"username": "help@acme.test", "host": host, "port": port, "password": "hunter2", "max_conns": 2, "idle_timeout": "25s",
		"wait_timeout": "5s", "auth_protocol": "plain", "tls_type": "none", "email_address": "Desk <desk@x.test>", "max_msg_retries": 3, "enabled": true} {
		body["notification.email."+k] = v
	}
	maps.Copy(body, change)
	return body
}

func TestNotificationPasswordIsMaskedKeptAndSealed(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		var got map[string]any
		d.admin.ok(http.MethodGet, ownMailPath, nil, &got)
		if len(got) != 14 || got["notification.email.password"] != "" || got["notification.email.port"] != 587.0 {
			t.Errorf("of a new desk: %v", got)
		}
		sealed := func() (out string) {
			d.app.DB.QueryRow(t.Context(), `SELECT CAST(value AS TEXT) FROM settings WHERE key = 'notification.email.password'`).Scan(&out) //nolint:errcheck // "" fails below
			return out
		}
		d.admin.ok(http.MethodPut, ownMailPath, ownMail("smtp.x.test", 587, nil), nil)
		first := sealed()
		if !strings.HasPrefix(first, `"enc:`) {
			t.Errorf("stored as %s", first)
		}
		for _, kept := range []string{"••••••••••", "•••", ""} {
			d.admin.ok(http.MethodPut, ownMailPath, ownMail("smtp.x.test", 587, map[string]any{"notification.email.password": kept}), nil)
			if sealed() != first {
				t.Errorf("%q did not keep the password", kept)
			}
		}
		d.admin.ok(http.MethodGet, ownMailPath, nil, &got)
		if got["notification.email.password"] != "••••••••••" || got["notification.email.wait_timeout"] != "5s" {
			t.Errorf("%v", got)
		}
		if e := d.activity("email_notification_settings_changed"); len(e.Results) != 1 || strings.Contains(e.Results[0].Description, "hunter2") ||
			e.Results[0].After["notification.email.password"] != "••••••••••" {
			t.Errorf("%+v", e)
		}
	})
}

func TestNotificationSettingsThatCouldNotBeUsedAreRefusedByField(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		for field, bad := range map[string]any{"auth_protocol": "PLAIN", "tls_type": "STARTTLS", "port": 70000, "max_conns": -1, "idle_timeout": "soon", "wait_timeout": "-5s",
			"email_address": "nobody", "host": "a b", "hello_hostname": "x/y", "max_msg_retries": -1, "username": "a\u0000b"} {
			name := "notification.email." + field
			code, raw := d.admin.do(http.MethodPut, ownMailPath, ownMail("smtp.x.test", 587, map[string]any{name: bad}))
			if code != 400 || !strings.Contains(string(raw), `"field":"`+name+`"`) {
				t.Errorf("%s: %v: %d %s", field, bad, code, raw)
			}
		}
	})
}

func TestTheDesksOwnMailLeavesByItsOwnServerAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, inboxServer, own := startDesk(t, url), startMail(t), startMail(t)
		d.addInbox(inboxServer)
		host, port := hostPort(own.SMTPAddr)
		d.admin.ok(http.MethodPut, ownMailPath, ownMail(host, port, map[string]any{"notification.email.password": own.Password}), nil)
		d.admin.ok(http.MethodPost, "/api/v1/agents", map[string]any{"first_name": "Asha", "email": "asha@x.test", "roles": []string{"Agent"}, "send_welcome_email": true}, nil)
		eventually(t, "the welcome mail", func() bool { return len(own.Sent()) == 1 })
		if got := parsed(t, own.Sent()[0].Raw); got.From[0].Email != "desk@x.test" || len(inboxServer.Sent()) != 0 {
			t.Errorf("from %v, %d by the inbox", got.From, len(inboxServer.Sent()))
		}
		var result struct {
			OK              bool
			Message, Detail string
		}
		d.admin.ok(http.MethodPost, ownMailPath+"/test", map[string]any{"to": "bo@x.test"}, &result)
		if !result.OK || len(own.Sent()) != 2 || own.Sent()[1].To[0] != "bo@x.test" {
			t.Errorf("%+v", result)
		}
		d.admin.ok(http.MethodPost, ownMailPath+"/test", ownMail(host, port, map[string]any{"notification.email.password": "wrong", "to": "bo@x.test"}), &result)
		if result.OK || !strings.Contains(result.Message, "password") {
			t.Errorf("a wrong password: %+v", result)
		}
		d.admin.ok(http.MethodPost, ownMailPath+"/test", ownMail("127.0.0.1", 1, map[string]any{"to": "bo@x.test"}), &result)
		if result.OK || result.Message == "" || strings.Contains(result.Detail, "hunter2") {
			t.Errorf("a server that is not there: %+v", result)
		}
		d.admin.ok(http.MethodPut, ownMailPath, ownMail(host, port, map[string]any{"notification.email.enabled": false}), nil)
		newClient(t, d.app.URL()).ok(http.MethodPost, "/api/v1/agents/reset-password", map[string]string{"email": "asha@x.test"}, nil)
		eventually(t, "the mail by the inbox", func() bool { return len(inboxServer.Sent()) == 1 })
	})
}
