package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/view"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

func TestTagsAreKept(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		const path = "/api/v1/tags"
		k.play(
			scenario{"guest", http.MethodPost, path, guest, `{"name":"new"}`, 403, nil, nil},
			scenario{"without permission", http.MethodPost, path, limited, `{"name":"new"}`, 403, []string{"PermissionException"}, nil},
			scenario{"create", http.MethodPost, path, admin, `{"name":" refund "}`, 200, []string{`"id":3`, `"name":"refund"`}, nil},
			scenario{"the same again", http.MethodPost, path, admin, `{"name":"refund"}`, 409, []string{"ConflictException", `"field":"name"`}, nil},
			scenario{"told apart by case", http.MethodPost, path, admin, `{"name":"Refund"}`, 200, nil, nil},
			scenario{"empty", http.MethodPost, path, admin, `{"name":" "}`, 400, []string{`"field":"name"`}, nil},
			scenario{"too long", http.MethodPost, path, admin, `{"name":"` + strings.Repeat("é", 141) + `"}`, 400, []string{`"field":"name"`}, nil},
			scenario{"two lines", http.MethodPost, path, admin, `{"name":"a\nb"}`, 400, []string{`"field":"name"`}, nil},
			scenario{"rename", http.MethodPut, path + "/3", admin, `{"name":"money back"}`, 200, []string{`"name":"money back"`}, nil},
			scenario{"rename to another's", http.MethodPut, path + "/3", admin, `{"name":"vip"}`, 409, []string{"ConflictException"}, nil},
			scenario{"rename none", http.MethodPut, path + "/99", admin, `{"name":"x"}`, 404, nil, nil},
			scenario{"rename as limited", http.MethodPut, path + "/3", limited, `{"name":"x"}`, 403, nil, nil},
			scenario{"delete as limited", http.MethodDelete, path + "/3", limited, ``, 403, nil, nil},
			scenario{"bad id", http.MethodDelete, path + "/x", admin, ``, 400, nil, nil},
		)
		c := k.open(k.agents[limited].ID)
		k.play(
			scenario{"tag", http.MethodPost, "/api/v1/conversations/" + c.UUID + "/tags", admin, `{"tags":["money back","vip"]}`, 200, nil, nil},
			scenario{"usage", http.MethodGet, path + "/3/usage", admin, ``, 200, []string{`"conversations":1`}, nil},
			scenario{"usage as limited", http.MethodGet, path + "/3/usage", limited, ``, 403, nil, nil},
			scenario{"delete", http.MethodDelete, path + "/3", admin, ``, 200, []string{`"data":true`}, nil},
			scenario{"delete again", http.MethodDelete, path + "/3", admin, ``, 200, nil, nil},
			scenario{"off the conversation", http.MethodGet, "/api/v1/conversations/" + c.UUID, admin, ``, 200, []string{`"tags":["vip"]`}, nil},
		)
	})
}

func TestTagsComeFromAFile(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		send := func(who, content string) (int, string) {
			contentType, body := form{field: "file", file: "tags.csv", contentType: "text/csv", content: []byte(content)}.encode()
			w := k.send(http.MethodPost, "/api/v1/tags/import", who, contentType, body)
			return w.Code, w.Body.String()
		}
		status := "/api/v1/tags/import/status"
		k.play(scenario{"before any", http.MethodGet, status, admin, ``, 404, []string{"NotFoundException"}, nil})
		for name, s := range map[string]struct {
			who, content string
			code         int
		}{
			"guest": {guest, "name\na\n", 403}, "limited": {limited, "name\na\n", 403}, "no rows": {admin, "name\n", 400},
			"no CSV": {admin, "name\n\"a\n", 400}, "too large": {admin, "name\n" + strings.Repeat("a", 2<<20), 413},
		} {
			if code, body := send(s.who, s.content); code != s.code {
				k.t.Errorf("%s: %d %s", name, code, body)
			}
		}
		if code, body := send(admin, "Note;NAME\nx;vip\ny;new one\nz;\nz;"+strings.Repeat("n", 200)+"\nz;new one\n"); code != 200 {
			k.t.Fatalf("import: %d %s", code, body)
		}
		k.play(
			scenario{"report", http.MethodGet, status, admin, ``, 200, []string{`"running":false`, `"total":5`, `"success":1`, `"errors":4`, `Row 2`}, nil},
			scenario{"tags", http.MethodGet, "/api/v1/tags", admin, ``, 200, []string{`"new one"`}, []string{"nnnn"}},
		)
		if code, _ := send(admin, "word\na\n"); code != 200 {
			k.t.Errorf("no column: %d", code)
		}
		k.play(scenario{"no column", http.MethodGet, status, admin, ``, 200, []string{`"success":0`, "“name”"}, nil})
	})
}

func TestStatusesOfTheDesksOwn(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		const path = "/api/v1/statuses"
		c := k.open(k.agents[limited].ID)
		k.play(
			scenario{"guest", http.MethodPost, path, guest, `{"name":"Parked","category":"waiting"}`, 403, nil, nil},
			scenario{"limited", http.MethodPost, path, limited, `{"name":"Parked","category":"waiting"}`, 403, nil, nil},
			scenario{"create", http.MethodPost, path, admin, `{"name":"Parked","category":"waiting"}`, 200, []string{`"id":5`, `"category":"waiting"`}, nil},
			scenario{"the same again", http.MethodPost, path, admin, `{"name":"Parked","category":"open"}`, 409, []string{"ConflictException"}, nil},
			scenario{"no name", http.MethodPost, path, admin, `{"category":"open"}`, 400, []string{`"field":"name"`}, nil},
			scenario{"long name", http.MethodPost, path, admin, `{"name":"` + strings.Repeat("a", 26) + `","category":"open"}`, 400, []string{`"field":"name"`}, nil},
			scenario{"no category", http.MethodPost, path, admin, `{"name":"X"}`, 400, []string{`"field":"category"`}, nil},
			scenario{"unknown category", http.MethodPost, path, admin, `{"name":"X","category":"new"}`, 400, []string{`"field":"category"`}, nil},
			scenario{"change", http.MethodPut, path + "/5", admin, `{"name":"On hold","category":"waiting"}`, 200, []string{`"On hold"`}, nil},
			scenario{"built-in", http.MethodPut, path + "/1", admin, `{"name":"New","category":"open"}`, 400, []string{"Open"}, nil},
			scenario{"none", http.MethodPut, path + "/77", admin, `{"name":"New","category":"open"}`, 404, nil, nil},
			scenario{"used at once", http.MethodPut, "/api/v1/conversations/" + c.UUID + "/status", admin, `{"status":"On hold"}`, 200, nil, nil},
			scenario{"usage", http.MethodGet, path + "/5/usage", admin, ``, 200, []string{`"conversations":1`}, nil},
			scenario{"in use", http.MethodDelete, path + "/5", admin, ``, 400, []string{"On hold"}, nil},
			scenario{"built-in", http.MethodDelete, path + "/3", admin, ``, 400, nil, nil},
			scenario{"retroactive", http.MethodPut, path + "/5", admin, `{"name":"Done","category":"resolved"}`, 200, nil, nil},
			scenario{"shown", http.MethodGet, "/api/v1/conversations/" + c.UUID, admin, ``, 200, []string{`"status":"Done"`, `"status_category":"resolved"`}, nil},
			scenario{"freed", http.MethodPut, "/api/v1/conversations/" + c.UUID + "/status", admin, `{"status":"Open"}`, 200, nil, nil},
			scenario{"delete as limited", http.MethodDelete, path + "/5", limited, ``, 403, nil, nil},
			scenario{"delete", http.MethodDelete, path + "/5", admin, ``, 200, nil, nil},
			scenario{"gone", http.MethodGet, path, admin, ``, 200, nil, []string{"Done"}},
			scenario{"not used any more", http.MethodPut, "/api/v1/conversations/" + c.UUID + "/status", admin, `{"status":"Done"}`, 400, []string{`"field":"status"`}, nil},
		)
	})
}

func TestCustomAttributesAreDefined(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		const path = "/api/v1/custom-attributes"
		plan := `{"name":"Plan","description":"What they pay for","applies_to":"conversation","key":"plan","data_type":"list","values":["free","pro","free"," "],"regex":"","regex_hint":""}`
		without1 := func(field string) string { return strings.Replace(plan, `"`+field+`"`, `"x`+field+`"`, 1) }
		k.play(
			scenario{"guest", http.MethodPost, path, guest, plan, 403, nil, nil},
			scenario{"limited", http.MethodPost, path, limited, plan, 403, nil, nil},
			scenario{"create", http.MethodPost, path, admin, plan, 200, []string{`"id":1`, `"values":["free","pro"]`, `"regex":""`}, nil},
			scenario{"same key", http.MethodPost, path, admin, plan, 400, []string{"InputException", `"field":"key"`}, nil},
			scenario{"for something else", http.MethodPut, path + "/1", admin, strings.Replace(plan, "conversation", "contact", 1), 200, []string{`"applies_to":"contact"`, `"key":"plan"`}, nil},
			scenario{"and back", http.MethodPut, path + "/1", admin, plan, 200, []string{`"applies_to":"conversation"`}, nil},
			scenario{"same key of contacts", http.MethodPost, path, admin, strings.Replace(plan, "conversation", "contact", 1), 200, nil, nil},
			scenario{"no choices", http.MethodPost, path, admin, strings.Replace(without1("values"), `"plan"`, `"p2"`, 1), 400, []string{`"field":"values"`}, nil},
			scenario{"a number", http.MethodPost, path, admin, `{"name":"Seats","description":"How many","applies_to":"conversation","key":"seats","data_type":"number"}`, 200, []string{`"values":[]`}, nil},
			scenario{"no name", http.MethodPost, path, admin, without1("name"), 400, []string{`"field":"name"`}, nil},
			scenario{"no description", http.MethodPost, path, admin, without1("description"), 400, []string{`"field":"description"`}, nil},
			scenario{"no key", http.MethodPost, path, admin, without1("key"), 400, []string{`"field":"key"`}, nil},
			scenario{"reserved", http.MethodPost, path, admin, strings.Replace(plan, `"key":"plan"`, `"key":"status"`, 1), 400, []string{`"field":"key"`}, nil},
			scenario{"unknown type", http.MethodPost, path, admin, strings.Replace(plan, `"list"`, `"blob"`, 1), 400, []string{`"field":"data_type"`}, nil},
			scenario{"applies to nothing", http.MethodPost, path, admin, strings.Replace(plan, `"conversation"`, `"team"`, 1), 400, []string{`"field":"applies_to"`}, nil},
			scenario{"change; key and type stay", http.MethodPut, path + "/1", admin, `{"name":"Tariff","description":"d","applies_to":"conversation","key":"other","data_type":"text","values":["a"]}`, 200,
				[]string{`"name":"Tariff"`, `"key":"plan"`, `"data_type":"list"`, `"values":["a"]`}, nil},
			scenario{"to what has one of its key", http.MethodPut, path + "/1", admin, strings.Replace(plan, `"conversation"`, `"contact"`, 1), 400, []string{`"field":"applies_to"`}, nil},
			scenario{"change none", http.MethodPut, path + "/9", admin, plan, 404, nil, nil},
			scenario{"one", http.MethodGet, path + "/1", admin, ``, 200, []string{`"Tariff"`}, nil},
			scenario{"one as limited", http.MethodGet, path + "/1", limited, ``, 403, nil, nil},
			scenario{"none", http.MethodGet, path + "/9", admin, ``, 404, nil, nil},
			scenario{"all", http.MethodGet, path, without, ``, 200, []string{`"Tariff"`, `"seats"`, `"contact"`}, nil},
			scenario{"of contacts", http.MethodGet, path + "?applies_to=contact", without, ``, 200, []string{`"plan"`}, []string{`"seats"`}},
			scenario{"create a conversation", http.MethodPost, "/api/v1/conversations", admin,
				`{"inbox_id":1,"content":"<p>x</p>","contact_email":"a@x.test","first_name":"A","initiator":"contact","custom_attributes":{"plan":"a","seats":3,"ghost":1}}`, 200,
				[]string{`"custom_attributes":{"plan":"a","seats":3}`}, nil},
			scenario{"no choice of the list", http.MethodPost, "/api/v1/conversations", admin,
				`{"inbox_id":1,"content":"<p>x</p>","contact_email":"a@x.test","first_name":"A","initiator":"contact","custom_attributes":{"plan":"z"}}`, 400, []string{`"field":"plan"`}, nil},
			scenario{"delete as limited", http.MethodDelete, path + "/1", limited, ``, 403, nil, nil},
			scenario{"delete", http.MethodDelete, path + "/1", admin, ``, 200, nil, nil},
			scenario{"delete again", http.MethodDelete, path + "/1", admin, ``, 200, nil, nil},
		)
	})
}

const openOrTagged = `{"logic":"OR","rules":[{"model":"conversations","field":"status_id","operator":"equals","value":"2"},{"model":"conversations","field":"tags","operator":"contains","value":"[1]"}]}`

const mineOnly = `{"model":"conversations","field":"assigned_user_id","operator":"equals","value":"99"}`

func TestPersonalViews(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		const path = "/api/v1/views/me"
		k.agents["other"] = k.agents[limited]
		may := *k.agents[limited]
		may.Permissions |= role.SetOf(role.ViewManage)
		k.agents["viewer"] = &may
		nested := func(groups int) string {
			return `{"name":"n","filters":{"logic":"AND","rules":[` + strings.TrimSuffix(strings.Repeat(`{"logic":"OR","rules":[]},`, groups), ",") + `]}}`
		}
		leaf := `{"model":"conversations","field":"status_id","operator":"equals","value":"1"}`
		k.play(
			scenario{"guest", http.MethodPost, path, guest, `{"name":"Mine","filters":[]}`, 403, nil, nil},
			scenario{"without permission", http.MethodPost, path, limited, `{"name":"Mine","filters":[]}`, 403, nil, nil},
			scenario{"create", http.MethodPost, path, admin, `{"name":"Mine","filters":` + openOrTagged + `,"visibility":"all","user_id":3}`, 200,
				[]string{`"id":1`, `"visibility":"user"`, `"user_id":2`, openOrTagged}, []string{`"team_id"`}},
			scenario{"null filters", http.MethodPost, path, admin, `{"name":"All","filters":null}`, 200, []string{`"filters":null`}, nil},
			scenario{"no filters", http.MethodPost, path, admin, `{"name":"All"}`, 400, []string{`"field":"filters"`}, nil},
			scenario{"no name", http.MethodPost, path, admin, `{"filters":[]}`, 400, []string{`"field":"name"`}, nil},
			scenario{"ten groups", http.MethodPost, path, admin, nested(10), 200, nil, nil},
			scenario{"eleven groups", http.MethodPost, path, admin, nested(11), 400, []string{"InputException", `"field":"filters"`}, nil},
			scenario{"too deep", http.MethodPost, path, admin, `{"name":"n","filters":{"rules":[{"rules":[{"rules":[` + leaf + `]}]}]}}`, 400, []string{`"field":"filters"`}, nil},
			scenario{"unknown field", http.MethodPost, path, admin, `{"name":"n","filters":[{"model":"conversations","field":"secret","operator":"set"}]}`, 400, []string{`"field":"filters"`}, nil},
			scenario{"by name", http.MethodGet, path, admin, ``, 200, []string{`"name":"All"`, `"name":"Mine"`}, nil},
			scenario{"not another's", http.MethodGet, path, "viewer", ``, 200, []string{`"data":[]`}, nil},
			scenario{"change another's", http.MethodPut, path + "/1", "viewer", `{"name":"x","filters":[]}`, 403, []string{"PermissionException"}, nil},
			scenario{"delete another's", http.MethodDelete, path + "/1", "viewer", ``, 403, nil, nil},
			scenario{"look at another's", http.MethodGet, "/api/v1/views/1/conversations", "viewer", ``, 403, nil, nil},
			scenario{"change", http.MethodPut, path + "/1", admin, `{"name":"Ours","filters":[` + leaf + `]}`, 200, []string{`"name":"Ours"`, leaf}, nil},
			scenario{"change none", http.MethodPut, path + "/99", admin, `{"name":"x","filters":[]}`, 404, nil, nil},
			scenario{"bad id", http.MethodPut, path + "/x", admin, `{"name":"x","filters":[]}`, 400, nil, nil},
			scenario{"delete", http.MethodDelete, path + "/1", admin, ``, 200, []string{`"data":true`}, nil},
			scenario{"gone", http.MethodGet, "/api/v1/views/1/conversations", admin, ``, 404, nil, nil},
		)
	})
}

func TestAViewShowsWhatItsReaderMayRead(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		mine, free := k.open(k.agents[limited].ID), k.open(0)
		k.must(k.c.SetTags(t.Context(), k.agents[admin], free.UUID, "set_tags", []string{"vip"}))
		v, err := k.deps.Views.CreateShared(t.Context(), view.Edit{Name: "Ours", Filters: []byte(`[]`), Visibility: view.ForAll})
		k.must(err)
		tagged, err := k.deps.Views.CreateShared(t.Context(), view.Edit{Name: "Tagged", Filters: []byte(openOrTagged), Visibility: view.ForAll})
		k.must(err)
		path, filtered := fmt.Sprintf("/api/v1/views/%d/conversations", v.ID), fmt.Sprintf("/api/v1/views/%d/conversations", tagged.ID)
		ignored := "?filters=" + url.QueryEscape(`[{"model":"conversations","field":"status_id","operator":"equals","value":"4"}]`)
		k.play(
			scenario{"guest", http.MethodGet, path, guest, ``, 401, nil, nil},
			scenario{"admin", http.MethodGet, path, admin, ``, 200, []string{mine.UUID, free.UUID, `"total":2`}, nil},
			scenario{"filters of the request do not count", http.MethodGet, path + ignored, admin, ``, 200, []string{`"total":2`}, nil},
			scenario{"narrowed", http.MethodGet, path + "?narrow=" + url.QueryEscape(`[{"model":"conversations","field":"assigned_user_id","operator":"set","value":""}]`), admin, ``, 200, []string{mine.UUID, `"total":1`}, []string{free.UUID}},
			scenario{"narrowed to nothing", http.MethodGet, filtered + "?narrow=" + url.QueryEscape(`[{"model":"conversations","field":"subject","operator":"contains","value":"none such"}]`), admin, ``, 200, []string{`"total":0`}, nil},
			scenario{"narrowed wrongly", http.MethodGet, path + "?narrow=%5B1", admin, ``, 400, []string{"InputException"}, nil},
			scenario{"limited", http.MethodGet, path, limited, ``, 200, []string{mine.UUID, `"total":1`}, []string{free.UUID}},
			scenario{"without any list", http.MethodGet, path, without, ``, 403, nil, nil},
			scenario{"filtered", http.MethodGet, filtered, admin, ``, 200, []string{free.UUID, `"total":1`}, []string{mine.UUID}},
			scenario{"filtered, limited", http.MethodGet, filtered, limited, ``, 200, []string{`"total":0`}, nil},
			scenario{"an own one", http.MethodPost, "/api/v1/views/me", admin, `{"name":"Mine","filters":[` + mineOnly + `]}`, 200, []string{`"id":3`}, nil},
			scenario{"counts, guest", http.MethodGet, "/api/v1/views/counts", guest, ``, 401, nil, nil},
			scenario{"counts", http.MethodGet, "/api/v1/views/counts", admin, ``, 200, []string{`"data":{"1":2,"2":1,"3":0}`}, nil},
			scenario{"counts, limited", http.MethodGet, "/api/v1/views/counts", limited, ``, 200, []string{`"data":{"1":1,"2":0}`}, nil},
			scenario{"counts, without any list", http.MethodGet, "/api/v1/views/counts", without, ``, 403, nil, nil},
		)
		for range 103 {
			k.open(0)
		}
		k.play(scenario{"counts have a bound", http.MethodGet, "/api/v1/views/counts", admin, ``, 200, []string{`"1":100`}, nil})
		only := *k.agents[limited]
		only.Permissions = role.SetOf(role.ConversationsRead)
		k.agents["reader"] = &only
		k.play(scenario{"no list permission", http.MethodGet, path, "reader", ``, 403, nil, nil})
		team := *k.agents[limited]
		team.Permissions = role.SetOf(role.ConversationsRead, role.ConversationsReadTeamAll)
		k.agents["teamless"] = &team
		k.play(scenario{"a team permission without teams", http.MethodGet, path, "teamless", ``, 200, []string{`"total":0`}, nil})
		if !conversation.ListsAny(k.agents[limited]) || conversation.ListsAny(k.agents["reader"]) {
			t.Error("ListsAny")
		}
	})
}

func TestSharedViews(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		const path = "/api/v1/shared-views"
		k.exec(`INSERT INTO teams (created_at, updated_at, name) VALUES (1, 1, 'Billing'), (1, 1, 'Sales')`)
		inTeam := *k.agents[without]
		inTeam.TeamIDs = []int64{1}
		k.agents["member"] = &inTeam
		k.play(
			scenario{"guest", http.MethodPost, path, guest, `{}`, 403, nil, nil},
			scenario{"limited", http.MethodPost, path, limited, `{}`, 403, nil, nil},
			scenario{"for all", http.MethodPost, path, admin, `{"name":"Ours","filters":[],"visibility":"all","team_id":1}`, 200, []string{`"id":1`, `"visibility":"all"`}, []string{`"team_id"`, `"user_id"`}},
			scenario{"for a team", http.MethodPost, path, admin, `{"name":"Bills","filters":[],"visibility":"team","team_id":1}`, 200, []string{`"team_id":1`}, nil},
			scenario{"for another team", http.MethodPost, path, admin, `{"name":"Leads","filters":[],"visibility":"team","team_id":2}`, 200, nil, nil},
			scenario{"personal", http.MethodPost, path, admin, `{"name":"x","filters":[],"visibility":"user"}`, 400, []string{`"field":"visibility"`}, nil},
			scenario{"no visibility", http.MethodPost, path, admin, `{"name":"x","filters":[]}`, 400, []string{`"field":"visibility"`}, nil},
			scenario{"no team", http.MethodPost, path, admin, `{"name":"x","filters":[],"visibility":"team"}`, 400, []string{`"field":"team_id"`}, nil},
			scenario{"unknown team", http.MethodPost, path, admin, `{"name":"x","filters":[],"visibility":"team","team_id":9}`, 400, []string{`"field":"team_id"`}, nil},
			scenario{"a personal one besides", http.MethodPost, "/api/v1/views/me", admin, `{"name":"Mine","filters":[]}`, 200, []string{`"id":4`}, nil},
			scenario{"a personal one is none", http.MethodGet, path + "/4", admin, ``, 404, nil, nil},
			scenario{"one", http.MethodGet, path + "/2", admin, ``, 200, []string{"Bills"}, nil},
			scenario{"all", http.MethodGet, path, admin, ``, 200, []string{"Ours", "Bills", "Leads"}, []string{"Mine"}},
			scenario{"what is shared with a member", http.MethodGet, "/api/v1/views/shared", "member", ``, 200, []string{"Ours", "Bills"}, []string{"Leads", "Mine"}},
			scenario{"what is shared with others", http.MethodGet, "/api/v1/views/shared", without, ``, 200, []string{"Ours"}, []string{"Leads", "Bills"}},
			scenario{"change", http.MethodPut, path + "/2", admin, `{"name":"Invoices","filters":[],"visibility":"all"}`, 200, []string{"Invoices", `"visibility":"all"`}, []string{"team_id"}},
			scenario{"change a personal one", http.MethodPut, path + "/4", admin, `{"name":"x","filters":[],"visibility":"all"}`, 404, nil, nil},
			scenario{"delete a personal one", http.MethodDelete, path + "/4", admin, ``, 404, nil, nil},
			scenario{"delete", http.MethodDelete, path + "/2", admin, ``, 200, nil, nil},
			scenario{"gone", http.MethodGet, path + "/2", admin, ``, 404, nil, nil},
		)
	})
}

// exec runs a statement of a test's own.
func (k *filesDesk) exec(q string) {
	k.t.Helper()
	k.must(k.db.Tx(k.t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(k.t.Context(), q); return err }))
}
