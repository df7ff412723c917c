package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// noticed waits for the first mail of a notification to an agent and returns it.
func (o *office) noticed(address string) (m *mail.Message) {
	o.t.Helper()
	eventually(o.t, "the mail to "+address, func() bool {
		for _, sent := range o.mail.Sent() {
			if sent.To[0] == address {
				m = parsed(o.t, sent.Raw)
			}
		}
		return m != nil
	})
	return m
}

func TestAnswerToANotificationBecomesAPrivateNoteOfItsAgentAndNothingElse(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		o.ownServer()
		o.app.Notifications.MailAfter = 0
		uuid := o.open("Lamp")
		o.assign(uuid, o.annID)
		notice := o.noticed("ann@acme.test")
		if len(notice.ReplyTo) != 1 || !strings.HasPrefix(notice.ReplyTo[0].Email, "help+note-") || !strings.Contains(notice.ReplyTo[0].Name, "unseen by the customer") {
			t.Fatalf("answers go to %v", notice.ReplyTo)
		}
		to, sent := notice.ReplyTo[0].Email, len(o.mail.Sent())
		n := 0
		// answer delivers an answer and waits for its line in the ledger.
		answer := func(from, to, body string, headers ...string) (state, rule, reason string) {
			t.Helper()
			n++
			id := fmt.Sprintf("answer-%d@acme.test", n)
			raw := strings.Replace(string(rawMail(id, from, "Re: Lamp", body, headers...)), "To: help@acme.test", "To: "+to, 1)
			if !strings.Contains(raw, "To: "+to) {
				t.Fatalf("it is not to %s: %s", to, raw)
			}
			o.deliver(o.mail, []byte(raw))
			eventually(t, "the answer in the ledger", func() bool {
				err := o.app.DB.QueryRow(t.Context(), `SELECT state, rule, reason FROM mail_ledger WHERE source_id = $1 AND state <> 'pending'`, id).Scan(&state, &rule, &reason)
				return err == nil
			})
			return state, rule, reason
		}
		type note struct {
			TextContent string `json:"text_content"`
			Private     bool
			SenderID    int64  `json:"sender_id"`
			Type        string `json:"type"`
		}
		notes := func() (out []note) {
			t.Helper()
			var page struct{ Results []note }
			o.admin.ok(http.MethodGet, "/api/v1/conversations/"+uuid+"/messages?private=true", nil, &page)
			for _, m := range page.Results {
				if m.Type == "outgoing" {
					out = append(out, m)
				}
			}
			return out
		}
		const quoted = "I call them today.\r\n\r\nOn Mon, Desk wrote:\r\n> Kim's lamp is assigned to you\r\n"
		for i, given := range []func() (string, string, string){
			func() (string, string, string) { return answer("Ann <Ann@acme.test>", to, quoted) },
			func() (string, string, string) { return answer("ann@acme.test", strings.ToUpper(to), quoted) },
			func() (string, string, string) {
				return answer("ann@acme.test", "help@acme.test", quoted, "In-Reply-To: <"+notice.MessageID+">")
			},
		} {
			if state, rule, reason := given(); state != "filed" {
				t.Fatalf("answer %d is %s %s %s", i, state, rule, reason)
			}
			got := notes()
			if len(got) != i+1 || !got[0].Private || got[0].SenderID != o.annID || got[0].TextContent != "I call them today." {
				t.Fatalf("after answer %d: %+v", i, got)
			}
		}
		const by = "Received: from a by mx.acme.test; Mon, 02 Mar 2026 10:00:00 +0100\r\nAuthentication-Results: mx.acme.test; "
		changed := strings.Replace(to, "+note-", "+note-1", 1)
		for name, given := range map[string]func() (string, string, string){
			"another agent": func() (string, string, string) { return answer("bob@acme.test", to, "mine") },
			"a customer":    func() (string, string, string) { return answer("kim@x.test", to, "mine") },
			"forged": func() (string, string, string) {
				return answer("ann@acme.test", to, "mine", by+"dmarc=fail (p=REJECT) header.from=acme.test")
			},
			"not given out":  func() (string, string, string) { return answer("ann@acme.test", changed, "mine") },
			"nothing but it": func() (string, string, string) { return answer("ann@acme.test", to, "On Mon, Desk wrote:\r\n> x\r\n") },
		} {
			if state, rule, reason := given(); state != "ignored" || rule != "notice" || !strings.HasPrefix(reason, "answer to a notification of the desk: ") {
				t.Errorf("%s: %s %s %s", name, state, rule, reason)
			}
		}
		if state, rule, _ := answer("ann@acme.test", to, "I am away", "Auto-Submitted: auto-replied"); state != "ignored" || rule != "automatic" {
			t.Errorf("an automatic answer is %s %s", state, rule)
		}

		other := o.open("Chair")
		o.assign(other, o.bobID)
		bobs := o.noticed("bob@acme.test").ReplyTo[0].Email
		o.assign(other, o.annID) // which is not Bob's to read any more
		if state, rule, _ := answer("bob@acme.test", bobs, "mine"); state != "ignored" || rule != "notice" {
			t.Errorf("the answer of an agent who may not write there is %s %s", state, rule)
		}
		o.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", o.annID), map[string]any{"first_name": "Ann", "email": "ann@acme.test", "roles": []string{"Agent"}, "enabled": false, "availability_status": "offline"}, nil)
		if state, rule, _ := answer("ann@acme.test", to, "still me"); state != "ignored" || rule != "notice" {
			t.Errorf("the answer of a disabled agent is %s %s", state, rule)
		}
		if len(notes()) != 3 {
			t.Errorf("notes %+v", notes())
		}
		if got := o.all(); len(got.Results) != 2 {
			t.Errorf("%d conversations", len(got.Results))
		}
		for _, m := range o.mail.Sent()[sent:] {
			if m.To[0] == "kim@x.test" {
				t.Error("a customer was written to")
			}
		}
	})
}
