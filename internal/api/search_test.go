package api_test

import (
	"net/http"
	"testing"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/flow/search"
)

func TestSearchesAnswerWhoMayAskWithWhatTheyMayRead(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		own, other := k.open(k.agents[limited].ID), k.open(0)
		k.note(own)
		k.note(other)
		deps := k.deps
		deps.Search = search.New(k.db, deps.Log, "node")
		k.must(deps.Search.CatchUp(t.Context(), nil))
		k.api = api.New(deps, api.Conversations, api.Search)
		k.play(
			scenario{"guest", http.MethodGet, "/api/v1/messages/search?query=abc", guest, ``, 401, nil, nil},
			scenario{"messages without permission", http.MethodGet, "/api/v1/messages/search?query=abc", without, ``, 403, nil, nil},
			scenario{"conversations without permission", http.MethodGet, "/api/v1/conversations/search?query=abc", without, ``, 403, nil, nil},
			scenario{"contacts without permission", http.MethodGet, "/api/v1/contacts/search?query=abc", limited, ``, 403, nil, nil},
			scenario{"no query", http.MethodGet, "/api/v1/messages/search", admin, ``, 400, []string{"InputException"}, nil},
			scenario{"too short", http.MethodGet, "/api/v1/conversations/search?query=ab", admin, ``, 400, []string{"InputException"}, nil},
			scenario{"nothing", http.MethodGet, "/api/v1/contacts/search?query=nobodyatall", admin, ``, 200, []string{`"data":[]`}, nil},
			scenario{"syntax", http.MethodGet, "/api/v1/messages/search?query=%22+OR+%2A%29", admin, ``, 200, []string{`"data":[]`}, nil},
			scenario{"a note", http.MethodGet, "/api/v1/messages/search?query=see", limited, ``, 200, []string{own.UUID, `"text_content":"see`, `"hit":true`, `"private":true`}, []string{other.UUID, `0001-01-01`}},
			scenario{"by number", http.MethodGet, "/api/v1/conversations/search?query=%23" + own.ReferenceNumber, limited, ``, 200,
				[]string{`"uuid":"` + own.UUID + `"`, `"reference_number":"` + own.ReferenceNumber + `"`, `"status":"Open"`, `"subject":`}, []string{other.UUID}},
			scenario{"another's by number", http.MethodGet, "/api/v1/conversations/search?query=" + other.ReferenceNumber, limited, ``, 200, nil, []string{other.UUID}},
			scenario{"everything as guest", http.MethodGet, "/api/v1/search?query=abc", guest, ``, 401, nil, nil},
			scenario{"everything without permission", http.MethodGet, "/api/v1/search?query=abc", without, ``, 403, nil, nil},
			scenario{"everything without a query", http.MethodGet, "/api/v1/search", admin, ``, 400, []string{"InputException", `"query"`}, nil},
			scenario{"unknown tag", http.MethodGet, "/api/v1/search?query=tag:nosuch", admin, ``, 400, []string{"InputException", "nosuch"}, nil},
			scenario{"no day", http.MethodGet, "/api/v1/messages/search?query=before:tomorrow", admin, ``, 400, []string{"InputException", "tomorrow"}, nil},
			scenario{"wrong limit", http.MethodGet, "/api/v1/search?query=see&limit=500", admin, ``, 400, []string{"limit"}, nil},
			scenario{"wrong cursor", http.MethodGet, "/api/v1/search?query=see&cursor=x", admin, ``, 400, []string{"cursor"}, nil},
			scenario{"everything", http.MethodGet, "/api/v1/search?query=see", limited, ``, 200, []string{own.UUID, `"message_uuid":"`, `"hit":true`, `"private":true`, `"next_cursor":""`, `"contacts":[]`}, []string{other.UUID}},
			scenario{"operators alone", http.MethodGet, "/api/v1/search?query=has:note", limited, ``, 200, []string{own.UUID}, []string{other.UUID}},
			scenario{"operators of the old searches", http.MethodGet, "/api/v1/conversations/search?query=status:open", limited, ``, 200, []string{own.UUID}, []string{other.UUID}},
			scenario{"anybody's by number", http.MethodGet, "/api/v1/conversations/search?query=" + other.ReferenceNumber, admin, ``, 200, []string{other.UUID}, nil},
		)
	})
}
