// Package sso owns single sign-on by OpenID Connect: the identity providers of a desk, sign-ins that are under way, and
// which account of a provider belongs to which agent. It stands on its siblings agent, which begins the sessions, and
// role.
//
// A sign-in is bound three times: to the desk by a one-time state, to the browser by a secret in a cookie, and to the
// provider's answer by PKCE (RFC 7636) and a nonce (OpenID Connect Core 1.0, §3.1.2.1). The database holds only the hashes
// of state and secret, and verifier and nonce are derived from the two, so that any node can finish what another began
// and nobody who reads the database can finish anything.
//
// Nothing here trusts an e-mail address more than once: after an agent was matched by the address that the provider
// vouches for, the pair of issuer and subject is what identifies them.
package sso

import (
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

// The providers that Foyer knows by name; any other text is allowed and treated as Custom.
const (
	Google    = "Google"
	Microsoft = "Microsoft"
	Custom    = "Custom"
)

// Mask stands for a secret that is set.
const Mask = "••••••••••"

// bullet in a client secret says that it is the mask, or what somebody made of it.
const bullet = "•"

// Provider is an identity provider as administrators see it. The client's secret is masked.
type Provider struct {
	ID           int64   `json:"id"`
	CreatedAt    db.Time `json:"created_at"`
	UpdatedAt    db.Time `json:"updated_at"`
	Name         string  `json:"name"`
	Enabled      bool    `json:"enabled"`
	ClientID     string  `json:"client_id,omitempty"`
	ClientSecret string  `json:"client_secret,omitempty"`
	Provider     string  `json:"provider"`
	ProviderURL  string  `json:"provider_url"`
	LogoURL      string  `json:"logo_url"`
	RedirectURI  string  `json:"redirect_uri"`
	// AutoProvision makes an agent of whoever signs in for the first time with an address in AllowedDomains, and gives
	// them the role DefaultRoleID.
	AutoProvision  bool     `json:"auto_provision"`
	DefaultRoleID  *int64   `json:"default_role_id"`
	AllowedDomains []string `json:"allowed_domains"`
	Health         Health   `json:"health"`
}

// Health is how a provider fared when it was last needed.
type Health struct {
	LastSuccessAt *db.Time `json:"last_success_at"`
	LastErrorAt   *db.Time `json:"last_error_at"`
	LastError     string   `json:"last_error" doc:"What went wrong last, as a code; empty when the last attempt succeeded"`
	Detail        string   `json:"last_error_detail" doc:"The provider's own words, as plain text"`
}

// Public is what everybody may know of an enabled provider.
type Public struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Provider    string `json:"provider"`
	ProviderURL string `json:"provider_url"`
	ClientID    string `json:"client_id"`
	LogoURL     string `json:"logo_url"`
	Enabled     bool   `json:"enabled"`
	RedirectURI string `json:"redirect_uri"`
}

// Edit is what a provider is made or changed to. A ClientSecret with a bullet in it leaves the stored one.
type Edit struct {
	Name, Provider, ProviderURL, ClientID, ClientSecret, LogoURL string
	Enabled, AutoProvision                                       bool
	DefaultRoleID                                                *int64
	AllowedDomains                                               []string
}

const maxDomains = 100

func (e *Edit) validate() error {
	for _, s := range []*string{&e.Name, &e.Provider, &e.ProviderURL, &e.ClientID, &e.ClientSecret, &e.LogoURL} {
		*s = strings.TrimSpace(*s)
	}
	for _, f := range []struct {
		name, text string
		most       int
		required   bool
	}{{"name", e.Name, 140, true}, {"provider", e.Provider, 140, false}, {"provider_url", e.ProviderURL, 2000, true}, {"client_id", e.ClientID, 500, true},
		{"client_secret", e.ClientSecret, 2000, true}, {"logo_url", e.LogoURL, 2000, false}} {
		switch {
		case f.required && f.text == "":
			return fault.Required(f.name)
		case len([]rune(f.text)) > f.most:
			return fault.TooLong(f.name, f.most)
		case strings.ContainsFunc(f.text, unicode.IsControl):
			return fault.Field(f.name, "error.control_characters")
		}
	}
	if e.Provider == "" {
		e.Provider = Custom
	}
	if err := e.checkIssuer(); err != nil {
		return err
	}
	if !logoAddress(e.LogoURL) {
		return fault.Field("logo_url", "error.url_invalid", "value", e.LogoURL)
	}
	return e.checkProvisioning()
}

// checkIssuer reads the issuer's address and takes off what people paste along with it: the path of the discovery
// document (OpenID Connect Discovery 1.0, §4).
func (e *Edit) checkIssuer() error {
	u, err := netguard.ParseURL(e.ProviderURL)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return fault.Field("provider_url", "error.url_invalid", "value", e.ProviderURL)
	}
	e.ProviderURL = strings.TrimSuffix(e.ProviderURL, wellKnown)
	return nil
}

// logoAddress reports whether a text can be shown as a picture: nothing, a path of this desk, or an address on the web.
func logoAddress(text string) bool {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.User != nil:
		return false
	case u.Scheme == "":
		return text == "" || (strings.HasPrefix(text, "/") && u.Host == "" && !strings.HasPrefix(text, "/\\"))
	}
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func (e *Edit) checkProvisioning() error {
	var domains []string
	for _, d := range e.AllowedDomains {
		d = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(d), "@"))
		if a, err := mail.ParseAddress("a@" + d); d == "" || err != nil || a.Address != "a@"+d || len(d) > 253 {
			return fault.Field("allowed_domains", "error.domain_invalid", "value", d)
		}
		if !slices.Contains(domains, d) {
			domains = append(domains, d)
		}
	}
	e.AllowedDomains = domains
	switch {
	case len(domains) > maxDomains:
		return fault.Field("allowed_domains", "error.out_of_range", "min", "0", "max", "100")
	case e.AutoProvision && len(domains) == 0: // whoever has an account there would become an agent
		return fault.Required("allowed_domains")
	case e.AutoProvision && e.DefaultRoleID == nil:
		return fault.Required("default_role_id")
	}
	return nil
}

// logoOf returns the picture of a provider: its own, or that of the brand.
func logoOf(provider, own string) string {
	switch {
	case own != "":
		return own
	case provider == Google:
		return "/images/google-logo.svg"
	case provider == Microsoft:
		return "/images/microsoft-logo.svg"
	}
	return ""
}

// clientLimits bound every request to a provider. Discovery may be redirected; what carries a secret may not.
var clientLimits = netguard.Limits{Redirects: 3}

// Options is what the service is made of.
type Options struct {
	DB     *db.DB
	Box    Box
	Agents *agent.Service
	// Guard keeps requests to providers out of the desk's own network.
	Guard *netguard.Guard
	// RootURL returns the address by which browsers reach the desk.
	RootURL func() string
}

// Service is the single sign-on of a desk.
type Service struct {
	Options
	http    *http.Client
	issuers issuers
}

// New makes the service.
func New(o Options) *Service {
	s := &Service{Options: o, http: o.Guard.Client(clientLimits)}
	s.issuers.known = map[string]*entry{}
	return s
}
