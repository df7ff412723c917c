package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/team"
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
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]agent.Compact, error) {
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
			if err == nil && in.Body.SendWelcomeEmail {
				err = a.forgotPassword(ctx, *made.Email, true)
			}
			return made, err
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
	meRoutes(a)
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
			_, err := s.SetAvatar(ctx, p.ID, nil)
			return err == nil, err
		})
}
