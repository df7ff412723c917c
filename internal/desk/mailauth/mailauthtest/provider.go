// Package mailauthtest runs a small OAuth 2.0 provider of mailboxes for tests, which speaks as Google and Microsoft do: it
// asks for PKCE, hands out each code once, replaces a refresh token by another whenever it is used, and ends the whole grant
// when an old one is used again. It can be told to misbehave.
package mailauthtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

// The one application that the provider knows, and the id of the one organisation.
const (
	ClientID     = "foyer-mail"
	ClientSecret = "mail-client-s3cret" //nolint:gosec // of a test
	Tenant       = "11111111-2222-3333-4444-555555555555"
)

// Faults are how the provider misbehaves.
type Faults struct {
	Deny      string        // the error that it answers with instead of a code
	NoAddress bool          // it does not say whose mailbox it is
	Forge     bool          // ID tokens are signed by another key
	Fail      int           // the status of every answer of the token endpoint
	Slow      time.Duration // before the token endpoint answers
}

// grant is what somebody agreed to.
type grant struct {
	account string
	access  map[string]time.Time // tokens, and when they end
	refresh string
	used    map[string]bool // refresh tokens that were replaced
}

// code is what an application makes tokens of, once.
type code struct {
	account, challenge, redirect string
}

// Provider is a running provider. It is safe for concurrent use.
type Provider struct {
	URL string

	mu       sync.Mutex
	account  string
	lifetime time.Duration
	faults   Faults
	codes    map[string]code
	grants   []*grant
	renewals int
	key      *rsa.PrivateKey
	server   *http.Server
}

// Start runs a provider on a host and port, such as "127.0.0.1:0".
func Start(address string) (*Provider, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	p := &Provider{URL: "http://" + l.Addr().String(), lifetime: time.Hour, codes: map[string]code{}}
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /o/oauth2/v2/auth", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /oauth2/v2/userinfo", p.userinfo)
	mux.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", p.authorize)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", p.token)
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", p.keys)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// Close stops the provider.
func (p *Provider) Close() error { return p.server.Close() }

// SignedIn says whose account agrees from now on, and for how long its tokens hold.
func (p *Provider) SignedIn(account string, lifetime time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.account, p.lifetime = account, lifetime
}

// Misbehave says how the provider misbehaves from now on; the zero value ends it.
func (p *Provider) Misbehave(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// Revoke ends everything that was agreed to.
func (p *Provider) Revoke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grants = nil
}

// EndTokens ends the access tokens, before their time, and leaves what was agreed to.
func (p *Provider) EndTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.grants {
		clear(g.access)
	}
}

// Renewals is how often a token was renewed.
func (p *Provider) Renewals() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.renewals
}

// Accepts reports whether a token opens the mailbox of a user now; it is what a mail server asks.
func (p *Provider) Accepts(user, token string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.grants {
		if until, ok := g.access[token]; ok && time.Now().Before(until) && strings.EqualFold(g.account, user) {
			return true
		}
	}
	return false
}

// authorize is the consent page on which somebody has agreed already, or not.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.mu.Lock()
	defer p.mu.Unlock()
	mail := strings.Contains(q.Get("scope"), "https://mail.google.com/") || strings.Contains(q.Get("scope"), "IMAP.AccessAsUser.All")
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || !mail {
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	if p.faults.Deny != "" {
		answer.Set("error", p.faults.Deny)
	} else {
		name := uuid.NewString()
		p.codes[name] = code{p.account, q.Get("code_challenge"), q.Get("redirect_uri")}
		answer.Set("code", name)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	f := p.faults
	p.mu.Unlock()
	time.Sleep(f.Slow)
	if f.Fail != 0 {
		http.Error(w, "try again later", f.Fail)
		return
	}
	if r.FormValue("client_id") != ClientID || r.FormValue("client_secret") != ClientSecret {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var g *grant
	switch r.FormValue("grant_type") {
	case "authorization_code":
		g = p.redeem(r.FormValue("code"), r.FormValue("code_verifier"), r.FormValue("redirect_uri"))
	case "refresh_token":
		g = p.renew(r.FormValue("refresh_token"))
	}
	if g == nil {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	access := uuid.NewString()
	g.access[access], g.refresh = time.Now().Add(p.lifetime), uuid.NewString()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": access, "refresh_token": g.refresh, "token_type": "Bearer",
		"expires_in": int(p.lifetime.Seconds()), "id_token": p.idToken(g.account)})
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": "The provider's own words."})
}

// redeem makes a grant of a code, for whoever knows the verifier (RFC 7636 §4.6).
func (p *Provider) redeem(name, verifier, redirect string) *grant {
	c, ok := p.codes[name]
	delete(p.codes, name)
	sum := sha256.Sum256([]byte(verifier))
	if !ok || c.redirect != redirect || base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge {
		return nil
	}
	g := &grant{account: c.account, access: map[string]time.Time{}, used: map[string]bool{}}
	p.grants = append(p.grants, g)
	return g
}

// renew replaces a refresh token; one that was replaced already ends the grant (RFC 9700 §4.14.2).
func (p *Provider) renew(refresh string) *grant {
	for i, g := range p.grants {
		if g.used[refresh] {
			p.grants = append(p.grants[:i:i], p.grants[i+1:]...)
			return nil
		}
		if g.refresh == refresh {
			g.used[refresh] = true
			p.renewals++
			return g
		}
	}
	return nil
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	for _, g := range p.grants {
		if _, ok := g.access[token]; ok && !p.faults.NoAddress {
			_ = json.NewEncoder(w).Encode(map[string]any{"email": g.account, "verified_email": true})
			return
		}
	}
	http.Error(w, "unauthorized", http.StatusUnauthorized)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: "key", Algorithm: "RS256", Use: "sig"}}})
}

// idToken says who agreed, as Microsoft does.
func (p *Provider) idToken(account string) string {
	by := p.key
	if p.faults.Forge {
		by, _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: by, KeyID: "key"}}, nil)
	if err != nil {
		panic(err)
	}
	claims := map[string]any{"iss": p.URL + "/" + Tenant + "/v2.0", "tid": Tenant, "aud": ClientID, "sub": account,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(), "preferred_username": account}
	if p.faults.NoAddress {
		delete(claims, "preferred_username")
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	out, _ := signed.CompactSerialize()
	return out
}
