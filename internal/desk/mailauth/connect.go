package mailauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The values of Wish.Flow; any other means NewInbox.
const (
	NewInbox  = "new_inbox"
	Reconnect = "reconnect"
)

// How a connection ends, as the list of inboxes is told in its address.
const (
	Connected     = "oauth_connected"
	Reconnected   = "oauth_reconnected"
	Denied        = "oauth_denied"
	ExchangeFails = "token_exchange_failed"
	NoAddress     = "email_fetch_failed"
	Exists        = "inbox_already_exists"
	NotFound      = "inbox_not_found"
	OtherAddress  = "email_mismatch"
	NotCreated    = "inbox_creation_failed"
	NotUpdated    = "inbox_update_failed"
	NotReadable   = "config_parse_failed"
)

const (
	patience   = 15 * time.Minute // from beginning a connection to finishing it
	stateSize  = 43               // characters: 256 bits
	maxClient  = 500
	maxSecret  = 2000
	sealedFor  = "inbox_oauth.client_secret"
	verifierOf = "inbox oauth verifier"
)

// Wish is what an administrator asks to connect: with which application, and for which inbox if it is there already.
type Wish struct {
	ClientID, ClientSecret, TenantID, Flow string
	InboxID                                int64
}

func (w *Wish) check() error {
	for _, text := range []*string{&w.ClientID, &w.ClientSecret, &w.TenantID} {
		*text = strings.TrimSpace(*text)
	}
	for _, f := range []struct {
		name, text string
		most       int
		required   bool
	}{{"client_id", w.ClientID, maxClient, true}, {"client_secret", w.ClientSecret, maxSecret, true}, {"tenant_id", w.TenantID, maxClient, false}} {
		switch {
		case f.required && f.text == "":
			return fault.Required(f.name)
		case len(f.text) > f.most:
			return fault.TooLong(f.name, f.most)
		case strings.ContainsFunc(f.text, unicode.IsControl):
			return fault.Field(f.name, "error.control_characters")
		}
	}
	if w.Flow != Reconnect {
		w.Flow, w.InboxID = NewInbox, 0
	}
	return nil
}

func checkProvider(provider string) error {
	if provider != inbox.Google && provider != inbox.Microsoft {
		return fault.Field("provider", "error.unknown_value", "value", provider)
	}
	return nil
}

// Begin starts to connect a mailbox and returns the address of the provider's consent page. An Invalid error names the
// field that is wrong. For a reconnection, a secret that is empty or masked is the inbox's own, if its client is the same.
func (s *Service) Begin(ctx context.Context, p *agent.Principal, provider string, w Wish) (string, error) {
	if err := checkProvider(provider); err != nil {
		return "", err
	}
	if err := s.ownSecret(ctx, provider, &w); err != nil {
		return "", err
	}
	if err := w.check(); err != nil {
		return "", err
	}
	if provider != inbox.Microsoft {
		w.TenantID = ""
	}
	state, now := crypt.Token(stateSize), time.Now()
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM inbox_oauth_begun WHERE expires_at < $1`, db.At(now)); err != nil {
			return fmt.Errorf("clear connections: %w", err)
		}
		_, err := tx.Exec(ctx, `INSERT INTO inbox_oauth_begun (state_hash, agent_id, session_id, provider, client_id, client_secret, tenant_id, flow_type, inbox_id, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, crypt.Hash(state), p.ID, p.SessionID, provider, w.ClientID, s.Box.Seal(sealedFor, w.ClientSecret),
			w.TenantID, w.Flow, w.InboxID, db.At(now.Add(patience)))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("begin to connect a mailbox: %w", err)
	}
	return s.consentURL(client{provider, w.ClientID, w.ClientSecret, w.TenantID}, state, s.verifier(state)), nil
}

// ownSecret fills in the secret of the inbox that is reconnected, which nobody is shown to type it again.
func (s *Service) ownSecret(ctx context.Context, provider string, w *Wish) error {
	if w.Flow != Reconnect || strings.Trim(w.ClientSecret, "• ") != "" {
		return nil
	}
	w.ClientSecret = ""
	_, cfg, err := s.Inboxes.Decrypted(ctx, w.InboxID)
	if fault.Is(err, fault.NotFound) {
		return nil // the answer to the consent says so
	}
	if err != nil {
		return err
	}
	if o := cfg.OAuth; o != nil && o.Provider == provider && o.ClientID == strings.TrimSpace(w.ClientID) {
		w.ClientSecret = o.ClientSecret
	}
	return nil
}

func (s *Service) verifier(state string) string { return s.Box.Sign(verifierOf, state) }

// Answer is what the browser brings back from a provider.
type Answer struct{ State, Code string }

// begun is a connection under way.
type begun struct {
	Provider, ClientID, ClientSecret, TenantID, FlowType string
	InboxID                                              int64
	ExpiresAt                                            db.Time
}

func (b begun) client() client { return client{b.Provider, b.ClientID, b.ClientSecret, b.TenantID} }

// Finish ends a connection and returns how, one of the outcomes above. A state is good once, for the session that got it;
// one that is not is an Invalid error.
func (s *Service) Finish(ctx context.Context, p *agent.Principal, provider string, a Answer) (outcome string, err error) {
	if a.Code == "" {
		return Denied, nil
	}
	b, err := s.claim(ctx, p, provider, a.State)
	if err != nil {
		return "", err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, s.http)
	token, err := s.config(b.client()).Exchange(ctx, a.Code, oauth2.VerifierOption(s.verifier(a.State)))
	if err == nil && token.RefreshToken == "" {
		err = errors.New("the provider gave no refresh token")
	}
	if err != nil {
		s.Log.WarnContext(ctx, "a mailbox could not be connected: the provider refused the code", "provider", provider, "error", describe(err))
		return ExchangeFails, nil
	}
	account, err := s.account(ctx, b.client(), token)
	if err != nil {
		s.Log.WarnContext(ctx, "a mailbox could not be connected: its address is not known", "provider", provider, "error", err)
		return NoAddress, nil
	}
	o := inbox.OAuth{Provider: b.Provider, ClientID: b.ClientID, ClientSecret: b.ClientSecret, TenantID: b.TenantID, Account: account,
		AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, ExpiresAt: token.Expiry.UTC()}
	if b.FlowType == Reconnect {
		return s.reconnect(ctx, b.InboxID, o)
	}
	return s.connect(ctx, o)
}

// claim takes the connection that an answer belongs to, so that no second answer can have it.
func (s *Service) claim(ctx context.Context, p *agent.Principal, provider, state string) (b begun, err error) {
	unknown := fault.Field("state", "error.oauth_state")
	if state == "" || len(state) > 200 {
		return b, unknown
	}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		b, err = db.Get[begun](ctx, tx, `DELETE FROM inbox_oauth_begun WHERE state_hash = $1 AND agent_id = $2 AND session_id = $3 AND provider = $4
			RETURNING provider, client_id, client_secret, tenant_id, flow_type, inbox_id, expires_at`, crypt.Hash(state), p.ID, p.SessionID, provider)
		return err
	})
	switch {
	case errors.Is(err, db.ErrNoRows):
		return b, unknown
	case err != nil:
		return b, fmt.Errorf("claim the connection of a mailbox: %w", err)
	case time.Now().After(b.ExpiresAt.Time):
		return b, unknown
	}
	b.ClientSecret, err = s.Box.Open(sealedFor, b.ClientSecret)
	return b, err
}

// connect makes an inbox of a mailbox.
func (s *Service) connect(ctx context.Context, o inbox.OAuth) (string, error) {
	cfg := inbox.EmailConfig{AuthType: inbox.AuthOAuth2, OAuth: &o, EnablePlusAddressing: true}
	cfg.IMAP, cfg.SMTP = servers(o.Provider, o.Account)
	_, err := s.Inboxes.CreateOnly(ctx, inbox.Input{Name: nameOf(o.Account), Channel: inbox.Email, Enabled: true, From: o.Account, Config: db.ToJSON(cfg)})
	if errors.Is(err, inbox.ErrTaken) {
		return Exists, nil
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "a connected mailbox could not be made an inbox", "error", err)
		return NotCreated, nil
	}
	return Connected, nil
}

// nameOf names the inbox of an address, within the length that names may have.
func nameOf(account string) string {
	const most, suffix = 140, " Inbox"
	if r := []rune(account); len(r) > most-len(suffix) {
		account = string(r[:most-len(suffix)])
	}
	return account + suffix
}

func (s *Service) reconnect(ctx context.Context, id int64, o inbox.OAuth) (string, error) {
	err := s.Inboxes.Reconnect(ctx, id, o)
	switch {
	case err == nil:
		return Reconnected, nil
	case fault.Is(err, fault.NotFound):
		return NotFound, nil
	case errors.Is(err, inbox.ErrOtherAccount):
		return OtherAddress, nil
	}
	ends := NotUpdated
	if errors.Is(err, inbox.ErrUnreadable) {
		ends = NotReadable
	}
	s.Log.ErrorContext(ctx, "a mailbox could not be reconnected", "inbox", id, "error", err)
	return ends, nil
}
