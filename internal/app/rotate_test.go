package app_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/sso"
	"github.com/foyerdesk/foyer/internal/desk/sso/ssotest"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// sealed returns every secret that a desk keeps encrypted, by where it is.
func (d *desk) sealed() map[string]string {
	return map[string]string{
		"an inbox":          d.texts(`SELECT config FROM inboxes`)[0],
		"an inbox's secret": d.texts(`SELECT secret FROM inboxes`)[0],
		"a client id":       d.texts(`SELECT client_id FROM oidc_providers`)[0],
		"a client secret":   d.texts(`SELECT client_secret FROM oidc_providers`)[0],
		"the own mail":      d.texts(`SELECT value FROM settings WHERE key = 'notification.email.password'`)[0],
		"an app":            d.texts(`SELECT secret FROM agent_totp`)[0],
	}
}

// keepSecrets fills a desk with one secret of every kind.
func keepSecrets(t *testing.T, d *desk, idp *ssotest.Provider) {
	t.Helper()
	inbox := inboxBody(startMail(t), "Help <help@acme.test>")
	inbox["enabled"], inbox["secret"] = false, "inb0x-s3cret"
	d.admin.ok(http.MethodPost, "/api/v1/inboxes", inbox, nil)
	d.admin.ok(http.MethodPost, "/api/v1/oidc", providerBody(idp), nil)
	d.admin.ok(http.MethodPut, "/api/v1/settings/notifications/email", map[string]any{"notification.email.host": "smtp.acme.test",
		"notification.email.port": 587, "notification.email.username": "desk", "notification.email.password": "hunter2", "notification.email.max_conns": 1,
		"notification.email.idle_timeout": "25s", "notification.email.wait_timeout": "60s", "notification.email.auth_protocol": "plain",
		"notification.email.tls_type": "starttls", "notification.email.email_address": "Desk <desk@acme.test>", "notification.email.max_msg_retries": 1}, nil)
	d.admin.ok(http.MethodPost, "/api/v1/agents/me/two-factor/totp", map[string]any{}, nil)
}

func stillRead(t *testing.T, d *desk, idp *ssotest.Provider) {
	t.Helper()
	idp.Allow(ssotest.ClientSecret, "http://desk.test/api/v1/oidc/1/finish")
	idp.SignedIn(ashaThere)
	s := &ssoDesk{desk: d, idp: idp, id: 1}
	if b := s.browser(); b.signIn(s) != "/" || b.me() != "asha@example.com" {
		t.Error("the client secret is not read")
	}
	_, mailbox, err := d.app.Inboxes.Decrypted(context.Background(), 1)
	if err != nil || mailbox.IMAP[0].Password != "secret" {
		t.Errorf("the mailbox's password: %v", err)
	}
	// An app that is confirmed with a wrong code is read; one that cannot be read is an error of the desk.
	d.admin.want(400, "InputException", http.MethodPost, "/api/v1/agents/me/two-factor/totp/confirm", map[string]any{"code": "000000"})
}

func TestTheEncryptionKeyIsReplaced(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, database string) {
		idp := startIdentity(t)
		cfg := deskConfig(t, database)
		cfg.OutboundAllow = []string{"127.0.0.0/8"}
		for name, value := range map[string]string{"FOYER_DATA_DIR": cfg.DataDir, "FOYER_DATABASE_URL": database, "FOYER_ROOT_URL": cfg.RootURL} {
			t.Setenv(name, value)
		}
		var before map[string]string
		run(t, cfg, func(d *desk) {
			d.addAgent("asha@example.com", "Agent")
			keepSecrets(t, d, idp)
			before = d.sealed()
		})
		file := filepath.Join(cfg.DataDir, "encryption.key")
		old, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		done := answerTo[map[string]int](t, "rotate-key")
		if done["resealed"] != 7 || done["unreadable"] != 0 {
			t.Errorf("%v", done)
		}
		now, err := os.ReadFile(file)
		if err != nil || string(now) == string(old) || strings.Count(string(now), "\n") != 1 {
			t.Errorf("the file holds %d lines, %v", strings.Count(string(now), "\n"), err)
		}
		id := func(sealed string) string { _, rest, _ := strings.Cut(sealed, "enc:"); return rest[:8] }
		run(t, cfg, func(d *desk) {
			for what, is := range d.sealed() {
				if id(is) == id(before[what]) {
					t.Errorf("%s is still under the old key", what)
				}
			}
			stillRead(t, d, idp)
			if n := d.activity("encryption_key_rotated"); len(n.Results) != 1 {
				t.Errorf("activity %+v", n)
			}
		})

		// One of the operator's takes the place of that in the folder, and then of another of the operator's.
		configure := func(key, previous string) {
			cfg.EncryptionKey, cfg.PreviousEncryptionKey = key, previous
			t.Setenv("FOYER_ENCRYPTION_KEY", key)
			t.Setenv("FOYER_PREVIOUS_ENCRYPTION_KEY", previous)
		}
		first, second := strings.Repeat("1", 32), strings.Repeat("2", 32)
		configure(first, "")
		run(t, cfg, func(d *desk) { stillRead(t, d, idp) })
		answerTo[map[string]int](t, "rotate-key")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		run(t, cfg, func(d *desk) { stillRead(t, d, idp) })
		configure(second, first)
		answerTo[map[string]int](t, "rotate-key")
		configure(second, "")
		run(t, cfg, func(d *desk) { stillRead(t, d, idp) })
		if code, _ := command(t, "", "rotate-key"); code == 0 {
			t.Error("nothing says what the key takes the place of")
		}
		configure(strings.Repeat("3", 32), "")
		run(t, cfg, func(d *desk) { // its secrets are lost; it starts all the same
			var p sso.Provider
			d.admin.ok(http.MethodGet, "/api/v1/oidc/1", nil, &p)
			if p.ClientSecret != "" {
				t.Errorf("%+v", p)
			}
		})
	})
}

// run starts a desk, lets it be used and stops it.
func run(t *testing.T, cfg config.Config, use func(d *desk)) {
	t.Helper()
	t.Run("run", func(t *testing.T) { use(startWith(t, cfg)) })
}
