package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
)

// pool keeps a few connections to one server. Whoever has a slot may have a connection; a slot is always given back by
// who took it, whatever became of the connection, so an outage cannot use them up.
type pool struct {
	server inbox.SMTPServer
	tokens Tokens
	wait   patience
	slots  chan struct{}

	mu     sync.Mutex
	idle   []*pooled
	closed bool
}

// pooled is a connection that is signed in and between two mails.
type pooled struct {
	*smtp.Client
	reused bool
	expiry *time.Timer
}

// errBusy says that every connection to a server stayed in use for as long as the settings say to wait.
var errBusy = errors.New("all connections to the server are busy")

func newPool(s inbox.SMTPServer, wait patience, tokens Tokens) *pool {
	wait.dial = min(wait.dial, duration(s.PoolWaitTimeout, defaultPoolWait, minPoolWait))
	return &pool{server: s, tokens: tokens, wait: wait, slots: make(chan struct{}, max(1, s.MaxConns))}
}

// take returns an idle connection or opens one. The caller gives it back.
func (p *pool) take(ctx context.Context) (*pooled, error) {
	timer := time.NewTimer(duration(p.server.PoolWaitTimeout, defaultPoolWait, minPoolWait))
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a connection: %w", ctx.Err())
	case <-timer.C:
		return nil, errBusy
	}
	if c := p.pop(); c != nil {
		return c, nil
	}
	client, err := dialSMTP(ctx, p.server, p.wait, p.tokens, nil)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return &pooled{Client: client}, nil
}

func (p *pool) pop() *pooled {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	c := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	c.expiry.Stop()
	c.reused = true
	return c
}

// give returns a connection, to be kept for the next mail if it is usable.
func (p *pool) give(c *pooled, usable bool) {
	defer func() { <-p.slots }()
	keep := duration(p.server.IdleTimeout, defaultIdle, 0)
	p.mu.Lock()
	if usable && keep > 0 && !p.closed {
		p.idle = append(p.idle, c)
		c.expiry = time.AfterFunc(keep, func() { p.expire(c) })
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	if usable {
		leave(c.Client)
		return
	}
	_ = c.Close()
}

// expire closes a connection that was idle for too long; one that was taken meanwhile is not in the list any more.
func (p *pool) expire(c *pooled) {
	p.mu.Lock()
	i := slices.Index(p.idle, c)
	if i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.mu.Unlock()
	if i >= 0 {
		leave(c.Client)
	}
}

// close closes what is idle, and what is in use once it is given back.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		c.expiry.Stop()
		leave(c.Client)
	}
}

// leave says good-bye (RFC 5321 §4.1.1.10) and does not wait long for an answer.
func leave(c *smtp.Client) {
	c.CommandTimeout = 2 * time.Second
	_ = c.Quit()
	_ = c.Close()
}

const (
	defaultPoolWait = 40 * time.Second
	minPoolWait     = 2 * time.Second
	defaultIdle     = 30 * time.Second
)

// duration reads a setting; below least it is raised to it.
func duration(text string, def, least time.Duration) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		d = def
	}
	return max(d, least)
}
