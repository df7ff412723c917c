package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestMailOfBlockedContactIsIgnoredByName(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "the first", "fine"))
		d.waitBooks(id, ledger{Filed: 1})
		contact := fmt.Sprintf("/api/v1/contacts/%d", d.all().Results[0].ContactID)
		d.admin.ok(http.MethodPut, contact+"/block", map[string]any{"enabled": false}, nil)
		d.deliver(s, rawMail("second@x.test", "Bo@X.test", "the second", "not fine"))
		d.waitBooks(id, ledger{Filed: 1, Ignored: 1})
		var reason string
		if err := d.app.DB.QueryRow(t.Context(), `SELECT reason FROM mail_ledger WHERE state = 'ignored'`).Scan(&reason); err != nil || reason != "blocked: bo@x.test" {
			t.Errorf("ignored because %q, %v", reason, err)
		}
		d.admin.ok(http.MethodPut, contact+"/block", map[string]any{"enabled": true}, nil)
		d.deliver(s, rawMail("third@x.test", "bo@x.test", "the third", "fine again"))
		d.waitBooks(id, ledger{Filed: 2, Ignored: 1})
	})
}

func TestMailFromMergedAddressGoesOnInItsConversation(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		id := d.addInbox(s)
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "the lamp", "it is broken"))
		d.waitBooks(id, ledger{Filed: 1})
		from := d.all().Results[0].ContactID
		var into made
		d.admin.ok(http.MethodPost, "/api/v1/contacts", map[string]any{"email": "bo@home.test", "first_name": "Bo"}, &into)
		d.admin.ok(http.MethodPost, fmt.Sprintf("/api/v1/contacts/%d/merge", from), map[string]any{"into": into.ID}, nil)
		d.deliver(s, rawMail("second@x.test", "bo@x.test", "Re: the lamp", "any news?", "In-Reply-To: <first@x.test>"))
		d.waitBooks(id, ledger{Filed: 2})
		rows := d.all().Results
		if len(rows) != 1 || rows[0].ContactID != into.ID {
			t.Errorf("conversations %+v", rows)
		}
	})
}

// contactBodies are bodies that the routes of contacts accept, by "METHOD path".
var contactBodies = map[string]string{
	"PUT /conversations/{uuid}/custom-attributes":          `{"plan":"pro","seats":3}`,
	"PUT /conversations/{uuid}/contacts/custom-attributes": `{"plan":"pro","seats":3}`,
	"POST /contacts":            `{"email":"made@x.test","first_name":"M","last_name":"L","phone_number":"1","phone_number_country_code":"+31","country":"NL","external_user_id":"e1","organization_id":0,"custom_attributes":{"a":1}}`,
	"PATCH /contacts/{id}":      `{"email":"bo@x.test","first_name":"Bo","last_name":"L","phone_number":"1","phone_number_country_code":"+31","country":"NL","organization_id":0,"custom_attributes":{"a":1}}`,
	"POST /organizations":       `{"name":"New","domains":["new.test"],"note":"x"}`,
	"PATCH /organizations/{id}": `{"name":"Acme","domains":["acme.test"],"note":"x"}`,
	"POST /contacts/bulk":       `{"ids":[1],"action":"block","conversations":"keep"}`,
	"PUT /contacts/{id}/block":  `{"enabled":true}`,
	"POST /contacts/{id}/notes": `{"note":"<p>x</p>"}`,
}
