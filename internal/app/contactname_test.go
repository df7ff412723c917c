package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestOnlyANameMadeUpFromTheAddressIsReplacedByTheOneInAMail(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		filed := 0
		write := func(from string, headers ...string) {
			t.Helper()
			filed++
			d.deliver(s, rawMail(fmt.Sprintf("%d@x.test", filed), from, fmt.Sprint("mail ", filed), "hello", headers...))
			d.waitConversations(filed)
		}
		names := func(address string) (name string) {
			t.Helper()
			if err := d.app.DB.QueryRow(t.Context(), `SELECT first_name || '/' || last_name FROM users WHERE email = $1 AND type = 'contact'`, address).Scan(&name); err != nil {
				t.Fatal(err)
			}
			return name
		}
		is := func(address, want string) {
			t.Helper()
			if got := names(address); got != want {
				t.Errorf("%s is named %s, want %s", address, got, want)
			}
		}
		const by = "Received: from a by mx.acme.test; Mon, 02 Mar 2026 10:00:00 +0100\r\nAuthentication-Results: mx.acme.test; "
		write("bo@x.test")
		is("bo@x.test", "bo/")
		write("Eve Mallory <bo@x.test>", by+"dmarc=fail (p=REJECT) header.from=x.test")
		is("bo@x.test", "bo/")
		write(`"bo@x.test" <bo@x.test>`)
		is("bo@x.test", "bo/")
		write("Bo Li Tan <bo@x.test>")
		is("bo@x.test", "Bo/Li Tan")
		write("Somebody Else <bo@x.test>")
		is("bo@x.test", "Bo/Li Tan")

		id := func(address string) (id int64) {
			t.Helper()
			if err := d.app.DB.QueryRow(t.Context(), `SELECT id FROM users WHERE email = $1 AND type = 'contact'`, address).Scan(&id); err != nil {
				t.Fatal(err)
			}
			return id
		}
		write("ida@x.test")
		d.admin.ok(http.MethodPatch, fmt.Sprintf("/api/v1/contacts/%d", id("ida@x.test")), map[string]any{"first_name": "Ida (accounts)"}, nil)
		d.admin.ok(http.MethodPatch, fmt.Sprintf("/api/v1/contacts/%d", id("ida@x.test")), map[string]any{"first_name": "ida"}, nil)
		write("Ida Berg <ida@x.test>")
		is("ida@x.test", "ida/") // a person said so, though it is what the desk would have made up

		d.admin.ok(http.MethodPost, "/api/v1/contacts", map[string]any{"email": "lin@x.test", "first_name": "lin"}, nil)
		write("Lin Wu <lin@x.test>")
		is("lin@x.test", "lin/")
		d.admin.ok(http.MethodPost, "/api/v1/contacts", map[string]any{"email": "max@x.test", "first_name": "Max", "last_name": "Rot"}, nil)
		write("Moritz <max@x.test>")
		is("max@x.test", "Max/Rot")
		d.admin.ok(http.MethodPatch, fmt.Sprintf("/api/v1/contacts/%d", id("bo@x.test")), map[string]any{"country": "NO"}, nil)
		is("bo@x.test", "Bo/Li Tan")
	})
}
