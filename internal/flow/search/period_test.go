package search

import (
	"slices"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// To find where a period begins among millions of messages must not read them.
func TestEndsOfATableAreSought(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	for _, table := range []string{"messages", "conversations"} {
		plan, err := db.Explain(k.ctx, k.db, ends(table))
		k.must(err)
		if slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "SCAN "+table) }) || len(plan) == 0 {
			t.Errorf("%s are read from end to end:\n%s", table, strings.Join(plan, "\n"))
		}
	}
}
