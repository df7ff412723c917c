// Package mailauth connects mailboxes whose provider wants OAuth 2.0 in the place of a password, Google and Microsoft, and
// keeps their access tokens fresh. It stands on its sibling inbox, which keeps the tokens sealed.
//
// Connecting is bound three times: to the desk by a one-time state of which only the hash is kept, to the session that
// began it, and to the provider's answer by PKCE (RFC 7636), whose verifier is derived from the state. Any node can finish
// what another began.
//
// A token is renewed by one node at a time, under a lease: some providers end the whole grant when an old refresh token is
// used once more ([Service.Token]).
package mailauth

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

// Options is what the service is made of.
type Options struct {
	DB      *db.DB
	Box     *crypt.Box
	Log     *slog.Logger
	Inboxes *inbox.Service
	// Guard keeps requests to providers out of the desk's own network.
	Guard *netguard.Guard
	// RootURL returns the address by which browsers reach the desk.
	RootURL func() string
	// GoogleURL and MicrosoftURL stand for all hosts of a provider, for a cloud of its own or a test; empty is the
	// provider's own.
	GoogleURL, MicrosoftURL string
}

// Service connects mailboxes and renews their tokens. It is safe for concurrent use, on any number of nodes.
type Service struct {
	Options
	http *http.Client
}

// renewTimeout bounds one request to a provider.
const renewTimeout = 15 * time.Second

// New makes the service.
func New(o Options) *Service {
	return &Service{Options: o, http: o.Guard.Client(netguard.Limits{Timeout: renewTimeout, Header: renewTimeout})}
}

// Callback is where a provider sends browsers back to; it is registered there.
type Callback struct {
	Provider string `json:"provider"`
	URL      string `json:"callback_url"`
}

// Callbacks returns the addresses to be registered at the providers.
func (s *Service) Callbacks() []Callback {
	return []Callback{{inbox.Google, s.callback(inbox.Google)}, {inbox.Microsoft, s.callback(inbox.Microsoft)}}
}

func (s *Service) callback(provider string) string {
	return s.RootURL() + "/api/v1/inboxes/oauth/" + provider + "/callback"
}

// ResealTx forgets the connections under way: their verifiers are derived from the key that is being replaced, so that
// they have to begin again anyway.
func (s *Service) ResealTx(ctx context.Context, tx *db.Tx, _ *crypt.Resealer) error {
	_, err := tx.Exec(ctx, `DELETE FROM inbox_oauth_begun`)
	return err
}
