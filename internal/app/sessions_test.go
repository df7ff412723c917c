package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// ended fails unless a session and its socket are over.
func (c *client) ended(s *socket, reason string) {
	c.t.Helper()
	if e := s.kicked(); !strings.Contains(e.Reason, reason) {
		c.t.Errorf("closed with %s, want %q", e.Reason, reason)
	}
	if code, raw := c.do(http.MethodGet, "/api/v1/agents/me", nil); code != http.StatusUnauthorized {
		c.t.Errorf("the session still answers: %d %s", code, raw)
	}
}

func TestSocketsEndWithTheLifetimeOfASession(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		cfg.SessionLifetime = 5 * time.Second
		d := startWith(t, cfg)
		d.admin.ended(d.admin.dial(""), "session ended")
	})
}

func TestSocketsEndWhenASessionIsNotUsed(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		cfg.SessionIdle = 8 * time.Second
		d := startWith(t, cfg)
		d.addAgent("asha@x.test", "Agent")
		idle := d.admin.dial("")
		idle.write("ping") // an open window is no use
		used := signIn(t, d.app.URL(), "asha@x.test", agentPassword).dial("")
		// As another node notes that Asha's session was used.
		d.exec(`UPDATE sessions SET last_seen_at = $1 WHERE user_id <> 1`, db.At(time.Now().Add(time.Minute)))
		d.admin.ended(idle, "session ended")
		if frames := used.settle(); len(frames) == 0 {
			t.Error("the socket of a session that is used fell silent")
		}
	})
}

func TestPasswordChangeAndDisablingEndSessions(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url)
		id := d.addAgent("asha@x.test", "Agent")
		path := fmt.Sprintf("/api/v1/agents/%d", id)
		enter := func(password string) (first, second *client, s *socket) {
			first, second = signIn(t, d.app.URL(), "asha@x.test", password), signIn(t, d.app.URL(), "asha@x.test", password)
			return first, second, first.dial("")
		}
		first, second, s := enter(agentPassword)
		d.admin.ok(http.MethodPut, path, edit("asha@x.test", map[string]any{"new_password": "An0ther!Passw0rd"}), nil)
		first.ended(s, "kicked")
		second.want(401, "GeneralException", http.MethodGet, "/api/v1/agents/me", nil)
		first.want(400, "InputException", http.MethodPost, "/api/v1/auth/login", map[string]string{"email": "asha@x.test", "password": agentPassword})

		first, second, s = enter("An0ther!Passw0rd")
		d.admin.ok(http.MethodPut, path, edit("asha@x.test", map[string]any{"enabled": false}), nil)
		s.kicked()
		for _, c := range []*client{first, second} { // told why once, then nobody
			c.want(403, "PermissionException", http.MethodGet, "/api/v1/agents/me", nil)
			c.want(401, "GeneralException", http.MethodGet, "/api/v1/agents/me", nil)
		}
		d.admin.ok(http.MethodPut, path, edit("asha@x.test", nil), nil)
		first.want(401, "GeneralException", http.MethodGet, "/api/v1/agents/me", nil)
		signIn(t, d.app.URL(), "asha@x.test", "An0ther!Passw0rd")
		d.admin.ok(http.MethodGet, "/api/v1/agents/me", nil, nil)
	})
}
