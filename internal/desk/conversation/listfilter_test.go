package conversation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
}

// filtersDesk is a desk with four conversations: a is closed and known by an external id, b is snoozed and tagged 1, c was
// answered and is tagged 1 and 2, d is in a chat.
func filtersDesk(k *desk) {
	k.t.Helper()
	ids := map[string]*conversation.Conversation{}
	for _, name := range []string{"a", "b", "c", "d"} {
		ids[name] = k.open(name + "@x.test")
	}
	run := func(query string, args ...any) {
		k.t.Helper()
		k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error { _, err := tx.Exec(k.ctx, query, args...); return err }))
	}
	k.must(k.c.SetStatus(k.ctx, k.admin, ids["a"].UUID, "Closed", nil))
	k.must(k.c.SetStatus(k.ctx, k.admin, ids["b"].UUID, "Snoozed", db.At(day(2099, 3, 4)).Ptr()))
	k.must(k.c.SetTags(k.ctx, k.admin, ids["b"].UUID, "set_tags", []string{"a"}))
	k.must(k.c.SetTags(k.ctx, k.admin, ids["c"].UUID, "set_tags", []string{"a", "b"}))
	run(`UPDATE conversations SET last_interaction_at = $1, last_interaction_sender = 'agent' WHERE id = $2`, db.At(day(2026, 5, 2)), ids["c"].ID)
	run(`UPDATE conversations SET last_interaction_at = NULL, last_interaction_sender = NULL WHERE id = $1`, ids["d"].ID)
	run(`UPDATE users SET external_user_id = 'crm-7' WHERE id = $1`, ids["a"].ContactID)
	run(`INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, from_address) VALUES (1, 1, 'v', 'Chat', 'livechat', TRUE, '')`)
	run(`UPDATE conversations SET inbox_id = (SELECT id FROM inboxes WHERE channel = 'livechat') WHERE id = $1`, ids["d"].ID)
}

// shownBy are the first letters of the customers of a list.
func (k *desk) shownBy(q conversation.ListQuery) (string, error) {
	page, err := k.c.List(k.ctx, k.admin, q)
	if err != nil {
		return "", err
	}
	out := ""
	for _, r := range page.Results {
		out += (*r.Contact.Email)[:1]
	}
	return out, nil
}

func TestListsAreFilteredByEveryField(t *testing.T) {
	each(t, func(k *desk) {
		filtersDesk(k)
		for _, f := range []struct{ field, operator, value, want string }{
			{"conversations.last_interaction_at", "equals", "2026-05-02", "c"},
			{"conversations.last_interaction_at", "less than", "2026-05-03", "c"},
			{"conversations.last_interaction_at", "greater than", "2026-05-02", "ab"},
			{"conversations.last_interaction_at", "between", "2026-05-01,2026-05-02", "c"},
			{"conversations.last_interaction_at", "set", "", "abc"},
			{"conversations.last_interaction_at", "not set", "", "d"},
			{"conversations.last_interaction_at", "contains", "2026", "!"},
			{"conversations.last_interaction_sender", "equals", "agent", "c"},
			{"conversations.last_interaction_sender", "not equals", "agent", "ab"},
			{"conversations.last_interaction_sender", "in", `["agent","contact"]`, "abc"},
			{"conversations.last_interaction_sender", "not set", "", "d"},
			{"conversations.last_interaction_sender", "contains", "age", "!"},
			{"conversations.snoozed_until", "equals", "2099-03-04", "b"},
			{"conversations.snoozed_until", "greater than", "2099-03-04T00:00:00Z", "b"},
			{"conversations.snoozed_until", "set", "", "b"},
			{"conversations.snoozed_until", "not set", "", "acd"},
			{"conversations.sla_policy_id", "equals", "1", ""},
			{"conversations.sla_policy_id", "not equals", "1", ""},
			{"conversations.sla_policy_id", "set", "", ""},
			{"conversations.sla_policy_id", "not set", "", "abcd"},
			{"conversations.sla_policy_id", "equals", "x", "!"},
			{"inboxes.channel", "equals", "livechat", "d"},
			{"inboxes.channel", "not equals", "livechat", "abc"},
			{"inboxes.channel", "in", `["email"]`, "abc"},
			{"inboxes.channel", "contains", "mail", "!"},
			{"users.external_user_id", "equals", "crm-7", "a"},
			{"users.external_user_id", "contains", "CRM", "a"},
			{"users.external_user_id", "not equals", "crm-8", "a"}, // who has none is neither
			{"users.external_user_id", "set", "", "a"},
			{"users.external_user_id", "not set", "", "bcd"},
			{"conversations.tags", "contains", "[1]", "bc"},
			{"conversations.tags", "contains", "[2,3]", "c"},
			{"conversations.tags", "not contains", "[2,3]", "abd"},
			{"conversations.tags", "not contains", "[]", "abcd"},
			{"conversations.tags", "set", "", "bc"},
			{"conversations.tags", "not set", "", "ad"},
			{"conversations.tags", "equals", "[1]", "!"},
			{"conversation_statuses.name", "equals", "Closed", "a"},
			{"conversation_statuses.name", "equals", "closed", ""},
			{"conversation_statuses.name", "not equals", "Open", "ab"},
			{"conversation_statuses.name", "in", `["Open","Closed"]`, "acd"},
			{"conversation_statuses.name", "contains", "o", "abcd"},
			{"conversation_statuses.name", "contains", "CLO", "a"},
			{"conversation_statuses.name", "not contains", "z", "acd"},
			{"conversation_statuses.name", "greater than", "Open", "b"},
			{"conversation_statuses.name", "less than", "Open", "a"},
			{"conversation_statuses.name", "between", "Closed, Open", "acd"},
			{"conversation_statuses.name", "between", "Closed", "!"},
			{"conversation_statuses.name", "set", "", "abcd"},
			{"conversation_statuses.name", "not set", "", ""},
			{"conversation_statuses.id", "in", `["1","2"]`, "bcd"},
		} {
			model, field, _ := strings.Cut(f.field, ".")
			got, err := k.shownBy(conversation.ListQuery{Page: 1, PageSize: 30, OrderBy: "users.email", Order: "asc",
				Filters: fmt.Sprintf(`[{"model":%q,"field":%q,"operator":%q,"value":%q}]`, model, field, f.operator, f.value)})
			if fault.Is(err, fault.Invalid) {
				got = "!"
			} else {
				k.must(err)
			}
			if got != f.want {
				k.t.Errorf("%s %s %q: %q, want %q", f.field, f.operator, f.value, got, f.want)
			}
		}
	})
}

func TestListsAreSortedByEveryField(t *testing.T) {
	each(t, func(k *desk) {
		filtersDesk(k)
		for by, want := range map[string][2]string{
			"users.email":                           {"abcd", "dcba"},
			"users.external_user_id":                {"abcd", "adcb"}, // none is last either way, ties by id
			"inboxes.channel":                       {"abcd", "dcba"},
			"conversation_statuses.id":              {"cdba", "abdc"},
			"conversation_statuses.name":            {"acdb", "bdca"},
			"conversations.sla_policy_id":           {"abcd", "dcba"},
			"conversations.last_interaction_sender": {"cabd", "bacd"},
			"conversations.snoozed_until":           {"bacd", "bdca"},
		} {
			for i, order := range []string{"asc", "DESC"} {
				for _, size := range []int{30, 1} { // in one page, and in pages of one
					got := ""
					for page := 1; page <= 4/min(size, 4)+1; page++ {
						q := conversation.ListQuery{Page: page, PageSize: size, OrderBy: by, Order: order}
						some, err := k.shownBy(q)
						k.must(err)
						got += some
					}
					if got != want[i] {
						k.t.Errorf("%s %s, %d a page: %q, want %q", by, order, size, got, want[i])
					}
				}
				first, err := k.c.List(k.ctx, k.admin, conversation.ListQuery{Page: 1, PageSize: 2, OrderBy: by, Order: order})
				k.must(err)
				if first.NextCursor != nil {
					k.t.Errorf("%s %s has a cursor", by, order)
				}
				// The cursor of another order says nothing here.
				other, err := k.c.List(k.ctx, k.admin, conversation.ListQuery{Page: 1, PageSize: 2})
				k.must(err)
				if _, err := k.shownBy(conversation.ListQuery{Page: 1, PageSize: 2, OrderBy: by, Order: order, Cursor: *other.NextCursor}); !fault.Is(err, fault.Invalid) {
					k.t.Errorf("%s %s with a cursor: %v", by, order, err)
				}
			}
		}
		for _, by := range []string{"conversations.tags", "users.first_name", "conversations.subject", "inboxes.name"} {
			if _, err := k.shownBy(conversation.ListQuery{Page: 1, PageSize: 2, OrderBy: by}); !fault.Is(err, fault.Invalid) {
				k.t.Errorf("by %s: %v", by, err)
			}
		}
	})
}
