package email

import (
	"context"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// probeTimeout bounds one test of a connection: somebody is looking at it.
const probeTimeout = 20 * time.Second

// probePatience is how long a server is waited for in a test.
var probePatience = patience{dial: probeTimeout / 2, command: probeTimeout, block: probeTimeout, final: probeTimeout}

// Probe connects to a server as a reply would and signs in, and sends nothing. [ExplainSMTP] says what its errors mean.
func Probe(ctx context.Context, server inbox.SMTPServer, tokens Tokens) error {
	return Try(ctx, server, tokens, nil).Err
}

// TestMail is a mail that shows that a server takes mails.
type TestMail struct{ From, To, Subject, HTML string }

// Trial is what a test of a server came to.
type Trial struct {
	// Err says what went wrong; see [ExplainSMTP].
	Err error
	// Dialogue is what was said, secrets masked; empty where no connection came about.
	Dialogue []Line
}

// Try connects to a server as a reply would, signs in, and sends a mail unless that is nil. It takes no longer than
// some tens of seconds.
func Try(ctx context.Context, server inbox.SMTPServer, tokens Tokens, m *TestMail) Trial {
	var d dialogue
	err := try(ctx, server, tokens, m, &d)
	return Trial{Err: err, Dialogue: d.said()}
}

func try(ctx context.Context, server inbox.SMTPServer, tokens Tokens, m *TestMail, d *dialogue) error {
	var data []byte
	var from string
	if m != nil {
		var err error
		own := ownMail{to: m.To, subject: m.Subject, html: m.HTML}
		if data, from, err = own.compose(m.From); err != nil {
			return err
		}
	}
	limit := probeTimeout
	if m != nil {
		limit *= 2
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client, err := dialSMTP(ctx, server, probePatience, tokens, d)
	if err != nil {
		return err
	}
	if m == nil {
		leave(client)
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	return joinContext(ctx, hand(client, from, m.To, data))
}

// hand gives a mail for one recipient to a server and ends the connection.
func hand(client *smtp.Client, from, to string, data []byte) error {
	a := &attempt{mailing: &mailing{from: from, recipients: []string{to}, data: data}, c: &pooled{Client: client}}
	a.run()
	if a.usable {
		leave(client)
	} else {
		_ = client.Close()
	}
	if len(a.res.Refused) > 0 {
		r := a.res.Refused[0]
		return answer{&smtp.SMTPError{Code: r.Code, Message: r.Message}}
	}
	return a.res.Err
}
