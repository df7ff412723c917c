package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// texts returns the values of a column.
func (d *desk) texts(query string) []string {
	d.t.Helper()
	out, err := db.Select[string](context.Background(), d.app.DB, query)
	if err != nil || len(out) == 0 {
		d.t.Fatalf("%s: %d rows, %v", query, len(out), err)
	}
	return out
}

func TestNoAnswerHoldsASecret(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		p := prepareOn(t, startWith(t, cfg))
		secrets := map[string]string{"the password of IMAP": "imap-p4ssw0rd", "the password of SMTP": "smtp-p4ssw0rd", "an inbox's secret": "inb0x-s3cret",
			"the password of System": systemPassword, "an agent's password": agentPassword}
		hidden := inboxBody(startMail(t), "Other <other@acme.test>")
		config := hidden["config"].(map[string]any)
		config["imap"].([]any)[0].(map[string]any)["password"] = secrets["the password of IMAP"]
		config["smtp"].([]any)[0].(map[string]any)["password"] = secrets["the password of SMTP"]
		hidden["secret"], hidden["enabled"] = secrets["an inbox's secret"], false
		var in made
		code, raw := p.admin.do(http.MethodPost, "/api/v1/inboxes", hidden)
		if code != 200 || decode(raw, &in) != nil {
			t.Fatalf("%d %s", code, raw)
		}
		answers := map[string]string{"POST inboxes": string(raw)}
		p.ids["inboxes"] = fmt.Sprint(in.ID)

		key := p.newKey(1)
		_, secret, _ := strings.Cut(key, ":")
		secrets["an API secret"] = secret
		link, err := p.app.Agents.ForgotPassword(context.Background(), "vic@acme.test")
		if err != nil || link == "" {
			t.Fatalf("link %q, %v", link, err)
		}
		secrets["the token of a link"] = link
		for _, c := range strings.Split(p.admin.cookies(), "; ") {
			if name, value, _ := strings.Cut(c, "="); name == "libredesk_session" {
				secrets["a session's token"] = value
			}
		}
		encryption, err := os.ReadFile(filepath.Join(cfg.DataDir, "encryption.key"))
		if err != nil {
			t.Fatal(err)
		}
		secrets["the encryption key"] = strings.TrimSpace(string(encryption))
		for what, query := range map[string]string{"the hash of a password": `SELECT password_hash FROM users WHERE password_hash IS NOT NULL`,
			"the hash of a session": `SELECT token_hash FROM sessions`, "the hash of an API secret": `SELECT secret_hash FROM api_keys`,
			"the hash of a link": `SELECT token_hash FROM password_tokens`} {
			for i, text := range p.texts(query) {
				secrets[fmt.Sprint(what, " ", i)] = text
			}
		}
		p.admin.ok(http.MethodPut, "/api/v1/agents/1", map[string]any{"first_name": "System", "email": "System", "roles": []string{"Admin"},
			"teams": []string{"Billing"}, "enabled": true, "availability_status": "online"}, nil)
		p.addAgent("asha@acme.test", "Agent")
		asha := signIn(t, p.app.URL(), "asha@acme.test", agentPassword)
		read := 0
		for _, r := range p.app.API.Routes() {
			if r.Method != http.MethodGet || r.Path == "/ws" || r.Path == "/logout" {
				continue
			}
			for who, c := range map[string][]string{"admin": p.admin.session(), "key": token(key), "agent": asha.session(), "guest": nil} {
				a := ask(t, p.app.URL(), r.Method, p.fill(r.Path), "", c...)
				answers[who+" GET "+p.fill(r.Path)] = string(a.body)
				if a.code == http.StatusOK {
					read++
				}
			}
		}
		for what, path := range map[string]string{"update": "/api/v1/inboxes/" + p.ids["inboxes"], "toggle": "/api/v1/inboxes/" + p.ids["inboxes"] + "/toggle"} {
			_, raw := p.admin.do(http.MethodPut, path, hidden)
			answers[what] = string(raw)
		}
		_, raw = p.admin.do(http.MethodPost, "/api/v1/inboxes/test", hidden)
		answers["test"] = string(raw)
		host, port := hostPort(startMail(t).SMTPAddr)
		_, raw = p.admin.do(http.MethodPost, "/api/v1/settings/notifications/email/test", ownMail(host, port, map[string]any{"notification.email.password": secrets["the password of SMTP"], "to": "a@x.test"}))
		answers["test of the desk's own mail"] = string(raw)
		if read < 60 {
			t.Errorf("only %d answers were read", read)
		}
		for where, text := range answers {
			for what, s := range secrets {
				if strings.Contains(text, s) {
					t.Errorf("%s holds %s", where, what)
				}
			}
			for _, name := range []string{"password_hash", "secret_hash", "token_hash", "reset_password_token", "deleted_at", "\"enc:"} {
				if strings.Contains(text, name) && !strings.Contains(where, "openapi") {
					t.Errorf("%s holds %s", where, name)
				}
			}
		}
	})
}
