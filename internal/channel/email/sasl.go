package email

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // CRAM-MD5 is what some servers offer (RFC 2195)
	"encoding/hex"
	"fmt"

	"github.com/emersion/go-sasl"
)

// The SASL mechanisms by the names of the settings.
var mechanisms = map[string]struct {
	name   string
	client func(username, password string) sasl.Client
}{
	"plain": {sasl.Plain, func(u, p string) sasl.Client { return sasl.NewPlainClient("", u, p) }},
	"login": {sasl.Login, func(u, p string) sasl.Client { return &loginClient{answers: []string{u, p}} }},
	"cram":  {"CRAM-MD5", func(u, p string) sasl.Client { return &cramClient{u, p} }},
}

// alike are mechanisms that give a server the same in another way: where one is not offered, the other does.
var alike = map[string]string{"plain": "login", "login": "plain"}

// loginClient answers the two questions of the LOGIN mechanism (draft-murchison-sasl-login) whatever their words:
// servers ask "Username:", "User Name" or nothing at all, and not all take the name with the command.
type loginClient struct{ answers []string }

func (c *loginClient) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (c *loginClient) Next([]byte) ([]byte, error) {
	if len(c.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	answer := c.answers[0]
	c.answers = c.answers[1:]
	return []byte(answer), nil
}

// cramClient proves that it knows the password without sending it (RFC 2195 §2).
type cramClient struct{ username, password string }

func (c *cramClient) Start() (string, []byte, error) { return "CRAM-MD5", nil, nil }

func (c *cramClient) Next(challenge []byte) ([]byte, error) {
	mac := hmac.New(md5.New, []byte(c.password))
	_, _ = mac.Write(challenge)
	return fmt.Appendf(nil, "%s %s", c.username, hex.EncodeToString(mac.Sum(nil))), nil
}
