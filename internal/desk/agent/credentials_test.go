package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// begin signs System in and returns the session's token.
func (k *desk) begin() string {
	k.Helper()
	token, err := k.signIn(agent.SystemLogin, strong)
	k.must(err)
	return token
}

func TestAgentHasSeveralKeysAndEachEndsAlone(t *testing.T) {
	each(t, func(k *desk) {
		primary, err := k.agents.NewKey(k.ctx, k.principal(1), 1)
		k.must(err)
		a, err := k.agents.AddKey(k.ctx, k.principal(1), 1, agent.KeyEdit{Name: " Import "})
		k.must(err)
		b, err := k.agents.AddKey(k.ctx, k.principal(1), 1, agent.KeyEdit{Name: "Reports", Permissions: []string{"messages:read", "messages:read"}})
		k.must(err)
		if a.Name != "Import" || a.Permissions != nil || a.CreatedBy == nil || a.CreatedBy.ID != 1 || a.ExpiresAt != nil || len(b.Permissions) != 1 {
			k.Errorf("%+v, %+v", a, b)
		}
		p, err := k.dir.ByKey(k.ctx, b.Key.Key, b.Secret)
		k.must(err)
		if !p.Can(role.MessagesRead) || p.Can(role.MessagesWrite) || p.Can(role.UsersManage) {
			k.Errorf("the limited key may %v", p.Permissions)
		}
		if p, err = k.dir.BySession(k.ctx, k.begin()); err != nil || !p.Can(role.UsersManage) {
			k.Errorf("the limit of a key reached a session: %v", err)
		}
		_, err = k.agents.NewKey(k.ctx, k.principal(1), 1) // replaces the primary one only
		k.must(err)
		_, err = k.dir.ByKey(k.ctx, primary.Key, primary.Secret)
		k.refused(err, fault.Unauthorized, "the primary key that was replaced")
		k.must(k.agents.RevokeKey(k.ctx, k.principal(1), 1))
		_, err = k.dir.ByKey(k.ctx, a.Key.Key, a.Secret)
		k.must(err)
		k.must(k.agents.DropKey(k.ctx, k.principal(1), 1, a.ID))
		_, err = k.dir.ByKey(k.ctx, a.Key.Key, a.Secret)
		k.refused(err, fault.Unauthorized, "the dropped key")
		k.refused(k.agents.DropKey(k.ctx, k.principal(1), 1, a.ID), fault.NotFound, "a key that is gone")
		keys, err := k.agents.Keys(k.ctx, 1)
		k.must(err)
		if len(keys) != 1 || keys[0].ID != b.ID || keys[0].Primary {
			k.Errorf("%+v", keys)
		}
	})
}

func TestKeysAreCheckedBeforeTheyAreMade(t *testing.T) {
	each(t, func(k *desk) {
		past := time.Now().Add(-time.Minute)
		for name, e := range map[string]agent.KeyEdit{
			"no name":            {Name: "  "},
			"long name":          {Name: strings.Repeat("é", 141)},
			"past":               {Name: "n", ExpiresAt: &past},
			"unknown permission": {Name: "n", Permissions: []string{"messages:read", "everything"}},
		} {
			_, err := k.agents.AddKey(k.ctx, k.principal(1), 1, e)
			k.refused(err, fault.Invalid, name)
		}
		for range 50 {
			_, err := k.agents.AddKey(k.ctx, k.principal(1), 1, agent.KeyEdit{Name: "n"})
			k.must(err)
		}
		_, err := k.agents.AddKey(k.ctx, k.principal(1), 1, agent.KeyEdit{Name: "n"})
		k.refused(err, fault.Conflict, "one too many")
		_, err = k.agents.AddKey(k.ctx, k.principal(1), 999, agent.KeyEdit{Name: "n"})
		k.refused(err, fault.NotFound, "no agent")
	})
}

func TestKeyThatIsLimitedIsNoWayToMore(t *testing.T) {
	each(t, func(k *desk) {
		limited, err := k.agents.AddKey(k.ctx, k.principal(1), 1, agent.KeyEdit{Name: "n", Permissions: []string{"users:manage"}})
		k.must(err)
		p, err := k.dir.ByKey(k.ctx, limited.Key.Key, limited.Secret)
		k.must(err)
		_, err = k.agents.NewKey(k.ctx, p, 1)
		k.refused(err, fault.Forbidden, "a primary key")
		_, err = k.agents.AddKey(k.ctx, p, 1, agent.KeyEdit{Name: "n"})
		k.refused(err, fault.Forbidden, "a key without limits")
		_, err = k.agents.AddKey(k.ctx, p, 1, agent.KeyEdit{Name: "n", Permissions: []string{"messages:read"}})
		k.refused(err, fault.Forbidden, "a key for something else")
		_, err = k.agents.AddKey(k.ctx, p, 1, agent.KeyEdit{Name: "n", Permissions: []string{"users:manage"}})
		k.must(err)
	})
}

func TestKeyStopsAtItsEnd(t *testing.T) {
	each(t, func(k *desk) {
		end := time.Now().Add(time.Hour)
		made, err := k.agents.AddKey(k.ctx, k.principal(1), 1, agent.KeyEdit{Name: "n", ExpiresAt: &end})
		k.must(err)
		p, err := k.dir.ByKey(k.ctx, made.Key.Key, made.Secret)
		k.must(err)
		if !p.Until.Equal(end.Truncate(time.Microsecond)) {
			k.Errorf("until %s", p.Until)
		}
		k.exec(fmt.Sprintf(`UPDATE api_keys SET expires_at = %d`, time.Now().UnixMicro()))
		k.dir.InvalidateAll()
		_, err = k.dir.ByKey(k.ctx, made.Key.Key, made.Secret)
		k.refused(err, fault.Unauthorized, "a key that is over")
	})
}

func TestSessionsAreSeenAndEndedOneByOne(t *testing.T) {
	each(t, func(k *desk) {
		first, second, third := k.begin(), k.begin(), k.begin()
		k.exec(`UPDATE sessions SET user_agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', ip = '203.0.113.9'`)
		p, err := k.dir.BySession(k.ctx, second)
		k.must(err)
		list, err := k.agents.Sessions(k.ctx, 1, p.SessionID)
		k.must(err)
		current := 0
		for _, one := range list {
			if one.Device != "Firefox on Linux" || one.Kind != "desktop" || one.IP != "203.0.113.9" || one.ExpiresAt.IsZero() {
				k.Errorf("%+v", one)
			}
			if one.Current {
				current++
			}
		}
		if len(list) != 3 || current != 1 {
			k.Fatalf("%d sessions, %d current", len(list), current)
		}
		other, err := k.dir.BySession(k.ctx, first)
		k.must(err)
		k.must(k.agents.EndSession(k.ctx, p, 1, other.SessionID))
		_, err = k.dir.BySession(k.ctx, first)
		k.refused(err, fault.Unauthorized, "the session that was ended")
		k.refused(k.agents.EndSession(k.ctx, p, 1, other.SessionID), fault.NotFound, "ended twice")
		k.must(k.agents.EndOtherSessions(k.ctx, p, 1, p.SessionID))
		_, err = k.dir.BySession(k.ctx, third)
		k.refused(err, fault.Unauthorized, "the others")
		_, err = k.dir.BySession(k.ctx, second)
		k.must(err)
		if n := k.audited("agent_sessions_revoked"); n != 2 {
			k.Errorf("%d entries", n)
		}
		k.refused(k.agents.EndSession(k.ctx, p, 999, 1), fault.NotFound, "no agent")
	})
}

func TestSessionOfAnotherAgentIsNotOnesOwn(t *testing.T) {
	each(t, func(k *desk) {
		token := k.begin()
		p, err := k.dir.BySession(k.ctx, token)
		k.must(err)
		asha := k.add("Asha", "Agent").ID
		k.refused(k.agents.EndSession(k.ctx, k.principal(asha), asha, p.SessionID), fault.NotFound, "somebody else's session")
		_, err = k.dir.BySession(k.ctx, token)
		k.must(err)
	})
}

func TestIdleSessionIsOver(t *testing.T) {
	each(t, func(k *desk) {
		k.dir.Idle = time.Hour
		token := k.begin()
		k.exec(fmt.Sprintf(`UPDATE sessions SET last_seen_at = %d`, time.Now().Add(-2*time.Hour).UnixMicro()))
		list, err := k.agents.Sessions(k.ctx, 1, 0)
		k.must(err)
		if len(list) != 0 {
			k.Errorf("%d sessions are shown", len(list))
		}
		_, err = k.dir.BySession(k.ctx, token)
		k.refused(err, fault.Unauthorized, "an idle session")
	})
}
