package mailauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Why a token could not be had. The catalogue has a sentence for each: email.problem.oauth_<failure>.
const (
	Missing     = "missing"     // the mailbox was never connected
	Revoked     = "revoked"     // the provider ended the grant: only reconnecting helps
	BadClient   = "client"      // the application's id or secret is not right any more
	Unreachable = "unreachable" // the provider does not answer
	Refused     = "refused"     // the provider says that it cannot
)

// Failure is the error of [Service.Token] when the provider, or the lack of a connection, is to blame.
type Failure struct {
	Code   string // one of the above
	Detail string // the provider's own words
}

// Error implements error.
func (f *Failure) Error() string {
	if f.Detail == "" {
		return "the mailbox's connection to its provider: " + f.Code
	}
	return "the mailbox's connection to its provider: " + f.Code + ": " + f.Detail
}

const (
	early      = 5 * time.Minute // a token is renewed this long before it ends
	leaseTTL   = renewTimeout + 10*time.Second
	lookAgain  = 200 * time.Millisecond // while another node renews
	waitAtMost = leaseTTL + renewTimeout
	// quiet is for how long a failure is answered from memory, so that many replies do not each ask a provider that has
	// just said no; a grant that has ended is hardly worth asking again.
	quiet        = 30 * time.Second
	quietRevoked = 10 * time.Minute
)

// Token returns an access token for a mailbox, renewed if it ends soon, or if it is refused: the one that a server has just
// not accepted, "" for none. Of all who ask at the same time, on any node, one renews it; the others wait and get the same.
// The error is a [*Failure] unless the desk itself is to blame.
func (s *Service) Token(ctx context.Context, inboxID int64, refused string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, waitAtMost)
	defer cancel()
	for {
		o, err := s.stored(ctx, inboxID)
		if err != nil {
			return "", err
		}
		if usable(o, refused) {
			return o.AccessToken, nil
		}
		release, held, err := s.lease(ctx, inboxID)
		if err != nil {
			return "", err
		}
		if held {
			defer release()
			return s.renewed(ctx, inboxID, refused)
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("wait for another node to renew the token: %w", ctx.Err())
		case <-time.After(lookAgain):
		}
	}
}

func (s *Service) stored(ctx context.Context, inboxID int64) (inbox.OAuth, error) {
	_, cfg, err := s.Inboxes.Decrypted(ctx, inboxID)
	if err != nil {
		return inbox.OAuth{}, err
	}
	if cfg.OAuth == nil || (cfg.OAuth.AccessToken == "" && cfg.OAuth.RefreshToken == "") {
		return inbox.OAuth{}, &Failure{Code: Missing}
	}
	return *cfg.OAuth, nil
}

func usable(o inbox.OAuth, refused string) bool {
	return o.AccessToken != "" && o.AccessToken != refused && time.Until(o.ExpiresAt) > early
}

// lease takes the right to renew a mailbox's token, each time under a name of its own, so that it also keeps apart those who
// ask on the same node.
func (s *Service) lease(ctx context.Context, inboxID int64) (release func(), held bool, err error) {
	name, owner, now := fmt.Sprintf("oauth:%d", inboxID), crypt.Token(20), db.Now()
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO leases (name, owner, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE leases.until < $4`, name, owner, db.At(now.Add(leaseTTL)), now)
		held = n == 1
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("take the lease of a token: %w", err)
	}
	return func() {
		ctx := context.WithoutCancel(ctx)
		err := s.DB.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM leases WHERE name = $1 AND owner = $2`, name, owner)
			return err
		})
		if err != nil {
			s.Log.WarnContext(ctx, "could not give back the lease of a token", "inbox", inboxID, "error", err)
		}
	}, held, nil
}

// renewed renews a token while nobody else does, unless somebody did in the moment before.
func (s *Service) renewed(ctx context.Context, inboxID int64, refused string) (string, error) {
	o, err := s.stored(ctx, inboxID)
	if err != nil {
		return "", err
	}
	if usable(o, refused) {
		return o.AccessToken, nil
	}
	if known, err := s.failure(ctx, inboxID, o); err != nil || known.recent() {
		return "", errors.Join(err, known.asError())
	}
	rctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, s.http), renewTimeout)
	defer cancel()
	token, err := s.config(clientOf(o)).TokenSource(rctx, &oauth2.Token{RefreshToken: o.RefreshToken}).Token()
	ctx = context.WithoutCancel(ctx) // whoever asked may have gone; what the provider answered holds
	if err != nil {
		f := failureOf(err, o)
		s.Log.WarnContext(ctx, "could not renew a mailbox's token", "inbox", inboxID, "reason", f.Code, "detail", f.Detail)
		return "", errors.Join(f, s.note(ctx, inboxID, o, f))
	}
	fresh := o
	fresh.AccessToken, fresh.RefreshToken, fresh.ExpiresAt = token.AccessToken, token.RefreshToken, token.Expiry.UTC()
	if err := s.Inboxes.KeepTokens(ctx, inboxID, o.RefreshToken, fresh); err != nil {
		s.Log.ErrorContext(ctx, "could not keep a renewed token", "inbox", inboxID, "error", err)
	}
	return token.AccessToken, s.note(ctx, inboxID, fresh, nil)
}

// failureOf says what the provider's refusal means (RFC 6749 §5.2).
func failureOf(err error, o inbox.OAuth) *Failure {
	f := &Failure{Code: Unreachable, Detail: describe(err)}
	var r *oauth2.RetrieveError
	switch {
	case o.RefreshToken == "":
		f.Code, f.Detail = Revoked, ""
	case !errors.As(err, &r):
	case r.ErrorCode == "invalid_grant", r.ErrorCode == "interaction_required", r.ErrorCode == "consent_required":
		f.Code = Revoked
	case r.ErrorCode == "invalid_client", r.ErrorCode == "unauthorized_client":
		f.Code = BadClient
	case r.Response.StatusCode < 500 || r.ErrorCode != "":
		f.Code = Refused
	}
	return f
}

// describe returns the words of an error without what may hold a secret, such as the body of an answer.
func describe(err error) string {
	var r *oauth2.RetrieveError
	text := err.Error()
	if errors.As(err, &r) {
		text = fmt.Sprintf("%s %s %s", r.Response.Status, r.ErrorCode, r.ErrorDescription)
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	if r := []rune(text); len(r) > 500 {
		text = string(r[:500])
	}
	return text
}

// failed is a failure that is remembered.
type failed struct {
	FailedAt db.Time
	Failure  string
	Detail   string
}

func (f failed) recent() bool {
	limit := quiet
	if f.Failure == Revoked {
		limit = quietRevoked
	}
	return f.Failure != "" && time.Since(f.FailedAt.Time) < limit
}

func (f failed) asError() error {
	if f.Failure == "" {
		return nil
	}
	return &Failure{f.Failure, f.Detail}
}

// grantHash tells one grant from another; a changed secret of the client is a new chance, too.
func grantHash(o inbox.OAuth) string {
	return crypt.Hash(o.ClientID + "\x00" + o.ClientSecret + "\x00" + o.RefreshToken)
}

// failure returns what is remembered of a grant, the zero value if nothing is.
func (s *Service) failure(ctx context.Context, inboxID int64, o inbox.OAuth) (failed, error) {
	f, err := db.Get[failed](ctx, s.DB, `SELECT failed_at, failure, detail FROM inbox_oauth_failures WHERE inbox_id = $1 AND grant_hash = $2`, inboxID, grantHash(o))
	if errors.Is(err, db.ErrNoRows) {
		return failed{}, nil
	}
	if err != nil {
		return failed{}, fmt.Errorf("read how the token of inbox %d fared: %w", inboxID, err)
	}
	return f, nil
}

// note remembers a failure; nil forgets the one before.
func (s *Service) note(ctx context.Context, inboxID int64, o inbox.OAuth, f *Failure) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		if f == nil {
			_, err = tx.Exec(ctx, `DELETE FROM inbox_oauth_failures WHERE inbox_id = $1`, inboxID)
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO inbox_oauth_failures (inbox_id, grant_hash, failed_at, failure, detail) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (inbox_id) DO UPDATE SET grant_hash = excluded.grant_hash, failed_at = excluded.failed_at, failure = excluded.failure, detail = excluded.detail`,
			inboxID, grantHash(o), db.Now(), f.Code, f.Detail)
		return err
	})
}

// State is how a mailbox's connection to its provider is.
type State struct {
	Connected bool     `json:"connected" doc:"Whether mail can be read and sent with it, as far as is known"`
	Provider  string   `json:"provider" doc:"google or microsoft"`
	Account   string   `json:"account" doc:"The address that agreed"`
	Failure   string   `json:"failure" doc:"Why not: missing, revoked, client, unreachable or refused; empty when nothing is wrong"`
	Message   string   `json:"message" doc:"The same in plain words"`
	Detail    string   `json:"detail" doc:"The provider's own words"`
	FailedAt  *db.Time `json:"failed_at"`
}

// State returns how an inbox is connected; its Message is left to whoever knows the reader's language. NotFound if there is
// no such inbox.
func (s *Service) State(ctx context.Context, inboxID int64) (State, error) {
	_, cfg, err := s.Inboxes.Decrypted(ctx, inboxID)
	if err != nil {
		return State{}, err
	}
	if cfg.AuthType != inbox.AuthOAuth2 || cfg.OAuth == nil {
		return State{Failure: Missing}, nil
	}
	o := *cfg.OAuth
	st := State{Connected: true, Provider: o.Provider, Account: o.Account}
	if o.RefreshToken == "" {
		st.Connected, st.Failure = false, Missing
		return st, nil
	}
	f, err := s.failure(ctx, inboxID, o)
	if err == nil && f.Failure != "" {
		st.Connected, st.Failure, st.Detail, st.FailedAt = false, f.Failure, f.Detail, &f.FailedAt
	}
	return st, err
}
