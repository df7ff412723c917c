package ssotest

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// request is a sign-in at the provider; it implements op.AuthRequest.
type request struct {
	oidc.AuthRequest
	id     string
	person Person
	done   bool
	at     time.Time
}

func (r *request) GetID() string          { return r.id }
func (r *request) GetACR() string         { return "" }
func (r *request) GetAMR() []string       { return nil }
func (r *request) GetAuthTime() time.Time { return r.at }
func (r *request) GetClientID() string    { return r.ClientID }
func (r *request) GetScopes() []string    { return r.Scopes }
func (r *request) GetSubject() string     { return r.person.Subject }
func (r *request) Done() bool             { return r.done }
func (r *request) GetAudience() []string  { return []string{r.ClientID} }
func (r *request) GetNonce() string       { return r.Nonce }

func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.CodeChallenge, Method: r.CodeChallengeMethod}
}

var errNone = errors.New("there is none")

// storage implements op.Storage in memory.
type storage struct{ p *Provider }

func (s storage) CreateAuthRequest(_ context.Context, r *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if r.CodeChallenge == "" || r.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, errors.New("this provider wants PKCE with S256")
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	made := &request{AuthRequest: *r, id: newID()}
	s.p.requests[made.id] = made
	return made, nil
}

func (s storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if r := s.p.requests[id]; r != nil {
		return r, nil
	}
	return nil, errNone
}

func (s storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.p.mu.Lock()
	id := s.p.codes[code]
	s.p.mu.Unlock()
	return s.AuthRequestByID(ctx, id)
}

func (s storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.codes[code] = id
	return nil
}

func (s storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	delete(s.p.requests, id)
	return nil
}

func (s storage) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	id := newID()
	if req, ok := r.(*request); ok {
		s.p.tokens[id] = req.person
	}
	return id, time.Now().Add(5 * time.Minute), nil
}

func (s storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errNone
}

func (s storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errNone
}
func (s storage) TerminateSession(context.Context, string, string) error          { return nil }
func (s storage) RevokeToken(context.Context, string, string, string) *oidc.Error { return nil }
func (s storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

func (s storage) SigningKey(context.Context) (op.SigningKey, error) { return key{s.p, false}, nil }
func (s storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}
func (s storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{key{s.p, true}}, nil }

// key is the provider's signing key; public leaves out what only the provider may know.
type key struct {
	p      *Provider
	public bool
}

func (key) ID() string                                  { return "key" }
func (key) Use() string                                 { return "sig" }
func (key) Algorithm() jose.SignatureAlgorithm          { return jose.RS256 }
func (key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k key) Key() any {
	if k.public {
		return &k.p.key.PublicKey
	}
	return k.p.key
}

func (s storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != ClientID {
		return nil, errNone
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return client{uris: s.p.uris, claims: !s.p.faults.UserinfoOnly}, nil
}

func (s storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if id != ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.p.secret)) != 1 {
		return errors.New("wrong client secret")
	}
	return nil
}

func (s storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromRequest puts the person's claims into the ID token.
func (s storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, scopes []string) error {
	info.Subject = r.GetSubject()
	if req, ok := r.(*request); ok && slices.Contains(scopes, oidc.ScopeEmail) {
		describe(info, req.person)
	}
	return nil
}

func (s storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, token, subject, _ string) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	who := s.p.tokens[token]
	if who.Subject != subject {
		return errNone
	}
	if s.p.faults.WrongUserinfo {
		who.Subject = "somebody-else"
	}
	describe(info, who)
	return nil
}

func describe(info *oidc.UserInfo, who Person) {
	info.Subject, info.GivenName, info.FamilyName = who.Subject, who.Given, who.Family
	if who.Email != "" {
		info.AppendClaims("email", who.Email)
	}
	if who.Verified != nil {
		info.AppendClaims("email_verified", who.Verified)
	}
	for name, value := range who.More {
		info.AppendClaims(name, value)
	}
}

func (s storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return nil
}
func (s storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil //nolint:nilnil // there are none
}
func (s storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errNone
}
func (s storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNone
}
func (s storage) Health(context.Context) error { return nil }

// client implements op.Client.
type client struct {
	uris   []string
	claims bool
}

func (client) GetID() string                          { return ClientID }
func (c client) RedirectURIs() []string               { return c.uris }
func (client) PostLogoutRedirectURIs() []string       { return nil }
func (client) ApplicationType() op.ApplicationType    { return op.ApplicationTypeWeb }
func (client) AuthMethod() oidc.AuthMethod            { return oidc.AuthMethodBasic }
func (client) ResponseTypes() []oidc.ResponseType     { return []oidc.ResponseType{oidc.ResponseTypeCode} }
func (client) GrantTypes() []oidc.GrantType           { return []oidc.GrantType{oidc.GrantTypeCode} }
func (client) LoginURL(id string) string              { return "/login?id=" + id }
func (client) AccessTokenType() op.AccessTokenType    { return op.AccessTokenTypeBearer }
func (client) IDTokenLifetime() time.Duration         { return 5 * time.Minute }
func (client) DevMode() bool                          { return true } // redirect addresses by plain HTTP
func (client) IsScopeAllowed(string) bool             { return false }
func (c client) IDTokenUserinfoClaimsAssertion() bool { return c.claims }
func (client) ClockSkew() time.Duration               { return 0 }
func (client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(s []string) []string { return s }
}
func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(s []string) []string { return s }
}
