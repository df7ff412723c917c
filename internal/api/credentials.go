package api

import (
	"context"
	"net/http"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

// Credentials registers what agents prove themselves by: sessions and API keys.
func Credentials(a *API) {
	primaryKeyRoutes(a)
	keyRoutes(a)
	sessionRoutes(a)
}

func primaryKeyRoutes(a *API) {
	route(a, http.MethodPost, "/agents/{id}/api-key", "Give an agent a new API key, in place of the one they have by this route", need(role.UsersManage).showsSecret(),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (agent.APIKey, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return agent.APIKey{}, err
			}
			return a.Agents.NewKey(ctx, p, id)
		})
	route(a, http.MethodDelete, "/agents/{id}/api-key", "Revoke an agent's API key", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, a.Agents.RevokeKey(ctx, p, id)
		})
}

type keyBody struct {
	Name        string     `json:"name,omitempty" doc:"What the key is for"`
	Permissions []string   `json:"permissions,omitempty" doc:"What the key is limited to; left out for all that its agent may do"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty" doc:"When the key stops working; left out for never"`
}

// OwnedPath is the path of something of an agent's.
type OwnedPath struct {
	ID string `path:"id"`
	Of string `path:"of" doc:"Id of the key or session"`
}

// OwnPath is the path of something of the caller's.
type OwnPath struct {
	Of string `path:"of" doc:"Id of the key or session"`
}

func keyRoutes(a *API) {
	s := a.Agents
	route(a, http.MethodGet, "/agents/{id}/api-keys", "An agent's API keys", need(role.UsersManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) ([]agent.Key, error) {
			return withID(in.ID, func(id int64) ([]agent.Key, error) { return s.Keys(ctx, id) })
		})
	route(a, http.MethodPost, "/agents/{id}/api-keys", "Give an agent one more API key", need(role.UsersManage).showsSecret(),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body keyBody
		}) (agent.NewlyMade, error) {
			return withID(in.ID, func(id int64) (agent.NewlyMade, error) {
				return s.AddKey(ctx, p, id, agent.KeyEdit{Name: in.Body.Name, Permissions: in.Body.Permissions, ExpiresAt: in.Body.ExpiresAt})
			})
		})
	route(a, http.MethodDelete, "/agents/{id}/api-keys/{of}", "Revoke one of an agent's API keys", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *OwnedPath) (done, error) {
			return ofAgent(in, func(id, key int64) error { return s.DropKey(ctx, p, id, key) })
		})
	route(a, http.MethodGet, "/agents/me/api-keys", "The caller's API keys", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) ([]agent.Key, error) {
			return s.Keys(ctx, p.ID)
		})
	route(a, http.MethodDelete, "/agents/me/api-keys/{of}", "Revoke one of the caller's API keys", anyone,
		func(ctx context.Context, p *agent.Principal, in *OwnPath) (done, error) {
			return withID(in.Of, func(key int64) (done, error) { return true, s.DropKey(ctx, p, p.ID, key) })
		})
}

func sessionRoutes(a *API) {
	s := a.Agents
	route(a, http.MethodGet, "/agents/{id}/sessions", "Where an agent is signed in", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) ([]agent.Session, error) {
			return withID(in.ID, func(id int64) ([]agent.Session, error) { return s.Sessions(ctx, id, p.SessionID) })
		})
	route(a, http.MethodDelete, "/agents/{id}/sessions", "Sign an agent out everywhere", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			return withID(in.ID, func(id int64) (done, error) { return true, s.EndOtherSessions(ctx, p, id, p.SessionID) })
		})
	route(a, http.MethodDelete, "/agents/{id}/sessions/{of}", "Sign an agent out in one place", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *OwnedPath) (done, error) {
			return ofAgent(in, func(id, session int64) error { return s.EndSession(ctx, p, id, session) })
		})
	route(a, http.MethodGet, "/agents/me/sessions", "Where the caller is signed in", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) ([]agent.Session, error) {
			return s.Sessions(ctx, p.ID, p.SessionID)
		})
	route(a, http.MethodDelete, "/agents/me/sessions", "Sign the caller out everywhere else", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (done, error) {
			return true, s.EndOtherSessions(ctx, p, p.ID, p.SessionID)
		})
	route(a, http.MethodDelete, "/agents/me/sessions/{of}", "Sign the caller out in one place", anyone,
		func(ctx context.Context, p *agent.Principal, in *OwnPath) (done, error) {
			return withID(in.Of, func(session int64) (done, error) { return true, s.EndSession(ctx, p, p.ID, session) })
		})
}

func ofAgent(in *OwnedPath, fn func(id, of int64) error) (done, error) {
	return withID(in.ID, func(id int64) (done, error) {
		return withID(in.Of, func(of int64) (done, error) { return true, fn(id, of) })
	})
}
