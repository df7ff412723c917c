package conversation

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestThoseWhoWaitForATotalShareOneCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var known totals
		counted, finish := 0, make(chan struct{})
		count := func(context.Context) (int64, error) {
			counted++
			<-finish
			return 5000, nil
		}
		impatient, giveUp := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := known.of(impatient, "view", count)
			gone <- err
		}()
		synctest.Wait()
		time.Sleep(totalQuick)
		answers := make(chan int64)
		for range 20 {
			go func() {
				n, _ := known.of(t.Context(), "view", count)
				answers <- n
			}()
		}
		synctest.Wait()
		giveUp()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up: %v", err)
		}
		close(finish)
		for range 20 {
			if n := <-answers; n != 5000 {
				t.Errorf("a total of %d", n)
			}
		}
		if counted != 1 {
			t.Errorf("counted %d times", counted)
		}
	})
}

func TestShortListsAreCountedEveryTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var known totals
		counted := int64(0)
		for range 3 {
			if n, err := known.of(t.Context(), "short", func(context.Context) (int64, error) { counted++; return counted, nil }); n != counted || err != nil {
				t.Errorf("a total of %d after %d counts: %v", n, counted, err)
			}
		}
	})
}

func TestATotalIsNotOlderThanTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var known totals
		var n atomic.Int64
		n.Store(1)
		count := func(context.Context) (int64, error) {
			was := n.Load()
			time.Sleep(totalQuick / 2)
			return was, nil
		}
		go func() { _, _ = known.of(t.Context(), "list", count) }()
		time.Sleep(totalQuick / 4)
		n.Store(2)
		if got, err := known.of(t.Context(), "list", count); got != 2 || err != nil {
			t.Errorf("a total of %d: %v", got, err)
		}
	})
}
