package conversation

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// sizes remember for a while how many rows conditions fit, by which it is decided how a list is read. What is decided by one
// that has changed meanwhile is slower, not wrong.
type sizes struct {
	mu    sync.Mutex
	known map[string]size
}

type size struct {
	n     int
	until time.Time
}

const (
	sizeLife = time.Minute
	maxSizes = 1024
)

// of returns how many rows a query gives, counted up to most.
func (z *sizes) of(ctx context.Context, q db.Querier, query string, args []any, most int) (int, error) {
	key := fmt.Sprint(most, query, args)
	if n, ok := z.get(key); ok {
		return n, nil
	}
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM (`+query+`) AS fits LIMIT `+strconv.Itoa(most)+`) AS found`, args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("look how many conversations a condition fits: %w", err)
	}
	z.put(key, n)
	return n, nil
}

func (z *sizes) get(key string) (int, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	known, ok := z.known[key]
	return known.n, ok && time.Now().Before(known.until)
}

func (z *sizes) put(key string, n int) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.known == nil || len(z.known) >= maxSizes {
		z.known = map[string]size{}
	}
	z.known[key] = size{n, time.Now().Add(sizeLife)}
}
