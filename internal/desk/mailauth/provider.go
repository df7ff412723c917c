package mailauth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// client is an application that is registered at a provider.
type client struct {
	provider, id, secret, tenant string
}

func clientOf(o inbox.OAuth) client {
	return client{o.Provider, o.ClientID, o.ClientSecret, o.TenantID}
}

// anyTenant is Microsoft's name for the accounts of every organisation.
const anyTenant = "common"

// config returns the client's side of OAuth 2.0 at a provider.
func (s *Service) config(c client) *oauth2.Config {
	o := &oauth2.Config{ClientID: c.id, ClientSecret: c.secret, RedirectURL: s.callback(c.provider)}
	if c.provider == inbox.Microsoft {
		base := s.microsoft(c.tenant)
		o.Endpoint = oauth2.Endpoint{AuthURL: base + "/oauth2/v2.0/authorize", TokenURL: base + "/oauth2/v2.0/token", AuthStyle: oauth2.AuthStyleInParams}
		o.Scopes = []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access", "openid", "email"}
		return o
	}
	o.Endpoint = oauth2.Endpoint{AuthURL: cmp.Or(s.GoogleURL, "https://accounts.google.com") + "/o/oauth2/v2/auth",
		TokenURL: cmp.Or(s.GoogleURL, "https://oauth2.googleapis.com") + "/token", AuthStyle: oauth2.AuthStyleInParams}
	o.Scopes = []string{"https://mail.google.com/", "https://www.googleapis.com/auth/userinfo.email"}
	return o
}

func (s *Service) microsoft(tenant string) string {
	return cmp.Or(s.MicrosoftURL, "https://login.microsoftonline.com") + "/" + url.PathEscape(cmp.Or(tenant, anyTenant))
}

// consentURL is where the browser goes. The prompt makes Google hand out a refresh token again, and Microsoft ask which
// account is meant.
func (s *Service) consentURL(c client, state, verifier string) string {
	prompt := "consent"
	if c.provider == inbox.Microsoft {
		prompt = "select_account"
	}
	return s.config(c).AuthCodeURL(state, oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("prompt", prompt))
}

// account returns the address of the mailbox that a token is for.
func (s *Service) account(ctx context.Context, c client, token *oauth2.Token) (address string, err error) {
	if c.provider == inbox.Microsoft {
		address, err = s.microsoftAccount(ctx, c, token)
	} else {
		address, err = s.googleAccount(ctx, token)
	}
	if err != nil {
		return "", err
	}
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
		return "", fmt.Errorf("the provider names %q, which is no address", address)
	}
	return address, nil
}

// googleAccount asks Google whose token it is.
func (s *Service) googleAccount(ctx context.Context, token *oauth2.Token) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, cmp.Or(s.GoogleURL, "https://www.googleapis.com")+"/oauth2/v2/userinfo", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	res, err := s.http.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask for the address: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask for the address: %s", res.Status)
	}
	var who struct {
		Email    string `json:"email"`
		Verified *bool  `json:"verified_email"`
	}
	if err := json.NewDecoder(res.Body).Decode(&who); err != nil {
		return "", fmt.Errorf("read the address: %w", err)
	}
	if who.Verified != nil && !*who.Verified {
		return "", errors.New("the provider has not verified the address")
	}
	return who.Email, nil
}

// microsoftAccount reads the address from the ID token, whose signature, audience, time and issuer it checks.
func (s *Service) microsoftAccount(ctx context.Context, c client, token *oauth2.Token) (string, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return "", errors.New("the provider sent no ID token")
	}
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(ctx, s.http), s.microsoft(c.tenant)+"/discovery/v2.0/keys")
	// The issuer names the tenant of the account, which for accounts of any organisation is known from the token alone.
	id, err := oidc.NewVerifier("", keys, &oidc.Config{ClientID: c.id, SkipIssuerCheck: true}).Verify(ctx, raw)
	if err != nil {
		return "", fmt.Errorf("check the ID token: %w", err)
	}
	var claims struct {
		Tenant    string `json:"tid"`
		Email     string `json:"email"`
		Preferred string `json:"preferred_username"`
	}
	if err := id.Claims(&claims); err != nil {
		return "", fmt.Errorf("read the ID token: %w", err)
	}
	if want := s.microsoft(claims.Tenant) + "/v2.0"; claims.Tenant == "" || id.Issuer != want {
		return "", fmt.Errorf("the ID token is of %q, not of %q", id.Issuer, want)
	}
	return cmp.Or(strings.TrimSpace(claims.Email), strings.TrimSpace(claims.Preferred)), nil
}

// servers are those of a provider's mailboxes.
func servers(provider, account string) ([]inbox.IMAPServer, []inbox.SMTPServer) {
	imap := inbox.IMAPServer{Host: "imap.gmail.com", Port: 993, Username: account, Mailbox: "INBOX", ReadInterval: "5m", ScanInboxSince: "24h", TLSType: inbox.TLSImplicit}
	smtp := inbox.SMTPServer{Host: "smtp.gmail.com", Port: 587, Username: account, AuthProtocol: "login", TLSType: inbox.TLSStart, MaxConns: 5, MaxMsgRetries: 5,
		IdleTimeout: "20s", PoolWaitTimeout: "120s"}
	if provider == inbox.Microsoft {
		imap.Host, smtp.Host = "outlook.office365.com", "smtp.office365.com"
	}
	return []inbox.IMAPServer{imap}, []inbox.SMTPServer{smtp}
}
