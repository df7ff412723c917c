package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

type roleBody struct {
	Name        string   `json:"name,omitempty"`
	Description string   `json:"description,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
}

// Roles registers the routes of roles.
func Roles(a *API) {
	s := a.Roles
	route(a, http.MethodGet, "/roles", "All roles", anyone,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]role.Role, error) { return s.List(ctx) })
	route(a, http.MethodGet, "/roles/{id}", "One role", need(role.RolesManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (r role.Role, err error) {
			id, err := roleID(in.ID)
			if err != nil {
				return r, err
			}
			return s.Get(ctx, id)
		})
	route(a, http.MethodPost, "/roles", "Create a role", need(role.RolesManage),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body roleBody }) (role.Role, error) {
			return s.Create(ctx, p.Permissions, role.Edit(in.Body))
		})
	route(a, http.MethodPut, "/roles/{id}", "Replace what a role is", need(role.RolesManage),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body roleBody
		}) (r role.Role, err error) {
			id, err := roleID(in.ID)
			if err != nil {
				return r, err
			}
			return s.Update(ctx, p.ID, p.Permissions, id, role.Edit(in.Body))
		})
	route(a, http.MethodDelete, "/roles/{id}", "Delete a role", need(role.RolesManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (done, error) {
			id, err := roleID(in.ID)
			if err != nil {
				return false, err
			}
			return true, s.Delete(ctx, id)
		})
}

// roleID reads a role's id; what is no number is no role.
func roleID(s string) (int64, error) {
	id, err := pathID(s)
	if err != nil {
		return 0, fault.Missing("role")
	}
	return id, nil
}
