package conversation_test

import (
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// What a page of messages says of their number costs a walk along an index, not a look at each message.
func TestMessagesAreCountedByIndexesAlone(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	plan, err := k.c.PlanOfCount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(plan, "\n")
	for _, want := range []string{"COVERING INDEX messages_conversation", "INDEX messages_repeating"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
