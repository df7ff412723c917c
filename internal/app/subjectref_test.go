package app_test

import (
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestSubjectEndsWithTheNumberAsItIsConfigured(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		cfg.SubjectRefFormat = "[Ticket {ref}]"
		d := startWith(t, cfg)
		inbox := d.addInbox(startMail(t))
		d.admin.ok(http.MethodPost, "/api/v1/conversations", map[string]any{"inbox_id": inbox, "content": "<p>Hello</p>", "contact_email": "kim@x.test",
			"first_name": "Kim", "subject": "Lamp", "initiator": "contact"}, nil)
		if c := d.all().Results[0]; c.Subject != "Lamp - [Ticket "+c.ReferenceNumber+"]" {
			t.Errorf("the subject is %q of %s", c.Subject, c.ReferenceNumber)
		}
	})
}
