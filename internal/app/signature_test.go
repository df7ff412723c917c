package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestRepliesCarrySignaturesAndWhatTheyAnswer(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		var box map[string]any
		path := fmt.Sprintf("/api/v1/inboxes/%d", id)
		d.admin.ok(http.MethodGet, path, nil, &box)
		config := box["config"].(map[string]any)
		config["signature"], config["quote_history"] = `<p>Acme <script>alert(1)</script>{{ .Inbox.Name }}</p>`, true
		d.admin.ok(http.MethodPut, path, box, &box)
		if got := box["config"].(map[string]any)["signature"]; got != `<p>Acme {{ .Inbox.Name }}</p>` {
			t.Fatalf("stored %v", got)
		}
		const preferences = "/api/v1/agents/me/preferences"
		if code, body := d.admin.do(http.MethodPut, preferences, map[string]any{"signature": strings.Repeat("x", 20_001)}); code != http.StatusBadRequest {
			t.Errorf("a long signature gives %d: %s", code, body)
		}
		var habits struct{ Signature string }
		d.admin.ok(http.MethodPut, preferences, map[string]any{"signature": "<p>Yours, {{ .Agent.FirstName }}<img src=x onerror=alert(1)></p>"}, &habits)
		if habits.Signature != "<p>Yours, {{ .Agent.FirstName }}</p>" {
			t.Errorf("stored %q", habits.Signature)
		}

		picture := "--r\r\nContent-Type: text/html\r\n\r\n<p>Look <b>here</b> <img src=\"cid:logo@x\"></p><blockquote>older words</blockquote>\r\n" +
			"--r\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--r--\r\n"
		d.deliver(s, rawMail("first@x.test", "Bo Tan <bo@x.test>", "Printer", picture, "MIME-Version: 1.0", "Content-Type: multipart/related; boundary=r"))
		c := d.waitConversations(1).Results[0]
		send := func(more map[string]any) {
			body := map[string]any{"message": "<p>Try paper.</p>", "sender_type": "agent", "to": []string{"bo@x.test"}}
			for k, v := range more {
				body[k] = v
			}
			var m struct{ Content string }
			d.admin.ok(http.MethodPost, "/api/v1/conversations/"+c.UUID+"/messages", body, &m)
			if strings.Contains(m.Content, "Yours") || strings.Contains(m.Content, "Look") {
				t.Errorf("the thread shows %q", m.Content)
			}
		}
		send(nil)
		eventually(t, "the reply to leave", func() bool { return len(s.Sent()) == 1 })
		got := parsed(t, s.Sent()[0].Raw)
		for _, want := range []string{"<p>Try paper.</p>", "Yours, ", "Acme ", "<b>here</b>", `src="cid:logo@x"`, "Bo Tan wrote on "} {
			if !strings.Contains(got.HTML, want) {
				t.Errorf("no %q in %s", want, got.HTML)
			}
		}
		if strings.Contains(got.HTML, "older words") || strings.Contains(got.HTML, "{{") || !strings.Contains(got.Text, "> Look here") {
			t.Errorf("got %s\n%s", got.HTML, got.Text)
		}
		if len(got.Parts) != 1 || got.Parts[0].ContentID != "logo@x" || got.Parts[0].Disposition != "inline" {
			t.Errorf("parts %+v", got.Parts)
		}
		send(map[string]any{"signature": false})
		eventually(t, "the second reply to leave", func() bool { return len(s.Sent()) == 2 })
		if got := parsed(t, s.Sent()[1].Raw); strings.Contains(got.HTML[:strings.Index(got.HTML, "gmail_quote")], "Yours") || !strings.Contains(got.HTML, "Try paper.</p></blockquote>") {
			t.Errorf("got %s", got.HTML)
		}
		send(map[string]any{"message": "<blockquote>my own quote</blockquote><p>Right.</p>"})
		eventually(t, "the third reply to leave", func() bool { return len(s.Sent()) == 3 })
		if got := parsed(t, s.Sent()[2].Raw); strings.Contains(got.HTML, "gmail_quote") || !strings.Contains(got.HTML, "Yours") {
			t.Errorf("got %s", got.HTML)
		}
	})
}
