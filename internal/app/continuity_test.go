package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// lobby is an office with an inbox of chats that go on by mail of its other inbox. What live chat will do is done in the database.
type lobby struct {
	*office
	chats int64
}

func (o *office) lobby(config string) *lobby {
	o.t.Helper()
	o.exec(`INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, config, linked_email_inbox_id) VALUES (1, 1, $1, 'Chat', 'livechat', TRUE, $2, $3)`,
		uuid.NewString(), db.JSON(config), o.inbox)
	return &lobby{o, int64(o.count(`SELECT max(id) FROM inboxes`))}
}

// chat opens the chat of a visitor who was last there some time ago.
func (l *lobby) chat(email string, gone time.Duration) conv {
	l.t.Helper()
	c := l.from(email, nil)
	l.exec(`UPDATE users SET type = 'visitor' WHERE id = $1`, c.ContactID)
	l.exec(`UPDATE messages SET inbox_id = $2 WHERE conversation_id = $1`, c.ID, l.chats)
	l.exec(`UPDATE conversations SET inbox_id = $2, contact_last_seen_at = $3 WHERE id = $1`, c.ID, l.chats, db.At(time.Now().Add(-gone)))
	return c
}

// says is a message that an agent writes in a chat some time ago; it returns its uuid.
func (l *lobby) says(c conv, html string, ago time.Duration) string {
	l.t.Helper()
	id, at := uuid.NewString(), db.At(time.Now().Add(-ago))
	text := strings.NewReplacer("<p>", "", "</p>", "", "<b>", "", "</b>", "").Replace(html)
	l.exec(`INSERT INTO messages (created_at, updated_at, uuid, conversation_id, inbox_id, type, status, content, text_content, content_type, sender_id, sender_type)
		VALUES ($1, $1, $2, $3, $4, 'outgoing', 'sent', $5, $6, 'html', $7, 'agent')`, at, id, c.ID, l.chats, html, text, l.annID)
	return id
}

// mailsTo are the mails that left for an address, the oldest first.
func (l *lobby) mailsTo(address string) (out [][]byte) {
	for _, m := range l.mail.Sent() {
		if slices.Contains(m.To, address) {
			out = append(out, m.Raw)
		}
	}
	return out
}

func (l *lobby) waitMails(address string, n int) [][]byte {
	l.t.Helper()
	eventually(l.t, fmt.Sprintf("%d mails to %s", n, address), func() bool { return len(l.mailsTo(address)) >= n })
	return l.mailsTo(address)
}

// scanned waits until all chats were looked at once more: a visitor who came last has mail.
func (l *lobby) scanned() {
	l.t.Helper()
	last := fmt.Sprintf("last-%s@x.test", uuid.NewString()[:8])
	l.says(l.chat(last, time.Hour), "<p>last</p>", time.Minute)
	l.waitMails(last, 1)
}

// Scenarios 27 and 28, and 23 of live chat.
func TestChatGoesOnByMailWhenItsVisitorIsGone(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		cfg.ContinuityScanInterval = time.Second
		o := &office{desk: startWith(t, cfg), mail: startMail(t)}
		o.staff()
		l := o.lobby(`{"website_url":"https://shop.test/help?a=1&b=2","continuity":{"offline_threshold":"10m","max_messages_per_email":2}}`)
		for _, s := range continuing {
			t.Run(s.title, func(t *testing.T) { s.play(&lobby{o.in(t), l.chats}) })
		}
	})
}

var continuing = []struct {
	title string
	play  func(l *lobby)
}{
	{"in batches, once", func(l *lobby) {
		c := l.chat("v@x.test", 11*time.Minute)
		l.exec(`INSERT INTO templates (created_at, updated_at, type, name, body, is_default) VALUES (1, 1, 'email_outgoing', 'Layout',
			'<main>{{ if .IsContinuityEmail }}MISSED{{ end }} {{ template "content" . }}</main>', TRUE)`)
		seen := l.says(c, "<p>before</p>", 12*time.Minute)
		long := strings.Repeat("ä", 150)
		first, second, third := l.says(c, "<p>"+long+"</p>", 3*time.Minute), l.says(c, "<p>with <b>words</b> {{ .Contact.FirstName }}</p>", 2*time.Minute), l.says(c, "<p>third</p>", time.Minute)
		raw := l.waitMails("v@x.test", 1)[0]
		m := parsed(l.t, raw)
		if m.From[0].Email != "help@acme.test" || m.ReplyTo[0].Email != "help+conv-"+c.UUID+"@acme.test" || !strings.HasPrefix(m.MessageID, c.UUID) || m.Header.Get("Auto-Submitted") != "auto-generated" {
			l.t.Errorf("%s", raw)
		}
		if want := strings.Repeat("ä", 99) + "… - #" + c.ReferenceNumber; m.Subject != want {
			l.t.Errorf("subject %q, want %q", m.Subject, want)
		}
		if !strings.Contains(m.HTML, "MISSED") || !strings.Contains(m.HTML, long) || !strings.Contains(m.HTML, "<b>words</b>") || !strings.Contains(m.HTML, "<b>ann</b>") ||
			!strings.Contains(m.HTML, `href="https://shop.test/help?a=1&amp;b=2"`) || strings.Contains(m.HTML, "third") || strings.Contains(m.HTML, "before") {
			l.t.Errorf("%s", m.HTML)
		}
		l.scanned()
		if n := len(l.mailsTo("v@x.test")); n != 1 {
			l.t.Fatalf("%d mails within the interval", n)
		}
		marks := map[string]bool{}
		for _, m := range l.messages(c.UUID) {
			marks[m.UUID] = m.Meta["continuity_emailed"] == true
		}
		if marks[seen] || !marks[first] || !marks[second] || marks[third] || len(marks) != 5 {
			l.t.Errorf("marked %v", marks)
		}
		var thread struct {
			Total   int
			Results []message
		}
		l.admin.ok(http.MethodGet, at(c.UUID, "/messages?page_size=2"), nil, &thread)
		if thread.Total != 5 || thread.Results[0].UUID != third {
			l.t.Errorf("listed %+v", thread)
		}
		if row, _ := listed(l.bob, "/api/v1/conversations/unassigned?page_size=100", c.UUID); row.UnreadMessageCount != 5 {
			l.t.Errorf("%d unread", row.UnreadMessageCount)
		}

		l.exec(`UPDATE conversations SET last_continuity_email_sent_at = $2 WHERE id = $1`, c.ID, db.At(time.Now().Add(-16*time.Minute)))
		again := parsed(l.t, l.waitMails("v@x.test", 2)[1])
		if again.Subject != m.Subject || again.InReplyTo[0] != m.MessageID || !strings.Contains(again.HTML, "third") || strings.Contains(again.HTML, "words") {
			l.t.Errorf("the second: %s", again.HTML)
		}
		if n := l.count(`SELECT count(*) FROM unseen_chats WHERE conversation_id = $1`, c.ID); n != 0 {
			l.t.Error("still looked at")
		}
		l.exec(`DELETE FROM templates WHERE name = 'Layout'`)

		// The visitor answers, and is a contact from then on.
		contacts := l.count(`SELECT count(*) FROM users WHERE email = 'v@x.test'`)
		l.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]string{"status": "Resolved"}, nil)
		tab := l.admin.dial("")
		tab.write(fmt.Sprintf(`{"type":"conversation_subscribe","data":{"conversation_uuid":%q}}`, c.UUID))
		tab.settle()
		l.deliver(l.mail, rawMail("answer@x.test", "V <v@x.test>", "Re: "+m.Subject, "By mail.", "Delivered-To: "+m.ReplyTo[0].Email))
		l.waitMessages(c.UUID, 6)
		tab.next("contact_update", fmt.Sprintf(`"contact_id":%d`, c.ContactID), `"type":"contact"`)
		if now := l.get(c.UUID); now.Status != "Open" || now.ContactID != c.ContactID {
			l.t.Errorf("%+v", now)
		}
		if n := l.count(`SELECT count(*) FROM users WHERE id = $1 AND type = 'contact'`, c.ContactID); n != 1 || l.count(`SELECT count(*) FROM users WHERE email = 'v@x.test'`) != contacts {
			l.t.Error("the visitor is no contact, or two")
		}
	}},
	{"with images and the names of files", func(l *lobby) {
		c := l.chat("files@x.test", time.Hour)
		picture, file := l.upload(l.ann, "plan.png", string(tinyPNG)), l.upload(l.ann, "Plan ä.txt", "a plan")
		var id string
		if err := l.app.DB.QueryRow(l.t.Context(), `SELECT uuid FROM media WHERE id = $1`, picture).Scan(&id); err != nil {
			l.t.Fatal(err)
		}
		note := l.write(l.ann, c.UUID, `see <img src="/uploads/`+id+`">`, map[string]any{"private": true, "attachments": []int64{picture, file}})
		l.exec(`UPDATE messages SET private = FALSE, inbox_id = $2 WHERE uuid = $1`, note.UUID, l.chats)
		l.says(c, "<p>and this</p>", 0)
		m := parsed(l.t, l.waitMails("files@x.test", 1)[0])
		if len(m.Parts) != 1 || m.Parts[0].Disposition != "inline" || !strings.Contains(m.HTML, "cid:"+m.Parts[0].ContentID) || !strings.Contains(m.HTML, "Plan ä.txt") && !strings.Contains(m.HTML, "Plan-ä.txt") {
			l.t.Errorf("%s %+v", m.HTML, m.Parts)
		}
	}},
	{"only to who is gone and can be reached", func(l *lobby) {
		here, blocked, bounced, gone, nobody := l.chat("here@x.test", 2*time.Minute), l.chat("blocked@x.test", time.Hour), l.chat("bounced@x.test", time.Hour), l.chat("trash@x.test", time.Hour), l.chat("nobody@x.test", time.Hour)
		l.exec(`UPDATE users SET enabled = FALSE WHERE id = $1`, blocked.ContactID)
		l.exec(`UPDATE users SET email_bounced_at = 1 WHERE id = $1`, bounced.ContactID)
		l.exec(`UPDATE users SET email = NULL WHERE id = $1`, nobody.ContactID)
		l.admin.ok(http.MethodPut, at(gone.UUID, "/trash"), nil, nil)
		for _, c := range []conv{here, blocked, bounced, gone, nobody} {
			l.says(c, "<p>hello?</p>", time.Minute)
		}
		l.scanned()
		for _, address := range []string{"here@x.test", "blocked@x.test", "bounced@x.test", "trash@x.test", "nobody@x.test"} {
			if n := len(l.mailsTo(address)); n != 0 {
				l.t.Errorf("%d mails to %s", n, address)
			}
		}
		if n := l.count(`SELECT count(*) FROM unseen_chats WHERE conversation_id IN ($1, $2, $3, $4, $5)`, here.ID, blocked.ID, bounced.ID, gone.ID, nobody.ID); n != 1 {
			l.t.Errorf("%d chats are looked at again", n)
		}
	}},
	{"without plus addressing, and not for a stranger", func(l *lobby) {
		path := fmt.Sprintf("/api/v1/inboxes/%d", l.inbox)
		body := inboxBody(l.mail, "Help <help@acme.test>")
		body["config"].(map[string]any)["enable_plus_addressing"] = false
		l.admin.ok(http.MethodPut, path, body, nil)
		c := l.chat("plain@x.test", time.Hour)
		l.says(c, "<p>hello?</p>", time.Minute)
		m := parsed(l.t, l.waitMails("plain@x.test", 1)[0])
		if len(m.ReplyTo) != 0 {
			l.t.Errorf("answers go to %v", m.ReplyTo)
		}
		body["config"].(map[string]any)["enable_plus_addressing"] = true
		l.admin.ok(http.MethodPut, path, body, nil)
		l.deliver(l.mail, rawMail("stranger@x.test", "stranger@x.test", "Not of this chat", "Let me in.", "In-Reply-To: <"+m.MessageID+">", "Delivered-To: help+conv-"+c.UUID+"@acme.test"))
		if own := l.arrived("Not of this chat"); own.UUID == c.UUID {
			l.t.Error("a stranger got in")
		}
		// Too late for the visitor to become a contact, and there is another with the address.
		l.exec(`UPDATE conversations SET last_continuity_email_sent_at = $2 WHERE id = $1`, c.ID, db.At(time.Now().Add(-8*24*time.Hour)))
		l.deliver(l.mail, rawMail("plain@x.test", "plain@x.test", "Re: "+m.Subject, "By mail.", "In-Reply-To: <"+m.MessageID+">"))
		l.waitMessages(c.UUID, 3)
		if n := l.count(`SELECT count(*) FROM messages m JOIN users u ON u.id = m.sender_id WHERE m.conversation_id = $1 AND u.type = 'visitor' AND m.source_id = 'plain@x.test'`, c.ID); n != 1 {
			l.t.Error("not the visitor's own")
		}
	}},
	{"refused, and sent again from the outbox", func(l *lobby) {
		path, body, out := fmt.Sprintf("/api/v1/inboxes/%d", l.inbox), inboxBody(l.mail, "Help <help@acme.test>"), newRecorder(l.t)
		server := body["config"].(map[string]any)["smtp"].([]any)[0].(map[string]any)
		host, port := server["host"], server["port"]
		server["host"], server["port"] = out.host, out.port
		l.admin.ok(http.MethodPut, path, body, nil)
		out.answer("RCPT", "550 5.7.1 not from you")
		c := l.chat("refused@x.test", time.Hour)
		l.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]string{"status": "Resolved"}, nil)
		l.says(c, "<p>hello?</p>", time.Minute)
		var failed departing
		eventually(l.t, "the mail to be refused", func() bool {
			for _, r := range l.outbox("state=failed") {
				if slices.Contains(r.To, "refused@x.test") {
					failed = r
				}
			}
			return failed.Message != ""
		})
		if !strings.Contains(failed.LastError, "not from you") || l.get(c.UUID).Status != "Resolved" {
			l.t.Errorf("%+v", failed)
		}
		out.answer("RCPT", "")
		l.admin.ok(http.MethodPut, "/api/v1/outbox/"+failed.Message+"/resend", map[string]any{}, nil)
		l.waitState(failed.Message, "sent")
		if mails := out.mails(); len(mails) != 1 || l.get(c.UUID).WaitingSince == nil {
			l.t.Errorf("%d mails, %+v", len(mails), l.get(c.UUID))
		}
		server["host"], server["port"] = host, port
		l.admin.ok(http.MethodPut, path, body, nil)
	}},
	{"come back, which is noted of its contact", func(l *lobby) {
		c := l.chat("back@x.test", time.Hour)
		l.says(c, "<p>hello?</p>", time.Minute)
		m := parsed(l.t, l.waitMails("back@x.test", 1)[0])
		eventually(l.t, "it to be known as sent", func() bool {
			return slices.ContainsFunc(l.outbox("state=sent"), func(d departing) bool { return slices.Contains(d.To, "back@x.test") })
		})
		l.deliver(l.mail, bounceMail("back@mx.test", m.MessageID, "back@x.test", "failed", "5.1.1"))
		eventually(l.t, "the mark of its contact", func() bool {
			return l.count(`SELECT count(*) FROM users WHERE id = $1 AND email_bounced_at IS NOT NULL`, c.ContactID) == 1
		})
		if n := len(l.messages(c.UUID)); n != 2 {
			l.t.Errorf("%d messages", n)
		}
	}},
	{"once, whoever looks at the same time", func(l *lobby) {
		c := l.chat("race@x.test", time.Hour)
		l.exec(`UPDATE inboxes SET enabled = FALSE WHERE id = $1`, l.chats) // the desk's own job does not look
		defer l.exec(`UPDATE inboxes SET enabled = TRUE WHERE id = $1`, l.chats)
		l.says(c, "<p>hello?</p>", time.Minute)
		rules := conversation.Continuity{InboxID: l.chats, MailInboxID: l.inbox, From: "help@acme.test", OfflineAfter: time.Minute, Interval: time.Minute, Most: 5}
		var mu sync.Mutex
		var wg sync.WaitGroup
		mailed := 0
		for range 8 {
			wg.Go(func() {
				did, err := l.app.Conversations.ContinueByMail(l.t.Context(), c.ID, rules, func(conversation.Unseen) string { return "<p>x</p>" })
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					l.t.Error(err)
				}
				if did {
					mailed++
				}
			})
		}
		wg.Wait()
		if mailed != 1 {
			l.t.Errorf("mailed %d times", mailed)
		}
	}},
}

// A process that is killed again and again tells every visitor of everything, and of nothing in two mails.
func TestKilledAtAnyMomentAChatGoesOnByMailOnce(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		const chats = 40
		cfg := deskConfig(t, url)
		s := startMail(t)
		visit(t, cfg, func(d *desk) {
			d.admin = signIn(t, d.app.URL(), "System", systemPassword)
			o := &office{desk: d, mail: s}
			o.staff()
			l := o.lobby(`{}`)
			for i := range chats {
				l.says(l.chat(fmt.Sprintf("v%d@x.test", i), time.Hour), "<p>hello?</p>", time.Minute)
			}
		})
		c := newChild(t, url, cfg.DataDir)
		c.env = append(c.env, "FOYER_CONTINUITY_SCAN_INTERVAL=1s")
		for kills := range 3 {
			c.start()
			eventually(t, "mails to leave", func() bool { return len(s.Sent()) > kills*chats/4 })
			c.kill()
		}
		c.start()
		ids := func() map[string]map[string]bool {
			out := map[string]map[string]bool{}
			for _, m := range s.Sent() {
				if out[m.To[0]] == nil {
					out[m.To[0]] = map[string]bool{}
				}
				out[m.To[0]][messageIDOf(m.Raw)] = true
			}
			return out
		}
		eventually(t, "everybody to have mail", func() bool { return len(ids()) == chats })
		for address, mails := range ids() {
			if len(mails) != 1 {
				t.Errorf("%s was told %d times", address, len(mails))
			}
		}
	})
}
