package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

var finding = []conversationScenario{
	{"List filter OR", func(o *office) {
		var tag made
		o.admin.ok(http.MethodPost, "/api/v1/tags", map[string]any{"name": "either"}, &tag)
		open, tagged, neither := o.from("or@x.test", nil), o.from("or@x.test", map[string]any{"tags": []string{"either"}}), o.from("or@x.test", nil)
		for _, c := range []conv{tagged, neither} {
			o.admin.ok(http.MethodPut, at(c.UUID, "/status"), map[string]any{"status": "Closed"}, nil)
		}
		either := `{"logic":"OR","rules":[` + leaf("status_id", "equals", "1") + `,` + leaf("tags", "contains", fmt.Sprintf("[%d]", tag.ID)) + `]}`
		for uuid, want := range map[string]bool{open.UUID: true, tagged.UUID: true, neither.UUID: false} {
			if _, found := listed(o.admin, matching(either), uuid); found != want {
				o.t.Errorf("listed %v, want %v", found, want)
			}
		}
	}},
	{"Inbox of a team", func(o *office) {
		c := o.from("team@x.test", map[string]any{"team_id": o.team})
		inbox := func(id any) string { return fmt.Sprintf("/api/v1/teams/%v/conversations/unassigned", id) }
		if _, found := listed(o.bob, inbox(o.team), c.UUID); !found {
			o.t.Error("not listed for a member")
		}
		var m made
		o.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Others", "conversation_assignment_type": "Manual"}, &m)
		for _, id := range []any{m.ID, 1 << 40} {
			o.bob.want(403, "PermissionException", http.MethodGet, inbox(id), nil)
		}
		o.admin.want(403, "PermissionException", http.MethodGet, inbox(o.team), nil) // who reads everything is no member by that
		o.none.want(403, "PermissionException", http.MethodGet, inbox(o.team), nil)
		for _, id := range []any{0, -1, "x", "9999999999999999999999"} {
			o.bob.want(400, "InputException", http.MethodGet, inbox(id), nil)
		}
		newClient(o.t, o.app.URL()).want(401, "GeneralException", http.MethodGet, inbox(o.team), nil)
	}},
	{"A guest's socket", func(o *office) {
		newClient(o.t, o.app.URL()).want(401, "GeneralException", http.MethodGet, "/ws", nil)
		_, res, err := websocket.Dial(o.t.Context(), o.app.URL()+"/ws", nil)
		if err == nil || res == nil || res.StatusCode != 401 {
			o.t.Fatalf("%v %+v", err, res)
		}
		var p problem
		if err := json.NewDecoder(res.Body).Decode(&p); err != nil || p.Status != "error" || p.ErrorType != "GeneralException" || p.Message == "" {
			o.t.Errorf("%v %+v", err, p)
		}
	}},
	{"Filter limits", func(o *office) {
		view := func(groups int, more string) map[string]any {
			var rules []string
			for range groups {
				rules = append(rules, `{"logic":"AND","rules":[`+leaf("status_id", "equals", "1")+`]}`)
			}
			if more != "" {
				rules = append(rules, more)
			}
			return map[string]any{"name": "Limits", "filters": json.RawMessage(`{"logic":"AND","rules":[` + strings.Join(rules, ",") + `]}`)}
		}
		o.ann.want(400, "InputException", http.MethodPost, "/api/v1/views/me", view(11, ""))
		o.ann.ok(http.MethodPost, "/api/v1/views/me", view(10, ""), nil)
		deep := `{"logic":"AND","rules":[{"logic":"OR","rules":[` + leaf("status_id", "equals", "1") + `]}]}`
		o.ann.want(400, "InputException", http.MethodPost, "/api/v1/views/me", view(0, deep))
		o.admin.want(400, "InputException", http.MethodGet, matching("["+leaf("status_id", "equals", "x")+"]"), nil)
		o.admin.want(400, "InputException", http.MethodGet, matching("["+leaf("colour", "equals", "x")+"]"), nil)
		o.admin.want(400, "InputException", http.MethodGet, "/api/v1/conversations/all?order_by=conversations.tags", nil)
	}},
	{"Filter by an attribute over its life", func(o *office) {
		c := o.from("tiered@x.test", nil)
		define := map[string]any{"name": "Tier", "description": "d", "applies_to": "conversation", "key": "tier", "data_type": "list", "values": []string{"Gold", "Iron"}}
		gold := matching("[" + leaf("custom_attributes.tier", "equals", "Gold") + "," + leaf("subject", "starts with", "lamp") + "]")
		o.admin.want(400, "InputException", http.MethodGet, gold, nil)
		var made struct{ ID int64 }
		o.admin.ok(http.MethodPost, "/api/v1/custom-attributes", define, &made)
		o.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/custom-attributes", map[string]any{"tier": "Gold"}, nil)
		var view struct{ ID int64 }
		o.admin.ok(http.MethodPost, "/api/v1/views/me", map[string]any{"name": "Gold", "filters": json.RawMessage("[" + leaf("custom_attributes.tier", "equals", "Gold") + "]")}, &view)
		for _, path := range []string{gold, fmt.Sprintf("/api/v1/views/%d/conversations?page_size=500", view.ID)} {
			if _, found := listed(o.admin, path, c.UUID); !found {
				o.t.Errorf("%s does not list it", path)
			}
		}
		o.admin.ok(http.MethodPut, "/api/v1/conversations/"+c.UUID+"/custom-attributes", map[string]any{"tier": "Iron"}, nil)
		if _, found := listed(o.admin, gold, c.UUID); found {
			o.t.Error("it is listed by what it was")
		}
		o.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/custom-attributes/%d", made.ID), nil, nil)
		o.admin.want(400, "InputException", http.MethodGet, gold, nil)
		o.admin.ok(http.MethodGet, "/api/v1/views/counts", nil, nil)
		o.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/views/me/%d", view.ID), nil, nil)
	}},
	{"Date filter", func(o *office) {
		c := o.from("date@x.test", nil)
		o.exec(`UPDATE conversations SET created_at = $1 WHERE uuid = $2`, time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC).UnixMicro(), c.UUID)
		zone := func(name string) {
			var general map[string]any
			o.admin.ok(http.MethodGet, "/api/v1/settings/general", nil, &general)
			general["app.timezone"] = name
			o.admin.ok(http.MethodPut, "/api/v1/settings/general", general, nil)
		}
		zone("Asia/Kolkata")
		defer zone("UTC")
		for day, want := range map[string]bool{"2026-05-02": true, "2026-05-01": false} {
			if _, found := listed(o.admin, matching("["+leaf("created_at", "equals", day)+"]"), c.UUID); found != want {
				o.t.Errorf("%s: %v, want %v", day, found, want)
			}
		}
	}},
}
