package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func (k *filesDesk) form(method, path, who, body string) *httptest.ResponseRecorder {
	k.t.Helper()
	return k.send(method, path, who, "application/x-www-form-urlencoded", body)
}

func TestFormsAreTakenForFlatBodies(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		c := k.open(0)
		path := "/api/v1/conversations/" + c.UUID
		k.must(k.c.SetTags(t.Context(), k.agents[admin], c.UUID, "set_tags", []string{"vip"}))
		for _, s := range []scenario{
			{"a number", http.MethodPut, path + "/assignee/user", admin, "assignee_id=3", 200, nil, nil},
			{"not a number", http.MethodPut, path + "/assignee/user", admin, "assignee_id=x", 400, []string{"InputException", `"field":"assignee_id"`}, nil},
			{"two numbers", http.MethodPut, path + "/assignee/user", admin, "assignee_id=3&assignee_id=2", 400, []string{`"field":"assignee_id"`}, nil},
			{"none while somebody has it", http.MethodPut, path + "/assignee/user", admin, "assignee_id=", 400, []string{`"field":"assignee_id"`}, nil},
			{"guest", http.MethodPut, path + "/assignee/user", guest, "assignee_id=3", 403, nil, nil},
			{"without permission", http.MethodPut, path + "/assignee/user", limited, "assignee_id=3", 403, nil, nil},
			{"a switch", http.MethodPost, path + "/messages", admin, "message=hello&sender_type=agent&private=true", 200, []string{`"private":true`}, nil},
			{"no switch", http.MethodPost, path + "/messages", admin, "message=hello&sender_type=agent&private=maybe", 400, []string{`"field":"private"`}, nil},
			{"numbers and texts", http.MethodPost, "/api/v1/conversations", admin,
				"inbox_id=1&agent_id=3&content=hi&contact_email=eva%40x.test&first_name=Eva&initiator=contact&tags=vip&tags=billing", 200, []string{`"assigned_user_id":3`, `"billing"`, `"vip"`}, nil},
			{"one text of several", http.MethodPost, path + "/tags", admin, "action=add_tags&tags=billing", 200, nil, nil},
			{"text that looks like a number", http.MethodPost, "/api/v1/tags", admin, "name=42", 200, []string{`"name":"42"`}, nil},
			{"not a form", http.MethodPost, "/api/v1/tags", admin, "name=%zz", 400, []string{"InputException"}, nil},
			{"an object in it", http.MethodPost, "/api/v1/conversations", admin, "inbox_id=1&custom_attributes=%7B%7D", 400, []string{`"field":"custom_attributes"`}, nil},
		} {
			w := k.form(s.method, s.path, s.who, s.body)
			if w.Code != s.code {
				t.Errorf("%s: %d, want %d: %s", s.name, w.Code, s.code, w.Body)
			}
			for _, want := range s.has {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("%s: %s lacks %s", s.name, w.Body, want)
				}
			}
		}
		k.play(scenario{"what became of it", http.MethodGet, path, admin, ``, 200, []string{`"assigned_user_id":3`, `"billing"`, `"vip"`, `"custom_attributes":{}`}, nil})
	})
}

func TestFormsAreRefusedForMaps(t *testing.T) {
	eachContactsDesk(t, func(k *contactsDesk) {
		path := "/api/v1/conversations/" + k.open(0).UUID
		for _, route := range []string{"/custom-attributes", "/contacts/custom-attributes"} {
			for _, body := range []string{"plan=free", ""} {
				if w := k.form(http.MethodPut, path+route, admin, body); w.Code != 400 || !strings.Contains(w.Body.String(), "InputException") {
					t.Errorf("%s %q: %d %s", route, body, w.Code, w.Body)
				}
			}
		}
	})
}

func TestWhatIsWrongWithABodyIsData(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		path := "/api/v1/conversations/" + k.open(0).UUID
		for _, s := range []scenario{
			{"tags", http.MethodPost, "/api/v1/tags", admin, `{"name":`, 400, []string{"unexpected end of JSON input"}, nil},
			{"the type of a name", http.MethodPost, "/api/v1/tags", admin, `{"name":3}`, 400, []string{"name"}, nil},
			{"statuses", http.MethodPost, "/api/v1/statuses", admin, `{x`, 400, []string{"invalid character"}, nil},
			{"views", http.MethodPost, "/api/v1/views/me", admin, `[`, 400, []string{"unexpected end"}, nil},
			{"shared views", http.MethodPost, "/api/v1/shared-views", admin, `[`, 400, []string{"unexpected end"}, nil},
			{"definitions", http.MethodPost, "/api/v1/custom-attributes", admin, `nonsense`, 400, []string{"invalid character"}, nil},
			{"others", http.MethodPut, path + "/priority", admin, `{`, 400, nil, nil},
			{"a rule that is broken", http.MethodPost, "/api/v1/tags", admin, `{}`, 400, nil, nil},
		} {
			w := k.json(s.method, s.path, s.who, s.body)
			var p struct {
				Data      *string
				ErrorType string `json:"error_type"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != s.code || p.ErrorType != "InputException" || (p.Data != nil) != (s.has != nil) {
				t.Errorf("%s: %d %s", s.name, w.Code, w.Body)
				continue
			}
			if s.has != nil && !strings.Contains(*p.Data, s.has[0]) {
				t.Errorf("%s: %q lacks %q", s.name, *p.Data, s.has[0])
			}
		}
	})
}

// FuzzForms proves that whatever a form says is taken as what its fields are or refused.
func FuzzForms(f *testing.F) {
	for _, s := range []string{"", "assignee_id=1", "assignee_id=9e99&assignee_id", "assignee_id=-0", "private=T&message=%00", "values=a&values=b&name=", "tags=&tags=%ff", "a;b", "%", "=&="} {
		f.Add(s)
	}
	k := newFilesDesk(f, dbtest.SQLite(f))
	path := "/api/v1/conversations/" + k.open(0).UUID
	f.Fuzz(func(t *testing.T, body string) {
		k := *k
		k.t = t
		for _, route := range []string{"PUT " + path + "/assignee/user", "PUT " + path + "/status", "POST " + path + "/tags", "POST /api/v1/custom-attributes", "POST " + path + "/draft"} {
			method, at, _ := strings.Cut(route, " ")
			w := k.form(method, at, admin, body)
			if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s %q gives %d %.200s", route, body, w.Code, w.Body)
			}
		}
	})
}
