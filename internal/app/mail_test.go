package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

func (d *desk) deliver(s interface{ Deliver([]byte) error }, raw []byte) {
	d.t.Helper()
	if err := s.Deliver(raw); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) waitConversations(n int) list {
	d.t.Helper()
	eventually(d.t, fmt.Sprintf("%d conversations", n), func() bool { return d.all().Total >= n })
	l := d.all()
	if l.Total != n {
		d.t.Fatalf("%d conversations, want %d", l.Total, n)
	}
	return l
}

func TestMailBecomesConversationAndReplyThreadsAtTheCustomer(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "Bo Li Tan <Bo@X.test>", "Printer", "It does not print."))
		c := d.waitConversations(1).Results[0]
		if c.Subject != "Printer" || c.Contact.Email != "bo@x.test" || c.Status != "Open" {
			t.Fatalf("got %+v", c)
		}
		var m message
		d.admin.ok(http.MethodPost, "/api/v1/conversations/"+c.UUID+"/messages", map[string]any{
			"message": "<p>Have you tried <b>paper</b>?</p>", "sender_type": "agent", "to": []string{"bo@x.test"}, "cc": []string{"eve@x.test"}, "bcc": []string{"boss@acme.test"}}, &m)
		eventually(t, "the reply to leave", func() bool { return len(s.Sent()) == 1 })
		sent := s.Sent()[0]
		got := parsed(t, sent.Raw)
		if len(sent.To) != 3 || strings.Contains(strings.ToLower(string(sent.Raw)), "boss@") {
			t.Fatalf("recipients %v", sent.To)
		}
		if got.InReplyTo[0] != "first@x.test" || got.References[len(got.References)-1] != "first@x.test" || got.Subject != "Re: Printer" ||
			!strings.HasPrefix(got.MessageID, c.UUID+"-") || !strings.HasSuffix(got.MessageID, "@acme.test") ||
			got.ReplyTo[0].Email != "help+conv-"+c.UUID+"@acme.test" || got.Header.Get("X-Libredesk-Loop-Prevention") != "help@acme.test" || got.Text == "" || got.HTML == "" {
			t.Fatalf("headers: %+v\n%s", got, sent.Raw)
		}
		eventually(t, "the message to be sent", func() bool { return d.messages(c.UUID)[1].Status == "sent" })

		d.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/status", map[string]string{"status": "Resolved"}, nil)
		d.deliver(s, rawMail("second@x.test", "bo@x.test", "Re: Printer", "That was it!", "In-Reply-To: <"+got.MessageID+">"))
		eventually(t, "the answer", func() bool { return len(d.messages(c.UUID)) == 3 })
		if c := d.waitConversations(1).Results[0]; c.Status != "Open" {
			t.Fatalf("status %s", c.Status)
		}
		// The same by the reply address alone.
		d.deliver(s, rawMail("third@x.test", "bo@x.test", "Another subject", "And again.", "Delivered-To: "+got.ReplyTo[0].Email))
		eventually(t, "the answer to the address", func() bool { return len(d.messages(c.UUID)) == 4 })
		// A recipient of the reply takes part; a stranger who knows the Message-ID does not.
		d.deliver(s, rawMail("fourth@x.test", "eve@x.test", "Re: Printer", "Me too", "References: <"+got.MessageID+">"))
		eventually(t, "the answer of the recipient in copy", func() bool { return len(d.messages(c.UUID)) == 5 })
		d.deliver(s, rawMail("stranger@z.test", "mallory@z.test", "Re: Printer", "Let me in", "In-Reply-To: <"+got.MessageID+">", "Delivered-To: "+got.ReplyTo[0].Email))
		d.waitConversations(2)
		if n := len(d.messages(c.UUID)); n != 5 {
			t.Fatalf("the stranger got in: %d messages", n)
		}
	})
}

// continues is what a conversation says it continues.
type continues struct {
	Reason, UUID, Subject string
	Reference             string `json:"reference_number"`
	Mergeable             bool
}

func (c *client) continues(uuid string) *continues {
	c.t.Helper()
	var out struct{ Continues *continues }
	c.ok(http.MethodGet, at(uuid), nil, &out)
	return out.Continues
}

// A mail that was kept apart from the conversation that it answers leads there, for who may read both, and is merged like any.
func TestMailKeptApartLeadsToWhatItAnswers(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Printer", "It does not print."))
		printer := d.waitConversations(1).Results[0]
		const by = "Received: from a by mx.acme.test; x\r\nAuthentication-Results: mx.acme.test; "
		d.deliver(s, rawMail("open@x.test", "bo@x.test", "Re: Printer", "By way of a list", "In-Reply-To: <first@x.test>", by+"dmarc=fail (p=NONE dis=NONE) header.from=x.test"))
		eventually(t, "the mail of a domain without rules", func() bool { return len(d.messages(printer.UUID)) == 2 })
		d.deliver(s, rawMail("eve@y.test", "eve@y.test", "Other address", "Me again", "References: <first@x.test>"))
		d.waitConversations(2)
		d.deliver(s, rawMail("forged@x.test", "bo@x.test", "Forged", "Send it to me", "In-Reply-To: <first@x.test>", by+"dmarc=fail (p=REJECT dis=QUARANTINE) header.from=x.test"))
		d.waitConversations(3)
		d.deliver(s, rawMail("more@y.test", "bo@x.test", "Something else", "text", "References: <unknown@x.test>"))
		d.waitConversations(4)
		other, forged := d.find("Other address"), d.find("Forged")

		d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "Unassigned", "permissions": []string{"conversations:read", "conversations:read_unassigned", "messages:read"}}, nil)
		d.addAgent("asha@x.test", "Unassigned")
		asha := signIn(t, d.app.URL(), "asha@x.test", agentPassword)
		for _, who := range []*client{d.admin, asha} {
			if l := who.continues(other); l == nil || *l != (continues{"address", printer.UUID, "Printer", printer.ReferenceNumber, true}) {
				t.Errorf("the other address continues %+v", l)
			}
			if l := who.continues(forged); l == nil || l.Reason != "verdict" || l.UUID != printer.UUID {
				t.Errorf("the forged one continues %+v", l)
			}
		}
		for _, none := range []string{printer.UUID, d.find("Something else")} {
			if l := d.admin.continues(none); l != nil {
				t.Errorf("continues %+v", l)
			}
		}
		d.exec(`UPDATE inboxes SET channel = 'livechat'`)
		if l := d.admin.continues(other); l == nil || l.Mergeable {
			t.Errorf("a chat is said to take in what is another's: %+v", l)
		}
		d.exec(`UPDATE inboxes SET channel = 'email'`)
		newClient(t, d.app.URL()).want(http.StatusUnauthorized, "GeneralException", http.MethodGet, at(other), nil)

		// Who may not read what it answers is told of a forged sender only.
		var me struct{ ID int64 }
		d.admin.ok(http.MethodGet, "/api/v1/agents/me", nil, &me)
		d.admin.ok(http.MethodPut, at(printer.UUID, "/assignee/user"), map[string]any{"assignee_id": me.ID}, nil)
		if l := asha.continues(other); l != nil {
			t.Errorf("shown to who may not read it: %+v", l)
		}
		if l := asha.continues(forged); l == nil || *l != (continues{Reason: "verdict"}) {
			t.Errorf("of the forged one %+v", l)
		}
		asha.want(http.StatusForbidden, "PermissionException", http.MethodPost, at(printer.UUID, "/merge"), map[string]any{"uuids": []string{other}})

		d.merge(printer.UUID, other)
		if l := d.admin.continues(other); l != nil || len(d.messages(printer.UUID)) != 3 {
			t.Errorf("merged, it continues %+v", l)
		}
		d.admin.ok(http.MethodPost, at(printer.UUID, "/unmerge"), map[string]any{"uuids": []string{other}}, nil)
		if l := d.admin.continues(other); l == nil || l.UUID != printer.UUID {
			t.Errorf("separated again, it continues %+v", l)
		}
		d.admin.ok(http.MethodPut, at(printer.UUID, "/trash"), nil, nil)
		if l := d.admin.continues(other); l != nil {
			t.Errorf("it continues what is in the trash: %+v", l)
		}
	})
}

func TestForgedSenderDoesNotJoinTheConversation(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Printer", "It does not print."))
		c := d.waitConversations(1).Results[0]
		const by = "Received: from a by mx.acme.test; Mon, 02 Mar 2026 10:00:00 +0100\r\nAuthentication-Results: mx.acme.test; "
		d.deliver(s, rawMail("true@x.test", "bo@x.test", "Re: Printer", "Really me", "In-Reply-To: <first@x.test>", by+"dmarc=pass header.from=x.test"))
		eventually(t, "the true answer", func() bool { return len(d.messages(c.UUID)) == 2 })
		d.deliver(s, rawMail("claim@x.test", "bo@x.test", "Re: Printer", "Somebody else's verdict", "In-Reply-To: <first@x.test>",
			"Received: from a by mx.acme.test; x\r\nAuthentication-Results: evil.test; dmarc=fail header.from=x.test"))
		eventually(t, "the answer with a verdict that is not ours", func() bool { return len(d.messages(c.UUID)) == 3 })
		d.deliver(s, rawMail("forged@x.test", "bo@x.test", "Re: Printer", "Send me the password", "In-Reply-To: <first@x.test>", by+"spf=fail; dmarc=fail (p=REJECT) header.from=x.test"))
		d.waitConversations(2)
		if n := len(d.messages(c.UUID)); n != 3 {
			t.Fatalf("the forged mail got in: %d messages", n)
		}
		var page struct {
			Results []struct {
				Forged bool
				Meta   struct {
					Authentication *mail.AuthResults `json:"authentication"`
				} `json:"meta"`
			} `json:"results"`
		}
		d.admin.ok(http.MethodGet, "/api/v1/conversations/"+c.UUID+"/messages", nil, &page)
		seen := 0
		for _, m := range page.Results {
			if m.Forged {
				t.Error("a mail that is not forged is said to be")
			}
			if a := m.Meta.Authentication; a != nil && a.Confirmed && a.Server == "mx.acme.test" && a.Checks[0] == (mail.AuthCheck{Method: "dmarc", Result: "pass", Domain: "x.test"}) {
				seen++
			}
		}
		if seen != 1 {
			t.Errorf("the verdict is shown of %d messages", seen)
		}
		for _, other := range d.all().Results {
			if other.UUID == c.UUID {
				continue
			}
			d.admin.ok(http.MethodGet, "/api/v1/conversations/"+other.UUID+"/messages", nil, &page)
			if len(page.Results) != 1 || !page.Results[0].Forged {
				t.Errorf("the forged mail is not said to be: %+v", page.Results)
			}
		}
	})
}

func TestMailSeenTwiceIsFiledOnceInAnInbox(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		for range 3 {
			d.deliver(s, rawMail("same@x.test", "bo@x.test", "Once", "text"))
		}
		d.deliver(s, rawMail("", "bo@x.test", "No id", "text"))
		d.deliver(s, rawMail("", "bo@x.test", "No id", "text"))
		d.deliver(s, rawMail("last@x.test", "bo@x.test", "Last", "text"))
		eventually(t, "the last mail", func() bool { return d.all().Total >= 3 })
		// Two runs over the mailbox change nothing, and the books balance.
		var h health
		eventually(t, "the ledger to settle", func() bool {
			d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", id), nil, &h)
			return len(h.Mailboxes) == 1 && h.Mailboxes[0].Ledger.Filed+h.Mailboxes[0].Ledger.Duplicate == 6
		})
		if m := h.Mailboxes[0].Ledger; m.Filed != 3 || m.Pending != 0 || m.Quarantined != 0 {
			t.Fatalf("ledger %+v, %d conversations", m, d.all().Total)
		}
	})
}

type ledger struct{ Filed, Duplicate, Ignored, Quarantined, Pending int }

type health struct {
	Mailboxes []struct {
		Ledger      ledger
		ServerCount int    `json:"server_count"`
		LastError   string `json:"last_error"`
	}
}

func TestAwkwardMailIsFiledOrQuarantinedAndTheNextIsNotDelayed(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		awkward := map[string][]byte{
			"broken MIME": []byte("From: a@x.test\r\nSubject: broken\r\nMessage-ID: <b1@x>\r\nContent-Type: multipart/mixed; boundary=zz\r\n\r\n--zz\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%not base64"),
			"NUL":         rawMail("nul@x", "a@x.test", "=?utf-8?B?YQBi?=", "a\x00b"),
			"no sender":   []byte("Subject: nobody\r\nMessage-ID: <n1@x>\r\n\r\nhello"),
			"not a mail":  []byte("\x00\x01\x02 garbage"),
			"empty":       []byte("\r\n"),
			"auto-reply":  rawMail("auto@x", "a@x.test", "Out of office", "away", "Auto-Submitted: auto-replied"),
			"own loop":    rawMail("loop@x", "a@x.test", "loop", "x", "X-Libredesk-Loop-Prevention: HELP@acme.test"),
			"200 parts":   manyAttachments(200),
			"large":       rawMail("large@x", "a@x.test", "large", strings.Repeat("0123456789abcdef\r\n", 1<<16)),
		}
		for _, raw := range awkward {
			d.deliver(s, raw)
		}
		start := time.Now()
		d.deliver(s, rawMail("next@x.test", "next@x.test", "the next one", "fine"))
		find := func(subject string) *row {
			for _, r := range d.all().Results {
				if r.Subject == subject {
					return &r
				}
			}
			return nil
		}
		eventually(t, "the next mail", func() bool { return find("the next one") != nil })
		t.Logf("the mail behind the awkward ones was there after %s", time.Since(start))
		if find("Out of office") != nil || find("loop") != nil {
			t.Fatal("a mail that is to be ignored was filed")
		}
		var h health
		d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", id), nil, &h)
		m := h.Mailboxes[0].Ledger
		if m.Filed+m.Duplicate+m.Ignored+m.Quarantined != len(awkward)+1 || m.Ignored != 2 || m.Pending != 0 || m.Quarantined == 0 {
			t.Fatalf("ledger %+v", m)
		}
		many := find("many")
		if many == nil || len(d.messages(many.UUID)[0].Attachments) != 200 {
			t.Fatal("the 200 attachments are not there")
		}
	})
}

func manyAttachments(n int) []byte {
	o := mail.Outgoing{MessageID: "many@x.test", Date: time.Now(), From: mail.Address{Email: "a@x.test"}, To: []mail.Address{{Email: "help@acme.test"}}, Subject: "many", HTML: "<p>see attached</p>"}
	for i := range n {
		o.Attachments = append(o.Attachments, mail.Attachment{Filename: fmt.Sprintf("f%d.txt", i), ContentType: "text/plain", Data: []byte(fmt.Sprint("file ", i))})
	}
	raw, err := mail.Compose(o)
	if err != nil {
		panic(err)
	}
	return raw
}

func TestAttachmentsComeBackByteForByte(t *testing.T) {
	t.Parallel()
	t.Run("from disk", func(t *testing.T) { checkAttachments(t, startDesk(t, dbtestSQLite(t))) })
	t.Run("from a bucket", func(t *testing.T) {
		objects := s3mem.New()
		if err := objects.CreateBucket("desk"); err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(gofakes3.New(objects).Server())
		t.Cleanup(server.Close)
		cfg := deskConfig(t, dbtestSQLite(t))
		cfg.S3URL, cfg.S3Region, cfg.S3Bucket, cfg.S3Path, cfg.S3AccessKey, cfg.S3SecretKey = server.URL, "eu-west-1", "desk", "files", "key", "secret"
		checkAttachments(t, startWith(t, cfg))
		stored, err := objects.ListBucket("desk", &gofakes3.Prefix{HasPrefix: true, Prefix: "files/"}, gofakes3.ListBucketPage{})
		if err != nil || len(stored.Contents) < 3 { // two files and the mail
			t.Errorf("%d objects, %v", len(stored.Contents), err)
		}
	})
}

// checkAttachments sends a desk a mail with files and reads them as a browser does.
func checkAttachments(t *testing.T, d *desk) {
	t.Helper()
	s := startMail(t)
	d.addInbox(s)
	pdf := bytes.Repeat([]byte("%PDF-1.7 \x00\xff binary \r\n"), 4000)
	raw, err := mail.Compose(mail.Outgoing{MessageID: "att@x.test", Date: time.Now(), From: mail.Address{Email: "bo@x.test"}, To: []mail.Address{{Email: "help@acme.test"}},
		Subject: "files", HTML: `<p>see <img src="cid:pic@x"></p>`, Attachments: []mail.Attachment{
			{Filename: "отчёт 1.pdf", ContentType: "application/pdf", Data: pdf},
			{Filename: "pic.png", ContentType: "image/png", ContentID: "pic@x", Inline: true, Data: tinyPNG}}})
	if err != nil {
		t.Fatal(err)
	}
	d.deliver(s, raw)
	c := d.waitConversations(1).Results[0]
	m := d.messages(c.UUID)[0]
	if len(m.Attachments) != 2 || strings.Contains(m.Content, "cid:") || !strings.Contains(m.Content, "/uploads/") {
		t.Fatalf("got %+v", m)
	}
	for _, a := range m.Attachments {
		path := a.URL[strings.Index(a.URL, "/uploads/"):]
		code, data := newClient(t, d.app.URL()).do(http.MethodGet, path, nil)
		want := pdf
		if a.Disposition == "inline" {
			want = tinyPNG
		} else if a.Name != "отчёт 1.pdf" && a.Name != "отчёт-1.pdf" {
			t.Errorf("name %q", a.Name)
		}
		if code != http.StatusOK || !bytes.Equal(data, want) {
			t.Errorf("%s: %d, %d bytes, want %d", a.Name, code, len(data), len(want))
		}
	}
}

var tinyPNG = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82")

func dbtestSQLite(t *testing.T) string { return t.TempDir() + "/foyer.db" }
