package app_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

const (
	heldMails  = 5 // in a mailbox when the desk meets it
	laterMails = 2
)

// spoiled is a mailbox behind a misbehaving server, and what is to become of its mails.
type spoiled struct {
	fault
	quarantined, gone int
	unnoticed         bool // nothing goes wrong by it
}

// atCommands are faults at each command that the desk gives: a connection that ends before it, instead of its answer and
// after it, refusals and silence.
func atCommands() (out []spoiled) {
	for name, word := range map[string]string{"LOGIN": " LOGIN ", "EXAMINE": " EXAMINE ", "SEARCH": " UID SEARCH ", "list": "RFC822.SIZE", "FETCH": "BODY.PEEK[]", "NOOP": " NOOP", "IDLE": " IDLE"} {
		for what, v := range map[string]verdict{"cut before": {kind: "cut"}, "cut instead of the answer to": {kind: "cut-instead"}, "cut after": {kind: "cut-after"},
			"NO to": {"say", "NO [UNAVAILABLE] later"}, "BAD to": {"say", "BAD what"}, "silence at": {kind: "mute"}, "BYE at": {"say", "NO x\r\n* BYE bye"}} {
			out = append(out, spoiled{unnoticed: true, fault: fault{name: what + " " + name, times: 1, command: func(line string) verdict {
				if strings.Contains(line, word) {
					return v
				}
				return verdict{}
			}}})
		}
	}
	return out
}

// be makes a fault that rewrites the answers that a pattern fits.
func be(name string, times int, pattern string, rewrite func(block string) string) fault {
	fits := regexp.MustCompile(pattern)
	return fault{name: name, times: times, answer: func(block []byte) verdict {
		if !fits.Match(block) {
			return verdict{}
		}
		return verdict{"be", rewrite(string(block))}
	}}
}

func replace(pattern, by string) func(string) string {
	re := regexp.MustCompile(pattern)
	return func(block string) string { return re.ReplaceAllString(block, by) }
}

func twice(block string) string { return block + block }
func nothing(string) string     { return "" }

// lies are servers that say what is not so, once or always.
func lies() []spoiled {
	const listed, body, body3 = `FETCH \(.*RFC822\.SIZE`, `FETCH \(.*BODY\[\]`, `FETCH \(.*(UID 3 .*BODY\[\]|BODY\[\] \{\d+\}(?s:.*) UID 3\))`
	midst := func(kind string) fault {
		return fault{name: kind + " in the midst of a mail", times: 1, answer: func(block []byte) verdict {
			if strings.Contains(string(block), "BODY[]") {
				return verdict{kind: kind}
			}
			return verdict{}
		}}
	}
	several := regexp.MustCompile(`UID FETCH \S*[:,]\S* .*BODY\.PEEK\[\]`)
	return []spoiled{
		{fault: midst("cut")}, {fault: midst("mute")},
		{fault: be("lists mails twice", -1, listed, twice), unnoticed: true},
		{fault: be("lists sizes of nothing", -1, listed, replace(`RFC822\.SIZE \d+`, "RFC822.SIZE 0")), unnoticed: true},
		{fault: be("does not list a mail", 1, listed+`.*`, nothing), unnoticed: true},
		{fault: be("gives mails twice", -1, body, twice), unnoticed: true},
		{fault: be("gives a mail under the UID of another", 1, body3, replace(`UID 3\b`, "UID 2")), unnoticed: true},
		{fault: be("gives a mail under a UID that nobody asked for", 1, body3, replace(`UID 3\b`, "UID 900")), unnoticed: true},
		{fault: be("leaves out a mail once", 1, body3, nothing), unnoticed: true},
		{fault: be("leaves out a mail always", -1, body3, nothing), quarantined: 1},
		{fault: fault{name: "refuses to give several at once", times: -1, command: func(line string) verdict {
			if several.MatchString(line) {
				return verdict{"say", "NO some messages could not be fetched"}
			}
			return verdict{}
		}}, unnoticed: true},
		{fault: fault{name: "refuses one mail always", times: -1, command: func(line string) verdict {
			if several.MatchString(line) || strings.Contains(line, "UID FETCH 3 ") && strings.Contains(line, "BODY.PEEK") {
				return verdict{"say", "NO some messages could not be fetched"}
			}
			return verdict{}
		}}, quarantined: 1},
		{fault: be("says there are many", 1, ` EXISTS\r\n$`, replace(`\d+ EXISTS`, "900 EXISTS")), unnoticed: true},
		{fault: be("says there are none", 1, ` EXISTS\r\n$`, replace(`\d+ EXISTS`, "0 EXISTS")), unnoticed: true},
		{fault: be("has another UIDVALIDITY once", 1, `UIDVALIDITY`, replace(`UIDVALIDITY \d+`, "UIDVALIDITY 4294967295")), unnoticed: true},
		{fault: be("says a UID comes again", 2, `UIDNEXT`, replace(`UIDNEXT \d+`, "UIDNEXT 1")), unnoticed: true},
		{fault: be("speaks gibberish", 2, listed, func(string) string { return "* 1 FETCH (((\r\n" })},
		{fault: be("answers with a tag that nobody used", 1, listed, func(b string) string { return "T999 OK done\r\n" + b }), unnoticed: true},
	}
}

func TestMisbehavingIMAPServersLoseNoMailAndDoubleNone(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		cfg.IMAPTimeout = 3 * time.Second
		d := startWith(t, cfg)
		type watched struct {
			spoiled
			*meddler
			id int64
			s  *sandbox.Servers
		}
		var all []watched
		add := func(sp spoiled, s *sandbox.Servers) {
			n := len(all)
			w := watched{sp, meddle(t, s.IMAPAddr, sp.fault), 0, s}
			for i := range heldMails {
				d.deliver(s, rawMail(fmt.Sprintf("m%d-%d@x.test", n, i), fmt.Sprintf("bo%d@x.test", n), fmt.Sprintf("%d: %d", n, i), "text"))
			}
			body := inboxBody(s, fmt.Sprintf("Help <help%d@acme.test>", n))
			server := body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)
			server["host"], server["port"] = hostPort(w.addr)
			var in struct{ ID int64 }
			d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
			w.id = in.ID
			all = append(all, w)
		}
		for _, sp := range append(atCommands(), lies()...) {
			add(sp, startMail(t))
		}
		s := startMail(t)
		program := openMailbox(t, s)
		add(spoiled{gone: 1, unnoticed: true, fault: fault{name: "a mail leaves while it is fetched", times: 1, command: func(line string) verdict {
			if !strings.Contains(line, "BODY.PEEK[]") {
				return verdict{}
			}
			program.mark(true, imap.UID(2))
			return verdict{kind: "pass"}
		}}}, s)

		books := func(w watched) (l ledger) { return d.books(w.id) }
		wait := func(mails int) {
			for _, w := range all {
				eventually(t, fmt.Sprintf("%s: %d mails to be filed, of which are %+v", w.spoiled.name, mails, books(w)), func() bool {
					l := books(w)
					return l.Filed == mails-w.quarantined-w.gone && l.Quarantined == w.quarantined && l.Pending == 0
				})
			}
		}
		wait(heldMails)
		for n, w := range all {
			eventually(t, w.spoiled.name+" to happen", func() bool { return w.happened() > 0 })
			for i := heldMails; i < heldMails+laterMails; i++ {
				d.deliver(w.s, rawMail(fmt.Sprintf("m%d-%d@x.test", n, i), fmt.Sprintf("bo%d@x.test", n), fmt.Sprintf("%d: %d", n, i), "text"))
			}
		}
		wait(heldMails + laterMails)
		seen := map[string]int{}
		for page := 1; len(seen) < d.all().Total; page++ {
			var l list
			d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/conversations/all?page_size=500&page=%d&order_by=conversations.created_at&order=asc", page), nil, &l)
			if len(l.Results) == 0 {
				break
			}
			for _, r := range l.Results {
				seen[r.Subject]++
			}
		}
		for n, w := range all {
			missing := 0
			for i := range heldMails + laterMails {
				switch seen[fmt.Sprintf("%d: %d", n, i)] {
				case 0:
					missing++
				case 1:
				default:
					t.Errorf("%s: a mail was filed twice", w.spoiled.name)
				}
			}
			if missing != w.quarantined+w.gone {
				t.Errorf("%s: %d mails are missing", w.spoiled.name, missing)
			}
			var troubled int
			if err := d.app.DB.QueryRow(t.Context(), `SELECT count(*) FROM mailboxes WHERE inbox_id = $1 AND last_error_at IS NOT NULL`, w.id).Scan(&troubled); err != nil {
				t.Fatal(err)
			}
			if troubled == 0 && !w.unnoticed {
				t.Errorf("%s: nobody was told", w.spoiled.name)
			}
		}
	})
}

func TestMailboxRestoredWithoutANewUIDVALIDITYLosesNothing(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		same := meddle(t, s.IMAPAddr, be("keeps its UIDVALIDITY", -1, `UIDVALIDITY`, replace(`UIDVALIDITY \d+`, "UIDVALIDITY 7")))
		body := inboxBody(s, "Help <help@acme.test>")
		server := body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)
		server["host"], server["port"] = hostPort(same.addr)
		var in struct{ ID int64 }
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
		var mails [][]byte
		for i := range heldMails {
			mails = append(mails, rawMail(fmt.Sprintf("m%d@x.test", i), "bo@x.test", fmt.Sprintf("mail %d", i), "text"))
			d.deliver(s, mails[i])
		}
		d.waitBooks(in.ID, ledger{Filed: heldMails})
		// The copy is older than the last three mails; two came since, under UIDs that those had.
		if err := s.Restore(append(mails[:2:2], rawMail("new0@x.test", "eve@x.test", "new 0", "text"), rawMail("new1@x.test", "eve@x.test", "new 1", "text"))...); err != nil {
			t.Fatal(err)
		}
		d.waitBooks(in.ID, ledger{Filed: heldMails + 2, Duplicate: 2})
		d.deliver(s, rawMail("new2@x.test", "eve@x.test", "new 2", "text"))
		d.waitBooks(in.ID, ledger{Filed: heldMails + 3, Duplicate: 2})
		for subject, n := range d.subjects() {
			if n != 1 {
				t.Errorf("%d conversations %q", n, subject)
			}
		}
		var h struct {
			Mailboxes []struct {
				UIDValidity int64 `json:"uid_validity"`
			}
		}
		d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", in.ID), nil, &h)
		if v := h.Mailboxes[0].UIDValidity; v != 7 {
			t.Errorf("UIDVALIDITY %d is shown", v)
		}
	})
}
