package sso

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

// wellKnown is where a provider describes itself, below its issuer (OpenID Connect Discovery 1.0, §4).
const wellKnown = "/.well-known/openid-configuration"

// anyTenant stands in the issuer of Microsoft's endpoints for several organisations, for the id of the one that the
// person belongs to.
const anyTenant = "{tenantid}"

// Found is what a provider says of itself.
type Found struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	UserinfoEndpoint      string `json:"userinfo_endpoint"`
}

// issuer is a provider's description, ready to use. It is never changed.
type issuer struct {
	Found
	provider *oidc.Provider
}

// multiTenant reports whether people of any organisation may come through it.
func (i *issuer) multiTenant() bool { return strings.Contains(i.Issuer, anyTenant) }

// issuers remembers the descriptions, by address. Each is read when it is needed and for itself: a provider that does
// not answer keeps nobody else waiting.
type issuers struct {
	mu    sync.Mutex
	known map[string]*entry
}

type entry struct {
	mu    sync.Mutex // held while it is read
	have  *issuer
	until time.Time
}

// described is for how long a description is used without asking again.
const described = time.Hour

func (i *issuers) at(address string) *entry {
	i.mu.Lock()
	defer i.mu.Unlock()
	e := i.known[address]
	if e == nil {
		e = &entry{}
		i.known[address] = e
	}
	return e
}

func (i *issuers) forget(address string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.known, address)
}

// describe returns a provider's description, from memory if it was read lately.
func (s *Service) describe(ctx context.Context, address string) (*issuer, error) {
	e := s.issuers.at(address)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.have != nil && time.Now().Before(e.until) {
		return e.have, nil
	}
	fresh, err := s.discover(ctx, address)
	if err != nil {
		if e.have != nil {
			return e.have, nil // what was true an hour ago is better than nobody signing in
		}
		return nil, err
	}
	e.have, e.until = fresh, time.Now().Add(described)
	return fresh, nil
}

// discover reads a provider's description and checks that it is about that provider (§4.3).
func (s *Service) discover(ctx context.Context, address string) (*issuer, error) {
	var doc struct {
		Found
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := s.fetch(ctx, strings.TrimSuffix(address, "/")+wellKnown, &doc); err != nil {
		return nil, err
	}
	if !sameIssuer(address, doc.Issuer) {
		return nil, fmt.Errorf("the discovery document is about %q, not about %q", clip(doc.Issuer), address)
	}
	secure := strings.HasPrefix(address, "https://")
	for name, text := range map[string]string{"authorization_endpoint": doc.AuthorizationEndpoint, "token_endpoint": doc.TokenEndpoint, "jwks_uri": doc.Keys,
		"userinfo_endpoint": doc.UserinfoEndpoint} {
		if name == "userinfo_endpoint" && text == "" {
			continue // optional
		}
		u, err := netguard.ParseURL(text)
		if err != nil || (secure && u.Scheme != "https") {
			return nil, fmt.Errorf("the discovery document has no usable %s: %q", name, clip(text))
		}
	}
	// Only signatures by a key that the desk does not share; "none" and HMAC are never accepted.
	algorithms := slices.DeleteFunc(doc.Algorithms, func(a string) bool { return !slices.Contains(signatures, a) })
	if len(algorithms) == 0 {
		algorithms = []string{oidc.RS256} // which every provider must offer (OpenID Connect Discovery 1.0, §3)
	}
	cfg := oidc.ProviderConfig{IssuerURL: doc.Issuer, AuthURL: doc.AuthorizationEndpoint, TokenURL: doc.TokenEndpoint, UserInfoURL: doc.UserinfoEndpoint,
		JWKSURL: doc.Keys, Algorithms: algorithms}
	return &issuer{Found: doc.Found, provider: cfg.NewProvider(oidc.ClientContext(ctx, s.http))}, nil
}

var signatures = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

func (s *Service) fetch(ctx context.Context, address string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	res, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", address, res.Status)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("read %s: %w", address, err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%s is no discovery document: %w", address, err)
	}
	return nil
}

// sameIssuer reports whether the issuer in a discovery document is the one that was asked. A slash at the end does not
// matter, nor at Microsoft which name for "several organisations" was used.
func sameIssuer(asked, got string) bool {
	if strings.TrimSuffix(asked, "/") == strings.TrimSuffix(got, "/") {
		return got != ""
	}
	a, err1 := url.Parse(asked)
	g, err2 := url.Parse(got)
	if err1 != nil || err2 != nil || a.Scheme != "https" || g.Scheme != "https" || a.Host != g.Host || !microsoftHost(a.Host) {
		return false
	}
	tenant, _, _ := strings.Cut(strings.Trim(a.Path, "/"), "/")
	named, rest, _ := strings.Cut(strings.Trim(g.Path, "/"), "/")
	if rest != "v2.0" {
		return false
	}
	if tenant == "common" || tenant == "organizations" {
		return named == anyTenant
	}
	return !isUUID(tenant) && isUUID(named) // a tenant asked for by its domain, or "consumers"
}

func isUUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// microsoftHost reports whether a host is one of Microsoft's sign-in clouds.
func microsoftHost(host string) bool {
	return slices.Contains([]string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}, host)
}

// reach reads the description of the provider at an address; an Invalid error with the reason if that fails.
func (s *Service) reach(ctx context.Context, address string) (*issuer, error) {
	i, err := s.discover(ctx, address)
	switch {
	case err == nil:
		return i, nil
	case errors.Is(err, netguard.ErrForbidden):
		return nil, fault.Field("provider_url", "error.address_forbidden", "value", host(address)).Because(err)
	}
	return nil, fault.Field("provider_url", "error.sso_discovery", "detail", clip(plainError(err))).Because(err)
}

// Check reads what the provider at an address says of itself, and keeps nothing. Invalid with the reason if that fails.
func (s *Service) Check(ctx context.Context, address string) (Found, error) {
	e := Edit{ProviderURL: strings.TrimSpace(address)}
	if e.ProviderURL == "" {
		return Found{}, fault.Required("provider_url")
	}
	if err := e.checkIssuer(); err != nil {
		return Found{}, err
	}
	i, err := s.reach(ctx, e.ProviderURL)
	if err != nil {
		return Found{}, err
	}
	return i.Found, nil
}

// plainError takes the parts off an error that only say which of our calls failed.
func plainError(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// clip makes a text of somebody else's fit to be shown: one line, valid, not long.
func clip(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return r < 0x20 || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 }), " ")
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}
