package conversation

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// anchors make deep pages cheap. A page by number is a position in a list; an index can only count its way there, so
// the way to page 30,000 grows with the desk. For lists that are asked for deep pages, the row at every thousandth
// position is remembered for a short while, and a page begins from the nearest one.
//
// Within that while conversations move, as they do between any two pages; a page far down may be off by as many rows as
// moved meanwhile. Near pages, which people read, are always counted exactly, and a cursor is exact everywhere.
type anchors struct {
	mu    sync.Mutex
	lists map[string]*anchorList
}

type anchorList struct {
	mu     sync.Mutex
	until  time.Time
	places []spot // places[i] is the row before position (i+1)*anchorStep
	ended  bool
}

// anchorStep is how many rows apart the places of a list are that are remembered; up to twice as many are counted.
var anchorStep = 1000

const (
	anchorLife = 20 * time.Second
	maxAnchors = 64 // lists
)

func (a *anchors) list(key string) *anchorList {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l, ok := a.lists[key]; ok {
		return l
	}
	if a.lists == nil || len(a.lists) >= maxAnchors {
		a.lists = map[string]*anchorList{}
	}
	l := &anchorList{}
	a.lists[key] = l
	return l
}

// near returns the row behind which the list is to be read so that rest more rows lead to the offset; nil when the
// offset is near the beginning or behind the end.
func (a *anchors) near(ctx context.Context, q db.Querier, where string, s sorting, desc bool, args []any, offset int) (at *spot, rest int, err error) {
	if offset < 2*anchorStep {
		return nil, offset, nil
	}
	l := a.list(fmt.Sprint(where, s.column, desc, args))
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.After(l.until) {
		l.places, l.ended, l.until = nil, false, now.Add(anchorLife)
	}
	want := offset / anchorStep
	for len(l.places) < want && !l.ended {
		if err := l.extend(ctx, q, where, s, desc, args); err != nil {
			return nil, 0, err
		}
	}
	if len(l.places) < want {
		return nil, offset, nil
	}
	return &l.places[want-1], offset - want*anchorStep, nil
}

// extend finds the next anchor, a step behind the last.
func (l *anchorList) extend(ctx context.Context, q db.Querier, where string, s sorting, desc bool, args []any) error {
	a := &filter.Args{}
	for _, v := range args {
		a.Add(v)
	}
	var last *spot
	if n := len(l.places); n > 0 {
		last = &l.places[n-1]
	}
	query := read(s.column+`, c.id`, `conversations c`, s.parts(where, last, desc, a), `1`, strconv.Itoa(anchorStep-1))
	found := false
	var at spot
	err := db.Each(ctx, q, func(r db.Rows) error {
		found = true
		return r.Scan(&at.value, &at.id)
	}, query, a.Values()...)
	if err != nil {
		return fmt.Errorf("find a place in the list: %w", err)
	}
	if !found {
		l.ended = true
		return nil
	}
	l.places = append(l.places, at)
	return nil
}
