package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// patience is how long a server is waited for.
type patience struct {
	dial    time.Duration // to connect and shake hands
	command time.Duration // for the answer to a command
	block   time.Duration // for it to take in a part of the mail
	final   time.Duration // for the answer to the whole mail
}

// defaultPatience is shorter than RFC 5321 §4.5.3.2 asks of relays, because a person waits, and because a reply that
// was given up is tried again.
var defaultPatience = patience{dial: 30 * time.Second, command: 2 * time.Minute, block: 2 * time.Minute, final: 8 * time.Minute}

// dialSMTP connects to a server as its settings say and signs in, with a token if there are tokens. The connection is closed
// when ctx ends before that. What is said is written down in d, unless that is nil.
func dialSMTP(ctx context.Context, s inbox.SMTPServer, wait patience, tokens Tokens, d *dialogue) (*smtp.Client, error) {
	return withToken(ctx, tokens, func(token string) (*smtp.Client, error) { return connectSMTP(ctx, s, wait, token, d) })
}

func connectSMTP(ctx context.Context, s inbox.SMTPServer, wait patience, token string, d *dialogue) (*smtp.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, wait.dial+wait.command)
	defer cancel()
	conn, err := (&net.Dialer{Timeout: wait.dial, KeepAlive: 30 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	client, err := openSMTP(ctx, conn, s, wait, token, d)
	if !stop() && err == nil {
		err = errors.Join(ctx.Err(), client.Close())
	}
	if err != nil {
		_ = conn.Close()
		return nil, joinContext(ctx, err)
	}
	return client, nil
}

// joinContext adds why the context ended, if it did, to an error that only says that the connection is closed.
func joinContext(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return errors.Join(err, ctx.Err())
	}
	return err
}

func openSMTP(ctx context.Context, conn net.Conn, s inbox.SMTPServer, wait patience, token string, d *dialogue) (client *smtp.Client, err error) {
	cfg := &tls.Config{ServerName: s.Host, InsecureSkipVerify: s.TLSSkipVerify, MinVersion: tls.VersionTLS12} //nolint:gosec // the admin's choice
	wire := d.wire(&impatientConn{Conn: conn, block: wait.block}, s, token)
	switch s.TLSType {
	case inbox.TLSNone:
		client = smtp.NewClient(wire)
	case inbox.TLSImplicit:
		secure := tls.Client(wire, cfg)
		_ = conn.SetDeadline(time.Now().Add(wait.dial))
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, failedAt(stageTLS, err)
		}
		client = smtp.NewClient(secure)
		d.decrypted(client)
	default:
		// The first EHLO, before encryption, says "localhost"; the one that counts follows (RFC 3207 §4.2).
		_ = conn.SetDeadline(time.Now().Add(wait.command))
		if client, err = smtp.NewClientStartTLS(wire, cfg); err != nil {
			if strings.Contains(err.Error(), "support STARTTLS") {
				err = errors.Join(errNoStartTLS, err)
			}
			return nil, failedAt(stageTLS, err)
		}
		d.decrypted(client)
	}
	client.CommandTimeout, client.SubmissionTimeout = wait.command, wait.final
	name := s.HelloHostname
	if name == "" {
		name = "localhost"
	}
	if err := client.Hello(name); err != nil {
		return nil, failedAt(stageGreeting, err)
	}
	d.encrypted(client)
	if err := signInSMTP(client, s, token); err != nil {
		return nil, failedAt(signInStage(token), err)
	}
	return client, nil
}

// signInSMTP authenticates (RFC 4954), with a token if there is one, else if the settings say how.
func signInSMTP(client *smtp.Client, s inbox.SMTPServer, token string) error {
	if token != "" {
		if !client.SupportsAuth(xoauth2) {
			return fmt.Errorf("%w %s", errNoAuth, xoauth2)
		}
		return client.Auth(tokenClient{s.Username, token})
	}
	m, ok := mechanisms[s.AuthProtocol]
	if !ok {
		return nil
	}
	if !client.SupportsAuth(m.name) {
		other, ok := mechanisms[alike[s.AuthProtocol]]
		if !ok || !client.SupportsAuth(other.name) {
			return fmt.Errorf("%w %s", errNoAuth, m.name)
		}
		m = other
	}
	return client.Auth(m.client(s.Username, s.Password))
}

// impatientConn bounds every write: the SMTP client itself waits for ever for a server that takes in a mail no further.
type impatientConn struct {
	net.Conn
	block time.Duration
}

func (c *impatientConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.block)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
