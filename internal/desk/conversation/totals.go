package conversation

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// totals remember for a moment how many conversations filtered lists have, which takes counting up to [maxTotal] of them:
// agents who look at the same view would each count anew with every page. Lists that are short are counted every time, unless
// that takes long.
type totals struct {
	counts singleflight.Group

	mu    sync.Mutex
	known map[string]knownTotal
}

type knownTotal struct {
	n     int64
	until time.Time
}

const (
	totalShort = 1000                  // conversations: fewer are counted every time
	totalQuick = 50 * time.Millisecond // unless that takes longer
	totalLife  = 5 * time.Second       // at least; as a rule a total is known for so many times
	totalTimes = 20                    // as long as counting it took,
	totalMost  = time.Minute           // but no longer
	maxTotals  = 256                   // lists
)

// count is a total and when its counting began.
type count struct {
	n     int64
	began time.Time
}

// of returns the total of a list, by count if it is not known. A count serves all who asked before it began, and those who
// asked while it ran if it took so long that its total is remembered; it outlives those who give up.
func (t *totals) of(ctx context.Context, list string, counted func(context.Context) (int64, error)) (int64, error) {
	for asked := time.Now(); ; {
		if n, ok := t.remembered(list); ok {
			return n, nil
		}
		done := t.counts.DoChan(list, func() (any, error) {
			c := count{began: time.Now()}
			var err error
			if c.n, err = counted(context.WithoutCancel(ctx)); err == nil {
				t.remember(list, c.n, time.Since(c.began))
			}
			return c, err
		})
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case r := <-done:
			if c, _ := r.Val.(count); r.Err != nil || !c.began.Before(asked) {
				return c.n, r.Err
			}
		}
	}
}

func (t *totals) remembered(list string) (int64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.known[list]
	return known.n, ok && time.Now().Before(known.until)
}

// remember keeps a total that took so long to count.
func (t *totals) remember(list string, n int64, took time.Duration) {
	if n < totalShort && took < totalQuick {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil || len(t.known) >= maxTotals {
		t.known = map[string]knownTotal{}
	}
	t.known[list] = knownTotal{n, time.Now().Add(max(totalLife, min(totalTimes*took, totalMost)))}
}
