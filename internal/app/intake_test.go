package app_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/mail"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// books returns the ledger of an inbox, its mailboxes added up.
func (d *desk) books(inbox int64) (sum ledger) {
	d.t.Helper()
	var h health
	d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", inbox), nil, &h)
	for _, m := range h.Mailboxes {
		sum.Filed += m.Ledger.Filed
		sum.Duplicate += m.Ledger.Duplicate
		sum.Ignored += m.Ledger.Ignored
		sum.Quarantined += m.Ledger.Quarantined
		sum.Pending += m.Ledger.Pending
	}
	return sum
}

func (d *desk) waitBooks(inbox int64, want ledger) {
	d.t.Helper()
	eventually(d.t, fmt.Sprintf("the ledger to say %+v", want), func() bool { return d.books(inbox) == want })
}

// subjects counts the conversations of each subject.
func (d *desk) subjects() map[string]int {
	out := map[string]int{}
	for _, r := range d.all().Results {
		out[r.Subject]++
	}
	return out
}

// hugeMail is a mail of a little more than n bytes on the wire, nearly all of it one attachment.
func hugeMail(t testing.TB, n int) []byte {
	t.Helper()
	raw, err := mail.Compose(mail.Outgoing{MessageID: "huge@x.test", Date: time.Now(), From: mail.Address{Email: "bo@x.test"},
		To: []mail.Address{{Email: "help@acme.test"}}, Subject: "huge", HTML: "<p>see the film</p>",
		Attachments: []mail.Attachment{{Filename: "film.bin", ContentType: "application/octet-stream", Data: make([]byte, n/4*3)}}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestHugeMailIsFiledWithoutDelayingTheNextOrFillingMemory(t *testing.T) {
	const size = 60 << 20
	raw := hugeMail(t, size)
	text := rawMail("words@x.test", "bo@x.test", "many words", strings.Repeat(strings.Repeat("word ", 15)+"\r\n", size/77))
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "the first", "fine"))
		d.waitBooks(id, ledger{Filed: 1})
		for i, huge := range [][]byte{raw, text} {
			d.deliver(s, huge)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d.deliver(s, rawMail(fmt.Sprintf("next%d@x.test", i), "next@x.test", fmt.Sprintf("the next %d", i), "fine"))
			d.waitBooks(id, ledger{Filed: 3 + 2*i})
			runtime.ReadMemStats(&after)
			// Everything ever allocated meanwhile counts, also what the test's own server copies to send the mail.
			if took := after.TotalAlloc - before.TotalAlloc; took > 5*size {
				t.Errorf("a mail of %d MB took %d MB of memory", len(huge)>>20, took>>20)
			}
		}
		want := map[string]int{"the first": 1, "huge": 1, "many words": 1, "the next 0": 1, "the next 1": 1}
		if got := d.subjects(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("conversations %v", got)
		}
		for _, r := range d.all().Results {
			m := d.messages(r.UUID)[0]
			switch r.Subject {
			case "huge":
				if len(m.Attachments) != 1 || m.Attachments[0].Size != size/4*3 {
					t.Fatalf("attachments %+v", m.Attachments)
				}
			case "many words":
				if len(m.Attachments) != 1 || m.Attachments[0].Size < size-size/50 || len(m.Content) > 8<<20 {
					t.Fatalf("attachments %+v, %d bytes of content", m.Attachments, len(m.Content))
				}
			}
		}
	})
}

func TestMailboxWithNewUIDsFilesNothingTwiceAndGoesOn(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		var mails [][]byte
		for i := range 20 {
			mails = append(mails, rawMail(fmt.Sprintf("m%d@x.test", i), "bo@x.test", fmt.Sprintf("mail %d", i), "text"))
		}
		mails = append(mails, rawMail("", "bo@x.test", "no id", "text"),
			rawMail("auto@x.test", "bo@x.test", "away", "text", "Auto-Submitted: auto-replied"))
		for _, raw := range mails {
			d.deliver(s, raw)
		}
		d.waitBooks(id, ledger{Filed: 21, Ignored: 1})

		restored := append([][]byte{rawMail("between@x.test", "eve@x.test", "came meanwhile", "text")}, mails...)
		if err := s.Restore(restored...); err != nil {
			t.Fatal(err)
		}
		d.waitBooks(id, ledger{Filed: 22, Duplicate: 21, Ignored: 2})
		d.deliver(s, rawMail("later@x.test", "eve@x.test", "came later", "text"))
		d.waitBooks(id, ledger{Filed: 23, Duplicate: 21, Ignored: 2})
		got := d.subjects()
		for subject, n := range got {
			if n != 1 {
				t.Errorf("%d conversations %q", n, subject)
			}
		}
		if len(got) != 23 || got["came meanwhile"] != 1 || got["came later"] != 1 {
			t.Fatalf("conversations %v", got)
		}
	})
}

func TestTwoMailboxesOfAnInboxFileTheSameMailOnce(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, first, second := startDesk(t, url), startMail(t), startMail(t)
		const mails = 40
		for i := range mails {
			raw := rawMail(fmt.Sprintf("m%d@x.test", i), "bo@x.test", fmt.Sprintf("mail %d", i), "text")
			d.deliver(first, raw)
			d.deliver(second, raw)
		}
		d.deliver(first, rawMail("only1@x.test", "bo@x.test", "only in the first", "text"))
		d.deliver(second, rawMail("only2@x.test", "bo@x.test", "only in the second", "text"))
		body := inboxBody(first, "Help <help@acme.test>")
		config := body["config"].(map[string]any)
		config["imap"] = append(config["imap"].([]any), inboxBody(second, "")["config"].(map[string]any)["imap"].([]any)...)
		var in struct{ ID int64 }
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)

		d.waitBooks(in.ID, ledger{Filed: mails + 2, Duplicate: mails})
		for subject, n := range d.subjects() {
			if n != 1 {
				t.Errorf("%d conversations %q", n, subject)
			}
		}
		if total := d.all().Total; total != mails+2 {
			t.Fatalf("%d conversations", total)
		}
	})
}

func TestTheSameMailInTwoInboxesIsFiledInEach(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		var inboxes []int64
		for i, s := range []*sandbox.Servers{startMail(t), startMail(t)} {
			for range 2 {
				d.deliver(s, rawMail("same@x.test", "bo@x.test", "to both", "text"))
			}
			var in struct{ ID int64 }
			d.admin.ok(http.MethodPost, "/api/v1/inboxes", inboxBody(s, fmt.Sprintf("Help <help%d@acme.test>", i)), &in)
			inboxes = append(inboxes, in.ID)
		}
		for _, id := range inboxes {
			d.waitBooks(id, ledger{Filed: 1, Duplicate: 1})
		}
		if got := d.subjects(); got["to both"] != 2 || len(got) != 1 {
			t.Fatalf("conversations %v", got)
		}
	})
}
