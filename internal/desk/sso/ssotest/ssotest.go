// Package ssotest runs a real OpenID Connect provider for tests: the server side of zitadel's library, with storage in
// memory, one client, and whoever the test says is signed in there. It can be told to misbehave.
package ssotest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The one client that the provider knows.
const (
	ClientID     = "foyer-desk"
	ClientSecret = "client-s3cret-of-the-desk" //nolint:gosec // of a test
)

// Person is who is signed in at the provider. Verified is the claim email_verified, left out if nil.
type Person struct {
	Subject, Email, Given, Family string
	Verified                      any
	More                          map[string]any // further claims
}

// Faults are how the provider misbehaves.
type Faults struct {
	Deny          string         // the error that it answers with instead of a code
	Describe      string         // the error_description that goes with it
	Claims        map[string]any // in the ID token, in place of what is true; nil leaves a claim out
	Forge         bool           // the ID token is signed by a key that is not the provider's
	UserinfoOnly  bool           // the ID token has no claims about the person; this one is well within the rules
	WrongUserinfo bool           // the user info is about somebody else
}

// Provider is a running provider.
type Provider struct {
	URL string

	mu       sync.Mutex
	person   Person
	faults   Faults
	requests map[string]*request // by id
	codes    map[string]string   // id by code
	tokens   map[string]Person   // by token id
	secret   string
	uris     []string
	key      *rsa.PrivateKey
	server   *http.Server
}

// Start runs a provider on a host and port, such as "127.0.0.1:0".
func Start(address string) (*Provider, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	p := &Provider{URL: "http://" + l.Addr().String(), requests: map[string]*request{}, codes: map[string]string{}, tokens: map[string]Person{}, secret: ClientSecret}
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	var seed [32]byte
	_, _ = rand.Read(seed[:])
	handler, err := op.NewProvider(&op.Config{CryptoKey: seed, CryptoKeyId: "test", CodeMethodS256: true, AuthMethodPost: true},
		storage{p}, op.StaticIssuer(p.URL), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, fmt.Errorf("make the provider: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", p.login)
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) { p.tamper(w, r, handler) })
	mux.Handle("/", handler)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// Close stops the provider.
func (p *Provider) Close() error { return p.server.Close() }

// SignedIn says who is signed in at the provider from now on.
func (p *Provider) SignedIn(who Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person = who
}

// Misbehave says how the provider misbehaves from now on; the zero value ends it.
func (p *Provider) Misbehave(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// Allow says which addresses the client may send people back to, and its secret from now on.
func (p *Provider) Allow(secret string, redirectURIs ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secret, p.uris = secret, redirectURIs
}

// login signs the person in, without asking, and sends them on.
func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	req := p.requests[r.URL.Query().Get("id")]
	if req == nil {
		http.Error(w, "no such request", http.StatusBadRequest)
		return
	}
	if p.faults.Deny != "" {
		q := url.Values{"error": {p.faults.Deny}, "error_description": {p.faults.Describe}, "state": {req.State}}
		http.Redirect(w, r, req.RedirectURI+"?"+q.Encode(), http.StatusFound)
		return
	}
	req.person, req.done, req.at = p.person, true, time.Now()
	http.Redirect(w, r, "/authorize/callback?id="+url.QueryEscape(req.id), http.StatusFound)
}

// tamper answers for the token endpoint, with an ID token as the faults want it.
func (p *Provider) tamper(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	p.mu.Lock()
	f := p.faults
	p.mu.Unlock()
	body := rec.Body.Bytes()
	if rec.Code == http.StatusOK && (f.Claims != nil || f.Forge) {
		var answer map[string]any
		if err := json.Unmarshal(body, &answer); err == nil {
			answer["id_token"] = p.resign(answer["id_token"].(string), f)
			body, _ = json.Marshal(answer)
		}
	}
	maps.Copy(w.Header(), rec.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}

// resign returns an ID token with other claims.
func (p *Provider) resign(token string, f Faults) string {
	claims := map[string]any{}
	parsed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || json.Unmarshal(parsed.UnsafePayloadWithoutVerification(), &claims) != nil {
		panic("the provider's own ID token cannot be read")
	}
	for name, value := range f.Claims {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	by := p.key
	if f.Forge {
		by, _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: by, KeyID: "key"}}, nil)
	if err != nil {
		panic(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	out, _ := signed.CompactSerialize()
	return out
}

func newID() string { return uuid.NewString() }
