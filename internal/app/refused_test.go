package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// door refuses recipients of a mail server.
type door struct {
	mu   sync.Mutex
	shut map[string]*smtp.SMTPError
}

func doorOf(s *sandbox.Servers) *door {
	d := &door{shut: map[string]*smtp.SMTPError{}}
	s.Refuse(func(to string) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if e := d.shut[to]; e != nil {
			return e
		}
		return nil
	})
	return d
}

func (d *door) refuse(to string, code int, words string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut[to] = &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: words}
}

func (d *door) open(to string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.shut, to)
}

// mailTo is how often each address got each mail.
func mailTo(t *testing.T, s *sandbox.Servers) map[string]int {
	t.Helper()
	got := map[string]int{}
	for _, m := range s.Sent() {
		for _, to := range m.To {
			got[to+" "+parsed(t, m.Raw).MessageID]++
		}
	}
	return got
}

func (d *desk) replyTo(conversation string, to, cc []string) string {
	d.t.Helper()
	var m struct{ UUID string }
	d.admin.ok(http.MethodPost, at(conversation, "/messages"), map[string]any{"message": "<p>an answer</p>", "sender_type": "agent", "to": to, "cc": cc}, &m)
	return m.UUID
}

func (d *desk) message(conversation, uuid string) (m message) {
	d.t.Helper()
	d.admin.ok(http.MethodGet, at(conversation, "/messages/"+uuid), nil, &m)
	return m
}

// One of several recipients is unknown to the server: that is a bounce of that recipient, and the reply can be sent to another
// address. Who has it does not get it again.
func TestRecipientRefusedForGoodBouncesAlone(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		entry := doorOf(s)
		d.addInbox(s)
		d.deliver(s, rawMail("eve@x.test", "eve@x.test", "Lamp", "text"))
		d.waitConversations(1)
		d.deliver(s, rawMail("bo@x.test", "bo@x.test", "Printer", "text"))
		d.waitConversations(2)
		conversation := d.find("Printer")
		entry.refuse("eve@x.test", 550, "no such user")
		reply := d.replyTo(conversation, []string{"bo@x.test"}, []string{"eve@x.test"})
		d.waitState(reply, "bounced")

		m := d.message(conversation, reply)
		if m.Status != "sent" || m.Delivery.State != "sent" || len(m.Delivery.Bounces) != 1 {
			t.Fatalf("message %+v %+v", m, m.Delivery)
		}
		if b := m.Delivery.Bounces[0]; b.Recipient != "eve@x.test" || b.Action != "failed" || b.StatusCode != "5.1.1" || b.Message != "no such user" {
			t.Errorf("bounce %+v", b)
		}
		if n := d.activities(conversation, "bounced"); n != 1 {
			t.Errorf("%d lines in the conversation", n)
		}
		told := d.admin.notifications()
		if len(told) != 1 || told[0].NotificationType != "reply_stopped" || *told[0].Body != "eve@x.test: no such user" {
			t.Errorf("told %+v", told)
		}
		if n := d.count(`SELECT count(*) FROM users WHERE email_bounced_at IS NOT NULL AND email = $1`, "eve@x.test"); n != 1 {
			t.Error("her contact is not marked")
		}
		if n := d.count(`SELECT count(*) FROM conversations WHERE uuid = $1 AND waiting_since IS NULL`, conversation); n != 1 {
			t.Error("the customer, who has the answer, waits")
		}

		d.admin.ok(http.MethodPut, at(conversation, "/messages/"+reply+"/resend"), map[string]any{"to": []string{"bo@x.test"}, "cc": []string{"eve@y.test"}}, nil)
		d.waitState(reply, "sent")
		got := mailTo(t, s)
		id := parsed(t, s.Sent()[0].Raw).MessageID
		if len(got) != 2 || got["bo@x.test "+id] != 1 || got["eve@y.test "+id] != 1 {
			t.Errorf("got %v", got)
		}
	})
}

// One of several recipients is to be tried later: the others have the reply, once, and it waits for that one only.
func TestRecipientRefusedForNowIsTriedAgainAlone(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		entry := doorOf(s)
		d.addInbox(s)
		d.deliver(s, rawMail("bo@x.test", "bo@x.test", "Printer", "text"))
		d.waitConversations(1)
		conversation := d.find("Printer")
		entry.refuse("eve@x.test", 450, "greylisted")
		entry.refuse("kim@x.test", 550, "no such user")
		reply := d.replyTo(conversation, []string{"bo@x.test"}, []string{"eve@x.test", "kim@x.test"})
		if r := d.waitState(reply, "delayed"); r.NextAttemptAt == nil || r.LastError != "eve@x.test: 450 greylisted" || !slices.Equal(r.Reached, []string{"bo@x.test"}) {
			t.Fatalf("delayed %+v", r)
		}
		eventually(t, "the message to say so", func() bool { // it may be tried again at this moment
			m := d.message(conversation, reply)
			return m.Status == "sent" && m.Delivery.State == "delayed" && len(m.Delivery.Bounces) == 1 && m.Delivery.Bounces[0].Recipient == "kim@x.test"
		})
		if n := d.count(`SELECT count(*) FROM conversations WHERE uuid = $1 AND waiting_since IS NULL AND first_reply_at IS NOT NULL`, conversation); n != 1 {
			t.Error("the customer, who has the answer, waits")
		}
		// It is not taken back, and holds up no other.
		d.admin.want(http.StatusConflict, "ConflictException", http.MethodPut, "/api/v1/outbox/"+reply+"/cancel", nil)
		d.waitState(d.reply(conversation, "bo@x.test"), "sent")
		d.waitState(reply, "delayed")

		entry.open("eve@x.test")
		d.waitState(reply, "bounced")
		id := parsed(t, s.Sent()[0].Raw).MessageID
		got := mailTo(t, s)
		if got["bo@x.test "+id] != 1 || got["eve@x.test "+id] != 1 || len(got) != 3 {
			t.Errorf("got %v", got)
		}
		if m := d.message(conversation, reply); m.Status != "sent" || m.Delivery.State != "sent" || len(m.Delivery.Bounces) != 1 {
			t.Errorf("message %+v %+v", m, m.Delivery)
		}

		// When time is up, who was not reached has bounced.
		entry.refuse("eve@x.test", 450, "greylisted")
		reply = d.replyTo(conversation, []string{"bo@x.test"}, []string{"eve@x.test"})
		d.waitState(reply, "delayed")
		d.exec(`UPDATE outbox SET created_at = 1, next_attempt_at = 1 WHERE state <> 'sent'`)
		d.waitState(reply, "bounced")
		if m := d.message(conversation, reply); m.Status != "sent" || len(m.Delivery.Bounces) != 1 || m.Delivery.Bounces[0].Message != "greylisted" {
			t.Errorf("message %+v %+v", m, m.Delivery)
		}
	})
}

// A customer whose answer came back waits since the message that it answered.
func TestCustomerWhoseAnswerCameBackWaitsAgain(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Printer", "It smokes."))
		d.waitConversations(1)
		conversation := d.find("Printer")
		answered := d.reply(conversation, "bo@x.test")
		d.waitState(answered, "sent")
		first := parsed(t, s.Sent()[0].Raw).MessageID
		for i := range 2 {
			d.deliver(s, rawMail(fmt.Sprintf("more-%d@x.test", i), "bo@x.test", "Re: Printer", "It burns.", "In-Reply-To: <"+first+">"))
		}
		d.waitBooks(id, ledger{Filed: 3})
		d.waitState(d.reply(conversation, "bo@x.test"), "sent")
		d.admin.ok(http.MethodPut, at(conversation, "/status"), map[string]string{"status": "Resolved"}, nil)
		lost := parsed(t, s.Sent()[1].Raw).MessageID
		d.deliver(s, bounceMail("b@mx.test", lost, "bo@x.test", "failed", "5.1.1"))
		d.waitBooks(id, ledger{Filed: 4})
		var c struct {
			Status       string
			WaitingSince *db.Time `json:"waiting_since"`
		}
		d.admin.ok(http.MethodGet, at(conversation), nil, &c)
		var asked db.Time
		if err := d.app.DB.QueryRow(t.Context(), `SELECT created_at FROM messages WHERE source_id = 'more-0@x.test'`).Scan(&asked); err != nil {
			t.Fatal(err)
		}
		if c.Status != "Open" || c.WaitingSince == nil || !c.WaitingSince.Equal(asked.Time) {
			t.Errorf("conversation %+v, asked at %v", c, asked)
		}
	})
}
