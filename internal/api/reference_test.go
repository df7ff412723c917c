package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

func TestEveryAgentReadsStatusesPrioritiesAndTags(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		for path, has := range map[string][]string{
			"/api/v1/statuses":   {`"id":1,`, `"name":"Open","category":"open"`, `"name":"Snoozed","category":"waiting"`},
			"/api/v1/priorities": {`"name":"Low"`, `"name":"High"`, `"created_at":"1970`},
			"/api/v1/tags":       {`"name":"billing"},{"id":1,`, `"updated_at"`},
		} {
			k.play(
				scenario{"guest", http.MethodGet, path, guest, ``, 401, []string{"GeneralException"}, nil},
				scenario{"without permissions", http.MethodGet, path, without, ``, 200, has, nil},
				scenario{"limited", http.MethodGet, path, limited, ``, 200, has, nil},
				scenario{"admin", http.MethodGet, path, admin, ``, 200, has, nil},
			)
		}
	})
}

func TestLanguagesAreReadByEverybody(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		k.play(scenario{"list", http.MethodGet, "/api/v1/lang", guest, ``, 200, []string{`"status":"success"`, `"code":"en-US"`}, nil})
		for _, code := range []string{"en-US", "xx", "..%2fen-US"} {
			w := k.get("/api/v1/lang/"+code, guest)
			var pack map[string]string
			if err := json.Unmarshal(w.Body.Bytes(), &pack); err != nil || w.Code != 200 || pack["_.code"] != i18n.Default || len(pack) != len(i18n.Pack(i18n.Default)) {
				k.t.Errorf("%s: %d, %v, %d texts", code, w.Code, err, len(pack))
			}
		}
	})
}
