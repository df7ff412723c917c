package app_test

import (
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestTheGuideIsForDesksThatWereNotSetUp(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		const path = "/api/v1/settings/guide"
		var g struct{ State, Step string }
		state := func(want string) {
			t.Helper()
			if d.admin.ok(http.MethodGet, path, nil, &g); g.State != want {
				t.Errorf("%+v, want %s", g, want)
			}
		}
		state("open")
		d.addInbox(startMail(t))
		state("finished") // nobody began it, and there is an inbox
		d.admin.ok(http.MethodPut, path, map[string]string{"state": "open", "step": "colleagues"}, nil)
		state("open") // begun, and the inbox was made in it
		if g.Step != "colleagues" {
			t.Errorf("%+v", g)
		}
		d.admin.ok(http.MethodPut, path, map[string]string{"state": "dismissed", "step": "colleagues"}, nil)
		state("dismissed")
	})
}
