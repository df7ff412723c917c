package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestAutomaticAnswersAreFiledQuietlyWhereTheInboxKeepsThem(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		o.deliver(o.mail, rawMail("first@x.test", "bo@x.test", "Printer", "It smokes."))
		c := o.waitConversations(1).Results[0]
		o.assign(c.UUID, o.annID)
		reply := o.reply(c.UUID, "bo@x.test")
		o.waitState(reply, "sent")
		sent := parsed(t, o.mail.Sent()[0].Raw).MessageID
		o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]string{"status": "Resolved"}, nil)
		told := len(o.ann.notifications())
		away := func(id string, headers ...string) {
			o.deliver(o.mail, rawMail(id, "bo@x.test", "Out of office", "Back on Monday.", append(headers, "Auto-Submitted: auto-replied")...))
		}
		away("away1@x.test", "In-Reply-To: <"+sent+">")
		o.waitBooks(o.inbox, ledger{Filed: 1, Ignored: 1})

		path := fmt.Sprintf("/api/v1/inboxes/%d", o.inbox)
		var box map[string]any
		o.admin.ok(http.MethodGet, path, nil, &box)
		config := box["config"].(map[string]any)
		if config["keep_automatic"] != false {
			t.Fatalf("without being asked: %v", config["keep_automatic"])
		}
		config["keep_automatic"] = true
		o.admin.ok(http.MethodPut, path, box, &box)
		delete(config, "keep_automatic") // as a client does that does not know it
		o.admin.ok(http.MethodPut, path, map[string]any{"name": "Support", "channel": "email", "enabled": true, "from": box["from"], "config": config}, &box)
		if box["config"].(map[string]any)["keep_automatic"] != true {
			t.Fatal("the setting was lost by a client that does not know it")
		}

		away("away2@x.test", "In-Reply-To: <"+sent+">")
		away("away3@x.test") // answers nothing here
		o.waitBooks(o.inbox, ledger{Filed: 2, Ignored: 2})
		all := o.messages(c.UUID)
		if last := all[len(all)-1]; len(all) != 3 || last.Meta["is_automated"] != true || strings.TrimSpace(last.TextContent) != "Back on Monday." {
			t.Fatalf("messages %+v", all)
		}
		if now := o.joined(c.UUID); now.Status != "Resolved" || now.Waiting != nil {
			t.Errorf("an automatic answer made it %+v", now)
		}
		if n := len(o.ann.notifications()); n != told {
			t.Errorf("an automatic answer was told: %+v", o.ann.notifications()[0])
		}
		if total := o.all().Total; total != 1 {
			t.Errorf("%d conversations", total)
		}
		// The report of a delivery is never a message, whatever the inbox keeps; a person's answer reopens as ever.
		o.deliver(o.mail, bounceMail("report@mx.test", "unknown@acme.test", "bo@x.test", "failed", "5.1.1"))
		o.deliver(o.mail, rawMail("person@x.test", "bo@x.test", "Re: Printer", "It still smokes.", "In-Reply-To: <"+sent+">"))
		o.waitBooks(o.inbox, ledger{Filed: 3, Ignored: 3})
		if now := o.joined(c.UUID); now.Status != "Open" || now.Waiting == nil {
			t.Errorf("a person's answer made it %+v", now)
		}
		o.balanced()
	})
}
