package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
)

// TestEveryRouteAsksWhoItIsAndWhatTheyMay walks all routes there are, so that a new one cannot be forgotten.
func TestEveryRouteAsksWhoItIsAndWhatTheyMay(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		k.api = api.New(k.deps, api.Auth, api.Agents, api.Credentials, api.Teams, api.Roles, api.Settings, api.Conversations, api.Media, api.Drafts,
			api.Reference, api.Inboxes, api.Docs)
		fill := strings.NewReplacer("{uuid}", "00000000-0000-4000-8000-000000000000", "{message}", "00000000-0000-4000-8000-000000000000",
			"{id}", "1", "{name}", "x", "{lang}", "xx", "{of}", "999")
		asked := 0
		for _, r := range k.api.Routes() {
			if r.Public {
				continue
			}
			asked++
			path := fill.Replace(r.Path)
			code, kind := 401, "GeneralException"
			if r.Method != http.MethodGet {
				code, kind = 403, "PermissionException" // no CSRF token: asked before the session
			}
			k.play(
				scenario{"guest", r.Method, path, guest, `{}`, code, []string{kind, `"status":"error"`}, nil},
				scenario{"unknown session", r.Method, path, "ghost", `{}`, 401, []string{"GeneralException"}, nil},
			)
			if w := k.send(r.Method, path, guest, "application/json", `{}`, "Authorization", "token admin:wrong"); w.Code != 401 {
				k.t.Errorf("%s %s with a wrong key gives %d", r.Method, path, w.Code)
			}
			if w := k.send(r.Method, path, admin, "application/json", `{}`, "X-CSRFTOKEN", "other"); r.Method != http.MethodGet && w.Code != 403 {
				k.t.Errorf("%s %s with a wrong CSRF token gives %d", r.Method, path, w.Code)
			}
			if r.Permission != "" {
				k.play(scenario{"without permissions", r.Method, path, without, `{}`, 403, []string{"PermissionException"}, nil})
			}
		}
		if asked < 40 {
			k.t.Errorf("only %d routes were asked", asked)
		}
	})
}
