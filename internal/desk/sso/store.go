package sso

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Box encrypts what is kept; see package crypt.
type Box interface {
	Seal(place, secret string) string
	Open(place, sealed string) (string, error)
	Sign(purpose, text string) string
}

// The places of the two encrypted columns.
const (
	placeClientID     = "oidc_providers.client_id"
	placeClientSecret = "oidc_providers.client_secret" //nolint:gosec // a name
)

const columns = `id, created_at, updated_at, name, enabled, client_id, client_secret, provider, provider_url, logo_url, auto_provision, default_role_id,
	allowed_domains, last_success_at, last_error_at, last_error, last_error_detail`

// read returns the providers that a query selects, with their secrets open. What cannot be decrypted any more is empty,
// so that a desk whose key was lost still shows its providers to whoever must enter the secrets again.
func (s *Service) read(ctx context.Context, q db.Querier, where string, args ...any) (out []Provider, err error) {
	err = db.Each(ctx, q, func(r db.Rows) error {
		var p Provider
		var domains db.JSON
		if err := r.Scan(&p.ID, &p.CreatedAt, &p.UpdatedAt, &p.Name, &p.Enabled, &p.ClientID, &p.ClientSecret, &p.Provider, &p.ProviderURL, &p.LogoURL,
			&p.AutoProvision, &p.DefaultRoleID, &domains, &p.Health.LastSuccessAt, &p.Health.LastErrorAt, &p.Health.LastError, &p.Health.Detail); err != nil {
			return err
		}
		p.ClientID, _ = s.Box.Open(placeClientID, p.ClientID)
		p.ClientSecret, _ = s.Box.Open(placeClientSecret, p.ClientSecret)
		p.LogoURL = logoOf(p.Provider, p.LogoURL)
		p.AllowedDomains = []string{}
		out = append(out, p)
		return domains.Decode(&out[len(out)-1].AllowedDomains)
	}, `SELECT `+columns+` FROM oidc_providers `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read identity providers: %w", err)
	}
	return out, nil
}

// one returns a provider with its secret; NotFound if there is none.
func (s *Service) one(ctx context.Context, q db.Querier, id int64) (Provider, error) {
	list, err := s.read(ctx, q, `WHERE id = $1`, id)
	if err != nil {
		return Provider{}, err
	}
	if len(list) == 0 {
		return Provider{}, fault.Missing("identity provider")
	}
	return list[0], nil
}

func masked(p Provider) Provider {
	if p.ClientSecret != "" {
		p.ClientSecret = Mask
	}
	return p
}

// redirectURI is where a provider sends the browser back to.
func (s *Service) redirectURI(id int64) string {
	return fmt.Sprintf("%s/api/v1/oidc/%d/finish", s.RootURL(), id)
}

// List returns all providers, the last changed first.
func (s *Service) List(ctx context.Context) ([]Provider, error) {
	list, err := s.read(ctx, s.DB, `ORDER BY updated_at DESC, id DESC`)
	for i, p := range list {
		list[i] = masked(p)
		list[i].RedirectURI = s.redirectURI(p.ID)
	}
	return list, err
}

// Get returns a provider; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (Provider, error) {
	p, err := s.one(ctx, s.DB, id)
	if err != nil {
		return p, err
	}
	p = masked(p)
	p.RedirectURI = s.redirectURI(id)
	return p, nil
}

// Public returns the enabled providers by name, for the sign-in page.
func (s *Service) Public(ctx context.Context) ([]Public, error) {
	list, err := s.read(ctx, s.DB, `WHERE enabled ORDER BY name, id`)
	out := make([]Public, 0, len(list))
	for _, p := range list {
		out = append(out, Public{ID: p.ID, Name: p.Name, Provider: p.Provider, ProviderURL: p.ProviderURL, ClientID: p.ClientID, LogoURL: p.LogoURL,
			Enabled: true, RedirectURI: s.redirectURI(p.ID)})
	}
	return out, err
}

// Create makes a provider, enabled. Its discovery document must be readable now: Invalid naming provider_url with the
// server's words if it is not.
func (s *Service) Create(ctx context.Context, actor *agent.Principal, e Edit) (Provider, error) {
	if err := e.validate(); err != nil {
		return Provider{}, err
	}
	if strings.Contains(e.ClientSecret, bullet) {
		return Provider{}, fault.Required("client_secret")
	}
	if _, err := s.reach(ctx, e.ProviderURL); err != nil {
		return Provider{}, err
	}
	e.Enabled = true
	var p Provider
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := mayGrant(ctx, tx, actor, e); err != nil {
			return err
		}
		var id int64
		err := tx.QueryRow(ctx, `INSERT INTO oidc_providers (created_at, updated_at, name, provider, provider_url, client_id, client_secret, enabled, logo_url,
			auto_provision, default_role_id, allowed_domains) VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`, s.values(e)...).Scan(&id)
		if err != nil {
			return fmt.Errorf("create identity provider: %w", err)
		}
		if p, err = s.one(ctx, tx, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.OIDCCreated, Actor: actor.Audited(), Target: p.target(), After: p.record()})
	})
	return masked(p), err
}

func (s *Service) values(e Edit) []any {
	domains := e.AllowedDomains
	if domains == nil {
		domains = []string{}
	}
	return []any{db.Now(), e.Name, e.Provider, e.ProviderURL, s.Box.Seal(placeClientID, e.ClientID), s.Box.Seal(placeClientSecret, e.ClientSecret), e.Enabled,
		e.LogoURL, e.AutoProvision, e.DefaultRoleID, db.ToJSON(domains)}
}

// Update replaces what a provider is; NotFound if there is none. A new address must be reachable; an old one need not
// be, so that a provider that is down can be renamed or disabled. The stored secret is not sent to another host: who
// changes the host enters it again.
func (s *Service) Update(ctx context.Context, actor *agent.Principal, id int64, e Edit) (Provider, error) {
	if err := e.validate(); err != nil {
		return Provider{}, err
	}
	before, err := s.one(ctx, s.DB, id)
	if err != nil {
		return Provider{}, err
	}
	keeps := strings.Contains(e.ClientSecret, bullet)
	if keeps && (before.ClientSecret == "" || host(e.ProviderURL) != host(before.ProviderURL)) {
		return Provider{}, fault.Field("client_secret", "error.secret_again")
	}
	if e.LogoURL == logoOf(e.Provider, "") {
		e.LogoURL = "" // the brand's, as it was read
	}
	if e.ProviderURL != before.ProviderURL {
		if _, err := s.reach(ctx, e.ProviderURL); err != nil {
			return Provider{}, err
		}
	}
	var p Provider
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		now, err := s.one(ctx, tx, id)
		if err != nil {
			return err
		}
		if keeps {
			e.ClientSecret = now.ClientSecret
		}
		if err := s.change(ctx, tx, actor, now, e); err != nil {
			return err
		}
		if p, err = s.one(ctx, tx, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.OIDCUpdated, Actor: actor.Audited(), Target: p.target(), Before: now.record(), After: p.record()})
	})
	s.issuers.forget(before.ProviderURL)
	return masked(p), err
}

func (s *Service) change(ctx context.Context, tx *db.Tx, actor *agent.Principal, before Provider, e Edit) error {
	if e.AutoProvision && (!before.AutoProvision || before.DefaultRoleID == nil || *before.DefaultRoleID != *e.DefaultRoleID ||
		before.ProviderURL != e.ProviderURL || !slices.Equal(before.AllowedDomains, e.AllowedDomains)) { // each lets others have the role
		if err := mayGrant(ctx, tx, actor, e); err != nil {
			return err
		}
	}
	// What failed with other credentials says nothing of these.
	reconnected := e.ProviderURL != before.ProviderURL || e.ClientID != before.ClientID || e.ClientSecret != before.ClientSecret
	_, err := tx.Exec(ctx, `UPDATE oidc_providers SET updated_at = $1, name = $2, provider = $3, provider_url = $4, client_id = $5, client_secret = $6,
		enabled = $7, logo_url = $8, auto_provision = $9, default_role_id = $10, allowed_domains = $11,
		last_error = CASE WHEN $13 THEN '' ELSE last_error END, last_error_detail = CASE WHEN $13 THEN '' ELSE last_error_detail END WHERE id = $12`,
		append(s.values(e), before.ID, reconnected)...)
	if err != nil {
		return fmt.Errorf("change identity provider: %w", err)
	}
	if before.Enabled && !e.Enabled {
		return keepAWayIn(ctx, tx)
	}
	return nil
}

// target returns the provider as the activity log names it.
func (p Provider) target() audit.Target { return audit.Target{Model: "oidc", ID: p.ID, Name: p.Name} }

// record returns what the activity log keeps of the provider; how it fares is no setting.
func (p Provider) record() Provider {
	p.Health = Health{}
	return p
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// mayGrant refuses a provider that would give newcomers a role whose permissions the actor does not hold.
func mayGrant(ctx context.Context, tx *db.Tx, actor *agent.Principal, e Edit) error {
	if !e.AutoProvision {
		return nil
	}
	name, perms, err := roleOf(ctx, tx, *e.DefaultRoleID)
	if errors.Is(err, db.ErrNoRows) {
		return fault.Field("default_role_id", "error.unknown_value", "value", fmt.Sprint(*e.DefaultRoleID))
	}
	if err != nil {
		return err
	}
	if perms&^actor.Permissions != 0 {
		return fault.New(fault.Forbidden, "error.cannot_grant", "permission", name)
	}
	return nil
}

func roleOf(ctx context.Context, q db.Querier, id int64) (name string, set role.Set, err error) {
	var raw db.JSON
	if err := q.QueryRow(ctx, `SELECT name, permissions FROM roles WHERE id = $1`, id).Scan(&name, &raw); err != nil {
		return "", 0, err
	}
	var perms []role.Permission
	if err := raw.Decode(&perms); err != nil {
		return "", 0, err
	}
	if name == role.Admin {
		perms = role.All
	}
	return name, role.SetOf(perms...), nil
}

// Delete removes a provider at once, with the sign-ins that are under way; nothing happens if there is none.
func (s *Service) Delete(ctx context.Context, actor *agent.Principal, id int64) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err := s.one(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM oidc_providers WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete identity provider: %w", err)
		}
		if err := keepAWayIn(ctx, tx); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.OIDCDeleted, Actor: actor.Audited(), Target: p.target(), Before: p.record()})
	})
}

// Unreadable returns how many identity providers have a secret, and the names of those whose secret was encrypted with
// another key.
func Unreadable(ctx context.Context, q db.Querier, box Box) (kept int, names []string, err error) {
	err = db.Each(ctx, q, func(r db.Rows) error {
		var name, sealed string
		if err := r.Scan(&name, &sealed); err != nil {
			return err
		}
		kept++
		if _, err := box.Open(placeClientSecret, sealed); err != nil {
			names = append(names, name)
		}
		return nil
	}, `SELECT name, client_secret FROM oidc_providers WHERE client_secret <> '' ORDER BY id`)
	if err != nil {
		return 0, nil, fmt.Errorf("read the secrets of identity providers: %w", err)
	}
	return kept, names, nil
}
