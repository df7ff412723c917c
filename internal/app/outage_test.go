package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// troubled is a desk with an administrator, an agent, and an inbox whose servers can be taken away.
type troubled struct {
	*desk
	cfg         config.Config
	mail        *sandbox.Servers
	body        map[string]any
	inbox       int64
	root, other *client
	stop        func()
}

func newTroubled(t *testing.T, url string) *troubled {
	t.Helper()
	cfg := deskConfig(t, url)
	cfg.OutboundAllow = []string{"127.0.0.0/8"}
	d := &troubled{cfg: cfg, mail: startMail(t)}
	d.start(t)
	t.Cleanup(func() { d.stop() })
	d.addAgent("root@acme.test", "Admin")
	d.addAgent("agnt@acme.test", "Agent")
	d.signIn()
	d.body = inboxBody(d.mail, "Help <help@acme.test>")
	return d
}

func (d *troubled) start(t testing.TB) {
	t.Helper()
	a, err := app.Start(context.Background(), d.cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	a.Notifications.MailAfter = 100 * time.Millisecond
	d.desk = &desk{t: t, app: a, admin: signIn(t, a.URL(), "System", systemPassword)}
	d.stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
}

func (d *troubled) signIn() {
	d.t.Helper()
	d.root, d.other = signIn(d.t, d.app.URL(), "root@acme.test", agentPassword), signIn(d.t, d.app.URL(), "agnt@acme.test", agentPassword)
}

func (d *troubled) restart() {
	d.t.Helper()
	d.stop()
	d.start(d.t)
	d.signIn()
}

// set changes a setting of the inbox's "imap" or "smtp" server and saves the inbox.
func (d *troubled) set(kind, setting string, value any) {
	d.t.Helper()
	d.body["config"].(map[string]any)[kind].([]any)[0].(map[string]any)[setting] = value
	d.save()
}

func (d *troubled) save() {
	d.t.Helper()
	if d.inbox == 0 {
		var in struct{ ID int64 }
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", d.body, &in)
		d.inbox = in.ID
		return
	}
	d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", d.inbox), d.body, nil)
}

// anHourAgo lets the settings and whatever happened since be an hour old.
func (d *troubled) anHourAgo() {
	d.t.Helper()
	ago := db.At(time.Now().Add(-time.Hour))
	d.exec(`UPDATE inboxes SET updated_at = $1`, ago)
	d.exec(`UPDATE mailboxes SET last_contact_at = $1 WHERE last_contact_at IS NOT NULL`, ago)
	d.exec(`UPDATE outbox_troubles SET failing_since = $1 WHERE failing_since IS NOT NULL`, ago)
}

// told waits until an administrator has so many notifications, and returns them.
func (d *troubled) told(n int) (got []notification) {
	d.t.Helper()
	eventually(d.t, fmt.Sprint(n, " notifications"), func() bool {
		got = d.root.notifications()
		return len(got) >= n
	})
	if len(got) != n {
		d.t.Fatalf("told %d times: %+v", len(got), got)
	}
	return got
}

func TestAMailboxThatIsNotReadIsToldOnceAndItsEnd(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := newTroubled(t, url)
		host, port := hostPort(d.mail.SMTPAddr)
		d.admin.ok(http.MethodPut, ownMailPath, ownMail(host, port, map[string]any{"notification.email.username": d.mail.User, "notification.email.password": d.mail.Password}), nil)
		push := startPush(t)
		d.root.ok(http.MethodPost, pushRoute, push.subscription("/root"), nil)
		tab := d.root.dial("")
		d.set("imap", "password", "wrong")
		d.anHourAgo()
		one := d.told(1)[0]
		if one.NotificationType != "inbox_outage" || one.Title != "Mail of Support is not being read" || one.IsRead || one.ConversationUUID != nil || one.ActorID != nil ||
			one.Body == nil || !strings.Contains(*one.Body, "did not accept the user name or password") {
			t.Errorf("told %+v", one)
		}
		tab.next("new_notification", `"notification_type":"inbox_outage"`, `"conversation_uuid":null`, fmt.Sprintf(`"inbox_id":%d`, d.inbox), `"part":"mailbox"`, `"sound":true`)
		if what := push.next(); what.Path != fmt.Sprintf("/admin/inboxes/%d/mail", d.inbox) || what.Title != "An inbox needs your attention" || what.Body != "" {
			t.Errorf("pushed %+v", what)
		}
		eventually(t, "the mail", func() bool { return len(d.mail.Sent()) == 1 })
		if m := d.mail.Sent()[0]; !slices.Contains(m.To, "root@acme.test") || !strings.Contains(parsed(t, m.Raw).HTML, fmt.Sprintf("http://desk.test/admin/inboxes/%d/mail", d.inbox)) {
			t.Errorf("mailed %s", m.Raw)
		}
		if got := d.other.notifications(); len(got) != 0 {
			t.Errorf("an agent who does not manage inboxes is told %+v", got)
		}

		// A node that starts meanwhile finds the outage as before, and saving settings that do not help ends nothing.
		d.restart()
		d.set("imap", "password", "wrong too")
		d.anHourAgo()
		d.set("imap", "password", d.mail.Password)
		end := d.told(2)
		if end[0].Title != "Mail of Support is read again" || end[0].IsRead || !end[1].IsRead || end[1].ID != one.ID {
			t.Errorf("at the end %+v", end)
		}

		// One that nobody waits for any more ends without a word.
		d.set("imap", "password", "wrong")
		d.anHourAgo()
		d.told(3)
		d.body["enabled"] = false
		d.save()
		eventually(t, "the outage to be settled", func() bool { return d.told(3)[0].IsRead })
	})
}

func TestAnInboxThatCannotSendIsToldOnceAndItsEnd(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := newTroubled(t, url)
		d.set("smtp", "port", 1)
		d.deliver(d.mail, rawMail("first@x.test", "bo@x.test", "Printer", "It smokes."))
		c := d.waitConversations(1).Results[0]
		reply := func() {
			d.admin.ok(http.MethodPost, "/api/v1/conversations/"+c.UUID+"/messages", map[string]any{"message": "<p>Unplug it.</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}, nil)
		}
		reply()
		type health struct {
			Sending struct {
				FailingSince *string `json:"failing_since"`
				Problem      string
			}
		}
		read := func() (h health) {
			d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", d.inbox), nil, &h)
			return h
		}
		eventually(t, "sending to fail", func() bool { return read().Sending.FailingSince != nil })
		if p := read().Sending.Problem; !strings.Contains(p, "does not accept connections on port 1") {
			t.Errorf("problem %q", p)
		}
		d.anHourAgo()
		one := d.told(1)[0]
		if one.NotificationType != "inbox_outage" || one.Title != "Support cannot send replies" || one.Body == nil || !strings.Contains(*one.Body, "port 1") {
			t.Errorf("told %+v", one)
		}
		var alarms []struct{ Part, Mailbox string }
		d.root.ok(http.MethodGet, "/api/v1/mail-alarms", nil, &alarms)
		if len(alarms) != 1 || alarms[0].Part != "sending" || alarms[0].Mailbox != "" {
			t.Errorf("alarms %+v", alarms)
		}
		_, port := hostPort(d.mail.SMTPAddr)
		d.set("smtp", "port", port)
		end := d.told(2)
		if end[0].Title != "Support sends replies again" || end[0].Body != nil && *end[0].Body != "" || !end[1].IsRead {
			t.Errorf("at the end %+v", end)
		}
		if h := read(); h.Sending.FailingSince != nil || h.Sending.Problem != "" {
			t.Errorf("health %+v", h)
		}
	})
}

func TestTwoNodesTellOfAnOutageOnce(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	s := startMail(t)
	body := inboxBody(s, "Help <help@acme.test>")
	server := body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)
	server["password"] = "wrong"
	var in struct{ ID int64 }
	a.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
	a.exec(`UPDATE inboxes SET updated_at = $1`, db.At(time.Now().Add(-time.Hour)))
	eventually(t, "the outage to be told", func() bool { return len(b.admin.notifications()) == 1 })
	server["password"] = s.Password
	b.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", in.ID), body, nil)
	eventually(t, "its end to be told", func() bool { return len(a.admin.notifications()) == 2 })
	if n := a.count(`SELECT count(*) FROM user_notifications`); n != 2 {
		t.Errorf("told %d times", n)
	}
}

// A reply waits while a server lets nothing of the inbox out, or what it is made of cannot be read; once that is mended it leaves, once.
func TestRepliesWaitForWhatCanBeMended(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := newTroubled(t, url)
		d.set("smtp", "password", d.mail.Password)
		d.deliver(d.mail, rawMail("first@x.test", "bo@x.test", "Printer", "It smokes."))
		c := d.waitConversations(1).Results[0]
		route := "/api/v1/conversations/" + c.UUID + "/messages"
		type sent struct {
			UUID, Status string
			Delivery     struct {
				State     string
				LastError string `json:"last_error"`
			}
		}
		reply := func(text string, files ...int64) (m sent) {
			d.admin.ok(http.MethodPost, route, map[string]any{"message": "<p>" + text + "</p>", "sender_type": "agent", "to": []string{"bo@x.test"}, "attachments": files}, &m)
			return m
		}
		until := func(m sent, state string) (now sent) {
			d.t.Helper()
			eventually(d.t, m.UUID+" to be "+state, func() bool {
				d.admin.ok(http.MethodGet, route+"/"+m.UUID, nil, &now)
				if state == "sent" {
					return now.Status == "sent"
				}
				return now.Delivery.State == state
			})
			return now
		}

		d.set("smtp", "password", "wrong")
		m := reply("Unplug it.")
		if now := until(m, "delayed"); now.Status != "pending" || !strings.Contains(now.Delivery.LastError, "535") {
			t.Errorf("with a wrong password: %+v", now)
		}
		d.set("smtp", "password", d.mail.Password)
		d.exec(`UPDATE outbox SET next_attempt_at = 0`)
		until(m, "sent")

		id := (&office{desk: d.desk}).upload(d.admin, "manual.txt", "Read me.")
		var name string
		if err := d.app.DB.QueryRow(t.Context(), `SELECT uuid FROM media WHERE id = $1`, id).Scan(&name); err != nil {
			t.Fatal(err)
		}
		stored, err := filepath.Glob(filepath.Join(d.cfg.DataDir, "blobs", "*", name))
		if err != nil || len(stored) != 1 {
			t.Fatalf("the file is stored in %v, %v", stored, err)
		}
		move := func(from, to string) {
			t.Helper()
			if err := os.Rename(from, to); err != nil {
				t.Fatal(err)
			}
		}
		move(stored[0], stored[0]+".aside")
		if err := os.Mkdir(stored[0], 0o700); err != nil { // which nobody can read as a file
			t.Fatal(err)
		}
		m = reply("And read this.", id)
		until(m, "delayed")
		if err := os.Remove(stored[0]); err != nil {
			t.Fatal(err)
		}
		move(stored[0]+".aside", stored[0])
		d.exec(`UPDATE outbox SET next_attempt_at = 0`)
		until(m, "sent")
		if n := len(d.mail.Sent()); n != 2 {
			t.Errorf("%d mails left", n)
		}
	})
}
