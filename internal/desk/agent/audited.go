package agent

import (
	"context"
	"slices"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Audited returns the principal as the activity log names who acts.
func (p *Principal) Audited() audit.Actor {
	return audit.Actor{ID: p.ID, Name: p.Email, Via: string(p.Method)}
}

// Audited returns the agent as the activity log names what something is done to.
func (a *Agent) Audited() audit.Target {
	t := audit.Target{Model: "user", ID: a.ID, Name: a.FirstName}
	if a.Email != nil {
		t.Name = *a.Email
	}
	return t
}

// recorded is what the activity log keeps of an agent. Availability has entries of its own.
type recorded struct {
	FirstName string   `json:"first_name"`
	LastName  string   `json:"last_name"`
	Email     *string  `json:"email"`
	Enabled   bool     `json:"enabled"`
	Roles     []string `json:"roles"`
	Teams     []string `json:"teams"`
}

func (a *Agent) record() recorded {
	r := recorded{FirstName: a.FirstName, LastName: a.LastName, Email: a.Email, Enabled: a.Enabled, Roles: slices.Concat([]string{}, a.Roles), Teams: []string{}}
	for _, t := range a.Teams {
		r.Teams = append(r.Teams, t.Name)
	}
	return r
}

// auditUpdate notes what an update changed: what the agent may do and whether they may sign in, each as an entry of its
// own that can be looked for, and the rest.
func auditUpdate(ctx context.Context, tx *db.Tx, actor *Principal, before, after *Agent) error {
	was, is := before.record(), after.record()
	type roles struct {
		Roles []string `json:"roles"`
	}
	type enabled struct {
		Enabled bool `json:"enabled"`
	}
	toggled := audit.AgentEnabled
	if !is.Enabled {
		toggled = audit.AgentDisabled
	}
	rest := is
	rest.Roles, rest.Enabled = was.Roles, was.Enabled
	for _, e := range []audit.Entry{
		{Type: audit.AgentRolesChanged, Before: roles{was.Roles}, After: roles{is.Roles}},
		{Type: toggled, Before: enabled{was.Enabled}, After: enabled{is.Enabled}},
		{Type: audit.AgentUpdated, Before: was, After: rest},
	} {
		e.Actor, e.Target = actor.Audited(), after.Audited()
		if err := audit.Record(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}
