package app_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// A page compares the two, to learn whether something happened between what it has read and what its socket tells of.
func TestAnswersSayUpToWhichEventTheyKnowTheDesk(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d := startDesk(t, url).admin
		said := func() int64 {
			t.Helper()
			res, _ := d.raw("/api/v1/agents/me")
			id, err := strconv.ParseInt(res.Header.Get("X-Event-ID"), 10, 64)
			if err != nil {
				t.Fatalf("X-Event-ID: %v", err)
			}
			return id
		}
		before := said()
		d.ok(http.MethodPost, "/api/v1/tags", map[string]any{"name": "happened"}, nil)
		after := said()
		if after <= before {
			t.Fatalf("%d after something happened, %d before", after, before)
		}
		if hello := d.connect("").next("hello"); hello.ID < after {
			t.Errorf("hello with event %d, an answer before it knew %d", hello.ID, after)
		}
		res, err := http.Get(d.base + "/api/v1/config")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if got := res.Header.Get("X-Event-ID"); got != "" {
			t.Errorf("a guest is told %q", got)
		}
	})
}
