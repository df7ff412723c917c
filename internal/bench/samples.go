package bench

import (
	"math"
	"slices"
	"time"
)

// samples are the durations of the requests of one row. They are all kept: a row has some hundred thousand at
// most, and exact percentiles cost less than the doubt about approximate ones.
type samples []time.Duration

// percentile returns the smallest sample that at least p percent of all samples do not exceed (nearest rank).
// The samples must be sorted; without samples it is zero.
func (s samples) percentile(p float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(s))))
	return s[min(max(rank, 1), len(s))-1]
}

// Result is what was measured of one row.
type Result struct {
	Name     string  `json:"name"`
	Requests int     `json:"requests"`
	Errors   int     `json:"errors"`
	Error    string  `json:"error,omitempty"` // the first one, in words
	Rate     float64 `json:"rate"`            // answered without error, per second
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`
	P99      float64 `json:"p99_ms"`
	Bytes    float64 `json:"bytes"` // mean size of an answer's body
	Skipped  string  `json:"skipped,omitempty"`
}

// summarise makes a row's result from what its workers saw in the time elapsed.
func summarise(name string, all samples, failed int, firstError string, bytes int64, elapsed time.Duration) Result {
	slices.Sort(all)
	r := Result{
		Name: name, Requests: len(all) + failed, Errors: failed, Error: firstError,
		P50: milliseconds(all.percentile(50)), P95: milliseconds(all.percentile(95)), P99: milliseconds(all.percentile(99)),
	}
	if elapsed > 0 {
		r.Rate = float64(len(all)) / elapsed.Seconds()
	}
	if len(all) > 0 {
		r.Bytes = float64(bytes) / float64(len(all))
	}
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
