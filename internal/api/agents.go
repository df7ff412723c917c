package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/team"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// IDPath is a path that ends in an id.
type IDPath struct {
	ID string `path:"id"`
}

type agentBody struct {
	FirstName          string     `json:"first_name,omitempty"`
	LastName           string     `json:"last_name,omitempty"`
	Email              string     `json:"email,omitempty"`
	Roles              references `json:"roles,omitempty" doc:"Names or ids of roles"`
	Teams              references `json:"teams,omitempty" doc:"Names or ids of teams"`
	Enabled            bool       `json:"enabled,omitempty"`
	AvailabilityStatus string     `json:"availability_status,omitempty"`
	NewPassword        string     `json:"new_password,omitempty"`
	SendWelcomeEmail   bool       `json:"send_welcome_email,omitempty"`
}

func (b agentBody) edit() agent.Edit {
	return agent.Edit{FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, Roles: b.Roles.names, RoleIDs: b.Roles.ids,
		Teams: b.Teams.names, TeamIDs: b.Teams.ids, Enabled: b.Enabled, Availability: b.AvailabilityStatus, NewPassword: b.NewPassword}
}

// Agents registers the routes of agents and oneself.
func Agents(a *API) {
	s := a.Agents
	route(a, http.MethodGet, "/agents", "All agents", need(role.UsersManage),
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]agent.Listed, error) {
			return s.List(ctx)
		})
	route(a, http.MethodGet, "/agents/compact", "Agents and AI assistants, for pickers", anyone,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]agent.Compact, error) {
			return s.Compact(ctx)
		})
	route(a, http.MethodGet, "/agents/{id}", "One agent", need(role.UsersManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (*agent.Agent, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			return s.Get(ctx, id)
		})
	route(a, http.MethodPost, "/agents", "Create an agent", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body agentBody }) (*agent.Agent, error) {
			made, err := s.Create(ctx, p, in.Body.edit())
			if err != nil || !in.Body.SendWelcomeEmail {
				return made, err
			}
			a.welcome(ctx, made)
			return s.Get(ctx, made.ID)
		})
	route(a, http.MethodPut, "/agents/{id}", "Replace what an agent is", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body agentBody
		}) (*agent.Agent, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			return s.Update(ctx, p, id, in.Body.edit())
		})
	route(a, http.MethodDelete, "/agents/{id}", "Delete an agent", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, s.Delete(ctx, p, id)
		})
	a.inviteRoute()
	a.avatarRoutes()
	meRoutes(a)
}

// inviteRoute is for those who lost their invitation or let it run out.
func (a *API) inviteRoute() {
	route(a, http.MethodPost, "/agents/{id}/invitation", "Invite an agent who has not signed in yet, again if need be", need(role.UsersManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (*agent.Agent, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			if _, err := a.Agents.Get(ctx, id); err != nil {
				return nil, err
			}
			if a.Invite == nil {
				return nil, fault.New(fault.Conflict, "error.invite_no_mail")
			}
			sent, err := a.Invite(ctx, id)
			if err != nil {
				return nil, err
			}
			if !sent {
				return nil, fault.New(fault.Conflict, "error.invite_no_mail")
			}
			return a.Agents.Get(ctx, id)
		})
}

// welcome invites an agent who was just made. They exist whatever becomes of the mail: where the desk cannot send any,
// the link is in the log.
func (a *API) welcome(ctx context.Context, made *agent.Agent) {
	sent, err := false, error(nil)
	if a.Invite != nil {
		sent, err = a.Invite(ctx, made.ID)
	}
	if err == nil && !sent {
		err = a.logLink(ctx, made.ID, *made.Email)
	}
	if err != nil {
		a.Log.ErrorContext(ctx, "could not invite a new agent", "agent", made.ID, "error", err)
	}
}

func meRoutes(a *API) {
	s := a.Agents
	route(a, http.MethodGet, "/agents/me", "Who is asking", enrolling,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (*agent.Agent, error) {
			me, err := s.Get(ctx, p.ID)
			if err == nil {
				me.TwoFactorSetupRequired = p.MustEnrol
			}
			return me, err
		})
	route(a, http.MethodGet, "/agents/me/teams", "The caller's teams", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) ([]team.Team, error) {
			return a.Teams.Of(ctx, p.ID)
		})
	route(a, http.MethodGet, "/agents/me/preferences", "How one likes to work", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (agent.Habits, error) {
			return a.Agents.HabitsOf(ctx, p.ID)
		})
	route(a, http.MethodPut, "/agents/me/preferences", "Change how one likes to work; what is left out stays", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct{ Body agent.HabitsChange }) (agent.Habits, error) {
			return a.Agents.SetHabits(ctx, p.ID, in.Body)
		})
	route(a, http.MethodPut, "/agents/me/availability", "Say whether one is there", anyone,
		func(ctx context.Context, p *agent.Principal, in *struct {
			Body struct {
				Status string `json:"status,omitempty"`
				Source string `json:"source,omitempty" doc:"idle when a browser noticed it"`
			}
		}) (*agent.Agent, error) {
			return s.SetAvailability(ctx, p, in.Body.Status, in.Body.Source)
		})
	a.profileRoute()
	route(a, http.MethodDelete, "/agents/me/avatar", "Remove one's picture", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (done, error) {
			err := s.SetAvatar(ctx, p, p.ID, nil)
			return err == nil, err
		})
}
