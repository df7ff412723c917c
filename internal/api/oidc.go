package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/sso"
)

type oidcBody struct {
	Name           string   `json:"name,omitempty"`
	Provider       string   `json:"provider,omitempty" doc:"Google, Microsoft or Custom"`
	ProviderURL    string   `json:"provider_url,omitempty" doc:"The issuer: the address below which the discovery document is"`
	ClientID       string   `json:"client_id,omitempty"`
	ClientSecret   string   `json:"client_secret,omitempty" doc:"A masked one leaves the one that is stored"`
	LogoURL        string   `json:"logo_url,omitempty"`
	Enabled        bool     `json:"enabled,omitempty" doc:"Not read on creation: a new provider is enabled"`
	AutoProvision  bool     `json:"auto_provision,omitempty" doc:"Make an agent of whoever signs in first with an address in allowed_domains"`
	DefaultRoleID  *int64   `json:"default_role_id,omitempty" nullable:"true" doc:"The role of agents made that way"`
	AllowedDomains []string `json:"allowed_domains,omitempty"`
}

func (b oidcBody) edit() sso.Edit {
	return sso.Edit{Name: b.Name, Provider: b.Provider, ProviderURL: b.ProviderURL, ClientID: b.ClientID, ClientSecret: b.ClientSecret, LogoURL: b.LogoURL,
		Enabled: b.Enabled, AutoProvision: b.AutoProvision, DefaultRoleID: b.DefaultRoleID, AllowedDomains: b.AllowedDomains}
}

// signInSettings is how agents may sign in.
type signInSettings struct {
	SSOOnly bool `json:"app.sso_only" required:"false" doc:"Only through an identity provider; the System user may use its password all the same"`
}

// OIDC registers the identity providers and signing in by them.
func OIDC(a *API) {
	s, manage := a.SSO, need(role.OIDCManage)
	route(a, http.MethodGet, "/oidc", "Identity providers, secrets masked", manage,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]sso.Provider, error) {
			list, err := s.List(ctx)
			return append([]sso.Provider{}, list...), err
		})
	route(a, http.MethodGet, "/oidc/{id}", "One identity provider, its secret masked", manage,
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (sso.Provider, error) {
			return withID(in.ID, func(id int64) (sso.Provider, error) { return s.Get(ctx, id) })
		})
	route(a, http.MethodPost, "/oidc", "Add an identity provider", manage,
		func(ctx context.Context, p *agent.Principal, in *struct{ Body oidcBody }) (sso.Provider, error) {
			return s.Create(ctx, p, in.Body.edit())
		})
	route(a, http.MethodPost, "/oidc/test", "Read what a provider says of itself, without saving anything", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct {
			Body struct {
				ProviderURL string `json:"provider_url,omitempty"`
			}
		}) (sso.Found, error) {
			return s.Check(ctx, in.Body.ProviderURL)
		})
	route(a, http.MethodPut, "/oidc/{id}", "Replace what an identity provider is", manage,
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body oidcBody
		}) (sso.Provider, error) {
			return withID(in.ID, func(id int64) (sso.Provider, error) { return s.Update(ctx, p, id, in.Body.edit()) })
		})
	route(a, http.MethodDelete, "/oidc/{id}", "Delete an identity provider", manage,
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			return withID(in.ID, func(id int64) (done, error) { return true, s.Delete(ctx, p, id) })
		})
	route(a, http.MethodGet, "/settings/sign-in", "How agents may sign in", manage,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) (signInSettings, error) {
			only, err := s.Only(ctx)
			return signInSettings{only}, err
		})
	route(a, http.MethodPut, "/settings/sign-in", "Say how agents may sign in", manage,
		func(ctx context.Context, p *agent.Principal, in *struct{ Body signInSettings }) (done, error) {
			return true, s.SetOnly(ctx, p, in.Body.SSOOnly)
		})
	route(a, http.MethodGet, "/agents/{id}/identities", "The accounts of identity providers by which an agent signs in", need(role.UsersManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) ([]sso.Identity, error) {
			return withID(in.ID, func(id int64) ([]sso.Identity, error) {
				list, err := s.Identities(ctx, id)
				return append([]sso.Identity{}, list...), err
			})
		})
	route(a, http.MethodDelete, "/agents/{id}/identities", "Forget them: the next account with the agent's address takes their place", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			return withID(in.ID, func(id int64) (done, error) { return true, s.Unlink(ctx, p, id) })
		})
	a.oidcSignIn()
}
