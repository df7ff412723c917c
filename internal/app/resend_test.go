package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// Everything that failed is sent again at once, from the outbox or for chosen conversations, but not what was taken back; whoever
// may not is refused.
func TestRepliesThatFailedAreSentAgainAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		host, port := refusing(t, "550 5.7.1 not from you")
		inbox, body, conversation := d.sendBy(s, host, port)
		failed := []string{d.reply(conversation, "bo@x.test"), d.reply(conversation, "bo@x.test")}
		for _, m := range failed {
			d.waitState(m, "failed")
		}
		server := body["config"].(map[string]any)["smtp"].([]any)[0].(map[string]any)
		server["host"], server["port"] = "127.0.0.1", 1
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", inbox), body, nil)
		back := d.reply(conversation, "bo@x.test")
		eventually(t, "a reply to be taken back", func() bool {
			code, _ := d.admin.do(http.MethodPut, "/api/v1/outbox/"+back+"/cancel", nil)
			return code == http.StatusOK
		})
		d.addAgent("asha@x.test", "Agent")
		asha := signIn(t, d.app.URL(), "asha@x.test", agentPassword)
		asha.want(403, "PermissionException", http.MethodPost, "/api/v1/outbox/resend", map[string]any{})
		many := func(c *client) (j bulkStatus) {
			c.ok(http.MethodPost, "/api/v1/conversations/bulk", map[string]any{"uuids": []string{conversation}, "action": map[string]any{"type": "resend"}}, &j)
			eventually(t, "the change of many", func() bool {
				c.ok(http.MethodGet, fmt.Sprintf("/api/v1/bulk/%d", j.ID), nil, &j)
				return !j.Running
			})
			return j
		}

		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/inboxes/%d", inbox), inboxBody(s, "Help <help@acme.test>"), nil)
		var again struct {
			Results []struct {
				Message string `json:"message_uuid"`
				Queued  bool
			}
			More bool
		}
		d.admin.ok(http.MethodPost, "/api/v1/outbox/resend", map[string]any{"inbox_id": inbox}, &again)
		if len(again.Results) != 2 || !again.Results[0].Queued || !again.Results[1].Queued || again.More {
			t.Fatalf("again %+v", again)
		}
		for _, m := range failed {
			d.waitState(m, "sent")
		}
		d.waitState(back, "cancelled")
		if n := len(s.Sent()); n != 2 {
			t.Errorf("%d mails left", n)
		}
		if j := many(d.admin); j.Unchanged != 1 {
			t.Errorf("nothing failed: %+v", j)
		}

		// For a conversation, as a change of many, by a colleague of who wrote them.
		d.exec(`UPDATE outbox SET state = 'failed' WHERE NOT cancelled`)
		d.exec(`UPDATE messages SET status = 'failed' WHERE status = 'sent' AND type = 'outgoing'`)
		j := many(asha)
		if j.Done != 1 {
			t.Errorf("sent again: %+v", j)
		}
		if code, _ := asha.do(http.MethodPost, fmt.Sprintf("/api/v1/bulk/%d/undo", j.ID), nil); code != http.StatusBadRequest {
			t.Errorf("undone: %d", code)
		}
		eventually(t, "both to leave again", func() bool { return len(s.Sent()) == 4 })
	})
}
