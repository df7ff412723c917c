package sandbox

import (
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// xoauth2 is the mechanism by which mail servers of Google and Microsoft take access tokens.
const xoauth2 = "XOAUTH2"

// AcceptTokens makes both servers take what accepts holds of, an access token in the name of a user, and no password any
// more. It must be called before anybody connects.
func (s *Servers) AcceptTokens(accepts func(user, token string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepts = accepts
}

func (s *Servers) tokens() func(user, token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepts
}

// tokenServer is the server's side of XOAUTH2. To a token that is not good it says why, waits for the empty answer, and
// refuses.
type tokenServer struct {
	accepts func(user, token string) bool
	refused error
	welcome func() error
	said    bool
}

func (t *tokenServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if t.said {
		return nil, true, t.refused
	}
	if response == nil {
		return nil, false, nil
	}
	var user, token string
	for part := range strings.SplitSeq(string(response), "\x01") {
		if v, ok := strings.CutPrefix(part, "user="); ok {
			user = v
		}
		if v, ok := strings.CutPrefix(part, "auth=Bearer "); ok {
			token = v
		}
	}
	if !t.accepts(user, token) {
		t.said = true
		return []byte(`{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}`), false, nil
	}
	return nil, true, t.welcome()
}

// tokenSession is an IMAP session that is begun with a token.
type tokenSession struct {
	announcing
	s *Servers
}

var _ imapserver.SessionSASL = tokenSession{}

func (t tokenSession) AuthenticateMechanisms() []string { return []string{xoauth2} }

func (t tokenSession) Authenticate(mechanism string) (sasl.Server, error) {
	if mechanism != xoauth2 {
		return nil, errors.New("no such mechanism")
	}
	return &tokenServer{accepts: t.s.tokens(), refused: imapserver.ErrAuthFailed, welcome: func() error {
		return t.announcing.Login(t.s.User, t.s.Password)
	}}, nil
}

func (tokenSession) Login(string, string) error { return imapserver.ErrAuthFailed }

func (s *session) tokenServer() sasl.Server {
	return &tokenServer{accepts: s.s.tokens(), refused: smtp.ErrAuthFailed, welcome: func() error { return nil }}
}
