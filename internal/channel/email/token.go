package email

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// Tokens returns an access token for a mailbox; refused is one that its server has just not accepted, so that another is
// got, or "". Nil stands for signing in with a password.
type Tokens func(ctx context.Context, refused string) (string, error)

// errNoTokens says that nothing was given that could get tokens.
var errNoTokens = errors.New("the mailbox signs in with OAuth, which is not set up")

// tokens returns how the servers of an inbox are signed in to, and fills in the account for servers that name no user.
func (c *Channel) tokens(inboxID int64, cfg *inbox.EmailConfig) Tokens {
	if cfg.AuthType != inbox.AuthOAuth2 {
		return nil
	}
	NameAccount(cfg)
	return func(ctx context.Context, refused string) (string, error) {
		if c.Token == nil {
			return "", errNoTokens
		}
		return c.Token(ctx, inboxID, refused)
	}
}

// NameAccount puts the account that agreed in the place of usernames that are left out, where servers are signed in to
// by OAuth.
func NameAccount(cfg *inbox.EmailConfig) {
	if cfg.AuthType != inbox.AuthOAuth2 || cfg.OAuth == nil {
		return
	}
	for i := range cfg.IMAP {
		cfg.IMAP[i].Username = cmp.Or(cfg.IMAP[i].Username, cfg.OAuth.Account)
	}
	for i := range cfg.SMTP {
		cfg.SMTP[i].Username = cmp.Or(cfg.SMTP[i].Username, cfg.OAuth.Account)
	}
}

// withToken calls open with a token, and once more with another one if the server does not accept it: it may have ended
// sooner than it said.
func withToken[T any](ctx context.Context, tokens Tokens, open func(token string) (T, error)) (T, error) {
	if tokens == nil {
		return open("")
	}
	var none T
	token, err := tokens(ctx, "")
	if err != nil {
		return none, err
	}
	v, err := open(token)
	if err == nil || classify(err) != "token" {
		return v, err
	}
	fresh, ferr := tokens(ctx, token)
	if ferr != nil {
		return none, fmt.Errorf("%w (the server had said: %s)", ferr, answerOf(err))
	}
	return open(fresh)
}

// xoauth2 is the mechanism by which Google and Microsoft take access tokens.
const xoauth2 = "XOAUTH2"

// tokenClient signs in with an access token. To a refusal, which comes with its reason as a challenge, it answers with
// nothing, and then the server refuses for good.
type tokenClient struct{ username, token string }

var _ sasl.Client = tokenClient{}

func (c tokenClient) Start() (mechanism string, initial []byte, err error) {
	return xoauth2, fmt.Appendf(nil, "user=%s\x01auth=Bearer %s\x01\x01", c.username, c.token), nil
}

func (tokenClient) Next([]byte) ([]byte, error) { return []byte{}, nil }

// signInIMAP signs in to a mailbox with a token, or with the password if there is none.
func signInIMAP(client *imapclient.Client, s inbox.IMAPServer, token string, limit time.Duration) error {
	_, err := within(client, limit, func() (struct{}, error) {
		if token == "" {
			return struct{}{}, client.Login(s.Username, s.Password).Wait()
		}
		if !client.Caps().Has("AUTH=" + xoauth2) {
			return struct{}{}, fmt.Errorf("%w %s", errNoAuth, xoauth2)
		}
		return struct{}{}, client.Authenticate(tokenClient{s.Username, token})
	})
	return err
}

func signInStage(token string) stage {
	if token != "" {
		return stageToken
	}
	return stageSignIn
}
