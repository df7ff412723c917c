package db_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

func TestTimesAreWrittenAsTheTimePackageDoes(t *testing.T) {
	times := []time.Time{{}, time.UnixMicro(0), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 3, 4, 5, 6, 7000, time.FixedZone("", 5*3600+1800))}
	for range 1000 {
		times = append(times, time.UnixMicro(rand.Int64N(250_000_000_000_000_000)))
	}
	for _, at := range times {
		want := `"` + at.UTC().Format("2006-01-02T15:04:05.000000Z07:00") + `"`
		if got := string(db.Time{Time: at}.AppendJSON(nil)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func BenchmarkTimeAppendJSON(b *testing.B) {
	at, out := db.At(time.Now()), make([]byte, 0, 64)
	for b.Loop() {
		out = at.AppendJSON(out[:0])
	}
}
