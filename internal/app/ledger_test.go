package app_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// mailProgram is a customer's own mail program on the desk's mailbox.
type mailProgram struct {
	*imapclient.Client
	t testing.TB
}

func openMailbox(t testing.TB, s *sandbox.Servers) *mailProgram {
	t.Helper()
	client, err := imapclient.DialInsecure(s.IMAPAddr, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Login(s.User, s.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	m := &mailProgram{client, t}
	m.open()
	return m
}

func (m *mailProgram) open() *imap.SelectData {
	m.t.Helper()
	data, err := m.Select("INBOX", nil).Wait()
	if err != nil {
		m.t.Fatal(err)
	}
	return data
}

func (m *mailProgram) uids() []imap.UID {
	m.t.Helper()
	found, err := m.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
	if err != nil {
		m.t.Fatal(err)
	}
	return found.AllUIDs()
}

// mark marks mails as deleted, and deletes them at once if expunge is set.
func (m *mailProgram) mark(expunge bool, uids ...imap.UID) {
	m.t.Helper()
	if err := m.Store(imap.UIDSetNum(uids...), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		m.t.Fatal(err)
	}
	if expunge {
		if err := m.Expunge().Close(); err != nil {
			m.t.Fatal(err)
		}
	}
}

// mailboxBooks are the ledger's books of a mailbox.
type mailboxBooks struct {
	ID              int64
	ServerCount     int64  `json:"server_count"`
	LeftOut         int64  `json:"left_out"`
	LastError       string `json:"last_error"`
	Problem         string
	Ledger, Present map[string]int64
	Rules           []email.RuleCount
}

func (d *desk) mailbox(inbox int64) mailboxBooks {
	d.t.Helper()
	var h struct{ Mailboxes []mailboxBooks }
	d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", inbox), nil, &h)
	if len(h.Mailboxes) == 0 {
		return mailboxBooks{}
	}
	return h.Mailboxes[0]
}

// on is how many mails the books have on the server.
func (b mailboxBooks) on() (n int64) {
	for _, count := range b.Present {
		n += count
	}
	return n + b.LeftOut
}

type mailRow struct {
	ID, UID       int64
	State, Rule   string
	From, Subject string
	Kept          bool
	OnServer      bool    `json:"on_server"`
	Conversation  *string `json:"conversation_uuid"`
}

type mailsPage struct {
	Mails []mailRow
	Next  *int64
}

func (d *desk) mails(inbox int64, query string) (p mailsPage) {
	d.t.Helper()
	d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/mails?%s", inbox, query), nil, &p)
	return p
}

// Whatever happens to a mailbox, the states of the ledger sum to what the server holds: each mail there is in exactly one
// state, or was left out because it is older than the beginning.
func TestLedgerAlwaysSumsToWhatTheServerHolds(t *testing.T) {
	t.Parallel()
	steps := 40
	if testing.Short() {
		steps = 15
	}
	dbtest.URLs(t, func(t *testing.T, url string) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test's
		d, s := startDesk(t, url), startMail(t)
		between := newRelay(t, s.IMAPAddr)
		body := inboxBody(s, "Help <help@acme.test>")
		server := body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)
		server["host"], server["port"] = hostPort(between.addr)
		var in struct{ ID int64 }
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
		program := openMailbox(t, s)
		if err := program.Create("Archive", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		var delivered [][]byte
		deliver := func() {
			raw := rawMail(fmt.Sprintf("m%d@x.test", len(delivered)), "bo@x.test", fmt.Sprintf("mail %d", len(delivered)), "text")
			switch r.IntN(6) {
			case 0:
				raw = rawMail(fmt.Sprintf("a%d@x.test", len(delivered)), "bo@x.test", "away", "text", "Auto-Submitted: auto-replied")
			case 1:
				raw = []byte("Subject: nobody wrote this\r\n\r\ntext\r\n")
			case 2:
				if len(delivered) > 0 {
					raw = delivered[r.IntN(len(delivered))]
				}
			}
			delivered = append(delivered, raw)
			d.deliver(s, raw)
		}
		for range steps {
			switch r.IntN(9) {
			case 0, 1, 2, 3:
				for range 1 + r.IntN(4) {
					deliver()
				}
			case 4, 5:
				program.open()
				if uids := program.uids(); len(uids) > 0 {
					program.mark(r.IntN(3) > 0, uids[r.IntN(len(uids))])
				}
			case 6:
				program.open()
				if uids := program.uids(); len(uids) > 0 {
					if _, err := program.Move(imap.UIDSetNum(uids[r.IntN(len(uids))]), "Archive").Wait(); err != nil {
						t.Fatal(err)
					}
				}
			case 7:
				between.stop()
				deliver()
				between.start()
			case 8:
				if len(delivered) > 0 && r.IntN(3) == 0 {
					if err := s.Restore(delivered[r.IntN(len(delivered)):]...); err != nil {
						t.Fatal(err)
					}
				}
			}
			if r.IntN(3) > 0 {
				continue
			}
			held := int64(program.open().NumMessages)
			var b mailboxBooks
			eventually(t, fmt.Sprintf("the ledger to account for the server's %d mails", held), func() bool {
				b = d.mailbox(in.ID)
				return b.ServerCount == held && b.on() == held && b.Present["pending"] == 0
			})
			if b.LeftOut != 0 {
				t.Fatalf("%d mails left out", b.LeftOut)
			}
			if n := d.count(`SELECT count(*) FROM mail_ledger WHERE mailbox_id = $1 AND on_server`, b.ID); int64(n) != held {
				t.Fatalf("%d mails in the ledger are on the server, which has %d", n, held)
			}
			total := int64(0)
			for _, n := range b.Ledger {
				total += n
			}
			if n := d.count(`SELECT count(*) FROM mail_ledger WHERE mailbox_id = $1`, b.ID); int64(n) != total {
				t.Fatalf("the states count %d mails, the ledger has %d", total, n)
			}
		}
	})
}

func TestMailsAreListedByStateReadAndReleased(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "hello", "text"))
		d.deliver(s, rawMail("away@x.test", "bo@x.test", "out of office", "<b>away</b>", "Auto-Submitted: auto-replied", "In-Reply-To: <first@x.test>"))
		d.deliver(s, []byte("Message-ID: <none@x.test>\r\nSubject: nobody\r\nContent-Type: text/html\r\n\r\n<p>hi</p><script>alert(1)</script><img src=\"https://spy.test/a.png\">\r\n"))
		d.waitBooks(id, ledger{Filed: 1, Ignored: 1, Quarantined: 1})
		b := d.mailbox(id)
		if want := []email.RuleCount{{State: "ignored", Rule: "automatic", Count: 1}, {State: "quarantined", Rule: "no_sender", Count: 1}}; !slices.Equal(b.Rules, want) {
			t.Fatalf("rules %+v", b.Rules)
		}
		all := d.mails(id, fmt.Sprintf("mailbox=%d&page_size=2", b.ID))
		if len(all.Mails) != 2 || all.Next == nil || all.Mails[0].Subject != "nobody" || all.Mails[1].From != "bo@x.test" {
			t.Fatalf("first page %+v", all)
		}
		if rest := d.mails(id, fmt.Sprintf("mailbox=%d&page_size=2&before=%d", b.ID, *all.Next)); len(rest.Mails) != 1 || rest.Next != nil || rest.Mails[0].Conversation == nil {
			t.Fatalf("second page %+v", rest)
		}
		away := d.mails(id, fmt.Sprintf("mailbox=%d&state=ignored&rule=automatic", b.ID)).Mails[0]
		nobody := d.mails(id, fmt.Sprintf("mailbox=%d&state=quarantined", b.ID)).Mails[0]
		filed := d.mails(id, fmt.Sprintf("mailbox=%d&state=filed", b.ID)).Mails[0]

		of := func(m mailRow) string { return fmt.Sprintf("/api/v1/mails/%d", m.ID) }
		var opened struct {
			HTML, Text string
			Header     struct {
				Fields []struct{ Name, Value string }
			}
		}
		d.admin.ok(http.MethodGet, of(nobody), nil, &opened)
		if strings.Contains(opened.HTML, "script") || !strings.Contains(opened.HTML, "hi") || opened.Header.Fields[0].Value != "<none@x.test>" {
			t.Fatalf("opened %+v", opened)
		}
		if code, raw := d.admin.do(http.MethodGet, of(nobody)+"/source", nil); code != http.StatusOK || !strings.Contains(string(raw), "<script>alert(1)") {
			t.Fatalf("source %d %s", code, raw)
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
			{d.admin, "GET", of(filed), nil, 409, "not ignored"},
			{d.admin, "GET", of(filed) + "/source", nil, 409, "not ignored"},
			{d.admin, "POST", of(filed) + "/release", map[string]any{}, 409, "not ignored"},
			{d.admin, "GET", "/api/v1/mails/999", nil, 404, ""},
			{d.admin, "GET", fmt.Sprintf("/api/v1/inboxes/%d/mails?mailbox=99", id), nil, 404, ""},
			{d.admin, "GET", fmt.Sprintf("/api/v1/inboxes/%d/mails", id), nil, 400, "mailbox"},
			{d.admin, "GET", fmt.Sprintf("/api/v1/inboxes/%d/mails?mailbox=%d&state=lost", id, b.ID), nil, 400, "state"},
			{d.admin, "GET", fmt.Sprintf("/api/v1/inboxes/%d/mails?mailbox=%d&before=x", id, b.ID), nil, 400, "before"},
			{d.admin, "POST", of(away) + "/release", map[string]any{"as": "spam"}, 400, "as"},
			{d.admin, "POST", of(nobody) + "/release", map[string]any{}, 400, "from"},
			{d.admin, "POST", of(nobody) + "/release", map[string]any{"from": "nobody"}, 400, "from"},
			{asha, "GET", of(away), nil, 403, ""},
			{asha, "GET", of(away) + "/source", nil, 403, ""},
			{asha, "POST", of(away) + "/release", map[string]any{}, 403, ""},
			{asha, "GET", fmt.Sprintf("/api/v1/inboxes/%d/mails?mailbox=%d", id, b.ID), nil, 403, ""},
			{newClient(t, d.app.URL()), "GET", of(away), nil, 401, ""},
		} {
			if code, raw := try.who.do(try.method, try.path, try.body); code != try.code || !strings.Contains(string(raw), try.says) {
				t.Errorf("%s %s %v: %d %s", try.method, try.path, try.body, code, raw)
			}
		}

		// As it would have been: the answer joins the conversation that it answers.
		var released mailRow
		d.admin.ok(http.MethodPost, of(away)+"/release", map[string]any{"as": "usual"}, &released)
		if released.State != "filed" || released.Conversation == nil || *released.Conversation != *filed.Conversation {
			t.Fatalf("released %+v, the first is %+v", released, filed)
		}
		d.admin.ok(http.MethodPost, of(nobody)+"/release", map[string]any{"as": "conversation", "from": "Ann <ann@x.test>"}, &released)
		if got := d.messages(*released.Conversation); len(got) != 1 || !strings.Contains(got[0].Content, "hi") {
			t.Fatalf("conversation of its own %+v", got)
		}
		if code, _ := d.admin.do(http.MethodPost, of(away)+"/release", map[string]any{}); code != http.StatusConflict {
			t.Fatalf("released twice: %d", code)
		}
		d.waitBooks(id, ledger{Filed: 3})
		if n := d.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'mail_released' AND target_model_id = $1 AND actor_id = 1`, id); n != 2 {
			t.Fatalf("%d entries in the activity log", n)
		}
	})
}

func TestDeletedMailIsIgnoredWithItsRuleAndCanBeReleased(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.deliver(s, rawMail("kept@x.test", "bo@x.test", "kept", "text"))
		d.deliver(s, rawMail("gone@x.test", "bo@x.test", "gone", "text"))
		program := openMailbox(t, s)
		program.mark(false, program.uids()[1])
		id := d.addInbox(s)
		d.waitBooks(id, ledger{Filed: 1, Ignored: 1})
		m := d.mails(id, fmt.Sprintf("mailbox=%d&rule=deleted", d.mailbox(id).ID)).Mails[0]
		d.admin.ok(http.MethodPost, fmt.Sprintf("/api/v1/mails/%d/release", m.ID), map[string]any{}, &m)
		if m.State != "filed" || d.subjects()["gone"] != 1 {
			t.Fatalf("released %+v", m)
		}
	})
}

func TestOlderMailIsLeftOutUntilAskedFor(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		for i := range 3 {
			if err := s.DeliverAt(rawMail(fmt.Sprintf("old%d@x.test", i), "bo@x.test", fmt.Sprintf("old %d", i), "text"), time.Now().AddDate(0, 0, -10*(3-i))); err != nil {
				t.Fatal(err)
			}
		}
		d.deliver(s, rawMail("new@x.test", "bo@x.test", "new", "text"))
		id := d.addInbox(s)
		d.waitBooks(id, ledger{Filed: 1})
		sums := func(leftOut, filed int64) {
			t.Helper()
			eventually(t, fmt.Sprintf("%d left out, %d filed", leftOut, filed), func() bool {
				b := d.mailbox(id)
				return b.ServerCount == 4 && b.LeftOut == leftOut && b.Present["filed"] == filed && b.on() == 4
			})
		}
		sums(3, 1)
		path := fmt.Sprintf("/api/v1/inboxes/%d/mailboxes/%d/since", id, d.mailbox(id).ID)
		d.admin.ok(http.MethodPut, path, map[string]any{"since": time.Now().AddDate(0, 0, -22).UTC().Format(time.RFC3339)}, nil)
		sums(1, 3)
		for body, code := range map[string]int{time.Now().UTC().Format(time.RFC3339): 400, "yesterday": 400} {
			if got, raw := d.admin.do(http.MethodPut, path, map[string]any{"since": body}); got != code {
				t.Errorf("since %s: %d %s", body, got, raw)
			}
		}
		d.admin.ok(http.MethodPut, path, map[string]any{"since": ""}, nil)
		sums(0, 4)
		if got := d.subjects(); len(got) != 4 || got["new"] != 1 {
			t.Fatalf("conversations %v", got)
		}
	})
}

func TestPagesOfTheLedgerComeFromAnIndexInOrder(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		d.deliver(s, rawMail("one@x.test", "bo@x.test", "one", "text"))
		d.waitBooks(id, ledger{Filed: 1})
		box := d.mailbox(id).ID
		if err := d.app.DB.Tx(t.Context(), func(tx *db.Tx) error {
			for i := range 5000 {
				state, rule := "filed", ""
				if i%50 == 0 {
					state, rule = "ignored", []string{"automatic", "loop"}[i/50%2]
				}
				if _, err := tx.Exec(t.Context(), `INSERT INTO mail_ledger (created_at, inbox_id, mailbox_id, uid_validity, uid, size, state, rule, on_server) VALUES (1, $1, $2, 7, $3, 1, $4, $5, FALSE)`,
					id, box, i+1, state, rule); err != nil {
					return err
				}
			}
			_, err := tx.Exec(t.Context(), `ANALYZE`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, q := range []email.MailsQuery{{}, {State: "filed"}, {State: "ignored"}, {State: "quarantined"}, {State: "ignored", Rule: "loop"}, {Rule: "automatic"}, {Before: 2000}, {State: "filed", Before: 2000}} {
			q.InboxID, q.MailboxID, q.Size = id, box, 30
			text, args := q.SQL()
			plan, err := db.Explain(t.Context(), d.app.DB, text, args...)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(plan, "\n")
			for _, bad := range []string{"SCAN mail_ledger", "TEMP B-TREE", "Seq Scan", "Sort", "Bitmap"} {
				if strings.Contains(got, bad) {
					t.Errorf("%+v: %q in the plan:\n%s", q, bad, got)
				}
			}
		}
	})
}

func TestAMailboxThatIsNotReadRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		body := inboxBody(s, "Help <help@acme.test>")
		server := body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)
		server["host"], server["port"] = "127.0.0.1", 1
		var in struct{ ID int64 }
		d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
		type alarm struct {
			InboxID int64  `json:"inbox_id"`
			Name    string `json:"inbox_name"`
		}
		var alarms []alarm
		d.admin.ok(http.MethodGet, "/api/v1/mail-alarms", nil, &alarms)
		if len(alarms) != 0 {
			t.Fatalf("an alarm at once: %+v", alarms)
		}
		d.exec(`UPDATE inboxes SET updated_at = $1 WHERE id = $2`, db.At(time.Now().Add(-time.Hour)), in.ID)
		d.admin.ok(http.MethodGet, "/api/v1/mail-alarms", nil, &alarms)
		if len(alarms) != 1 || alarms[0].InboxID != in.ID || alarms[0].Name != "Support" {
			t.Fatalf("alarms %+v", alarms)
		}
		eventually(t, "what is wrong in plain words", func() bool { return d.mailbox(in.ID).Problem != "" })
		server["host"], server["port"] = hostPort(s.IMAPAddr)
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", in.ID), body, nil)
		eventually(t, "the mailbox to be read", func() bool { return d.count(`SELECT count(*) FROM mailboxes WHERE last_contact_at IS NOT NULL`) == 1 })
		d.admin.ok(http.MethodGet, "/api/v1/mail-alarms", nil, &alarms)
		if len(alarms) != 0 {
			t.Fatalf("alarms %+v", alarms)
		}
		d.addAgent("asha@x.test", "Agent")
		if code, _ := signIn(t, d.app.URL(), "asha@x.test", agentPassword).do(http.MethodGet, "/api/v1/mail-alarms", nil); code != http.StatusForbidden {
			t.Fatalf("an agent sees alarms: %d", code)
		}
	})
}
