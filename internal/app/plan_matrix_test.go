package app_test

import (
	"context"
	"fmt"
	"regexp"
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

// plannedDesk is a desk of some size, with spam and trash, whose statistics the engine knows.
func plannedDesk(t *testing.T, url string, n int) *app.App {
	t.Helper()
	ctx := context.Background()
	a, err := app.Open(ctx, deskConfig(t, url), quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(demo.EnsureInbox(ctx, a.DB))
	must(demo.Bulk(ctx, a.DB, demo.BulkOptions{Conversations: n, Messages: 1}))
	must(a.DB.Tx(ctx, func(tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO teams (id, created_at, updated_at, name) VALUES (901, 1, 1, 'Few')`,
			`INSERT INTO tags (id, created_at, updated_at, name) VALUES (901, 1, 1, 'rare')`,
			`INSERT INTO conversation_tags (conversation_id, tag_id) SELECT id, 901 FROM conversations WHERE id % 1000 = 7`,
			`UPDATE conversations SET assigned_team_id = 901 WHERE id % 100 = 8`,
			`INSERT INTO organizations (id, created_at, updated_at, name, name_key) VALUES (901, 1, 1, 'Few', 'few'), (902, 1, 1, 'Many', 'many')`,
			`UPDATE users SET organization_id = CASE id % 100 WHEN 7 THEN 901 ELSE 902 END WHERE type = 'contact'`,
			`INSERT INTO custom_attributes (created_at, updated_at, name, description, applies_to, key, options, data_type, regex, regex_hint)
				VALUES (1, 1, 'Tier', '', 'conversation', 'tier', '["Gold", "Iron"]', 'list', '', ''), (1, 1, 'Seats', '', 'contact', 'seats', '[]', 'number', '', '')`,
			`UPDATE conversations SET custom_attributes = '{"tier":"Gold"}' WHERE id % 1000 = 7`,
			`UPDATE conversations SET custom_attributes = '{"tier":"Iron"}' WHERE id % 4 > 0 AND id % 1000 <> 7`,
			`UPDATE users SET custom_attributes = '{"seats":900}' WHERE type = 'contact' AND id % 500 = 7`,
			`UPDATE users SET custom_attributes = '{"seats":3}' WHERE type = 'contact' AND id % 500 <> 7`,
			`UPDATE conversations SET subject = 'Zebra crossing' WHERE id % 1000 = 7`,
			`UPDATE conversations SET status_id = CASE id % 8 WHEN 1 THEN -2 ELSE -1 END, hidden_at = 1 WHERE id % 8 < 4`,
			`ANALYZE`,
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}))
	return a
}

// wholeTable matches a step that goes through a table from end to end in no order.
var wholeTable = regexp.MustCompile(`(?m)SCAN (c|conversations|m|messages|u|users|a)$|Seq Scan on (conversations|conversation_subjects|messages|users|conversation_attributes|contact_attributes)\b`)

// sorted matches a step that puts all it found in order.
var sorted = regexp.MustCompile(`TEMP B-TREE FOR ORDER BY|TEMP B-TREE FOR LAST|^\s*Sort|->  Sort`)

// narrow matches a step that finds what one agent or team has, nobody has, or is of one status and priority: so much may be
// put in order.
var narrow = regexp.MustCompile(`assigned_(user|team)_id ?=|assigned_(user|team)_id IS NULL|unassigned|priority_id ?=`)

// Every list, in every order that the web app offers, with every kind of filter that agents use, for who may read all and for who may read little:
// none goes through the table from end to end, and none puts more in order than the few that an index found.
func TestNoListReadsTheWholeDesk(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		a := plannedDesk(t, url, 8000)
		admin := &agent.Principal{ID: 1, TeamIDs: []int64{1, 901}, Permissions: role.SetOf(role.All...)}
		limited := &agent.Principal{ID: 1, TeamIDs: []int64{901}, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadTeamAll, role.ConversationsReadAssigned)}
		filters := map[string]string{
			"":                     "",
			"open":                 leaf("status_id", "equals", "1"),
			"open and high":        leaf("status_id", "equals", "1") + "," + leaf("priority_id", "equals", "3"),
			"open of two":          leaf("status_id", "in", `["1","3"]`),
			"rare tag":             leaf("tags", "contains", "[901]"),
			"small team":           leaf("assigned_team_id", "equals", "901"),
			"nobody's":             leaf("status_id", "equals", "1") + "," + leaf("assigned_user_id", "not set", ""),
			"nobody's, of any":     leaf("assigned_user_id", "not set", ""),
			"of last week":         leaf("created_at", "greater than", "2026-01-01"),
			"email":                `{"model":"users","field":"email","operator":"equals","value":"one@x.test"}`,
			"subject":              leaf("subject", "contains", "zebra"),
			"usual subject":        leaf("subject", "contains", "e"),
			"subject's beginning":  leaf("subject", "starts with", "zeb"),
			"other subjects":       leaf("subject", "not contains", "zebra"),
			"rare attribute":       leaf("custom_attributes.tier", "equals", "Gold"),
			"usual attribute":      leaf("custom_attributes.tier", "equals", "Iron"),
			"not the attribute":    leaf("status_id", "equals", "1") + "," + leaf("custom_attributes.tier", "not equals", "Gold"),
			"few contacts'":        `{"model":"users","field":"custom_attributes.seats","operator":"greater than","value":"100"}`,
			"an organization":      `{"model":"users","field":"organization_id","operator":"equals","value":"901"}`,
			"a large organization": `{"model":"users","field":"organization_id","operator":"equals","value":"902"}`,
			"many contacts'":       `{"model":"users","field":"custom_attributes.seats","operator":"less than","value":"100"}`,
		}
		scopes := map[string]conversation.Scope{"all": conversation.All, "unassigned": conversation.Unassigned, "assigned": conversation.Assigned, "team": conversation.TeamInbox,
			"mentioned": conversation.Mentioned, "a view": conversation.Readable, "of a contact": conversation.OfContact, "of an organization": conversation.OfOrganization, "spam": conversation.InSpam, "trash": conversation.InTrash}
		for who, p := range map[string]*agent.Principal{"admin": admin, "limited": limited} {
			for scope, s := range scopes {
				if who == "limited" && (s == conversation.All || s == conversation.Unassigned) {
					continue
				}
				for name, f := range filters {
					if hidden := s == conversation.InSpam || s == conversation.InTrash; hidden && strings.Contains(f, "status_id") {
						continue // which nothing fits
					}
					for _, order := range orders {
						by, dir, _ := strings.Cut(order, " ")
						checkCost(t, a, p, fmt.Sprintf("%s: %s, %s, by %s", who, scope, name, order), conversation.ListQuery{Scope: s, TeamID: 901, ContactID: 20, OrganizationID: 902,
							Page: 1, PageSize: 30, Filters: "[" + f + "]", OrderBy: "conversations." + by, Order: dir})
					}
				}
			}
		}
	})
}

// orders are those that the web app offers.
var orders = []string{"last_message_at desc", "last_message_at asc", "created_at asc", "created_at desc", "waiting_since asc", "next_sla_deadline_at asc", "priority_id desc"}

func checkCost(t *testing.T, a *app.App, p *agent.Principal, what string, q conversation.ListQuery) {
	t.Helper()
	plan, _, err := a.Conversations.Plan(t.Context(), p, q)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	text := strings.Join(plan, "\n")
	few := strings.HasPrefix(text, conversation.PlanOfFew) || q.Scope == conversation.Mentioned || q.Scope == conversation.OfContact
	if wholeTable.MatchString(text) {
		t.Errorf("%s goes through the table:\n%s", what, text)
	} else if sorted.MatchString(text) && !few && !narrow.MatchString(text) {
		t.Errorf("%s sorts:\n%s", what, text)
	}
}
