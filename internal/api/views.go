package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/view"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

type ownViewBody struct {
	Name    string  `json:"name,omitempty"`
	Filters db.JSON `json:"filters,omitempty" doc:"A list of conditions, or groups with logic and rules"`
}

type sharedViewBody struct {
	Name       string  `json:"name,omitempty"`
	Filters    db.JSON `json:"filters,omitempty" doc:"A list of conditions, or groups with logic and rules"`
	Visibility string  `json:"visibility,omitempty" doc:"all or team"`
	TeamID     *int64  `json:"team_id,omitempty"`
}

func (b sharedViewBody) edit() view.Edit {
	return view.Edit{Name: b.Name, Filters: b.Filters, Visibility: b.Visibility, TeamID: value(b.TeamID)}
}

// Views registers the routes of views: an agent's own, those shared with them, the management of shared ones, and what a
// view shows.
func Views(a *API) {
	ownViews(a)
	sharedViews(a)
	viewCounts(a)
	route(a, http.MethodGet, "/views/{id}/conversations", "Conversations of a view", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			ListInput
			Narrow string `query:"narrow" doc:"Filters that have to hold besides those of the view, as JSON"`
		}) (conversationPage, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			scope, filters, err := a.viewed(ctx, p, id)
			if err != nil {
				return nil, err
			}
			q := in.query(scope, 0)
			q.Filters, q.Narrow = filters, in.Narrow
			return a.Conversations.List(ctx, p, q)
		})
}

// viewed returns what a view shows to an agent: a scope and its filters. Forbidden if they may not use it.
func (a *API) viewed(ctx context.Context, p *agent.Principal, id int64) (scope conversation.Scope, filters string, err error) {
	v, err := a.Views.Visible(ctx, p, id)
	if err != nil {
		return 0, "", err
	}
	if !conversation.ListsAny(p) {
		return 0, "", fault.Denied()
	}
	return viewScope(p), string(v.Filters), nil
}

func ownViews(a *API) {
	s := a.Views
	route(a, http.MethodGet, "/views/me", "The caller's views, by name", need(role.ViewManage),
		func(ctx context.Context, p *agent.Principal, _ *struct{}) ([]view.View, error) { return s.Own(ctx, p) })
	route(a, http.MethodGet, "/views/shared", "Views shared with the caller, by name", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) ([]view.View, error) {
			return s.Shared(ctx, p)
		})
	route(a, http.MethodPost, "/views/me", "Create a view for the caller", need(role.ViewManage),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body ownViewBody }) (view.View, error) {
			return s.CreateOwn(ctx, p, view.Edit{Name: in.Body.Name, Filters: in.Body.Filters})
		})
	route(a, http.MethodPut, "/views/me/{id}", "Replace one of the caller's views", need(role.ViewManage),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body ownViewBody
		}) (v view.View, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return v, err
			}
			return s.UpdateOwn(ctx, p, id, view.Edit{Name: in.Body.Name, Filters: in.Body.Filters})
		})
	route(a, http.MethodDelete, "/views/me/{id}", "Delete one of the caller's views", need(role.ViewManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, s.DeleteOwn(ctx, p, id)
		})
}

func sharedViews(a *API) {
	s := a.Views
	route(a, http.MethodGet, "/shared-views", "All shared views, the last changed first", need(role.SharedViewsManage),
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]view.View, error) {
			return s.AllShared(ctx)
		})
	route(a, http.MethodGet, "/shared-views/{id}", "One shared view", need(role.SharedViewsManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (v view.View, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return v, err
			}
			return s.GetShared(ctx, id)
		})
	route(a, http.MethodPost, "/shared-views", "Create a view for a team or for all", need(role.SharedViewsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body sharedViewBody }) (view.View, error) {
			return s.CreateShared(ctx, in.Body.edit())
		})
	route(a, http.MethodPut, "/shared-views/{id}", "Replace a shared view", need(role.SharedViewsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct {
			IDPath
			Body sharedViewBody
		}) (v view.View, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return v, err
			}
			return s.UpdateShared(ctx, id, in.Body.edit())
		})
	route(a, http.MethodDelete, "/shared-views/{id}", "Delete a shared view", need(role.SharedViewsManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, s.DeleteShared(ctx, id)
		})
}
