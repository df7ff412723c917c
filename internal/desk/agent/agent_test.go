package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	strong   = "Str0ng!Passw0rd"
	another  = "Passw0rd!Passw0rd"
	lifetime = 9 * time.Hour
)

// desk is a seeded desk, with what was announced of its agents.
type desk struct {
	*testing.T
	ctx       context.Context
	db        *db.DB
	dir       *agent.Directory
	agents    *agent.Service
	roles     *role.Service
	announced []int64
}

func each(t *testing.T, fn func(k *desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := &desk{T: t, ctx: t.Context(), db: d, dir: agent.NewDirectory(d, slog.New(slog.DiscardHandler)), roles: role.New(d)}
		k.dir.Announce = func(id int64) { k.announced = append(k.announced, id) }
		k.agents = agent.New(d, k.dir)
		k.roles.Changed = func(ids []int64) {
			for _, id := range ids {
				k.dir.Changed(id)
			}
		}
		_, err := k.agents.Seed(k.ctx, strong)
		k.must(err)
		fn(k)
	})
}

func (k *desk) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *desk) refused(err error, kind fault.Kind, what string) {
	k.Helper()
	if !fault.Is(err, kind) {
		k.Errorf("%s: %v, want kind %d", what, err, kind)
	}
}

func (k *desk) principal(id int64) *agent.Principal {
	k.Helper()
	p, err := k.dir.ByID(k.ctx, id)
	k.must(err)
	return p
}

// add makes an agent with the strong password.
func (k *desk) add(name string, roles ...string) *agent.Agent {
	k.Helper()
	a, err := k.agents.Create(k.ctx, k.principal(1), agent.Edit{FirstName: name, Email: strings.ToLower(name) + "@acme.test", Roles: roles, NewPassword: strong})
	k.must(err)
	return a
}

func (k *desk) signIn(email, password string) (string, error) {
	_, begun, err := k.agents.SignIn(k.ctx, email, password, "203.0.113.9", "test", lifetime)
	return begun.Session, err
}

func (k *desk) audited(kind string) (n int) {
	k.Helper()
	k.must(k.db.QueryRow(k.ctx, `SELECT count(*) FROM activity_logs WHERE activity_type = $1`, kind).Scan(&n))
	return n
}

func editOf(a *agent.Agent) agent.Edit {
	return agent.Edit{FirstName: a.FirstName, LastName: a.LastName, Email: *a.Email, Roles: a.Roles, Enabled: a.Enabled, Availability: a.AvailabilityStatus}
}

func TestSeedingTwiceChangesNothing(t *testing.T) {
	each(t, func(k *desk) {
		token, err := k.agents.Seed(k.ctx, "")
		k.must(err)
		if token != "" {
			k.Error("a desk whose System has a password got another set-up link")
		}
		roles, err := k.roles.List(k.ctx)
		k.must(err)
		if len(roles) != 2 || roles[1].ID != 1 || roles[1].Name != role.Agent || roles[0].ID != 2 || len(roles[0].Permissions) != len(role.All) {
			k.Errorf("roles: %+v", roles)
		}
		system, err := k.agents.Get(k.ctx, 1)
		k.must(err)
		if !system.IsSystem || *system.Email != "System" || !slices.Equal(system.Roles, []string{"Admin"}) || len(system.Permissions) != len(role.All) {
			k.Errorf("System: %+v", system)
		}
	})
}

func TestSetupLinkSetsSystemsFirstPasswordOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := agent.New(d, agent.NewDirectory(d, slog.New(slog.DiscardHandler)))
		if _, err := s.Seed(t.Context(), "weak"); err == nil {
			t.Error("a weak System password was taken")
		}
		token, err := s.Seed(t.Context(), "")
		if err != nil || len(token) != 32 {
			t.Fatalf("token %q, %v", token, err)
		}
		if required, err := s.SetupRequired(t.Context()); err != nil || !required {
			t.Errorf("set-up required: %v, %v", required, err)
		}
		var stored int
		if err := d.QueryRow(t.Context(), `SELECT count(*) FROM password_tokens WHERE token_hash = $1`, token).Scan(&stored); err != nil || stored != 0 {
			t.Errorf("the token is kept in clear: %d, %v", stored, err)
		}
		if _, err := s.UseLink(t.Context(), token, strong); err != nil {
			t.Fatal(err)
		}
		if _, err := s.UseLink(t.Context(), token, another); !fault.Is(err, fault.Invalid) {
			t.Errorf("the link worked twice: %v", err)
		}
		if required, err := s.SetupRequired(t.Context()); err != nil || required {
			t.Errorf("set-up required: %v, %v", required, err)
		}
	})
}

func TestAgentHasTheFieldsThatClientsKnow(t *testing.T) {
	each(t, func(k *desk) {
		raw, err := json.Marshal(k.add("Asha", "Agent"))
		k.must(err)
		var fields map[string]any
		k.must(json.Unmarshal(raw, &fields))
		for _, key := range strings.Fields(`id created_at updated_at first_name last_name email type availability_status phone_number_country_code phone_number
			avatar_url enabled last_active_at last_login_at roles permissions country meta custom_attributes external_user_id teams api_key api_key_last_used_at
			language timezone`) {
			if _, ok := fields[key]; !ok {
				k.Errorf("%s is missing", key)
			}
			delete(fields, key)
		}
		if len(fields) != 0 {
			k.Errorf("too many fields: %v", fields)
		}
		if !strings.Contains(string(raw), `"teams":[]`) || !strings.Contains(string(raw), `"meta":null`) {
			k.Errorf("%s", raw)
		}
	})
}

func TestPasswordsMustBeStrong(t *testing.T) {
	for password, want := range map[string]bool{"": false, "weak": false, "Passw0rd!": false, "Passw0rd!!": true, "passw0rd!!": false, "PASSW0RD!!": false,
		"Password!!": false, "Passw0rd00": false, "Passw0rdäö": true, "Aa1!" + strings.Repeat("x", 68): true, "Aa1!" + strings.Repeat("x", 69): false} {
		if err := agent.CheckPassword("password", password); (err == nil) != want {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestUnknownAddressAndWrongPasswordAreRefusedAlike(t *testing.T) {
	each(t, func(k *desk) {
		_, wrong := k.signIn("System", "Wr0ng!Password")
		_, unknown := k.signIn("nobody@acme.test", strong)
		_, hostile := k.signIn("a\x00'; --", strong)
		for _, err := range []error{wrong, unknown, hostile} {
			k.refused(err, fault.Invalid, "sign-in")
			if err.Error() != wrong.Error() {
				k.Errorf("%v differs from %v", err, wrong)
			}
		}
		if n := k.audited("agent_login_failed"); n != 3 {
			k.Errorf("%d failures in the audit log", n)
		}
	})
}

func TestSignInBeginsASessionAndIsAudited(t *testing.T) {
	each(t, func(k *desk) {
		k.add("Asha", "Agent")
		token, err := k.signIn(" Asha@Acme.test ", strong)
		k.must(err)
		p, err := k.dir.BySession(k.ctx, token)
		k.must(err)
		if p.Email != "asha@acme.test" || p.Method != agent.BySession || !p.Can(role.MessagesWrite) || p.Can(role.UsersManage) {
			k.Errorf("%+v", p)
		}
		if k.audited("agent_login") != 1 {
			k.Error("not audited")
		}
		k.must(k.agents.SignOut(k.ctx, p, token, ""))
		_, err = k.dir.BySession(k.ctx, token)
		k.refused(err, fault.Unauthorized, "a session that was signed out")
	})
}

func TestSessionsEndAtTheirLifetime(t *testing.T) {
	each(t, func(k *desk) {
		_, begun, err := k.agents.SignIn(k.ctx, "system", strong, "", "", -time.Second)
		k.must(err)
		_, err = k.dir.BySession(k.ctx, begun.Session)
		k.refused(err, fault.Unauthorized, "a session past its lifetime")
	})
}

func TestNewPasswordEndsSessions(t *testing.T) {
	each(t, func(k *desk) {
		a := k.add("Asha", "Agent")
		token, err := k.signIn("asha@acme.test", strong)
		k.must(err)
		k.principal(a.ID)
		e := editOf(a)
		e.NewPassword = "weak"
		_, err = k.agents.Update(k.ctx, k.principal(1), a.ID, e)
		k.refused(err, fault.Invalid, "a weak password")
		_, err = k.dir.BySession(k.ctx, token)
		k.must(err)
		e.NewPassword = another
		_, err = k.agents.Update(k.ctx, k.principal(1), a.ID, e)
		k.must(err)
		_, err = k.dir.BySession(k.ctx, token)
		k.refused(err, fault.Unauthorized, "the session of the old password")
		_, err = k.signIn("asha@acme.test", strong)
		k.refused(err, fault.Invalid, "the old password")
		_, err = k.signIn("asha@acme.test", another)
		k.must(err)
		if k.audited("agent_password_set") != 1 || !slices.Contains(k.announced, a.ID) {
			k.Error("not audited or not announced")
		}
	})
}

func TestDisabledAgentIsToldOnceAndComesBackByANewSession(t *testing.T) {
	each(t, func(k *desk) {
		a := k.add("Asha", "Agent")
		token, err := k.signIn("asha@acme.test", strong)
		k.must(err)
		unused, err := k.signIn("asha@acme.test", strong)
		k.must(err)
		key, err := k.agents.NewKey(k.ctx, k.principal(1), a.ID)
		k.must(err)
		_, err = k.dir.BySession(k.ctx, token)
		k.must(err)
		e := editOf(a)
		e.Enabled = false
		_, err = k.agents.Update(k.ctx, k.principal(1), a.ID, e)
		k.must(err)
		_, err = k.dir.BySession(k.ctx, token)
		k.refused(err, fault.Forbidden, "first request")
		_, err = k.dir.BySession(k.ctx, token)
		k.refused(err, fault.Unauthorized, "second request")
		_, err = k.dir.ByKey(k.ctx, key.Key, key.Secret)
		k.refused(err, fault.Unauthorized, "key")
		_, err = k.signIn("asha@acme.test", strong)
		k.refused(err, fault.Forbidden, "sign-in")
		link, err := k.agents.ForgotPassword(k.ctx, "asha@acme.test")
		k.must(err)
		if link != "" {
			k.Error("a disabled agent got a link")
		}
		_, err = k.agents.Update(k.ctx, k.principal(1), a.ID, editOf(a))
		k.must(err)
		_, err = k.dir.BySession(k.ctx, unused)
		k.refused(err, fault.Unauthorized, "a session from before")
		_, err = k.signIn("asha@acme.test", strong)
		k.must(err)
	})
}

func TestKeyIsReplacedAndRevokedAtOnce(t *testing.T) {
	each(t, func(k *desk) {
		first, err := k.agents.NewKey(k.ctx, k.principal(1), 1)
		k.must(err)
		if len(first.Key) != 32 || len(first.Secret) != 64 {
			k.Errorf("%d, %d characters", len(first.Key), len(first.Secret))
		}
		p, err := k.dir.ByKey(k.ctx, first.Key, first.Secret)
		k.must(err)
		if p.Method != agent.ByAPIKey {
			k.Errorf("method %s", p.Method)
		}
		_, err = k.dir.ByKey(k.ctx, first.Key, "wrong")
		k.refused(err, fault.Unauthorized, "wrong secret")
		second, err := k.agents.NewKey(k.ctx, k.principal(1), 1)
		k.must(err)
		_, err = k.dir.ByKey(k.ctx, first.Key, first.Secret)
		k.refused(err, fault.Unauthorized, "the key that was replaced")
		_, err = k.dir.ByKey(k.ctx, second.Key, second.Secret)
		k.must(err)
		k.must(k.agents.RevokeKey(k.ctx, k.principal(1), 1))
		k.must(k.agents.RevokeKey(k.ctx, k.principal(1), 1))
		_, err = k.dir.ByKey(k.ctx, second.Key, second.Secret)
		k.refused(err, fault.Unauthorized, "the revoked key")
		_, err = k.agents.NewKey(k.ctx, k.principal(1), 999)
		k.refused(err, fault.NotFound, "no agent")
		var clear int
		k.must(k.db.QueryRow(k.ctx, `SELECT count(*) FROM api_keys WHERE secret_hash = $1`, second.Secret).Scan(&clear))
		if clear != 0 || k.audited("agent_api_key_revoked") != 1 {
			k.Error("the secret is kept in clear, or the audit log is wrong")
		}
	})
}

func TestRefusedAgentLeavesNothingBehind(t *testing.T) {
	each(t, func(k *desk) {
		for name, e := range map[string]agent.Edit{
			"no address":   {FirstName: "B", Roles: []string{"Agent"}},
			"bad address":  {FirstName: "B", Email: "not-an-email", Roles: []string{"Agent"}},
			"no name":      {Email: "b@acme.test", Roles: []string{"Agent"}},
			"long name":    {FirstName: strings.Repeat("x", 141), Email: "b@acme.test", Roles: []string{"Agent"}},
			"no roles":     {FirstName: "B", Email: "b@acme.test"},
			"empty roles":  {FirstName: "B", Email: "b@acme.test", Roles: []string{}},
			"unknown role": {FirstName: "B", Email: "b@acme.test", Roles: []string{"Nope"}},
			"NUL":          {FirstName: "B", Email: "b\x00@acme.test", Roles: []string{"Agent"}},
		} {
			_, err := k.agents.Create(k.ctx, k.principal(1), e)
			k.refused(err, fault.Invalid, name)
		}
		list, err := k.agents.List(k.ctx)
		k.must(err)
		if len(list) != 0 {
			k.Errorf("%+v", list)
		}
		k.add("B", "Agent")
	})
}

func TestAddressIsUniqueUntilItsAgentIsDeleted(t *testing.T) {
	each(t, func(k *desk) {
		first := k.add("Asha", "Agent")
		_, err := k.agents.Create(k.ctx, k.principal(1), agent.Edit{FirstName: "A", Email: " ASHA@Acme.test ", Roles: []string{"Agent"}})
		k.refused(err, fault.Conflict, "the same address")
		token, err := k.signIn("asha@acme.test", strong)
		k.must(err)
		var unassigned []int64
		k.agents.Unassign = func(_ context.Context, tx *db.Tx, _ *agent.Principal, id int64) error {
			tx.AfterCommit(func() { unassigned = append(unassigned, id) })
			return nil
		}
		k.must(k.agents.Delete(k.ctx, k.principal(1), first.ID))
		k.must(k.agents.Delete(k.ctx, k.principal(1), first.ID))
		_, err = k.dir.BySession(k.ctx, token)
		k.refused(err, fault.Unauthorized, "a deleted agent's session")
		if !slices.Equal(unassigned, []int64{first.ID}) {
			k.Errorf("unassigned: %v", unassigned)
		}
		if second := k.add("Asha", "Agent"); second.ID == first.ID {
			k.Error("the id was used twice")
		}
		k.refused(k.agents.Delete(k.ctx, k.principal(1), 999), fault.NotFound, "no agent")
	})
}

func TestSystemStaysWhatItIs(t *testing.T) {
	each(t, func(k *desk) {
		boss := k.add("Boss", "Admin")
		by := k.principal(boss.ID)
		k.refused(k.agents.Delete(k.ctx, by, 1), fault.Invalid, "delete System")
		k.refused(k.agents.Delete(k.ctx, by, boss.ID), fault.Invalid, "delete oneself")
		system, err := k.agents.Get(k.ctx, 1)
		k.must(err)
		for name, change := range map[string]func(*agent.Edit){
			"address": func(e *agent.Edit) { e.Email = "x@acme.test" },
			"enabled": func(e *agent.Edit) { e.Enabled = false },
			"roles":   func(e *agent.Edit) { e.Roles = []string{"Agent"} },
		} {
			e := editOf(system)
			change(&e)
			_, err := k.agents.Update(k.ctx, by, 1, e)
			k.refused(err, fault.Invalid, name)
		}
		e := editOf(system)
		e.Email, e.FirstName = "system", "Robot"
		changed, err := k.agents.Update(k.ctx, by, 1, e)
		k.must(err)
		if *changed.Email != "System" || changed.FirstName != "Robot" {
			k.Errorf("%+v", changed)
		}
		_, err = k.signIn("System", strong)
		k.must(err)
	})
}

func TestLastAdministratorBesidesSystemStays(t *testing.T) {
	each(t, func(k *desk) {
		boss := k.add("Boss", "Admin")
		e := editOf(boss)
		e.Roles = []string{"Agent"}
		_, err := k.agents.Update(k.ctx, k.principal(1), boss.ID, e)
		k.refused(err, fault.Invalid, "demote")
		e = editOf(boss)
		e.Enabled = false
		_, err = k.agents.Update(k.ctx, k.principal(1), boss.ID, e)
		k.refused(err, fault.Invalid, "disable")
		k.refused(k.agents.Delete(k.ctx, k.principal(1), boss.ID), fault.Invalid, "delete")
		k.add("Second", "Admin")
		k.must(k.agents.Delete(k.ctx, k.principal(1), boss.ID))
	})
}

func TestManagingAgentsIsNoWayToBecomeAdministrator(t *testing.T) {
	each(t, func(k *desk) {
		_, err := k.roles.Create(k.ctx, role.SetOf(role.All...), role.Edit{Name: "HR", Permissions: []string{"users:manage", "roles:manage", "messages:read"}})
		k.must(err)
		boss, hr := k.add("Boss", "Admin"), k.add("Hera", "HR")
		by := k.principal(hr.ID)
		_, err = k.agents.Create(k.ctx, by, agent.Edit{FirstName: "X", Email: "x@acme.test", Roles: []string{"Admin"}})
		k.refused(err, fault.Forbidden, "create an administrator")
		e := editOf(hr)
		e.Roles = []string{"HR", "Admin"}
		_, err = k.agents.Update(k.ctx, by, hr.ID, e)
		k.refused(err, fault.Forbidden, "become an administrator")
		_, err = k.agents.NewKey(k.ctx, by, 1)
		k.refused(err, fault.Forbidden, "a key of System")
		e = editOf(boss)
		e.NewPassword = another
		_, err = k.agents.Update(k.ctx, by, boss.ID, e)
		k.refused(err, fault.Forbidden, "an administrator's password")
		e = editOf(boss)
		e.Email = "hera2@acme.test"
		_, err = k.agents.Update(k.ctx, by, boss.ID, e)
		k.refused(err, fault.Forbidden, "an administrator's address")
		_, err = k.roles.Create(k.ctx, by.Permissions, role.Edit{Name: "Y", Permissions: []string{"inboxes:manage"}})
		k.refused(err, fault.Forbidden, "a role with more")
		_, err = k.agents.Create(k.ctx, by, agent.Edit{FirstName: "Z", Email: "z@acme.test", Roles: []string{"HR"}})
		k.must(err)
	})
}

func TestIdleBrowserDoesNotOverrideAPersonsChoice(t *testing.T) {
	each(t, func(k *desk) {
		var told []string
		k.agents.Available = func(_ context.Context, tx *db.Tx, _, id int64, status string) error {
			tx.AfterCommit(func() { told = append(told, fmt.Sprint(id, status)) })
			return nil
		}
		for i, c := range []struct {
			status, source, want string
			told                 int
			kind                 string
		}{
			{"away_manual", "", "away_manual", 1, "agent_away"}, {"online", "idle", "away_manual", 1, ""}, {"away_manual", "", "away_manual", 1, ""},
			{"online", "", "online", 2, "agent_online"}, {"away", "idle", "away", 3, ""}, {"online", "idle", "online", 4, ""},
			{"away_and_reassigning", "", "away_and_reassigning", 5, "agent_away_reassigned"},
		} {
			a, err := k.agents.SetAvailability(k.ctx, k.principal(1), c.status, c.source)
			k.must(err)
			if a.AvailabilityStatus != c.want || len(told) != c.told || (c.kind != "" && k.audited(c.kind) != 1) {
				k.Errorf("step %d: %s, told %v", i, a.AvailabilityStatus, told)
			}
		}
		_, err := k.agents.SetAvailability(k.ctx, k.principal(1), "gone", "")
		k.refused(err, fault.Invalid, "unknown status")
	})
}

func TestSilentAgentsGoOffline(t *testing.T) {
	each(t, func(k *desk) {
		a, b, c := k.add("A", "Agent"), k.add("B", "Agent"), k.add("C", "Agent")
		k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
			for id, s := range map[int64]string{a.ID: "online", b.ID: "away_manual", c.ID: "offline"} {
				if _, err := tx.Exec(k.ctx, `UPDATE users SET availability_status = $2, last_active_at = $3 WHERE id = $1`, id, s, db.At(time.Now().Add(-6*time.Minute))); err != nil {
					return err
				}
			}
			return nil
		}))
		k.must(k.agents.Alive(k.ctx, c.ID))
		n, err := k.agents.Sweep(k.ctx)
		k.must(err)
		for id, want := range map[int64]string{a.ID: "offline", b.ID: "away_manual", c.ID: "online"} {
			if got, err := k.agents.Get(k.ctx, id); err != nil || got.AvailabilityStatus != want {
				k.Errorf("agent %d is %s, want %s: %v", id, got.AvailabilityStatus, want, err)
			}
		}
		if n != 1 {
			k.Errorf("%d went offline", n)
		}
	})
}

func TestGuessingAtOneAccountIsSlowedDown(t *testing.T) {
	each(t, func(k *desk) {
		var err error
		for range 12 {
			if _, err = k.signIn("nobody@acme.test", "x"); fault.Is(err, fault.RateLimited) {
				break
			}
		}
		k.refused(err, fault.RateLimited, "the twelfth guess")
		_, err = k.signIn("System", strong)
		k.must(err)
	})
}

func TestImportedBcryptHashesAreAccepted(t *testing.T) {
	each(t, func(k *desk) {
		a := k.add("Asha", "Agent")
		hash, err := bcrypt.GenerateFromPassword([]byte(another), bcrypt.MinCost)
		k.must(err)
		k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(k.ctx, `UPDATE users SET password_hash = $2 WHERE id = $1`, a.ID, string(hash))
			return err
		}))
		_, err = k.signIn("asha@acme.test", strong)
		k.refused(err, fault.Invalid, "wrong password")
		_, err = k.signIn("asha@acme.test", another)
		k.must(err)
	})
}

func TestPermissionsReachSessionsAtOnce(t *testing.T) {
	each(t, func(k *desk) {
		r, err := k.roles.Create(k.ctx, role.SetOf(role.All...), role.Edit{Name: "Writers", Permissions: []string{"messages:read", "messages:write", "bogus:x", "messages:read"}})
		k.must(err)
		if !slices.Equal(r.Permissions, []role.Permission{role.MessagesRead, role.MessagesWrite}) {
			k.Errorf("%v", r.Permissions)
		}
		a := k.add("Asha", "Writers")
		if !k.principal(a.ID).Can(role.MessagesWrite) {
			k.Error("may not write")
		}
		k.announced = nil
		_, err = k.roles.Update(k.ctx, 1, role.SetOf(role.All...), r.ID, role.Edit{Name: "Scribes", Permissions: []string{"messages:read", "messages:write"}})
		k.must(err)
		if len(k.announced) != 0 || k.audited("agent_role_permissions_changed") != 0 {
			k.Error("a new name alone was announced")
		}
		_, err = k.roles.Update(k.ctx, 1, role.SetOf(role.All...), r.ID, role.Edit{Name: "Scribes", Permissions: []string{"messages:read"}})
		k.must(err)
		if k.principal(a.ID).Can(role.MessagesWrite) || !slices.Equal(k.announced, []int64{a.ID}) || k.audited("agent_role_permissions_changed") != 1 {
			k.Errorf("announced %v", k.announced)
		}
		k.must(k.roles.Delete(k.ctx, r.ID))
		if k.principal(a.ID).Can(role.MessagesRead) {
			k.Error("a deleted role still counts")
		}
	})
}

// The table holds every customer too: what lists agents must not read them.
func TestAgentsAreListedWithoutReadingContacts(t *testing.T) {
	each(t, func(k *desk) {
		if k.db.Engine() == db.Postgres { // which reads a table as small as a test's from end to end
			k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(k.ctx, `INSERT INTO users (created_at, updated_at, type, email, first_name)
					SELECT 0, 0, 'contact', 'c' || n || '@x.test', 'C' FROM generate_series(1, 20000) n`)
				return err
			}))
			k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error { _, err := tx.Exec(k.ctx, `ANALYZE users`); return err }))
		}
		for name, query := range agent.ListQueries {
			plan, err := db.Explain(k.ctx, k.db, query)
			k.must(err)
			text := strings.Join(plan, "\n")
			if strings.Contains(text, "Seq Scan on users") || strings.Contains(text, "SCAN users\n") || strings.HasSuffix(text, "SCAN users") {
				k.Errorf("%s:\n%s", name, text)
			}
		}
	})
}
