package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/demo"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// TestListsOfFewAreFound looks at views that few conversations belong to: walking the desk in the list's order until a page
// is full would go through all of it.
func TestListsOfFewAreFound(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a, err := app.Open(ctx, deskConfig(t, url), quiet())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(demo.EnsureInbox(ctx, a.DB))
		must(demo.Bulk(ctx, a.DB, demo.BulkOptions{Conversations: 6_000, Messages: 1}))
		must(a.DB.Tx(ctx, func(tx *db.Tx) error {
			for _, q := range []string{
				`INSERT INTO tags (id, created_at, updated_at, name) VALUES (901, 1, 1, 'rare')`,
				`INSERT INTO conversation_tags (conversation_id, tag_id) SELECT id, 901 FROM conversations WHERE id % 1000 = 7`,
				`INSERT INTO teams (id, created_at, updated_at, name) VALUES (901, 1, 1, 'Few')`,
				`UPDATE conversations SET assigned_team_id = 901 WHERE id % 1000 = 8`,
				`UPDATE users SET email = 'one@x.test' WHERE id = (SELECT contact_id FROM conversations WHERE id = 17)`,
			} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		}))
		admin := &agent.Principal{ID: 1, Permissions: role.SetOf(role.All...)}
		limited := &agent.Principal{ID: 1, TeamIDs: []int64{901}, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadTeamAll)}
		leaf := func(model, field, operator, value string) string {
			return `[{"model":"` + model + `","field":"` + field + `","operator":"` + operator + `","value":"` + value + `"}]`
		}
		for _, l := range []struct {
			name    string
			p       *agent.Principal
			scope   conversation.Scope
			filters string
		}{
			{"a rare tag", admin, conversation.All, leaf("conversations", "tags", "contains", "[901]")},
			{"a small team", admin, conversation.All, leaf("conversations", "assigned_team_id", "equals", "901")},
			{"one contact", admin, conversation.All, leaf("users", "email", "equals", "one@x.test")},
			{"what a limited agent may read", limited, conversation.Readable, ""},
		} {
			plan, _, err := a.Conversations.Plan(ctx, l.p, conversation.ListQuery{Scope: l.scope, Page: 1, PageSize: 30, Filters: l.filters})
			must(err)
			for _, bad := range []string{"SCAN c\n", "SCAN conversations\n", "SCAN c USING", "Seq Scan on conversations", "Index Scan using conversations_recent"} {
				if text := strings.Join(plan, "\n") + "\n"; strings.Contains(text, bad) {
					t.Errorf("%s: %q in the plan:\n%s", l.name, bad, text)
				}
			}
			page, err := a.Conversations.List(ctx, l.p, conversation.ListQuery{Scope: l.scope, Page: 1, PageSize: 30, Filters: l.filters})
			must(err)
			if page.Total == 0 || page.Total > 100 || int(page.Total) != len(page.Results) {
				t.Errorf("%s: %d of %d", l.name, len(page.Results), page.Total)
			}
		}
	})
}
