package bench

import (
	"context"
	"fmt"
	"time"
)

// onlookerPause is the time between an answer and the next question of an onlooker.
const onlookerPause = 20 * time.Millisecond

// onlooker asks for the first page of a list again and again while the server has other work, as an agent's browser would.
type onlooker struct {
	cancel context.CancelFunc
	done   chan struct{}
	took   samples
	err    error
}

// watch starts an onlooker, whom stop ends.
func (c *client) watch(ctx context.Context) *onlooker {
	ctx, cancel := context.WithCancel(ctx)
	o := &onlooker{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		o.err = o.look(ctx, c)
	}()
	return o
}

func (o *onlooker) look(ctx context.Context, c *client) error {
	w := newWire(c.root)
	defer w.close()
	list := request(c.root, "GET", "/api/v1/conversations/all?page=1&page_size=30", c.auth, nil)
	for ctx.Err() == nil {
		begin := time.Now()
		status, body, err := w.do(ctx, list)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return fmt.Errorf("list meanwhile: %w", err)
		}
		if status != 200 {
			return fmt.Errorf("list meanwhile: status %d: %s", status, excerpt(body))
		}
		o.took = append(o.took, time.Since(begin))
		select {
		case <-ctx.Done():
		case <-time.After(onlookerPause):
		}
	}
	return nil
}

// stop ends the looking and says how long the answers took.
func (o *onlooker) stop() (Result, error) {
	o.cancel()
	<-o.done
	return summarise("list", o.took, 0, "", 0, 0), o.err
}
