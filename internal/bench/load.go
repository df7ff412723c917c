package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// LoadCmd creates conversations with messages. It is repeatable: the same seed writes the same texts.
type LoadCmd struct {
	Target
	Count       int    `default:"3000" help:"Conversations to create."`
	Messages    int    `default:"4" help:"Messages a conversation has on average, the first one included."`
	InboxID     int    `help:"Email inbox to create them in; without it the first enabled one, or a new one."`
	Concurrency int    `default:"16" help:"Calls made at the same time."`
	Seed        uint64 `default:"1" help:"Seed of the texts."`
}

// Run creates the conversations and prints how fast it went. It stops at the first call that fails.
func (cmd *LoadCmd) Run(ctx context.Context) error {
	c, err := connect(ctx, cmd.Target)
	if err != nil {
		return err
	}
	if cmd.Count < 1 || cmd.Messages < 1 || cmd.Concurrency < 1 {
		return errors.New("count, messages and concurrency must be at least 1")
	}
	inbox := cmd.InboxID
	if inbox == 0 {
		if inbox, err = c.someEmailInbox(ctx); err != nil {
			return err
		}
	}
	var next, calls atomic.Int64
	start := time.Now()
	stop := progress("conversations", &next, int64(cmd.Count))
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	for range cmd.Concurrency {
		g.Go(func() error {
			l := loader{c: c, w: newWire(c.root), inbox: inbox, messages: cmd.Messages, calls: &calls}
			defer l.w.close()
			for {
				n := next.Add(1)
				if n > int64(cmd.Count) {
					return nil
				}
				if err := l.conversation(ctx, cmd.Seed, uint64(n)); err != nil {
					return fmt.Errorf("conversation %d: %w", n, err)
				}
			}
		})
	}
	err = g.Wait()
	stop()
	if err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Printf("%d conversations by %d calls in %.1f s: %.0f calls/s\n",
		cmd.Count, calls.Load(), took.Seconds(), float64(calls.Load())/took.Seconds())
	return nil
}

// loader is one worker of a load.
type loader struct {
	c        *client
	w        *wire
	inbox    int
	messages int
	calls    *atomic.Int64
}

// conversation creates the n-th conversation: what the customer wrote, notes of agents, and for two in three a
// status other than Open.
func (l *loader) conversation(ctx context.Context, seed, n uint64) error {
	r := rand.New(rand.NewPCG(seed, n)) //nolint:gosec // texts, not secrets
	contact := r.IntN(10_000)
	var created struct{ UUID string }
	err := l.call(ctx, "POST", "/api/v1/conversations", map[string]any{
		"inbox_id":      l.inbox,
		"contact_email": fmt.Sprintf("customer%d@example.com", contact),
		"first_name":    fmt.Sprintf("Customer %d", contact),
		"subject":       text(r, 3+r.IntN(6)),
		"content":       "<p>" + text(r, 20+r.IntN(120)) + "</p>",
		"initiator":     "contact",
	}, &created)
	if err != nil {
		return err
	}
	path := "/api/v1/conversations/" + created.UUID
	for range r.IntN(2*l.messages - 1) {
		if err := l.call(ctx, "POST", path+"/messages", note(r), nil); err != nil {
			return err
		}
	}
	if status := [3]string{"", "Resolved", "Closed"}[n%3]; status != "" {
		return l.call(ctx, "PUT", path+"/status", map[string]string{"status": status}, nil)
	}
	return nil
}

func note(r *rand.Rand) map[string]any {
	return map[string]any{"message": "<p>" + text(r, 10+r.IntN(60)) + "</p>", "private": true, "sender_type": "agent"}
}

func (l *loader) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	l.calls.Add(1)
	status, answer, err := l.w.do(ctx, request(l.c.root, method, path, l.c.auth, body))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if status != 200 {
		return fmt.Errorf("%s %s: status %d: %s", method, path, status, excerpt(answer))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, &struct {
		Data any `json:"data"`
	}{out}); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

// someEmailInbox returns the first enabled email inbox, or makes one that is connected to no mail server.
func (c *client) someEmailInbox(ctx context.Context) (int, error) {
	var inboxes []struct {
		ID      int
		Channel string
		Enabled bool
	}
	if err := c.call(ctx, "GET", "/api/v1/inboxes", nil, &inboxes); err != nil {
		return 0, err
	}
	for _, inbox := range inboxes {
		if inbox.Channel == "email" && inbox.Enabled {
			return inbox.ID, nil
		}
	}
	return c.createInbox(ctx, "Bench", map[string]any{"imap": []any{}, "smtp": []any{}})
}

func (c *client) createInbox(ctx context.Context, name string, config map[string]any) (int, error) {
	var made struct{ ID int }
	err := c.call(ctx, "POST", "/api/v1/inboxes", map[string]any{
		"name": name, "channel": "email", "enabled": true, "from": name + " <bench@bench.example>", "config": config,
	}, &made)
	return made.ID, err
}

// progress writes the count to the terminal every second until it is stopped, which may be done twice.
func progress(what string, count *atomic.Int64, total int64) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				fmt.Fprint(os.Stderr, "\r\033[K")
				return
			case <-tick.C:
				fmt.Fprintf(os.Stderr, "\r\033[K%d of %d %s", min(count.Load(), total), total, what)
			}
		}
	}()
	return func() { cancel(); <-done }
}
