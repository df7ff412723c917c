package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
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

func TestDaysOfFiltersBeginInTheDesksTimeZone(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		kolkata, err := time.LoadLocation("Asia/Kolkata")
		k.must(err)
		k.c.Location = func(context.Context) *time.Location { return kolkata }
		c := k.open(0)
		k.must(k.db.Tx(k.t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(k.t.Context(), `UPDATE conversations SET created_at = $1 WHERE id = $2`, db.At(time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)), c.ID)
			return err
		}))
		list := func(day string) string {
			return "/api/v1/conversations/all?page_size=7&filters=" + url.QueryEscape(`[{"model":"conversations","field":"created_at","operator":"equals","value":"`+day+`"}]`)
		}
		k.play(
			scenario{"the local day", http.MethodGet, list("2026-05-02"), admin, ``, 200, []string{c.UUID, `"total":1`, `"per_page":7`}, nil},
			scenario{"the day of UTC", http.MethodGet, list("2026-05-01"), admin, ``, 200, []string{`"total":0`}, []string{c.UUID}},
			scenario{"no day", http.MethodGet, list("soon"), admin, ``, 400, []string{`"field":"filters"`, "“soon”"}, nil},
		)
	})
}
