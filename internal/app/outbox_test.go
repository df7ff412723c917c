package app_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

type departing struct {
	Message       string `json:"message_uuid"`
	State         string
	LastError     string  `json:"last_error"`
	NextAttemptAt *string `json:"next_attempt_at"`
	To, Reached   []string
}

// outbox returns the replies of the outbox, the newest first.
func (d *desk) outbox(query string) []departing {
	d.t.Helper()
	var p struct{ Replies []departing }
	d.admin.ok(http.MethodGet, "/api/v1/outbox?"+query, nil, &p)
	return p.Replies
}

func (d *desk) waitState(message, state string) departing {
	d.t.Helper()
	var found departing
	eventually(d.t, "the reply to be "+state, func() bool {
		for _, r := range d.outbox("") {
			if r.Message == message {
				found = r
			}
		}
		return found.State == state
	})
	return found
}

// serving takes connections and hands each to talk.
func serving(t testing.TB, talk func(net.Conn)) (host string, port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			go talk(c)
		}
	}()
	return hostPort(l.Addr().String())
}

// saying is a mail server that greets with a text and says nothing more, or nothing at all.
func saying(t *testing.T, greeting string) (host string, port int) {
	t.Helper()
	return serving(t, func(c net.Conn) { _, _ = c.Write([]byte(greeting)) })
}

// refusing serves SMTP by which anybody may sign in and send, and that refuses every recipient with a reply.
func refusing(t *testing.T, reply string) (host string, port int) {
	t.Helper()
	return serving(t, func(c net.Conn) {
		_, _ = c.Write([]byte("220 mail.test\r\n"))
		for in := bufio.NewScanner(c); in.Scan(); {
			verb, _, _ := strings.Cut(strings.ToUpper(in.Text()), " ")
			answer := map[string]string{"EHLO": "250-mail.test\r\n250 AUTH PLAIN", "AUTH": "235 welcome", "RCPT": reply}[verb]
			if answer == "" {
				answer = "250 as you like"
			}
			_, _ = c.Write([]byte(answer + "\r\n"))
		}
	})
}

// sendBy makes an inbox whose mail leaves by another server, and returns the inbox with a conversation in it.
func (d *desk) sendBy(s *sandbox.Servers, host string, port int) (inbox int64, body map[string]any, conversation string) {
	d.t.Helper()
	body = inboxBody(s, "Help <help@acme.test>")
	server := body["config"].(map[string]any)["smtp"].([]any)[0].(map[string]any)
	server["host"], server["port"] = host, port
	var in struct{ ID int64 }
	d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
	subject := fmt.Sprintf("question %d", in.ID)
	d.deliver(s, rawMail(subject+"@x.test", "bo@x.test", subject, "text"))
	eventually(d.t, "the question", func() bool {
		for _, r := range d.all().Results {
			if r.Subject == subject {
				conversation = r.UUID
			}
		}
		return conversation != ""
	})
	return in.ID, body, conversation
}

func (d *desk) reply(conversation string, to ...string) string {
	d.t.Helper()
	var m struct{ UUID string }
	d.admin.ok(http.MethodPost, "/api/v1/conversations/"+conversation+"/messages", map[string]any{"message": "<p>an answer</p>", "sender_type": "agent", "private": false, "to": to}, &m)
	return m.UUID
}

func TestRepliesAreListedResentReaddressedAndTakenBack(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		host, port := refusing(t, "550 5.7.1 not from you")
		inbox, body, conversation := d.sendBy(s, host, port)
		failed := d.reply(conversation, "bo@x.test")
		if r := d.waitState(failed, "failed"); !strings.Contains(r.LastError, "not from you") {
			t.Fatalf("failed %+v", r)
		}
		if told := d.admin.notifications(); len(told) != 1 || told[0].NotificationType != "reply_stopped" || !strings.Contains(*told[0].Body, "not from you") {
			t.Fatalf("told of it: %+v", told)
		}
		// A server that is away delays.
		server := body["config"].(map[string]any)["smtp"].([]any)[0].(map[string]any)
		server["host"], server["port"] = "127.0.0.1", 1
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", inbox), body, nil)
		delayed := d.reply(conversation, "bo@x.test")
		if r := d.waitState(delayed, "delayed"); r.NextAttemptAt == nil || r.LastError == "" {
			t.Fatalf("delayed %+v", r)
		}
		if list := d.outbox(fmt.Sprintf("inbox=%d&state=delayed", inbox)); len(list) != 1 || list[0].Message != delayed {
			t.Fatalf("listed %+v", list)
		}
		if list := d.outbox("state=sent"); len(list) != 0 {
			t.Fatalf("sent %+v", list)
		}

		d.addAgent("asha@x.test", "Agent")
		asha := signIn(t, d.app.URL(), "asha@x.test", agentPassword)
		for _, try := range []struct {
			who          *client
			method, path string
			body         any
			code         int
			says         string
		}{
			{asha, "GET", "/outbox", nil, 403, ""},
			{asha, "GET", "/outbox/counts", nil, 403, ""},
			{asha, "PUT", "/outbox/" + delayed + "/cancel", nil, 403, ""},
			{asha, "PUT", "/conversations/" + conversation + "/messages/" + delayed + "/cancel", nil, 403, ""},
			{asha, "PUT", "/conversations/" + conversation + "/messages/" + failed + "/resend", map[string]any{}, 403, ""},
			{newClient(t, d.app.URL()), "GET", "/outbox", nil, 401, ""},
			{d.admin, "GET", "/outbox?state=lost", nil, 400, "state"},
			{d.admin, "GET", "/outbox?inbox=x", nil, 400, "inbox"},
			{d.admin, "PUT", "/outbox/00000000-0000-4000-8000-000000000000/cancel", nil, 404, ""},
			{d.admin, "PUT", "/outbox/" + failed + "/cancel", nil, 409, ""},
			{d.admin, "PUT", "/outbox/" + failed + "/resend", map[string]any{"to": []string{"nobody"}}, 400, "to"},
			{d.admin, "PUT", "/outbox/" + failed + "/resend", map[string]any{"cc": []string{"bo@x.test"}}, 400, "to"},
			{d.admin, "PUT", fmt.Sprintf("/inboxes/%d/pace", inbox), map[string]any{"per_minute": -1}, 400, "per_minute"},
			{d.admin, "PUT", fmt.Sprintf("/inboxes/%d/pace", inbox), map[string]any{}, 400, "per_minute"},
		} {
			if code, raw := try.who.do(try.method, "/api/v1"+try.path, try.body); code != try.code || !strings.Contains(string(raw), try.says) {
				t.Errorf("%s %s %v: %d %s", try.method, try.path, try.body, code, raw)
			}
		}

		eventually(t, "the reply to be taken back", func() bool { // it may be tried again at this moment
			code, _ := d.admin.do(http.MethodPut, "/api/v1/outbox/"+delayed+"/cancel", nil)
			return code == http.StatusOK
		})
		d.waitState(delayed, "cancelled")
		var counts map[string]int64
		d.admin.ok(http.MethodGet, "/api/v1/outbox/counts", nil, &counts)
		if counts["cancelled"] != 1 || counts["failed"] != 1 || counts["delayed"] != 0 {
			t.Fatalf("counts %v", counts)
		}
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", inbox), inboxBody(s, "Help <help@acme.test>"), nil)
		d.admin.ok(http.MethodPut, "/api/v1/outbox/"+failed+"/resend", map[string]any{"to": []string{"eve@y.test"}}, nil)
		if r := d.waitState(failed, "sent"); fmt.Sprint(r.To) != "[eve@y.test]" {
			t.Fatalf("sent %+v", r)
		}
		if code, _ := d.admin.do(http.MethodPut, "/api/v1/outbox/"+failed+"/resend", map[string]any{}); code != http.StatusConflict {
			t.Fatalf("resent what was sent: %d", code)
		}
		d.admin.ok(http.MethodPut, "/api/v1/conversations/"+conversation+"/messages/"+delayed+"/resend", map[string]any{}, nil)
		d.waitState(delayed, "sent")
		sent := s.Sent()
		if len(sent) != 2 || fmt.Sprint(sent[0].To) != "[eve@y.test]" || fmt.Sprint(sent[1].To) != "[bo@x.test]" {
			t.Fatalf("left: %+v", sent)
		}
		for kind, want := range map[string]int{"reply_resent": 2, "reply_readdressed": 1, "reply_cancelled": 1} {
			if n := d.count(`SELECT count(*) FROM activity_logs WHERE activity_type = $1`, kind); n != want {
				t.Errorf("%d entries %s", n, kind)
			}
		}
	})
}

func TestAServerThatStallsDelaysOnlyItsOwnInbox(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, dead, alive := startDesk(t, url), startMail(t), startMail(t)
		host, port := saying(t, "")
		_, _, stuck := d.sendBy(dead, host, port)
		for range 8 {
			d.reply(stuck, "bo@x.test")
		}
		eventually(t, "a reply to hang", func() bool { return len(d.outbox("state=sending")) > 0 })
		aliveHost, alivePort := hostPort(alive.SMTPAddr)
		_, _, conversation := d.sendBy(alive, aliveHost, alivePort)
		for range 5 {
			d.reply(conversation, "bo@x.test")
		}
		eventually(t, "the other inbox's replies to leave", func() bool { return len(alive.Sent()) == 5 })
		eventually(t, "them to be known as sent", func() bool { return len(d.outbox("state=sent")) == 5 })
		if len(dead.Sent()) != 0 {
			t.Fatal("the server that stalls took mail")
		}
	})
}

func TestAnInboxSendsNoFasterThanItsPace(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		host, port := hostPort(s.SMTPAddr)
		inbox, _, conversation := d.sendBy(s, host, port)
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d/pace", inbox), map[string]any{"per_minute": 30}, nil)
		began := time.Now()
		const replies = 8
		for range replies {
			d.reply(conversation, "bo@x.test")
		}
		eventually(t, "the replies to leave", func() bool { return len(s.Sent()) == replies })
		// 5 may go at once, the others every two seconds.
		if took := time.Since(began); took < 5*time.Second {
			t.Errorf("%d replies left within %s", replies, took)
		}
	})
}

func TestPagesOfTheOutboxComeFromAnIndexInOrder(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		host, port := hostPort(s.SMTPAddr)
		inbox, _, conversation := d.sendBy(s, host, port)
		d.waitState(d.reply(conversation, "bo@x.test"), "sent")
		if err := d.app.DB.Tx(t.Context(), func(tx *db.Tx) error {
			for _, q := range []string{
				`INSERT INTO messages (created_at, updated_at, uuid, type, status, conversation_id, inbox_id, content, text_content, content_type, private, sender_id, sender_type, meta)
					WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
					SELECT 1, 1, 'u' || n.i, m.type, 'sent', m.conversation_id, m.inbox_id, 'x', 'x', 'text', m.private, m.sender_id, m.sender_type, m.meta
					FROM n, (SELECT * FROM messages WHERE type = 'outgoing' LIMIT 1) m`,
				`INSERT INTO outbox (message_id, inbox_id, conversation_id, state, next_attempt_at, created_at, updated_at)
					SELECT id, inbox_id, conversation_id, CASE WHEN id % 100 = 0 THEN 'failed' ELSE 'sent' END, 1, 1, 1 FROM messages WHERE uuid LIKE 'u%' AND type = 'outgoing' AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = messages.id)`,
				`ANALYZE`,
			} {
				if _, err := tx.Exec(t.Context(), q); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		check := func(q email.OutboxQuery, text string, args []any) {
			t.Helper()
			plan, err := db.Explain(t.Context(), d.app.DB, text, args...)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(plan, "\n")
			for _, bad := range []string{"TEMP B-TREE", "SCAN outbox\n", "Seq Scan", "Sort", "Bitmap"} {
				if strings.Contains(got+"\n", bad) {
					t.Errorf("%+v: %q in the plan:\n%s", q, bad, got)
				}
			}
		}
		for _, q := range []email.OutboxQuery{{}, {State: "failed"}, {State: "sent"}, {State: "bounced"}, {InboxID: inbox}, {InboxID: inbox, State: "failed"}, {InboxID: inbox, State: "sent"}, {Before: 2000}} {
			q.Size = 30
			text, args := q.SQL()
			check(q, text, args)
		}
		// The health of an inbox and the numbers of the page count each state, of whatever there are few or many.
		for _, state := range []string{"queued", "sending", "delayed", "failed", "bounced", "cancelled", "sent"} {
			for _, q := range []email.OutboxQuery{{InboxID: inbox, State: state}, {State: state}} {
				text, args := q.CountSQL()
				check(q, text, args)
			}
		}
	})
}
