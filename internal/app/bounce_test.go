package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// bounceMail is a delivery status notification as Postfix writes it.
func bounceMail(id, about, recipient, action, status string) []byte {
	return fmt.Appendf(nil, strings.ReplaceAll(`Return-Path: <>
From: MAILER-DAEMON@mx.test
To: help@acme.test
Subject: Undelivered Mail Returned to Sender
Message-ID: <%s>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; %s
Action: %s
Status: %s
Diagnostic-Code: smtp; no such user here
--b
Content-Type: text/rfc822-headers

Message-ID: <%s>
--b--
`, "\n", "\r\n"), id, recipient, action, status, about)
}

func TestBounceIsTiedToTheReplyAndOpensNothing(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Printer", "It smokes."))
		c := d.waitConversations(1).Results[0]
		d.admin.ok(http.MethodPost, "/api/v1/conversations/"+c.UUID+"/messages", map[string]any{"message": "<p>Unplug it.</p>", "sender_type": "agent",
			"to": []string{"bo@x.test"}, "cc": []string{"eve@x.test"}}, nil)
		reply := func() message { return d.messages(c.UUID)[1] }
		eventually(t, "the reply to be sent", func() bool { return reply().Status == "sent" })
		sent := parsed(t, s.Sent()[0].Raw).MessageID
		d.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/status", map[string]string{"status": "Resolved"}, nil)

		// About nothing of ours, or nobody we wrote to: ignored.
		d.deliver(s, bounceMail("b1@mx.test", "unknown@acme.test", "bo@x.test", "failed", "5.1.1"))
		d.deliver(s, bounceMail("b2@mx.test", sent, "stranger@x.test", "failed", "5.1.1"))
		d.waitBooks(id, ledger{Filed: 1, Ignored: 2})
		if m := reply(); m.Status != "sent" || len(m.Delivery.Bounces) != 0 {
			t.Fatalf("message %+v", m)
		}

		// One of two did not get it: said, and not failed. The second copy of a report changes nothing.
		d.deliver(s, bounceMail("b3@mx.test", sent, "eve@x.test", "delayed", "4.4.1"))
		d.deliver(s, bounceMail("b4@mx.test", sent, "Eve@x.test", "failed", "5.1.1"))
		d.deliver(s, bounceMail("b4@mx.test", sent, "eve@x.test", "failed", "5.1.1"))
		d.waitBooks(id, ledger{Filed: 3, Ignored: 2, Duplicate: 1})
		m := reply()
		if m.Status != "sent" || len(m.Delivery.Bounces) != 1 {
			t.Fatalf("message %+v %+v", m, m.Delivery)
		}
		if b := m.Delivery.Bounces[0]; b.Recipient != "eve@x.test" || b.Action != "failed" || b.StatusCode != "5.1.1" || b.Message != "no such user here" {
			t.Fatalf("bounce %+v", b)
		}

		told := func(words string) (unread, read int) {
			for _, n := range d.admin.notifications() {
				if n.NotificationType != "reply_stopped" || n.Body == nil || *n.Body != words || n.MessageUUID == nil || *n.MessageUUID != m.UUID {
					continue
				}
				if n.IsRead {
					read++
				} else {
					unread++
				}
			}
			return unread, read
		}
		if unread, read := told("eve@x.test: no such user here"); unread != 1 || read != 0 || d.joined(c.UUID).Status != "Resolved" {
			t.Fatalf("one of two did not get it: told %d, %d", unread, read)
		}

		// Nobody got it: failed, the contact is marked, the conversation is not done.
		d.deliver(s, bounceMail("b5@mx.test", sent, "bo@x.test", "failed", "5.1.1"))
		eventually(t, "the reply to have failed", func() bool { return reply().Status == "failed" })
		var full struct {
			Status  string
			Contact struct {
				EmailBouncedAt *string `json:"email_bounced_at"`
				EmailBounce    string  `json:"email_bounce"`
			}
		}
		d.admin.ok(http.MethodGet, "/api/v1/conversations/"+c.UUID, nil, &full)
		if full.Status != "Open" || full.Contact.EmailBouncedAt == nil || full.Contact.EmailBounce != "bo@x.test: no such user here" || d.all().Total != 1 {
			t.Fatalf("conversation %+v", full)
		}
		if n := d.activities(c.UUID, "bounced"); n != 2 {
			t.Fatalf("%d activities", n)
		}
		if unread, read := told("bo@x.test: no such user here"); unread != 1 || read != 0 {
			t.Fatalf("nobody got it: told %d, %d", unread, read)
		}

		// Sent again, it is sent, and what came back before no longer counts, even if it comes once more.
		d.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/messages/"+m.UUID+"/retry", nil, nil)
		if unread, read := told("bo@x.test: no such user here"); unread != 0 || read != 1 {
			t.Fatalf("sent again: told %d, %d", unread, read)
		}
		eventually(t, "the reply to be sent again", func() bool { return reply().Status == "sent" })
		d.deliver(s, bounceMail("b5@mx.test", sent, "bo@x.test", "failed", "5.1.1"))
		d.waitBooks(id, ledger{Filed: 4, Ignored: 2, Duplicate: 2})
		if m := reply(); m.Status != "sent" || len(m.Delivery.Bounces) != 0 || len(s.Sent()) != 2 {
			t.Fatalf("message %+v", m)
		}
		// Who writes again can be reached again.
		d.deliver(s, rawMail("again@x.test", "bo@x.test", "Re: Printer", "I am back", "In-Reply-To: <"+sent+">"))
		eventually(t, "the mark to be gone", func() bool {
			d.admin.ok(http.MethodGet, "/api/v1/conversations/"+c.UUID, nil, &full)
			return full.Contact.EmailBouncedAt == nil && full.Status == "Open"
		})
	})
}

// A report may come days after the mail, when its conversation is merged into one of another inbox, or in the trash. It is tied to
// the reply that it names, where that is now, and to no other; what has become of the conversation stays.
func TestLateReportFindsItsReplyWhereverItsConversationIs(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s, other := startDesk(t, url), startMail(t), startMail(t)
		id := d.addInbox(s)
		body := inboxBody(other, "Sales <sales@acme.test>")
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, nil)
		d.deliver(other, rawMail("eve@x.test", "eve@x.test", "Bulb", "text"))
		d.waitConversations(1)
		bulb := d.find("Bulb")
		type sent struct{ conversation, reply, id string }
		var replies []sent
		for i, subject := range []string{"as it was", "merged", "apart", "trashed"} {
			d.deliver(s, rawMail(fmt.Sprintf("late-%d@x.test", i), "bo@x.test", subject, "text"))
			d.waitConversations(2 + i)
			c := d.find(subject)
			for range 2 {
				r := d.reply(c, "bo@x.test")
				d.waitState(r, "sent")
				replies = append(replies, sent{c, r, parsed(t, s.Sent()[len(s.Sent())-1].Raw).MessageID})
			}
		}
		merged, apart, trashed := replies[2].conversation, replies[4].conversation, replies[6].conversation
		d.merge(bulb, merged, apart)
		d.admin.ok(http.MethodPost, at(bulb, "/unmerge"), map[string]any{"uuids": []string{apart}}, nil)
		d.admin.ok(http.MethodPut, at(trashed, "/trash"), nil, nil)
		ago := db.At(time.Now().Add(-20 * 24 * time.Hour))
		for _, table := range []string{"messages", "conversations", "outbox", "mail_ledger", "events"} {
			d.exec(`UPDATE `+table+` SET created_at = $1`, ago)
		}

		for i := 0; i < len(replies); i += 2 { // the first of each conversation's two
			d.deliver(s, bounceMail(fmt.Sprintf("late-report-%d@mx.test", i), replies[i].id, "bo@x.test", "failed", "5.1.1"))
		}
		d.waitBooks(id, ledger{Filed: 8})
		for i, r := range replies {
			where, want := r.conversation, "sent"
			if where == merged {
				where = bulb
			}
			if i%2 == 0 {
				want = "failed"
			}
			found := false
			for _, m := range d.messages(where) {
				if m.UUID == r.reply {
					found = m.Status == want && (want == "sent" || len(m.Delivery.Bounces) == 1)
				}
			}
			if !found {
				t.Errorf("reply %d is not %s in its conversation", i, want)
			}
		}
		if n := d.activities(bulb, "bounced"); n != 1 {
			t.Errorf("%d lines of a bounce where it was merged to", n)
		}
		if c := d.joined(trashed); c.Status != "Trash" {
			t.Errorf("the report moved what was in the trash to %s", c.Status)
		}
		if total := d.all().Total; total != 3 {
			t.Errorf("%d conversations", total)
		}
	})
}

// activities counts the activity lines of one kind.
func (d *desk) activities(uuid, kind string) (n int) {
	d.t.Helper()
	var l struct{ Results []message }
	d.admin.ok(http.MethodGet, "/api/v1/conversations/"+uuid+"/messages?page_size=500&type=activity", nil, &l)
	for _, m := range l.Results {
		if m.Meta["activity_type"] == kind {
			n++
		}
	}
	return n
}
