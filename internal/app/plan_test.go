package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/demo"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/team"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// Every list an agent works in, in every order the web app offers, must come from an index in the right order: no scan of
// the table and no sort, however many conversations there are.
func TestListsComeFromAnIndexInOrder(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a, err := app.Open(ctx, deskConfig(t, url), quiet())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		if _, err := a.Teams.Create(ctx, team.Edit{Name: "Care", ConversationAssignmentType: team.Manual}); err != nil {
			t.Fatal(err)
		}
		if err := demo.EnsureInbox(ctx, a.DB); err != nil {
			t.Fatal(err)
		}
		if err := demo.Bulk(ctx, a.DB, demo.BulkOptions{Conversations: 8_000, Messages: 1}); err != nil {
			t.Fatal(err)
		}
		p := &agent.Principal{ID: 1, Permissions: role.SetOf(role.All...), TeamIDs: []int64{1}}
		checkPlans(t, a, p, true)
		// A desk that is flooded with spam and trash, which the lists and the engine's statistics know.
		if err := a.DB.Tx(ctx, func(tx *db.Tx) error {
			for _, q := range []string{`UPDATE conversations SET status_id = CASE id % 4 WHEN 1 THEN -2 ELSE -1 END, hidden_at = 1 WHERE id % 4 <> 0`, `ANALYZE`} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		checkPlans(t, a, p, false)
	})
}

// checkPlans looks at the plans of every list, and at its deep pages if deep is set.
func checkPlans(t *testing.T, a *app.App, p *agent.Principal, deep bool) {
	t.Helper()
	ctx := context.Background()
	open := `[{"model":"conversation_statuses","field":"name","operator":"equals","value":"Open"}]`
	type listed struct {
		name    string
		scope   conversation.Scope
		filters string
		orders  []string
	}
	lists := []listed{
		{"all, open", conversation.All, open, []string{"last_message_at desc", "last_message_at asc", "created_at asc", "created_at desc", "waiting_since asc", "next_sla_deadline_at asc", "priority_id desc"}},
		{"all, open, one priority", conversation.All, strings.TrimSuffix(open, "]") + `,{"model":"conversations","field":"priority_id","operator":"equals","value":"2"}]`, []string{"last_message_at desc", "created_at asc"}},
		{"all, any status", conversation.All, "", []string{"last_message_at desc", "last_message_at asc"}},
		{"unassigned, open", conversation.Unassigned, open, []string{"last_message_at desc", "last_message_at asc"}},
		{"unassigned, any status", conversation.Unassigned, "", []string{"last_message_at desc"}},
		{"assigned, open", conversation.Assigned, open, []string{"last_message_at desc", "last_message_at asc"}},
		{"assigned, any status", conversation.Assigned, "", []string{"last_message_at desc"}},
		{"team, open", conversation.TeamInbox, open, []string{"last_message_at desc"}},
		{"team, any status", conversation.TeamInbox, "", []string{"last_message_at desc"}},
		{"mentioned, open", conversation.Mentioned, open, []string{"last_message_at desc"}},
	}
	if !deep {
		lists = append(lists, listed{"spam", conversation.InSpam, "", []string{"last_message_at desc", "last_message_at asc", "created_at desc"}},
			listed{"trash", conversation.InTrash, "", []string{"last_message_at desc"}})
	}
	for _, l := range lists {
		for _, order := range l.orders {
			by, dir, _ := strings.Cut(order, " ")
			q := conversation.ListQuery{Scope: l.scope, TeamID: 1, Page: 1, PageSize: 30, Filters: l.filters, OrderBy: "conversations." + by, Order: dir}
			plan, rows, err := a.Conversations.Plan(ctx, p, q)
			if err != nil {
				t.Fatal(err)
			}
			checkRows(t, l.name+" by "+order, strings.Join(rows, "\n")+"\n")
			text := strings.Join(plan, "\n")
			if plan[0] == conversation.PlanOfFew {
				checkFew(t, l.name, text)
				continue
			}
			bad := []string{"SCAN c\n", "TEMP B-TREE", "Seq Scan on conversations", "Sort"}
			if l.scope == conversation.Mentioned {
				bad = []string{"SCAN c", "Seq Scan on conversations"} // an agent has few, which are sorted
			}
			for _, bad := range bad {
				if strings.Contains(text+"\n", bad) {
					t.Errorf("%s by %s: %q in the plan:\n%s", l.name, order, bad, text)
				}
			}
			if !strings.Contains(text, "INDEX") && !strings.Contains(text, "Index") {
				t.Errorf("%s by %s: no index:\n%s", l.name, order, text)
			}
			if deep {
				checkDeepPages(t, a, p, q)
			}
		}
	}
}

// checkFew looks that the few conversations of a list are sought in an index, each by its number.
func checkFew(t *testing.T, list, plan string) {
	t.Helper()
	for _, bad := range []string{"SCAN c", "(status_id>?)", "Seq Scan on conversations"} {
		if strings.Contains(plan, bad) {
			t.Errorf("%s: %q in the plan:\n%s", list, bad, plan)
		}
	}
}

// checkRows looks that what is shown of a page is looked up for its rows, not found by walking through whole tables.
func checkRows(t *testing.T, list, plan string) {
	t.Helper()
	if strings.Contains(plan, "Scan") { // PostgreSQL
		for _, table := range []string{"conversations ", "messages ", "users "} { // the others are empty here
			if strings.Contains(plan, "Seq Scan on "+table) {
				t.Errorf("%s reads all %s:\n%s", list, table, plan)
			}
		}
		return
	}
	for _, step := range []string{"SCAN page\n", "SEARCH c USING INTEGER PRIMARY KEY", "SEARCH u USING INTEGER PRIMARY KEY", "SEARCH nm USING COVERING INDEX", "SEARCH ls USING INDEX"} {
		if !strings.Contains(plan, step) {
			t.Errorf("%s: no %q in\n%s", list, step, plan)
		}
	}
}

// checkDeepPages looks that pages by number far down are the ones that a walk by cursor comes to.
func checkDeepPages(t *testing.T, a *app.App, p *agent.Principal, q conversation.ListQuery) {
	t.Helper()
	ctx := context.Background()
	q.PageSize = 500
	first, err := a.Conversations.List(ctx, p, q)
	if err != nil {
		t.Fatal(err)
	}
	if first.Total < 3000 {
		return
	}
	walk := q
	for n := 1; n <= 7; n++ {
		page, err := a.Conversations.List(ctx, p, walk)
		if err != nil {
			t.Fatal(err)
		}
		q.Page = n
		byNumber, err := a.Conversations.List(ctx, p, q)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := uuidsOf(page.Results), uuidsOf(byNumber.Results); a != b {
			t.Fatalf("page %d by %s differs by number and by cursor", n, q.OrderBy)
		}
		if page.NextCursor == nil {
			return
		}
		walk.Cursor = *page.NextCursor
	}
}

func uuidsOf(rows []conversation.ListItem) string {
	var sb strings.Builder
	for _, r := range rows {
		fmt.Fprintln(&sb, r.UUID)
	}
	return sb.String()
}

// The list of contacts comes from an index in every order, however many there are; a part of an address names its owners.
func TestContactsComeFromAnIndexInOrder(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		ctx := context.Background()
		a, err := app.Open(ctx, deskConfig(t, url), quiet())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		if err := demo.EnsureInbox(ctx, a.DB); err != nil {
			t.Fatal(err)
		}
		if err := demo.Bulk(ctx, a.DB, demo.BulkOptions{Conversations: 8_000, Messages: 1}); err != nil {
			t.Fatal(err)
		}
		if err := a.Search.CatchUp(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if a.DB.Engine() == db.Postgres {
			if _, err := a.DB.Pool().Exec(ctx, `ANALYZE users`); err != nil {
				t.Fatal(err)
			}
		}
		plan := func(q contact.Query, bad ...string) {
			t.Helper()
			steps, err := a.Contacts.Plan(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(steps, "\n") + "\n"
			for _, bad := range append(bad, "SCAN u\n", "Seq Scan on users") {
				if strings.Contains(text, bad) {
					t.Errorf("%+v: %q in the plan:\n%s", q, bad, text)
				}
			}
		}
		cursor := ""
		for _, by := range []string{"users.created_at", "users.email", "users.updated_at"} {
			for _, order := range []string{"asc", "desc"} {
				q := contact.Query{Page: 3, PageSize: 30, OrderBy: by, Order: order}
				plan(q, "TEMP B-TREE", "Sort")
				page, err := a.Contacts.List(ctx, q)
				if err != nil || page.NextCursor == nil {
					t.Fatalf("%v, a cursor: %v", err, page.NextCursor != nil)
				}
				cursor = *page.NextCursor
				plan(contact.Query{Page: 1, PageSize: 30, OrderBy: by, Order: order, Cursor: cursor}, "TEMP B-TREE", "Sort")
			}
		}
		plan(contact.Query{Page: 2, PageSize: 30, OrganizationID: 7}, "TEMP B-TREE", "Sort")
		page, err := a.Contacts.List(ctx, contact.Query{Page: 1, PageSize: 1})
		if err != nil || len(page.Results) != 1 {
			t.Fatalf("%v: %+v", err, page)
		}
		whole := fmt.Sprintf(`[{"model":"users","field":"email","operator":"ilike","value":%q}]`, *page.Results[0].Email)
		plan(contact.Query{Page: 1, PageSize: 30, Filters: whole}, "users_people")

		number := "030 123456"
		steps, err := a.Contacts.PlanTwins(ctx, &contact.Detail{Item: contact.Item{ID: 1, FirstName: "Ida", LastName: "Lund", Email: page.Results[0].Email}, PhoneNumber: &number})
		text := strings.Join(steps, "\n") + "\n"
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range []string{"users_people_mailbox", "users_people_phone", "users_people_name"} {
			if !strings.Contains(text, index) {
				t.Errorf("contacts like another are not found by %s:\n%s", index, text)
			}
		}
	})
}
