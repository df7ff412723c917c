package app_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

type activityPage struct {
	Results []struct {
		Type        string         `json:"activity_type"`
		Description string         `json:"activity_description"`
		ActorID     int64          `json:"actor_id"`
		Model       string         `json:"target_model_type"`
		TargetID    int64          `json:"target_model_id"`
		IP          string         `json:"ip"`
		ActorName   string         `json:"actor_name"`
		Via         string         `json:"via"`
		Before      map[string]any `json:"before"`
		After       map[string]any `json:"after"`
	} `json:"results"`
	Total   int64 `json:"total"`
	PerPage int   `json:"per_page"`
	Page    int   `json:"page"`
}

func (d *desk) activity(kind string) activityPage {
	d.t.Helper()
	var p activityPage
	filters := fmt.Sprintf(`[{"model":"activity_logs","field":"activity_type","operator":"equals","value":%q}]`, kind)
	d.admin.ok(http.MethodGet, "/api/v1/activity-logs?order_by=activity_logs.created_at&order=desc&filters="+url.QueryEscape(filters), nil, &p)
	return p
}

func TestEveryChangeOfRightsIsInTheActivityLog(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		id := d.addAgent("asha@x.test", "Agent")
		newClient(t, d.app.URL()).want(400, "InputException", http.MethodPost, "/api/v1/auth/login", map[string]string{"email": "asha@x.test", "password": "wrong"})
		asha := signIn(t, d.app.URL(), "asha@x.test", agentPassword)
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", id), edit("asha@x.test", map[string]any{"roles": []string{}, "availability_status": "away_manual", "first_name": "Asha B."}), nil)
		asha.ok(http.MethodPost, "/api/v1/auth/logout", nil, nil)
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/agents/%d", id), edit("asha@x.test", map[string]any{"roles": []string{}, "enabled": false, "availability_status": "away_manual"}), nil)
		var team, role struct{ ID int64 }
		d.admin.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "Care", "conversation_assignment_type": "Manual"}, &team)
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/teams/%d", team.ID), map[string]any{"name": "Cares", "conversation_assignment_type": "Manual"}, nil)
		d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/teams/%d", team.ID), nil, nil)
		d.admin.ok(http.MethodPost, "/api/v1/roles", map[string]any{"name": "R", "permissions": []string{"messages:read"}}, &role)
		d.admin.ok(http.MethodPut, fmt.Sprintf("/api/v1/roles/%d", role.ID), map[string]any{"name": "R", "permissions": []string{"messages:read", "messages:write"}}, nil)
		d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/roles/%d", role.ID), nil, nil)
		d.admin.ok(http.MethodPost, fmt.Sprintf("/api/v1/agents/%d/api-key", id), nil, nil)
		d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d/api-key", id), nil, nil)
		d.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d", id), nil, nil)
		for _, kind := range []string{"agent_created", "agent_password_set", "agent_login_failed", "agent_login", "agent_roles_changed", "agent_away", "agent_updated",
			"agent_logout", "agent_disabled", "team_created", "team_updated", "team_deleted", "role_created", "agent_role_permissions_changed", "role_deleted",
			"agent_api_key_generated", "agent_api_key_revoked", "agent_deleted"} {
			p := d.activity(kind)
			if len(p.Results) == 0 {
				t.Errorf("%s is not recorded", kind)
				continue
			}
			if e := p.Results[0]; e.IP == "" || e.ActorName == "" || e.Type != kind {
				t.Errorf("%s: %+v", kind, e)
			}
		}
		if e := d.activity("agent_away").Results[0]; e.ActorID != 1 || e.TargetID != id || e.Before["availability_status"] != "offline" || e.After["availability_status"] != "away_manual" || e.Via != "session" {
			t.Errorf("an administrator who sets an agent away is the actor, the agent the target: %+v", e)
		}
		if e := d.activity("agent_role_permissions_changed").Results[0]; e.Model != "role" || e.TargetID != role.ID || !strings.Contains(e.Description, "added messages:write") {
			t.Errorf("%+v", e)
		}
	})
}

func TestActivityLogKeepsToTheContract(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		d.addAgent("asha@x.test", "Agent")
		asha := signIn(t, d.app.URL(), "asha@x.test", agentPassword)
		var p activityPage
		d.admin.ok(http.MethodGet, "/api/v1/activity-logs?page_size=9999", nil, &p)
		if p.PerPage != 500 || p.Total == 0 {
			t.Errorf("%+v", p)
		}
		d.admin.ok(http.MethodGet, "/api/v1/activity-logs?page=0&page_size=0", nil, &p)
		if p.PerPage != 30 || p.Page != 1 {
			t.Errorf("%+v", p)
		}
		for _, query := range []string{"?order_by=activity_logs.id", "?order=sideways", "?filters=%7B", "?filters=" + `%5B%7B%22model%22%3A%22activity_logs%22%2C%22field%22%3A%22ip%22%2C%22operator%22%3A%22contains%22%2C%22value%22%3A%221%22%7D%5D`} {
			d.admin.want(400, "InputException", http.MethodGet, "/api/v1/activity-logs"+query, nil)
		}
		asha.want(403, "PermissionException", http.MethodGet, "/api/v1/activity-logs", nil)
		asha.want(403, "PermissionException", http.MethodGet, "/api/v1/activity-logs/export", nil)
		code, raw := d.admin.do(http.MethodGet, "/api/v1/activity-logs/export", nil)
		lines, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
		if code != 200 || err != nil || len(lines) < 3 || lines[0][0] != "id" || lines[1][2] != "activity_log_exported" {
			t.Errorf("%d %v %s", code, err, raw)
		}
	})
}
