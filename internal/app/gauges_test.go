package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// The gauges are a process's own, so the desk is one: other desks of this test have theirs.
func TestMailThatStandsStillIsInTheMetrics(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		t.Parallel()
		c, s := newChild(t, url, t.TempDir()), startMail(t)
		metrics := freeAddr(t)
		c.env = append(c.env, "FOYER_METRICS_ADDRESS="+metrics, "FOYER_MAIL_ALARM_AFTER=1m")
		c.start()
		d := &desk{t: t, admin: signIn(t, c.url, "System", systemPassword)}
		scraper := newClient(t, "http://"+metrics)
		until := func(silent, stuck int) {
			t.Helper()
			want := []string{fmt.Sprint("foyer_mailboxes_silent ", silent), fmt.Sprint("foyer_inboxes_not_sending ", stuck)}
			eventually(t, strings.Join(want, ", "), func() bool {
				code, text := scraper.do(http.MethodGet, "/metrics", nil)
				lines := strings.Split(string(text), "\n")
				return code == http.StatusOK && slices.Contains(lines, want[0]) && slices.Contains(lines, want[1])
			})
		}

		id, body, conversation := d.sendBy(s, "127.0.0.1", 1)
		path, config := fmt.Sprintf("/api/v1/inboxes/%d", id), body["config"].(map[string]any)
		in, out := config["imap"].([]any)[0].(map[string]any), config["smtp"].([]any)[0].(map[string]any)
		until(0, 0)
		reply := d.reply(conversation, "bo@x.test")
		d.waitState(reply, "delayed")
		in["password"] = "wrong"
		d.admin.ok(http.MethodPut, path, body, nil)
		eventually(t, "the mailbox to stay shut", func() bool { return d.mailbox(id).LastError != "" })
		anHourAgo(t, url)
		until(1, 1)

		in["password"] = s.Password
		out["host"], out["port"] = hostPort(s.SMTPAddr)
		d.admin.ok(http.MethodPut, path, body, nil)
		eventually(t, "the reply to leave", func() bool { // the pauses between attempts grow
			d.admin.do(http.MethodPut, "/api/v1/outbox/"+reply+"/resend", map[string]any{})
			return len(s.Sent()) > 0
		})
		until(0, 0)
	})
}

// anHourAgo lets the settings of inboxes, and whatever happened since, be an hour old in the database of another process.
func anHourAgo(t *testing.T, url string) {
	t.Helper()
	other, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	ago := db.At(time.Now().Add(-time.Hour))
	err = other.Tx(t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{`UPDATE inboxes SET updated_at = $1`, `UPDATE mailboxes SET last_contact_at = $1`, `UPDATE outbox_troubles SET failing_since = $1`} {
			if _, err := tx.Exec(t.Context(), q, ago); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
