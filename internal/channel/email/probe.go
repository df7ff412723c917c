package email

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// MailboxState is what a test of a mailbox learned.
type MailboxState struct {
	Idle     bool   // the server announces new mail (RFC 2177)
	Messages uint32 // how many there are
}

// ProbeIMAP connects to a mailbox as the intake does, signs in and opens it for reading only. [ExplainIMAP] says what
// its errors mean.
func ProbeIMAP(ctx context.Context, server inbox.IMAPServer, tokens Tokens) (state MailboxState, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	client, err := connectIMAP(ctx, server, tokens, probeTimeout, make(chan struct{}, 1))
	if err != nil {
		return state, joinContext(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer func() { stop(); _ = client.Close() }()
	selected, err := client.Select(server.Mailbox, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return state, joinContext(ctx, failedAt(stageMailbox, err))
	}
	state = MailboxState{Idle: client.Caps().Has(imap.CapIdle), Messages: selected.NumMessages}
	_ = client.Logout().Wait()
	return state, nil
}
