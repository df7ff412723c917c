package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// mailScenario is one of the acceptance scenarios of mail. They share a desk; each has its own customer.
type mailScenario struct {
	number int
	title  string
	play   func(o *office)
}

// TestMailScenarios plays, by number, the acceptance scenarios of mail that no test of a subject plays whole: 7 to 9 are in
// mailauth_test.go, 15 in contacts_test.go, 25 and 26 in templates_test.go, 27 and 28 in continuity_test.go, and those of the
// settings alone beside inboxes.
func TestMailScenarios(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) { playMail(newOffice(t, url)) })
	t.Run("dovecot", func(t *testing.T) {
		o := &office{dovecot: startDovecot(t), desk: startDesk(t, dbtestSQLite(t))}
		o.mail = o.startMail()
		o.staff()
		playMail(o)
	})
}

func playMail(o *office) {
	for _, s := range slices.Concat(arriving, threading, leaving) {
		o.t.(*testing.T).Run(fmt.Sprintf("%d %s", s.number, s.title), func(t *testing.T) { s.play(o.in(t)) })
	}
	o.balanced()
}

// arrived waits for the conversation with a subject.
func (o *office) arrived(subject string) conv {
	o.t.Helper()
	uuid := ""
	eventually(o.t, "the conversation "+subject, func() bool {
		for _, r := range o.all().Results {
			if r.Subject == subject {
				uuid = r.UUID
			}
		}
		return uuid != ""
	})
	return o.get(uuid)
}

// asked delivers a customer's first mail and returns its conversation.
func (o *office) asked(id, from, subject string, headers ...string) conv {
	o.t.Helper()
	o.deliver(o.mail, rawMail(id, from, subject, "It smokes.", headers...))
	return o.arrived(subject)
}

// waitMessages waits until a conversation has so many messages, and returns them, the oldest first.
func (o *office) waitMessages(uuid string, n int) (all []message) {
	o.t.Helper()
	eventually(o.t, fmt.Sprint(n, " messages"), func() bool { all = o.messages(uuid); return len(all) >= n })
	if len(all) != n {
		o.t.Fatalf("%d messages, want %d", len(all), n)
	}
	return all
}

// mime is a mail with a body of any type.
func mime(id, from, subject, contentType, body string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: help@acme.test\r\nSubject: %s\r\nMessage-ID: <%s>\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n%s",
		from, subject, id, contentType, strings.ReplaceAll(body, "\n", "\r\n"))
}

// flags are the flags of each mail in the open folder, by its UID.
func (m *mailProgram) flags() map[imap.UID]string {
	m.t.Helper()
	all := imap.UIDSet{}
	all.AddRange(1, 0)
	list, err := m.Fetch(all, &imap.FetchOptions{UID: true, Flags: true}).Collect()
	if err != nil {
		m.t.Fatal(err)
	}
	out := map[imap.UID]string{}
	for _, msg := range list {
		msg.Flags = slices.DeleteFunc(msg.Flags, func(f imap.Flag) bool { return f == "\\Recent" }) // of a session, not of a mail
		slices.Sort(msg.Flags)
		out[msg.UID] = fmt.Sprint(msg.Flags)
	}
	return out
}

// put delivers a mail into a folder with flags that others set.
func (m *mailProgram) put(folder string, raw []byte, flags ...imap.Flag) {
	m.t.Helper()
	cmd := m.Append(folder, int64(len(raw)), &imap.AppendOptions{Flags: flags, Time: time.Now()})
	if _, err := cmd.Write(raw); err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		m.t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		m.t.Fatal(err)
	}
}

var arriving = []mailScenario{
	{10, "First mail", func(o *office) {
		c := o.asked("s10@x.test", "Bo Li Tan <Bo@X.test>", "Printer")
		var who struct {
			Email     string
			FirstName string `json:"first_name"`
			LastName  string `json:"last_name"`
		}
		o.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/contacts/%d", c.ContactID), nil, &who)
		if c.Status != "Open" || who.Email != "bo@x.test" || who.FirstName != "Bo" || who.LastName != "Li Tan" {
			o.t.Errorf("%+v of %+v", c, who)
		}
		if m := o.messages(c.UUID); len(m) != 1 || m[0].Type != "incoming" || m[0].Status != "received" || fmt.Sprint(m[0].Meta["from"]) != "[bo@x.test]" {
			o.t.Errorf("%+v", m)
		}
		if o.events(c.UUID, "conversation.created") != 1 || o.events(c.UUID, "message.created") != 1 {
			o.t.Error("not told once")
		}
	}},
	{11, "Idempotent polling leaves flags alone", func(o *office) {
		program := openMailbox(o.t, o.mail)
		program.put("INBOX", rawMail("s11a@x.test", "flags@x.test", "Plain", "text"))
		program.put("INBOX", rawMail("s11b@x.test", "flags@x.test", "Starred", "text"), imap.FlagFlagged, "$Work")
		before := program.flags()
		starred := o.arrived("Starred")
		o.arrived("Plain")
		for range 2 { // the mailbox is opened and read anew
			path := fmt.Sprintf("/api/v1/inboxes/%d/toggle", o.inbox)
			o.admin.ok(http.MethodPut, path, nil, nil)
			o.admin.ok(http.MethodPut, path, nil, nil)
		}
		o.asked("s11c@x.test", "flags@x.test", "After both")
		if n := len(o.messages(starred.UUID)); n != 1 {
			o.t.Errorf("filed %d times", n)
		}
		after := program.flags()
		for uid, flags := range before {
			if after[uid] != flags {
				o.t.Errorf("mail %d had %s and has %s", uid, flags, after[uid])
			}
		}
		for uid, flags := range after {
			if strings.Contains(flags, string(imap.FlagSeen)) {
				o.t.Errorf("mail %d was marked as read: %s", uid, flags)
			}
		}
	}},
	{12, "Auto-reply", func(o *office) {
		before := o.books(o.inbox)
		o.deliver(o.mail, rawMail("s12a@x.test", "auto@x.test", "Away", "text", "Auto-Submitted: auto-replied"))
		o.asked("s12b@x.test", "auto@x.test", "Written by hand", "Auto-Submitted: no")
		before.Ignored, before.Filed = before.Ignored+1, before.Filed+1
		o.waitBooks(o.inbox, before)
		if o.subjects()["Away"] != 0 {
			o.t.Error("an automatic answer became a conversation")
		}
	}},
	{14, "Malformed id", func(o *office) {
		before := o.books(o.inbox)
		for range 2 {
			o.deliver(o.mail, rawMail("a@@b.test", "odd@x.test", "Odd id", "text"))
		}
		before.Filed, before.Duplicate = before.Filed+1, before.Duplicate+1
		o.waitBooks(o.inbox, before)
		if n := o.subjects()["Odd id"]; n != 1 {
			o.t.Errorf("%d conversations", n)
		}
	}},
	{20, "Bodies", func(o *office) {
		const both = "--b\nContent-Type: text/plain\n\nplain words\n--b\nContent-Type: text/html\n\n<p>rich <b>words</b></p>\n--b--\n"
		o.deliver(o.mail, mime("s20a@x.test", "body@x.test", "Both bodies", "multipart/alternative; boundary=b", both))
		const report = "--b\nContent-Type: text/plain\n\nmy own words\n--b\nContent-Type: text/html; name=report.html\nContent-Disposition: attachment; filename=report.html\n\n<p>a report</p>\n--b--\n"
		o.deliver(o.mail, mime("s20b@x.test", "body@x.test", "With a report", "multipart/mixed; boundary=b", report))
		if m := o.messages(o.arrived("Both bodies").UUID)[0]; m.ContentType != "html" || !strings.Contains(m.Content, "<p>rich <b>words</b></p>") || strings.Contains(m.Content, "plain") || m.TextContent != "rich words" {
			o.t.Errorf("both: %+v", m)
		}
		if m := o.messages(o.arrived("With a report").UUID)[0]; m.ContentType != "text" || strings.TrimSpace(m.Content) != "my own words" || len(m.Attachments) != 1 || m.Attachments[0].Name != "report.html" {
			o.t.Errorf("with a report: %+v", m)
		}
		if m := o.messages(o.asked("s20c@x.test", "body@x.test", "Only text").UUID)[0]; m.ContentType != "text" || strings.TrimSpace(m.Content) != "It smokes." {
			o.t.Errorf("text: %+v", m)
		}
	}},
	{21, "Inline image without a disposition", func(o *office) {
		const parts = "--r\nContent-Type: text/html\n\n<p>Look <img src=\"cid:logo@x\"></p>\n--r\nContent-Type: image/png\nContent-ID: <logo@x>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--r--\n"
		o.deliver(o.mail, mime("s21@x.test", "image@x.test", "Logo", "multipart/related; boundary=r", parts))
		m := o.messages(o.arrived("Logo").UUID)[0]
		if len(m.Attachments) != 1 || m.Attachments[0].Disposition != "inline" || strings.Contains(m.Content, "cid:") {
			o.t.Fatalf("%+v", m)
		}
		_, path, found := strings.Cut(m.Content, `src="`)
		path, _, _ = strings.Cut(path, `"`)
		at := strings.Index(path, "/uploads/")
		if !found || at < 0 {
			o.t.Fatalf("shown as %s", m.Content)
		}
		if code, data := newClient(o.t, o.app.URL()).do(http.MethodGet, strings.ReplaceAll(path[at:], "&amp;", "&"), nil); code != http.StatusOK || !bytes.Equal(data, []byte("\x89PNG\r\n\x1a\n")) {
			o.t.Errorf("the picture is %d %q", code, data)
		}
	}},
	{0, "A folder with any name", func(o *office) {
		program := openMailbox(o.t, o.mail)
		const folder = "Anfragen & Büro 受信"
		if err := program.Create(folder, nil).Wait(); err != nil {
			o.t.Fatal(err)
		}
		body := inboxBody(o.mail, "Büro <office@acme.test>")
		body["name"] = "Office"
		body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)["mailbox"] = folder
		var in struct{ ID int64 }
		o.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
		program.put(folder, rawMail("folder1@x.test", "folder@x.test", "Before it was read", "text"))
		o.waitBooks(in.ID, ledger{Filed: 1})
		program.put(folder, rawMail("folder2@x.test", "folder@x.test", "While it is read", "text"))
		o.waitBooks(in.ID, ledger{Filed: 2})
		eventually(o.t, "the books to say what is in it", func() bool { b := o.mailbox(in.ID); return b.ServerCount == 2 && b.LastError == "" })
		o.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/inboxes/%d", in.ID), nil, nil)
	}},
	{0, "A folder that was made anew, with UIDs that mean other mails", func(o *office) {
		program := openMailbox(o.t, o.mail)
		const folder = "Restored"
		a, b := rawMail("anew1@x.test", "anew@x.test", "Anew one", "text"), rawMail("anew2@x.test", "anew@x.test", "Anew two", "text")
		fill := func(mails ...[]byte) {
			if err := program.Create(folder, nil).Wait(); err != nil {
				o.t.Fatal(err)
			}
			for _, raw := range mails {
				program.put(folder, raw)
			}
		}
		fill(a, b)
		body := inboxBody(o.mail, "Restored <restored@acme.test>")
		body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)["mailbox"] = folder
		var in struct{ ID int64 }
		o.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
		o.waitBooks(in.ID, ledger{Filed: 2})
		path := fmt.Sprintf("/api/v1/inboxes/%d", in.ID)
		o.admin.ok(http.MethodPut, path+"/toggle", nil, nil)
		if err := program.Delete(folder).Wait(); err != nil {
			o.t.Fatal(err)
		}
		fill(rawMail("anew3@x.test", "anew@x.test", "Anew three", "text"), b, a)
		o.admin.ok(http.MethodPut, path+"/toggle", nil, nil)
		o.waitBooks(in.ID, ledger{Filed: 3, Duplicate: 2})
		if s := o.subjects(); s["Anew one"] != 1 || s["Anew two"] != 1 || s["Anew three"] != 1 {
			o.t.Errorf("conversations %v", s)
		}
		o.admin.ok(http.MethodDelete, path, nil, nil)
	}},
}

var threading = []mailScenario{
	{16, "Thread by header", func(o *office) {
		c := o.asked("s16@x.test", "thread@x.test", "Thread")
		o.waitState(o.reply(c.UUID, "thread@x.test"), "sent")
		o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]string{"status": "Resolved"}, nil)
		o.deliver(o.mail, rawMail("s16b@x.test", "thread@x.test", "Re: Thread", "Still.", "In-Reply-To: <"+o.lastID(c.UUID)+">"))
		o.waitMessages(c.UUID, 3)
		if now := o.get(c.UUID); now.Status != "Open" {
			o.t.Errorf("%+v", now)
		}
		if n := o.count(`SELECT count(*) FROM messages m JOIN users u ON u.id = m.sender_id JOIN conversations c ON c.id = m.conversation_id
			WHERE c.uuid = $1 AND m.type = 'activity' AND u.is_system AND m.content LIKE '%marked the conversation as Open'`, c.UUID); n != 1 {
			o.t.Errorf("%d lines say that the system opened it", n)
		}
	}},
	{17, "Plus address beats header", func(o *office) {
		a, b := o.asked("s17a@x.test", "plus@x.test", "First of two"), o.asked("s17b@x.test", "plus@x.test", "Second of two")
		o.deliver(o.mail, rawMail("s17c@x.test", "plus@x.test", "Re: Second of two", "To the first.", "References: <s17b@x.test>", "Delivered-To: help+conv-"+a.UUID+"@acme.test"))
		o.waitMessages(a.UUID, 2)
		o.waitMessages(b.UUID, 1)
	}},
	{18, "Subject is not a key", func(o *office) {
		c := o.asked("s18a@x.test", "subject@x.test", "Lamp")
		again := "Re: Lamp - #" + c.ReferenceNumber
		if other := o.asked("s18b@x.test", "subject@x.test", again); other.UUID == c.UUID {
			o.t.Error("the subject joined it")
		}
		o.waitMessages(c.UUID, 1)
	}},
	{19, "Third person", func(o *office) {
		c := o.asked("s19a@x.test", "third@x.test", "Three of us", "Cc: eve@y.test")
		o.deliver(o.mail, rawMail("s19b@y.test", "Eve Ong <eve@y.test>", "Re: Three of us", "Me too.", "In-Reply-To: <s19a@x.test>"))
		o.waitMessages(c.UUID, 2)
		if n := o.activities(c.UUID, "participant_added"); n != 1 {
			o.t.Errorf("%d lines say that somebody joined", n)
		}
		if n := o.count(`SELECT count(*) FROM messages m JOIN users u ON u.id = m.sender_id WHERE u.email = 'eve@y.test' AND u.type = 'contact' AND m.type = 'incoming'`); n != 1 {
			o.t.Errorf("%d messages are hers", n)
		}
		o.deliver(o.mail, rawMail("s19c@y.test", "eve@y.test", "Re: Three of us", "Once more.", "In-Reply-To: <s19b@y.test>"))
		o.waitMessages(c.UUID, 3)
		if n := o.activities(c.UUID, "participant_added"); n != 1 {
			o.t.Errorf("told again that she joined: %d lines", n)
		}
		// Somebody who had no mail of it has a conversation of their own.
		o.deliver(o.mail, rawMail("s19d@z.test", "stranger@z.test", "Re: Three of us, by a stranger", "And me.", "In-Reply-To: <s19a@x.test>"))
		if own := o.arrived("Re: Three of us, by a stranger"); own.UUID == c.UUID {
			o.t.Error("a stranger joined")
		}
		o.waitMessages(c.UUID, 3)
	}},
}

// lastID is the Message-ID that the last reply of a conversation was stored with.
func (o *office) lastID(uuid string) (id string) {
	o.t.Helper()
	if err := o.app.DB.QueryRow(o.t.Context(), `SELECT m.source_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
		WHERE c.uuid = $1 AND m.type = 'outgoing' ORDER BY m.id DESC LIMIT 1`, uuid).Scan(&id); err != nil {
		o.t.Fatal(err)
	}
	return id
}
