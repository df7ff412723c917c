package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// Of mail that a contact form or a group passes on, the customer is who is named in its Reply-To; of all other mail, who it is from.
func TestRelayedMailIsFromWhoWroteIt(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		path := fmt.Sprintf("/api/v1/inboxes/%d", id)
		form := func(subject, from, replyTo string, headers ...string) {
			d.deliver(s, rawMail(subject+"@site.test", from, subject, "text", append(headers, "Reply-To: "+replyTo)...))
		}
		form("before", "Site <form@site.test>", "Bo Li <bo@x.test>")
		d.waitBooks(id, ledger{Filed: 1})

		var box map[string]any
		d.admin.ok(http.MethodGet, path, nil, &box)
		config := box["config"].(map[string]any)
		if list, ok := config["relays"].([]any); !ok || len(list) != 0 {
			t.Fatalf("at first %v", config["relays"])
		}
		for _, bad := range []any{[]string{"form"}, []string{"Site <form@site.test>"}, []string{"a@b@c.test"}, []string{"x y.test"}, manyRelays(101), "form@site.test"} {
			config["relays"] = bad
			if code, raw := d.admin.do(http.MethodPut, path, box); code != http.StatusBadRequest {
				t.Errorf("%v: %d %s", bad, code, raw)
			}
		}
		config["relays"] = []string{" Form@site.test ", "@groups.test", "groups.test"}
		d.admin.ok(http.MethodPut, path, box, &box)
		config = box["config"].(map[string]any)
		if got := fmt.Sprint(config["relays"]); got != "[form@site.test groups.test]" {
			t.Errorf("kept %s", got)
		}
		delete(config, "relays") // as a client does that does not know it
		d.admin.ok(http.MethodPut, path, box, &box)
		if got := fmt.Sprint(box["config"].(map[string]any)["relays"]); got != "[form@site.test groups.test]" {
			t.Errorf("kept of a client that does not know it: %s", got)
		}

		form("form", "Site <form@site.test>", "Bo Li <bo@x.test>")
		form("group", "'Eve' by way of Support <support@groups.test>", "eve@y.test")
		form("subdomain", "a@mail.groups.test", "eve@y.test")
		form("other", "kim@site.test", "eve@y.test")
		form("itself", "form@site.test", "Help <help+conv-7f0c2c0e-2f7b-4a53-9a0e-0d6a4d1f9b11@acme.test>")
		form("circle", "form@site.test", "support@groups.test")
		d.waitBooks(id, ledger{Filed: 7})
		who := map[string]string{}
		for _, r := range d.all().Results {
			who[r.Subject] = r.Contact.Email
		}
		for subject, want := range map[string]string{"before": "form@site.test", "form": "bo@x.test", "group": "eve@y.test", "subdomain": "a@mail.groups.test",
			"other": "kim@site.test", "itself": "form@site.test", "circle": "form@site.test"} {
			if who[subject] != want {
				t.Errorf("%s is from %s, want %s", subject, who[subject], want)
			}
		}
		m := d.messages(d.find("form"))[0]
		if from, _ := m.Meta["from"].([]any); !slices.Equal(from, []any{"bo@x.test"}) || m.Meta["via"] != "form@site.test" || m.Meta["from_name"] != "Bo Li" {
			t.Errorf("meta %v", m.Meta)
		}
		if m := d.messages(d.find("other"))[0]; m.Meta["via"] != nil {
			t.Errorf("meta %v", m.Meta)
		}

		// The rules for senders are the same: it joins what they take part in, unless it is forged, and not if they are blocked.
		form("answer", "form@site.test", "bo@x.test", "In-Reply-To: <form@site.test>")
		d.waitBooks(id, ledger{Filed: 8})
		if n := len(d.messages(d.find("form"))); n != 2 {
			t.Errorf("%d messages after the answer", n)
		}
		form("stranger", "form@site.test", "eve@y.test", "In-Reply-To: <form@site.test>")
		form("forged", "form@site.test", "bo@x.test", "In-Reply-To: <form@site.test>",
			"Received: from a by mx.acme.test; x\r\nAuthentication-Results: mx.acme.test; dmarc=fail (p=reject) header.from=site.test")
		d.waitBooks(id, ledger{Filed: 10})
		if n := len(d.messages(d.find("form"))); n != 2 || d.admin.continues(d.find("stranger")) == nil || d.admin.continues(d.find("forged")) == nil {
			t.Errorf("%d messages after a stranger and a forger", n)
		}
		d.exec(`UPDATE users SET enabled = FALSE WHERE email = $1`, "bo@x.test")
		form("blocked", "form@site.test", "bo@x.test")
		form("away", "form@site.test", "eve@y.test", "Auto-Submitted: auto-replied")
		form("loop", "form@site.test", "eve@y.test", "X-Libredesk-Loop-Prevention: help@acme.test")
		d.waitBooks(id, ledger{Filed: 10, Ignored: 3})
	})
}

func manyRelays(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("form%d@site.test", i))
	}
	return out
}
