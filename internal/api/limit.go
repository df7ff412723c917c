package api

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// limiter counts requests of an address in a sliding window of a minute. Refused requests count too.
type limiter struct {
	mu   sync.Mutex
	seen map[string][]time.Time
	last time.Time // of the last sweep
	now  func() time.Time
}

const window = time.Minute

func newLimiter() *limiter { return &limiter{seen: map[string][]time.Time{}, now: time.Now} }

// check counts a request and returns RateLimited when there were more than most in the last minute. It writes the
// X-RateLimit headers.
func (l *limiter) check(w http.ResponseWriter, ip string, most int) error {
	now := l.now()
	l.mu.Lock()
	times := recent(l.seen[ip], now)
	if len(times) <= most { // beyond that a refused request moves the window without growing the list
		times = append(times, now)
	} else {
		times = append(times[1:], now)
	}
	l.seen[ip] = times
	if now.Sub(l.last) > window {
		l.sweep(now)
	}
	n := len(times)
	l.mu.Unlock()

	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(most))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, most-n)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(window).Unix(), 10))
	if n > most {
		h.Set("Retry-After", "60")
		return fault.New(fault.RateLimited, "error.rate_limited")
	}
	return nil
}

func recent(times []time.Time, now time.Time) []time.Time {
	i := 0
	for i < len(times) && now.Sub(times[i]) >= window {
		i++
	}
	return times[i:]
}

func (l *limiter) sweep(now time.Time) {
	l.last = now
	for ip, times := range l.seen {
		if len(recent(times, now)) == 0 {
			delete(l.seen, ip)
		}
	}
}
