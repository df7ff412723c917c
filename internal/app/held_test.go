package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// heldReply is an answer to sending, of which tests look at whether it waits.
type heldReply struct {
	message
	Held *struct {
		SendAt  time.Time `json:"send_at"`
		Kind    string
		Stopped string
	}
}

func replyBody(text string, more map[string]any) map[string]any {
	body := map[string]any{"message": "<p>" + text + "</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}
	for k, v := range more {
		body[k] = v
	}
	return body
}

func TestReplyIsHeldAsLongAsItsWriterLikesAndOnlyWhenAsked(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Printer", "It does not print."))
		c := d.waitConversations(1).Results[0]
		path := "/api/v1/conversations/" + c.UUID
		send := func(text string, more map[string]any) (m heldReply) {
			t.Helper()
			d.admin.ok(http.MethodPost, path+"/messages", replyBody(text, more), &m)
			return m
		}

		if m := send("at once", nil); m.Held != nil {
			t.Errorf("held without being asked: %+v", m.Held)
		}
		d.admin.ok(http.MethodPut, "/api/v1/agents/me/preferences", map[string]any{"undo_send_seconds": 30}, nil)
		undone := send("undone", map[string]any{"undoable": true, "echo_id": "u1", "signature": false})
		if undone.Held == nil || undone.Held.Kind != "undo" || time.Until(undone.Held.SendAt) < 20*time.Second {
			t.Fatalf("held %+v", undone.Held)
		}
		var draft struct {
			Content string
			Meta    struct{ Unsigned bool }
		}
		d.admin.ok(http.MethodDelete, path+"/held/"+undone.UUID, nil, &draft)
		if draft.Content != "<p>undone</p>" || !draft.Meta.Unsigned {
			t.Errorf("draft %+v", draft)
		}
		d.admin.ok(http.MethodPut, "/api/v1/agents/me/preferences", map[string]any{"undo_send_seconds": 1}, nil)
		left := send("left alone", map[string]any{"undoable": true})
		tomorrow := send("tomorrow", map[string]any{"send_at": inAnHour()})
		var waiting []heldReply
		d.admin.ok(http.MethodGet, path+"/held", nil, &waiting)
		if tomorrow.Held.Kind != "scheduled" || len(waiting) == 0 || waiting[len(waiting)-1].UUID != tomorrow.UUID {
			t.Errorf("waiting %+v", waiting)
		}
		eventually(t, "what was left alone to leave", func() bool { return len(s.Sent()) == 2 })
		if m := d.messages(c.UUID); m[len(m)-1].UUID != left.UUID {
			t.Errorf("it became another message than it was answered as")
		}
		var sent message
		d.admin.ok(http.MethodPost, path+"/held/"+tomorrow.UUID+"/send", nil, &sent)
		eventually(t, "what was sent now to leave", func() bool { return len(s.Sent()) == 3 })
		for _, m := range s.Sent() {
			if strings.Contains(string(m.Raw), "undone") {
				t.Error("what was undone left all the same")
			}
		}
		if code, _ := d.admin.do(http.MethodDelete, path+"/held/"+tomorrow.UUID, nil); code != http.StatusConflict {
			t.Errorf("taken back after it left: %d", code)
		}
	})
}

func TestDeskKilledWhileAReplyIsHeldSendsItOnce(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		s := startMail(t)
		c := newChild(t, url, t.TempDir())
		c.start()
		d := &desk{t: t, admin: signIn(t, c.url, "System", systemPassword)}
		d.addInbox(s)
		d.admin.ok(http.MethodPut, "/api/v1/agents/me/preferences", map[string]any{"undo_send_seconds": 2}, nil)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Printer", "It does not print."))
		uuid := d.waitConversations(1).Results[0].UUID
		d.admin.ok(http.MethodPost, "/api/v1/conversations/"+uuid+"/messages", replyBody("survives", map[string]any{"undoable": true}), nil)
		c.kill()
		c.start()
		eventually(t, "the reply to leave", func() bool { return len(s.Sent()) > 0 })
		c.kill()
		c.start()
		d.admin = signIn(t, c.url, "System", systemPassword)
		eventually(t, "the reply to be sent", func() bool {
			m := d.messages(uuid)
			return len(m) == 2 && m[1].Status == "sent"
		})
		ids := map[string]bool{}
		for _, m := range s.Sent() {
			ids[messageIDOf(m.Raw)] = true
		}
		if len(ids) != 1 {
			t.Errorf("%d mails left", len(ids))
		}
	})
}

func TestForwardedMessageGoesWithItsFilesAndIsAnsweredInTheConversation(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		mixed := strings.Join([]string{"Message-ID: <first@x.test>", "From: Bo <bo@x.test>", "To: help@acme.test", "Subject: Printer", "MIME-Version: 1.0",
			"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain", "", "It does not print.", "--b",
			"Content-Type: text/plain; name=log.txt", "Content-Disposition: attachment; filename=log.txt", "", "paper jam", "--b--", ""}, "\r\n")
		d.deliver(s, []byte(mixed))
		c := d.waitConversations(1).Results[0]
		first := d.messages(c.UUID)[0]
		path := "/api/v1/conversations/" + c.UUID + "/messages"
		body := map[string]any{"message": "<p>Can you repair this?</p>", "sender_type": "agent", "to": []string{"shop@repair.test"}, "subject": "Fwd: Printer",
			"forward": map[string]any{"message": first.UUID, "intro": "<p>From: Bo</p>", "files": []string{first.Attachments[0].UUID}}}
		var m message
		d.admin.ok(http.MethodPost, path, body, &m)
		if m.Meta["forward_of"] != first.UUID || len(m.Attachments) != 1 || m.Attachments[0].UUID == first.Attachments[0].UUID {
			t.Fatalf("stored %+v", m)
		}
		eventually(t, "it to leave", func() bool { return len(s.Sent()) == 1 })
		got := parsed(t, s.Sent()[0].Raw)
		if got.Subject != "Fwd: Printer" || len(got.InReplyTo) != 0 || len(got.Parts) != 1 || string(got.Parts[0].Data) != "paper jam" {
			t.Fatalf("sent %+v", got)
		}
		if at := strings.Index(got.Text, "Can you repair"); at < 0 || at > strings.Index(got.Text, "It does not print.") {
			t.Errorf("text %q", got.Text)
		}
		if kept := d.messages(c.UUID)[0]; len(kept.Attachments) != 1 {
			t.Error("the original lost its file")
		}
		eventually(t, "it to be sent", func() bool { return d.messages(c.UUID)[1].Status == "sent" })
		var after struct {
			WaitingSince *string `json:"waiting_since"`
			FirstReplyAt *string `json:"first_reply_at"`
		}
		d.admin.ok(http.MethodGet, "/api/v1/conversations/"+c.UUID, nil, &after)
		if after.WaitingSince == nil || after.FirstReplyAt != nil {
			t.Errorf("the customer was not answered, but %+v", after)
		}
		d.deliver(s, rawMail("shop@repair.test", "shop@repair.test", "Re: Fwd: Printer", "Yes.", "In-Reply-To: <"+got.MessageID+">"))
		eventually(t, "the answer", func() bool { return len(d.messages(c.UUID)) == 3 })

		var note message
		d.admin.ok(http.MethodPost, path, map[string]any{"message": "<p>secret</p>", "sender_type": "agent", "private": true}, &note)
		for name, forward := range map[string]map[string]any{
			"a note": {"message": note.UUID}, "nothing": {"message": "x"}, "a file of another": {"message": first.UUID, "files": []string{m.Attachments[0].UUID}},
		} {
			body["forward"] = forward
			if code, _ := d.admin.do(http.MethodPost, path, body); code != http.StatusBadRequest {
				t.Errorf("%s: %d", name, code)
			}
		}
		body["forward"] = map[string]any{"message": fmt.Sprintf("00000000-0000-4000-8000-%012d", 0)}
		if code, _ := d.admin.do(http.MethodPost, path, body); code != http.StatusNotFound {
			t.Errorf("an unknown message: %d", code)
		}
	})
}
