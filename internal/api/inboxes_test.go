package api_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// eachInboxDesk runs fn over the API of inboxes alone, with one who may read all and one who manages inboxes.
func eachInboxDesk(t *testing.T, fn func(k *filesDesk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := &filesDesk{t: t, db: d, agents: signedIn{
			admin:   {ID: 2, Permissions: role.SetOf(role.InboxesManage)},
			limited: {ID: 3, Permissions: role.SetOf(role.AgentDefaults...)},
		}}
		box, err := crypt.NewBox(bytes.Repeat([]byte{1}, crypt.KeySize))
		k.must(err)
		k.api = api.New(api.Deps{DB: d, Log: slog.New(slog.DiscardHandler), Principals: k.agents, Inboxes: inbox.New(d, box), Templates: template.New(d, setting.New(d, "http://desk.test", nil)),
			Translate: func(_, key string, params map[string]string) string { return i18n.T(i18n.Default, key, params) }}, api.Inboxes)
		fn(k)
	})
}

const (
	hiddenOut = "hush-outgoing"
	hiddenIn  = "hush-incoming"
)

// inboxJSON is the body of an inbox whose servers are at these addresses.
func inboxJSON(imapAddr, smtpAddr, user, in, out, more string) string {
	server := func(addr string) string {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			panic(err)
		}
		return fmt.Sprintf(`"host":%q,"port":%s,"username":%q,"tls_type":"none"`, host, port, user)
	}
	return fmt.Sprintf(`{%s"name":"Billing","channel":"email","enabled":true,"from":"Billing <billing@acme.test>","secret":null,"linked_email_inbox_id":null,
		"config":{"reply_to":"help@acme.test","oauth":null,"imap":[{%s,"password":%q,"mailbox":"INBOX","read_interval":"1m"}],
		"smtp":[{%s,"password":%q,"auth_protocol":"plain","max_conns":2}]}}`, more, server(imapAddr), in, server(smtpAddr), out)
}

func TestInboxesByRole(t *testing.T) {
	eachInboxDesk(t, func(k *filesDesk) {
		body := inboxJSON("imap.acme.test:993", "smtp.acme.test:587", "billing-login", hiddenIn, hiddenOut, "")
		secrets := []string{hiddenIn, hiddenOut, "enc:"}
		const all, one = "/api/v1/inboxes", "/api/v1/inboxes/1"
		k.play(
			scenario{"create", http.MethodPost, all, guest, body, 403, []string{"PermissionException"}, secrets}, // no CSRF token
			scenario{"create", http.MethodPost, all, limited, body, 403, []string{"PermissionException"}, secrets},
			scenario{"create", http.MethodPost, all, admin, body, 200, []string{`"id":1,`, `"enabled":true`, inbox.Mask, "smtp.acme.test", `"secret":null`}, secrets},
			scenario{"list", http.MethodGet, all, guest, "", 401, []string{"GeneralException"}, []string{"acme"}},
			scenario{"list", http.MethodGet, all, limited, "", 200, []string{`"config":{"reply_to":"help@acme.test"}`, `"from":"Billing `},
				append(secrets, "smtp.acme.test", "imap.acme.test", "billing-login", inbox.Mask)},
			scenario{"list", http.MethodGet, all, admin, "", 200, []string{inbox.Mask, "imap.acme.test"}, secrets},
		)
		for _, c := range []struct{ method, path, body string }{
			{http.MethodGet, one, ""}, {http.MethodPut, one, body}, {http.MethodPut, one + "/toggle", ""}, {http.MethodGet, one + "/health", ""},
			{http.MethodPost, all + "/test", body}, {http.MethodDelete, one, ""},
		} {
			refused := 401
			if c.method != http.MethodGet {
				refused = 403 // no CSRF token
			}
			k.play(
				scenario{"guest", c.method, c.path, guest, c.body, refused, nil, append(secrets, "acme.test")},
				scenario{"limited", c.method, c.path, limited, c.body, 403, []string{"PermissionException"}, append(secrets, "acme.test")},
			)
		}
		k.play(
			scenario{"get", http.MethodGet, one, admin, "", 200, []string{inbox.Mask, `"from":"Billing `, `"linked_email_inbox_id":null`}, secrets},
			scenario{"update", http.MethodPut, one, admin, strings.NewReplacer(hiddenOut, inbox.Mask, hiddenIn, "", `"enabled":true,`, "", "Billing <", "Money <").Replace(body),
				200, []string{`"enabled":false`, "Money", inbox.Mask}, secrets},
			scenario{"toggle", http.MethodPut, one + "/toggle", admin, "", 200, []string{`"enabled":true`, inbox.Mask}, secrets},
			scenario{"bad port", http.MethodPut, one, admin, strings.Replace(body, "993", "0", 1), 400, []string{`"field":"config.imap[0].port"`, "InputException"}, secrets},
			scenario{"bad type", http.MethodPost, all, admin, `{"name":1}`, 400, []string{"InputException"}, nil},
			scenario{"no JSON", http.MethodPost, all, admin, `{`, 400, []string{"InputException"}, nil},
			scenario{"test with a bad port", http.MethodPost, all + "/test", admin, strings.Replace(body, "993", "0", 1), 400, []string{`"field":"config.imap[0].port"`}, secrets},
			scenario{"health", http.MethodGet, one + "/health", admin, "", 200,
				[]string{`"name":"billing-login@imap.acme.test:993/INBOX","configured":true`, `"outbox":{"bounced":0,"cancelled":0,"delayed":0,"failed":0,"queued":0,"sending":0,"sent":0}`, `"quarantined":0`}, secrets},
			scenario{"delete", http.MethodDelete, one, admin, "", 200, []string{`"data":true`}, nil},
			scenario{"empty list", http.MethodGet, all, admin, "", 200, []string{`"data":[]`}, nil},
		)
		for _, c := range []struct{ method, path string }{
			{http.MethodGet, "%s"}, {http.MethodPut, "%s"}, {http.MethodPut, "%s/toggle"}, {http.MethodDelete, "%s"}, {http.MethodGet, "%s/health"},
		} {
			for id, code := range map[string]int{"1": 404, "77": 404, "0": 400, "x": 400} {
				if code == 404 && c.method == http.MethodDelete {
					k.play(scenario{"id " + id, c.method, all + "/" + fmt.Sprintf(c.path, id), admin, "", 200, []string{`"data":true`}, nil})
					continue
				}
				k.play(scenario{"id " + id, c.method, all + "/" + fmt.Sprintf(c.path, id), admin, body, code, []string{`"status":"error"`}, secrets})
			}
		}
	})
}

func TestConnectionTestSaysWhatIsWrong(t *testing.T) {
	mail, err := sandbox.Start("billing@acme.test", hiddenIn, "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mail.Close() })
	if err := mail.Deliver([]byte("Subject: Hi\r\n\r\nHello\r\n")); err != nil {
		t.Fatal(err)
	}
	eachInboxDesk(t, func(k *filesDesk) {
		const all, try = "/api/v1/inboxes", "/api/v1/inboxes/test"
		body := func(in, out, more string) string {
			return inboxJSON(mail.IMAPAddr, mail.SMTPAddr, mail.User, in, out, more)
		}
		fine := []string{`"imap":[{"ok":true,"message":"Connected. 1 message in`, `"smtp":[{"ok":true,"message":"Connected and signed in.`}
		secrets := []string{hiddenIn, hiddenOut, "enc:"}
		k.play(
			scenario{"good", http.MethodPost, try, admin, body(hiddenIn, hiddenIn, ""), 200, fine, secrets},
			scenario{"wrong passwords", http.MethodPost, try, admin, body(hiddenOut, hiddenOut, ""), 200,
				[]string{`"imap":[{"ok":false,"message":"127.0.0.1 did not accept the user name or password."`, `"smtp":[{"ok":false,"message":"127.0.0.1 did not accept`}, secrets},
			scenario{"nothing stored", http.MethodGet, all, admin, "", 200, []string{`"data":[]`}, nil},
			scenario{"create", http.MethodPost, all, admin, body(hiddenIn, hiddenIn, ""), 200, nil, secrets},
			scenario{"stored passwords", http.MethodPost, try, admin, body("", inbox.Mask, `"id":1,`), 200, fine, secrets},
			scenario{"unknown id", http.MethodPost, try, admin, body("", "", `"id":9,`), 404, []string{"NotFoundException"}, secrets},
			scenario{"what was said", http.MethodPost, try, admin, body("", "", `"id":1,`), 200,
				[]string{`{"by":"desk","text":"AUTH PLAIN ••••••••••"}`, `{"by":"server","text":"235 `}, append(secrets, "MAIL FROM")},
			scenario{"test mail", http.MethodPost, try, admin, body("", "", `"id":1,"to":"Bo <bo@x.test>",`), 200,
				[]string{`127.0.0.1 took a test mail for bo@x.test.`, `"text":"RCPT TO:\u003cbo@x.test\u003e"`, `{"by":"mail","text":"`}, secrets},
			scenario{"test mail with a wrong password", http.MethodPost, try, admin, body(hiddenIn, hiddenOut, `"to":"bo@x.test",`), 200,
				[]string{`"smtp":[{"ok":false,"message":"127.0.0.1 did not accept`, `"text":"535 `}, append(secrets, "RCPT TO")},
			scenario{"test mail to nobody", http.MethodPost, try, admin, body("", "", `"id":1,"to":"bo",`), 400, []string{`"field":"to"`}, secrets},
			scenario{"test mail by a guest", http.MethodPost, try, guest, body("", "", `"id":1,"to":"bo@x.test",`), 403, nil, secrets},
			scenario{"test mail by whoever may not", http.MethodPost, try, limited, body("", "", `"id":1,"to":"bo@x.test",`), 403, []string{"PermissionException"}, secrets},
		)
		sent := mail.Sent()
		if len(sent) == 0 || !slices.Equal(sent[len(sent)-1].To, []string{"bo@x.test"}) || sent[len(sent)-1].From != "billing@acme.test" {
			t.Errorf("sent %d", len(sent))
		}
	})
}

func TestHealthCountsTheLedgerAndTheOutbox(t *testing.T) {
	eachInboxDesk(t, func(k *filesDesk) {
		body := inboxJSON("imap.acme.test:993", "smtp.acme.test:587", "u", hiddenIn, hiddenOut, "")
		k.play(scenario{"create", http.MethodPost, "/api/v1/inboxes", admin, body, 200, nil, nil})
		k.must(k.db.Tx(k.t.Context(), func(tx *db.Tx) error {
			ctx := k.t.Context()
			for _, q := range []string{
				`INSERT INTO mailboxes (inbox_id, name, uid_validity, last_uid, server_count, mode, last_contact_at) VALUES (1, 'old', 1, 1, 1, 'polling', 1)`,
				`INSERT INTO mailboxes (inbox_id, name, uid_validity, last_uid, server_count, mode, last_error, last_error_at) VALUES (1, 'u@imap.acme.test:993/INBOX', 7, 9, 12, 'idle', 'gone', 2)`,
			} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			for uid, state := range []string{"filed", "filed", "pending", "quarantined"} {
				if _, err := tx.Exec(ctx, `INSERT INTO mail_ledger (created_at, inbox_id, mailbox_id, uid_validity, uid, size, state) VALUES (1, 1, 2, 7, $1, 1, $2)`, uid, state); err != nil {
					return err
				}
			}
			return nil
		}))
		w := k.get("/api/v1/inboxes/1/health", admin)
		var h struct {
			Mailboxes []struct {
				Name, Mode  string
				Configured  bool
				ServerCount int64  `json:"server_count"`
				LastError   string `json:"last_error"`
				Ledger      map[string]int64
			}
			Outbox map[string]int64
		}
		data(k.t, w, &h)
		if len(h.Mailboxes) != 2 || len(h.Outbox) != 7 {
			k.t.Fatalf("%s", w.Body)
		}
		now, old := h.Mailboxes[0], h.Mailboxes[1]
		if !now.Configured || now.Mode != "idle" || now.ServerCount != 12 || now.LastError != "gone" ||
			now.Ledger["filed"] != 2 || now.Ledger["pending"] != 1 || now.Ledger["quarantined"] != 1 || now.Ledger["duplicate"] != 0 {
			k.t.Errorf("today's mailbox %+v", now)
		}
		if old.Configured || old.Name != "old" || old.Ledger["filed"] != 0 {
			k.t.Errorf("the earlier mailbox %+v", old)
		}
	})
}
