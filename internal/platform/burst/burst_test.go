package burst_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/burst"
)

func TestQuietRoundsBeginAtOnceAndABurstIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var p burst.Pacer
		rounds := func(n int, apart time.Duration) time.Duration {
			start := time.Now()
			for range n {
				p.Wait(ctx)
				time.Sleep(apart)
			}
			return time.Since(start) - time.Duration(n)*apart
		}
		if waited := rounds(20, 50*time.Millisecond); waited != 0 {
			t.Errorf("quiet rounds waited %v", waited)
		}
		time.Sleep(time.Second)
		if waited := rounds(100, 0); waited < time.Second || waited > 2*time.Second {
			t.Errorf("100 rounds of a burst waited %v together", waited)
		}
		cancel()
		if waited := rounds(100, 0); waited != 0 {
			t.Errorf("rounds waited %v after the end", waited)
		}
	})
}
