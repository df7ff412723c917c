package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

type shownKey struct {
	ID          int64
	Name        string
	Key         string `json:"api_key"`
	Secret      string `json:"api_secret"`
	Primary     bool
	Permissions []string
	CreatedBy   *struct{ ID int64 } `json:"created_by"`
	ExpiresAt   *time.Time          `json:"expires_at"`
	LastUsedAt  *time.Time          `json:"last_used_at"`
}

// by makes a client that is known by a key.
func (d *desk) by(k shownKey) *client {
	c := newClient(d.t, d.app.URL())
	c.key = k.Key + ":" + k.Secret
	return c
}

func TestKeysOverHTTP(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		p := prepare(t, url)
		id := p.addAgent("asha@x.test", "Admin")
		keys := fmt.Sprintf("/api/v1/agents/%d/api-keys", id)
		add := func(body map[string]any) (k shownKey) {
			t.Helper()
			p.admin.ok(http.MethodPost, keys, body, &k)
			return k
		}
		list := func() (all []shownKey) {
			t.Helper()
			p.admin.ok(http.MethodGet, keys, nil, &all)
			return all
		}
		reader := add(map[string]any{"name": "Reader", "permissions": []string{"conversations:read", "conversations:read_all", "messages:read"}})
		whole := add(map[string]any{"name": "Whole"})
		short := add(map[string]any{"name": "Short", "expires_at": time.Now().Add(time.Hour)})
		conversation := "/api/v1/conversations/" + p.ids["conversations"]

		// A limited key reads what it may and does nothing else, whatever its agent may do.
		r := p.by(reader)
		for _, path := range []string{"/api/v1/conversations/all", conversation, conversation + "/messages", "/api/v1/agents/me", "/api/v1/teams/compact"} {
			r.ok(http.MethodGet, path, nil, nil)
		}
		for _, route := range [][2]string{{http.MethodGet, "/api/v1/agents"}, {http.MethodGet, "/api/v1/activity-logs"}, {http.MethodGet, keys}, {http.MethodPut, "/api/v1/settings/general"},
			{http.MethodPost, "/api/v1/teams"}, {http.MethodPost, "/api/v1/inboxes"}, {http.MethodPost, "/api/v1/roles"}, {http.MethodPost, keys},
			{http.MethodPost, conversation + "/messages"}, {http.MethodPut, conversation + "/status"}, {http.MethodDelete, fmt.Sprintf("/api/v1/agents/%d", p.bareID)}} {
			r.want(403, "PermissionException", route[0], route[1], map[string]any{})
		}
		w := p.by(whole)
		w.ok(http.MethodGet, "/api/v1/agents", nil, nil)
		w.ok(http.MethodPost, "/api/v1/teams", map[string]any{"name": "By key", "conversation_assignment_type": "Manual"}, nil)
		p.by(short).ok(http.MethodGet, "/api/v1/agents/me", nil, nil)

		// Who made a key and when it was used is shown; its secret never again.
		eventually(t, "the use of the keys to be noted", func() bool {
			for _, k := range list() {
				if k.LastUsedAt == nil {
					return false
				}
			}
			return true
		})
		all := list()
		if len(all) != 3 {
			t.Fatalf("%+v", all)
		}
		for _, k := range all {
			if k.Secret != "" || k.Primary || k.CreatedBy == nil || k.CreatedBy.ID != 1 {
				t.Errorf("%+v", k)
			}
		}
		if len(all[0].Permissions) != 3 || all[1].Permissions != nil || all[2].ExpiresAt == nil {
			t.Errorf("%+v", all)
		}

		// A key ends at its time and alone.
		p.exec(`UPDATE api_keys SET expires_at = $1 WHERE id = $2`, db.At(time.Now().Add(-time.Second)), short.ID)
		p.app.Directory.InvalidateAll()
		p.by(short).want(401, "GeneralException", http.MethodGet, "/api/v1/agents/me", nil)
		p.admin.ok(http.MethodDelete, fmt.Sprintf("%s/%d", keys, reader.ID), nil, nil)
		r.want(401, "GeneralException", http.MethodGet, "/api/v1/agents/me", nil)
		w.ok(http.MethodGet, "/api/v1/agents/me", nil, nil)
		p.admin.want(404, "NotFoundException", http.MethodDelete, fmt.Sprintf("%s/%d", keys, reader.ID), nil)
		p.admin.want(400, "InputException", http.MethodPost, keys, map[string]any{"name": "Late", "expires_at": time.Now().Add(-time.Hour)})
		p.admin.want(400, "InputException", http.MethodPost, keys, map[string]any{"name": "Odd", "permissions": []string{"bogus:x"}})

		// The endpoints of the one primary key know nothing of the others.
		one := fmt.Sprintf("/api/v1/agents/%d/api-key", id)
		var first, second shownKey
		p.admin.ok(http.MethodPost, one, nil, &first)
		if len(first.Key) != 32 || len(first.Secret) != 64 {
			t.Errorf("%+v", first)
		}
		p.admin.ok(http.MethodPost, one, nil, &second)
		p.by(first).want(401, "GeneralException", http.MethodGet, "/api/v1/agents/me", nil)
		var me struct {
			Key *string `json:"api_key"`
		}
		p.by(second).ok(http.MethodGet, "/api/v1/agents/me", nil, &me)
		if me.Key == nil || *me.Key != second.Key {
			t.Errorf("%v", me.Key)
		}
		p.admin.ok(http.MethodDelete, one, nil, nil)
		p.by(second).want(401, "GeneralException", http.MethodGet, "/api/v1/agents/me", nil)
		me.Key = nil
		w.ok(http.MethodGet, "/api/v1/agents/me", nil, &me)
		if me.Key != nil {
			t.Errorf("the primary key is still shown: %s", *me.Key)
		}
	})
}
