package sso

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The reasons for which a sign-in ends without a session. They are shown by the sign-in page, which has a sentence for
// each: the catalogue's auth.error.<code>.
const (
	CodeProvider    = "sso_provider"    // there is no such provider, or it is disabled
	CodeUnreachable = "sso_unreachable" // the provider does not answer
	CodeState       = "sso_state"       // not a sign-in that this browser began, or one that is finished
	CodeExpired     = "sso_expired"     // begun too long ago
	CodeCancelled   = "sso_cancelled"   // the person did not agree
	CodeRefused     = "sso_refused"     // the provider says that it cannot
	CodeExchange    = "sso_failed"      // the provider's answer does not hold
	CodeNoEmail     = "sso_no_email"    // the provider does not say who it is
	CodeUnverified  = "sso_unverified"  // the address may be anybody's
	CodeNoAgent     = "sso_no_agent"    // nobody here has the address
	CodeDisabled    = "sso_disabled"    // the agent is disabled
	CodeLinked      = "sso_linked"      // the agent comes by another account of the provider
)

// keyPrefix and a code are a key of the catalogue.
const keyPrefix = "auth.error."

func refuse(kind fault.Kind, code string) *fault.Error { return fault.New(kind, keyPrefix+code) }

// CodeOf returns the reason of a sign-in that failed.
func CodeOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && len(f.Key) > len(keyPrefix) && f.Key[:len(keyPrefix)] == keyPrefix {
		return f.Key[len(keyPrefix):]
	}
	return CodeExchange
}

// failure is a sign-in that ends by the provider's fault: administrators are to learn of it.
type failure struct {
	fault  *fault.Error
	detail string
}

// Error implements error.
func (f *failure) Error() string { return f.fault.Error() }

// Unwrap lets errors.As find the fault.
func (f *failure) Unwrap() error { return f.fault }

func providerFailed(code string, cause error) error {
	detail := plainError(cause)
	var r *oauth2.RetrieveError
	if errors.As(cause, &r) {
		detail = fmt.Sprintf("%s %s %s", r.Response.Status, r.ErrorCode, r.ErrorDescription)
	}
	return &failure{refuse(fault.Upstream, code).Because(cause), clip(detail)}
}

const (
	patience    = 10 * time.Minute // from beginning a sign-in to finishing it
	remembered  = time.Hour        // for which one that took too long is told from one that never was
	secretSize  = 43               // characters: 256 bits
	maxNextSize = 2000
)

// Begun is a sign-in on its way: where the browser goes, and what it must bring back.
type Begun struct {
	URL    string
	State  string
	Secret string // kept by the browser, in a cookie that scripts cannot read
}

// Patience is how long a browser may take from Begin to Finish.
func Patience() time.Duration { return patience }

// Begin starts a sign-in through a provider. next is where the agent wants to be afterwards. The errors have codes.
func (s *Service) Begin(ctx context.Context, id int64, next string) (*Begun, error) {
	p, err := s.enabled(ctx, id)
	if err != nil {
		return nil, err
	}
	i, err := s.describe(ctx, p.ProviderURL)
	if err != nil {
		return nil, s.note(ctx, id, providerFailed(CodeUnreachable, err))
	}
	if len(next) > maxNextSize {
		next = ""
	}
	b := &Begun{State: crypt.Token(secretSize), Secret: crypt.Token(secretSize)}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		now := time.Now()
		if _, err := tx.Exec(ctx, `DELETE FROM oidc_sign_ins WHERE expires_at < $1`, db.At(now.Add(-remembered))); err != nil {
			return fmt.Errorf("clear sign-ins: %w", err)
		}
		_, err := tx.Exec(ctx, `INSERT INTO oidc_sign_ins (state_hash, browser_hash, provider_id, next, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			crypt.Hash(b.State), crypt.Hash(b.Secret), id, next, db.At(now.Add(patience)))
		if db.IsForeignKey(err) {
			return refuse(fault.Invalid, CodeProvider)
		}
		if err != nil {
			return fmt.Errorf("begin sign-in: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	verifier, nonce := s.derive(b.State, b.Secret)
	b.URL = s.client(p, i).AuthCodeURL(b.State, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("nonce", nonce))
	return b, nil
}

// enabled returns an enabled provider with its secret.
func (s *Service) enabled(ctx context.Context, id int64) (Provider, error) {
	p, err := s.one(ctx, s.DB, id)
	if fault.Is(err, fault.NotFound) || (err == nil && !p.Enabled) {
		return p, refuse(fault.Invalid, CodeProvider)
	}
	return p, err
}

// derive returns the PKCE verifier (RFC 7636 §4.1) and the nonce of a sign-in.
func (s *Service) derive(state, secret string) (verifier, nonce string) {
	return s.Box.Sign("oidc verifier", state+"."+secret), s.Box.Sign("oidc nonce", state+"."+secret)
}

func (s *Service) client(p Provider, i *issuer) *oauth2.Config {
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: i.provider.Endpoint(), RedirectURL: s.redirectURI(p.ID),
		Scopes: []string{"openid", "profile", "email"}}
}

// Answer is what the browser brings back from a provider (RFC 6749 §4.1.2, RFC 9207).
type Answer struct {
	State, Code             string
	Error, ErrorDescription string
	Issuer                  string
	Secret                  string // from the browser's cookie
}

// Finished is a sign-in that led to a session, or to the wait for a second factor.
type Finished struct {
	agent.Started
	Next string
}

// Finish ends a sign-in: it checks the answer, finds the agent and begins their session. An answer is good once. The
// errors have codes; what is the provider's fault is kept for administrators to see.
func (s *Service) Finish(ctx context.Context, id int64, a Answer, from agent.Browser) (*Finished, error) {
	next, err := s.claim(ctx, id, a)
	if err != nil {
		return nil, err
	}
	p, err := s.enabled(ctx, id)
	if err != nil {
		return nil, err
	}
	who, err := s.answered(ctx, p, a)
	if err != nil {
		return nil, s.note(ctx, id, err)
	}
	begun, err := s.admit(ctx, p, who, from)
	if err != nil {
		return nil, err
	}
	return &Finished{Started: begun, Next: next}, s.note(ctx, id, nil)
}

// claim takes the sign-in that an answer belongs to, so that no second answer can have it, and returns where its agent
// wants to be.
func (s *Service) claim(ctx context.Context, id int64, a Answer) (next string, err error) {
	if a.State == "" || a.Secret == "" || len(a.State) > 200 || len(a.Secret) > 200 {
		return "", refuse(fault.Forbidden, CodeState)
	}
	var expires db.Time
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `DELETE FROM oidc_sign_ins WHERE state_hash = $1 AND browser_hash = $2 AND provider_id = $3 RETURNING next, expires_at`,
			crypt.Hash(a.State), crypt.Hash(a.Secret), id).Scan(&next, &expires)
	})
	switch {
	case errors.Is(err, db.ErrNoRows):
		return "", refuse(fault.Forbidden, CodeState)
	case err != nil:
		return "", fmt.Errorf("claim sign-in: %w", err)
	case time.Now().After(expires.Time):
		return "", refuse(fault.Forbidden, CodeExpired)
	}
	return next, nil
}

// answered makes the person of a provider's answer.
func (s *Service) answered(ctx context.Context, p Provider, a Answer) (*person, error) {
	switch {
	case a.Error == "access_denied":
		return nil, refuse(fault.Forbidden, CodeCancelled)
	case a.Error != "":
		return nil, providerFailed(CodeRefused, errors.New(a.Error+" "+a.ErrorDescription))
	case a.Code == "":
		return nil, refuse(fault.Invalid, CodeExchange)
	}
	i, err := s.describe(ctx, p.ProviderURL)
	if err != nil {
		return nil, providerFailed(CodeUnreachable, err)
	}
	if a.Issuer != "" && a.Issuer != i.Issuer && !i.multiTenant() { // RFC 9207 §2.4
		return nil, refuse(fault.Forbidden, CodeExchange)
	}
	verifier, nonce := s.derive(a.State, a.Secret)
	return s.identify(ctx, i, s.client(p, i), a.Code, verifier, nonce)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// note keeps how a provider fared and returns err. What is not the provider's fault is not noted.
func (s *Service) note(ctx context.Context, id int64, err error) error {
	var f *failure
	if err != nil && !errors.As(err, &f) {
		return err
	}
	ctx = context.WithoutCancel(ctx) // the person may have gone; the trouble has not
	saved := s.DB.Tx(ctx, func(tx *db.Tx) error {
		if f == nil {
			_, err := tx.Exec(ctx, `UPDATE oidc_providers SET last_success_at = $2, last_error = '', last_error_detail = '' WHERE id = $1`, id, db.Now())
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE oidc_providers SET last_error_at = $2, last_error = $3, last_error_detail = $4 WHERE id = $1`, id, db.Now(), CodeOf(f), f.detail)
		return err
	})
	if saved != nil {
		return errors.Join(err, fmt.Errorf("note how the provider fared: %w", saved))
	}
	return err
}
