package conversation_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

func condition(model, field, operator, value string) string {
	return fmt.Sprintf(`{"model":%q,"field":%q,"operator":%q,"value":%q}`, model, field, operator, value)
}

// TestListsAreTheSameHoweverTheyAreRead compares lists that are walked in order with the same lists found by an index.
func TestListsAreTheSameHoweverTheyAreRead(t *testing.T) {
	each(t, func(k *desk) {
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := range 60 {
			c := k.open(fmt.Sprintf("c%d@x.test", i%7))
			if n := rnd.Int64N(3); n > 0 {
				k.must(k.c.AssignTeam(k.ctx, k.admin, c.UUID, &n))
			}
			if n := rnd.Int64N(4); n > 0 {
				k.must(k.c.AssignAgent(k.ctx, k.admin, c.UUID, &n))
			}
			if n := rnd.Int64N(4); n > 0 {
				k.must(k.c.SetPriority(k.ctx, k.admin, c.UUID, []string{"Low", "Medium", "High"}[n-1]))
			}
			k.must(k.c.SetTags(k.ctx, k.admin, c.UUID, "set_tags", []string{"a", "b", "c"}[:rnd.IntN(4)]))
			if rnd.IntN(3) == 0 {
				k.must(k.c.SetStatus(k.ctx, k.admin, c.UUID, "Closed", nil))
			}
		}
		tagged, teamed := condition("conversations", "tags", "contains", "[2,3]"), condition("conversations", "assigned_team_id", "equals", "2")
		mine, from := condition("conversations", "assigned_user_id", "equals", "3"), condition("users", "email", "equals", "c3@x.test")
		urgent := condition("conversations", "priority_id", "equals", "3")
		nobody := condition("conversations", "assigned_user_id", "not set", "")
		open := condition("conversation_statuses", "name", "equals", "Open")
		filters := []string{``, tagged, teamed, mine, from, open, condition("conversations", "inbox_id", "equals", "1"), tagged + `,` + open, urgent, urgent + `,` + open, teamed + `,` + mine + `,` + open,
			urgent + `,` + open + `,` + mine, urgent + `,` + open + `,` + nobody + `,` + tagged, nobody + `,` + teamed}
		for i, f := range filters {
			filters[i] = `[` + f + `]`
		}
		filters = append(filters, `{"logic":"OR","rules":[`+tagged+`,`+teamed+`]}`, `{"logic":"AND","rules":[{"logic":"OR","rules":[`+tagged+`,`+mine+`]},{"logic":"AND","rules":[`+open+`]}]}`)
		reads := func(teams []int64, perms ...role.Permission) *agent.Principal {
			return &agent.Principal{ID: 3, TeamIDs: teams, Permissions: role.SetOf(append(perms, role.ConversationsRead)...)}
		}
		principals := []*agent.Principal{k.admin,
			reads([]int64{1, 2}, role.ConversationsReadAssigned, role.ConversationsReadTeamAll, role.ConversationsReadUnassigned),
			reads([]int64{2}, role.ConversationsReadTeamInbox, role.ConversationsReadAssigned), reads(nil, role.ConversationsReadTeamAll), reads(nil)}
		some := 0
		for who, p := range principals {
			for _, scope := range []conversation.Scope{conversation.All, conversation.Readable, conversation.Assigned, conversation.Unassigned} {
				for _, f := range filters {
					for _, order := range []string{"last_message_at desc", "created_at asc", "priority_id desc", "assigned_team_id asc"} {
						by, dir, _ := strings.Cut(order, " ")
						q := conversation.ListQuery{Scope: scope, Page: 1, PageSize: 7, Filters: f, OrderBy: "conversations." + by, Order: dir}
						found, walked, near := k.shown(p, q, 2000, 1000), k.shown(p, q, -1, 1000), k.shown(p, q, -1, 2)
						if found != walked || near != walked {
							t.Fatalf("principal %d, scope %d, %s by %s:\nfound  %s\nwalked %s\nnear   %s", who, scope, f, order, found, walked, near)
						}
						some += strings.Count(found, "-") / 4
					}
				}
			}
		}
		if some < 1000 {
			t.Errorf("only %d rows were compared", some)
		}
	})
}

// shown is the total and the rows of the first and second page of a list, and those of the second behind the last of the first.
func (k *desk) shown(p *agent.Principal, q conversation.ListQuery, maxRare, near int) string {
	k.t.Helper()
	defer conversation.SetMaxRare(maxRare)()
	defer conversation.SetNear(near)()
	k.c.ForgetLists()
	var out strings.Builder
	show := func() *string {
		page, err := k.c.List(k.ctx, p, q)
		k.must(err)
		fmt.Fprint(&out, page.Total, " ")
		for _, r := range page.Results {
			fmt.Fprint(&out, r.UUID, " ")
		}
		return page.NextCursor
	}
	behind := show()
	q.Page = 2
	show()
	if behind != nil {
		q.Page, q.Cursor = 1, *behind
		show()
	}
	return out.String()
}

// TestListsAreFoundWhereWalksAreLong looks for what many conversations have, but none of the newest: walking to it would pass all others.
func TestListsAreFoundWhereWalksAreLong(t *testing.T) {
	each(t, func(k *desk) {
		defer conversation.SetMaxRare(3)()
		defer conversation.SetNear(2)()
		for i := range 60 {
			c := k.open(fmt.Sprintf("c%d@x.test", i%7))
			tags := []string{"a"}
			if i < 5 {
				tags = []string{"b"}
			}
			k.must(k.c.SetTags(k.ctx, k.admin, c.UUID, "set_tags", tags))
		}
		for tag, found := range map[string]bool{"[1]": false, "[2]": true} {
			k.c.ForgetLists()
			q := conversation.ListQuery{Scope: conversation.All, Page: 1, PageSize: 4, Filters: "[" + condition("conversations", "tags", "contains", tag) + "]"}
			got, err := k.c.Found(k.ctx, k.admin, q)
			k.must(err)
			if got != found {
				t.Errorf("tag %s: found is %v", tag, got)
			}
			// Which is remembered for its other pages.
			q.Page = 2
			if got, err = k.c.Found(k.ctx, k.admin, q); err != nil || got != found {
				t.Errorf("tag %s, second page: found is %v, %v", tag, got, err)
			}
		}
	})
}
