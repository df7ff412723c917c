package sso

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// claims is what a provider says of a person (OpenID Connect Core 1.0, §5.1).
type claims struct {
	Email         string `json:"email"`
	EmailVerified flag   `json:"email_verified"`
	Name          string `json:"name"`
	GivenName     string `json:"given_name"`
	FamilyName    string `json:"family_name"`
	AuthorizedFor string `json:"azp"`
	// Microsoft's: the organisation, and whether it has proved that the address's domain is its own.
	Tenant      string `json:"tid"`
	DomainOwner flag   `json:"xms_edov"`
}

// flag is a truth value that may be missing; some providers write it as text or number.
type flag struct{ given, true bool }

// UnmarshalJSON reads true, "true", 1 and "1" as true, null as missing, and anything else as false.
func (f *flag) UnmarshalJSON(b []byte) error {
	b = bytes.Trim(b, `"`)
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	*f = flag{given: true, true: bytes.EqualFold(b, []byte("true")) || bytes.Equal(b, []byte("1"))}
	return nil
}

// person is who came back from a provider, checked.
type person struct {
	issuer, subject string
	email           string // lower case
	first, last     string
}

// identify exchanges a code and returns the person whom the ID token is about. Its checks are those of OpenID Connect
// Core 1.0, §3.1.3.7, and those that this package promises of addresses.
func (s *Service) identify(ctx context.Context, i *issuer, cfg *oauth2.Config, code, verifier, nonce string) (*person, error) {
	ctx = oidc.ClientContext(ctx, s.http)
	token, err := cfg.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, providerFailed(CodeExchange, err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, providerFailed(CodeExchange, errors.New("the answer of the token endpoint has no id_token"))
	}
	id, err := i.provider.VerifierContext(ctx, &oidc.Config{ClientID: cfg.ClientID, SkipIssuerCheck: i.multiTenant()}).Verify(ctx, raw)
	if err != nil {
		return nil, providerFailed(CodeExchange, err)
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return nil, providerFailed(CodeExchange, fmt.Errorf("read the ID token: %w", err))
	}
	switch {
	case !equal(id.Nonce, nonce):
		return nil, providerFailed(CodeExchange, errors.New("the ID token was made for another sign-in (nonce)"))
	case len(id.Audience) > 1 && c.AuthorizedFor != cfg.ClientID:
		return nil, providerFailed(CodeExchange, errors.New("the ID token was made for another client (azp)"))
	case i.multiTenant() && (!isUUID(c.Tenant) || id.Issuer != strings.Replace(i.Issuer, anyTenant, c.Tenant, 1)):
		return nil, providerFailed(CodeExchange, fmt.Errorf("the ID token is by another issuer, %s", id.Issuer))
	case id.Subject == "" || len(id.Subject) > 255 || strings.ContainsRune(id.Subject, 0):
		return nil, providerFailed(CodeExchange, errors.New("the ID token names nobody (sub)"))
	}
	if c.Email == "" && i.UserinfoEndpoint != "" { // where scopes put their claims unless told otherwise (§5.4)
		if err := s.userinfo(ctx, i, token, id.Subject, &c); err != nil {
			return nil, err
		}
	}
	return c.person(id.Issuer, id.Subject, i.multiTenant())
}

func (s *Service) userinfo(ctx context.Context, i *issuer, token *oauth2.Token, subject string, c *claims) error {
	info, err := i.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return providerFailed(CodeExchange, err)
	}
	if info.Subject != subject { // §5.3.2
		return providerFailed(CodeExchange, errors.New("the user info is about somebody else (sub)"))
	}
	tenant, owner := c.Tenant, c.DomainOwner
	if err := info.Claims(c); err != nil {
		return providerFailed(CodeExchange, fmt.Errorf("read the user info: %w", err))
	}
	c.Tenant, c.DomainOwner = tenant, owner // of these only the signed token speaks
	return nil
}

// person checks the address that a provider gives. One that the provider has not verified is refused. Where people of
// any organisation may come, the administrator of each writes what they like into the address, so there the provider
// must vouch for it expressly.
func (c *claims) person(issuer, subject string, anybody bool) (*person, error) {
	email := strings.ToLower(strings.TrimSpace(c.Email))
	if email == "" {
		return nil, refuse(fault.Invalid, CodeNoEmail)
	}
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email || len(email) > 320 || strings.ContainsRune(email, 0) {
		return nil, refuse(fault.NotFound, CodeNoAgent) // among them "System", which is no address
	}
	vouched := c.EmailVerified.true || c.DomainOwner.true
	if (c.EmailVerified.given && !c.EmailVerified.true) || (anybody && !vouched) {
		return nil, refuse(fault.Forbidden, CodeUnverified)
	}
	p := &person{issuer: issuer, subject: subject, email: email}
	p.first, p.last = c.names(email)
	return p, nil
}

// names returns a first name, never empty, and a last name for a new agent.
func (c *claims) names(email string) (first, last string) {
	first, last = name(c.GivenName), name(c.FamilyName)
	if first == "" {
		first, last, _ = strings.Cut(name(c.Name), " ")
	}
	if first == "" {
		first, _, _ = strings.Cut(email, "@")
		first = name(first)
	}
	return first, strings.TrimSpace(last)
}

func name(s string) string {
	r := []rune(strings.TrimSpace(clip(s)))
	return strings.TrimSpace(string(r[:min(len(r), 140)]))
}
