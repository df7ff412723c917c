// Package burst lets work that is done for whatever has come meanwhile be done at once in quiet times, and less often, for more at
// a time, while much comes.
package burst

import (
	"context"
	"time"
)

const (
	// window is how long rounds are counted, free how many of them begin at once, pause what every further one waits.
	window = 100 * time.Millisecond
	free   = 4
	pause  = 20 * time.Millisecond
)

// Pacer paces the rounds of one goroutine. The zero value is ready.
type Pacer struct {
	since  time.Time
	rounds int
}

// Wait waits until the next round is due, at most 20 milliseconds, or until ctx ends.
func (p *Pacer) Wait(ctx context.Context) {
	if now := time.Now(); now.Sub(p.since) > window {
		p.since, p.rounds = now, 0
	}
	if p.rounds++; p.rounds <= free {
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
