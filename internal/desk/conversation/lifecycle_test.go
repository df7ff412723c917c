package conversation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

func (k *desk) listed(scope conversation.Scope, p *agent.Principal) (out []string) {
	k.t.Helper()
	page, err := k.c.List(k.ctx, p, conversation.ListQuery{Scope: scope, Page: 1, PageSize: 100})
	k.must(err)
	for _, r := range page.Results {
		out = append(out, r.UUID)
	}
	if page.Total != int64(len(out)) {
		k.t.Fatalf("list %d says %d and has %d", scope, page.Total, len(out))
	}
	return out
}

func (k *desk) writes(c *conversation.Conversation, source string) conversation.Received {
	k.t.Helper()
	var got conversation.Received
	k.must(k.db.Tx(k.ctx, func(tx *db.Tx) (err error) {
		got, err = k.c.AppendTx(k.ctx, tx, c.ID, conversation.Incoming{InboxID: 1, AuthorID: c.ContactID, Text: "any news?", SourceID: source})
		return err
	}))
	return got
}

func TestSpamAndTrashLeaveEveryListAndComeBackAsTheyWere(t *testing.T) {
	each(t, func(k *desk) {
		a, b := k.open("a@x.example"), k.open("a@x.example")
		until := db.At(time.Now().Add(time.Hour))
		k.must(k.c.SetStatus(k.ctx, k.admin, a.UUID, conversation.Snoozed, &until))
		k.must(k.c.MarkSpam(k.ctx, k.admin, a.UUID, false))
		if got := k.get(a.UUID); got.Status != "Spam" || got.SnoozedUntil != nil || got.ResolvedAt != nil {
			k.t.Fatalf("marked: %+v", got)
		}
		k.must(k.c.MoveToTrash(k.ctx, k.admin, a.UUID))
		if got := k.listed(conversation.All, k.admin); !slices.Equal(got, []string{b.UUID}) {
			k.t.Fatalf("all: %v", got)
		}
		limited := &agent.Principal{ID: 3, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadUnassigned)}
		for _, p := range []*agent.Principal{k.admin, limited} {
			if got := k.listed(conversation.InTrash, p); !slices.Equal(got, []string{a.UUID}) {
				k.t.Fatalf("trash: %v", got)
			}
			if counts, err := k.c.Counts(k.ctx, p); err != nil || counts.Trash != 1 || counts.Spam != 0 {
				k.t.Fatalf("counts %+v %v", counts, err)
			}
		}
		if previous := k.get(b.UUID).PreviousConversations; len(previous) != 0 {
			k.t.Fatalf("previous %+v", previous)
		}
		k.must(k.c.AssignAgent(k.ctx, k.admin, a.UUID, ptr(2)))
		if got := k.listed(conversation.InTrash, limited); len(got) != 0 {
			k.t.Fatalf("trash of one who may not read it: %v", got)
		}
		k.must(k.c.Restore(k.ctx, k.admin, a.UUID))
		k.must(k.c.Restore(k.ctx, k.admin, a.UUID))
		if got := k.get(a.UUID); got.Status != conversation.Snoozed || got.SnoozedUntil == nil || !got.SnoozedUntil.Equal(until.Time) {
			k.t.Fatalf("restored: %s until %v", got.Status, got.SnoozedUntil)
		}
		if got := k.activities(a.UUID); strings.Count(strings.Join(got, " "), "status_change") != 4 {
			k.t.Fatalf("activities %v", got)
		}
		k.checkCounts()
	})
}

func TestHiddenStatusesCannotBeChosenOrFiltered(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("a@x.example")
		for _, name := range []string{conversation.Spam, conversation.Trash} {
			if err := k.c.SetStatus(k.ctx, k.admin, c.UUID, name, nil); !fault.Is(err, fault.Invalid) {
				k.t.Errorf("%s: %v", name, err)
			}
		}
		all, err := k.c.Statuses(k.ctx)
		k.must(err)
		if len(all) != 4 {
			k.t.Fatalf("statuses %+v", all)
		}
		k.must(k.c.MarkSpam(k.ctx, k.admin, c.UUID, false))
		for _, f := range []string{`{"model":"conversations","field":"status_id","operator":"equals","value":"-1"}`, `{"model":"conversations","field":"status_id","operator":"less than","value":"0"}`,
			`{"model":"conversation_statuses","field":"name","operator":"equals","value":"Spam"}`, `{"model":"conversation_statuses","field":"name","operator":"set","value":""}`,
			`{"model":"conversation_statuses","field":"name","operator":"not equals","value":"Open"}`} {
			page, err := k.c.List(k.ctx, k.admin, conversation.ListQuery{Page: 1, PageSize: 10, Filters: "[" + f + "]"})
			if err == nil && len(page.Results) > 0 {
				k.t.Errorf("%s finds spam", f)
			}
		}
	})
}

func TestCustomerTakesConversationOutOfTheTrashButNotOfSpam(t *testing.T) {
	each(t, func(k *desk) {
		trashed, spam := k.open("a@x.example"), k.open("b@x.example")
		k.must(k.c.SetStatus(k.ctx, k.admin, trashed.UUID, conversation.Closed, nil))
		k.must(k.c.MoveToTrash(k.ctx, k.admin, trashed.UUID))
		k.must(k.c.MarkSpam(k.ctx, k.admin, spam.UUID, false))
		k.writes(trashed, "m1@x")
		k.writes(spam, "m2@x")
		if got := k.get(trashed.UUID); got.Status != conversation.Open {
			k.t.Fatalf("trashed: %s", got.Status)
		}
		if got := k.get(spam.UUID); got.Status != conversation.Spam || *got.LastMessage != "any news?" {
			k.t.Fatalf("spam: %s", got.Status)
		}
		_, err := k.c.SendMessage(k.ctx, k.admin, spam.UUID, conversation.Send{Message: "<p>x</p>", SenderType: "agent", To: []string{"b@x.example"}})
		if !fault.Is(err, fault.Conflict) {
			k.t.Fatalf("reply to spam: %v", err)
		}
		k.checkCounts()
	})
}

func TestSpamMayBlockTheContactWithTheRightTo(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("a@x.example")
		triage := &agent.Principal{ID: 3, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadAll, role.ConversationsUpdateStatus)}
		if err := k.c.MarkSpam(k.ctx, triage, c.UUID, true); !fault.Is(err, fault.Forbidden) {
			k.t.Fatalf("without the right: %v", err)
		}
		if got := k.get(c.UUID); got.Status != conversation.Open || !got.Contact.Enabled {
			k.t.Fatal("something was done")
		}
		k.must(k.c.MarkSpam(k.ctx, k.admin, c.UUID, true))
		if got := k.get(c.UUID); got.Status != conversation.Spam || got.Contact.Enabled {
			k.t.Fatalf("%s, enabled %v", got.Status, got.Contact.Enabled)
		}
		// Told and recorded as a block by hand is, as done by who did it.
		var told, recorded int
		k.must(k.db.QueryRow(k.ctx, `SELECT count(*) FROM events WHERE type = 'contact.updated' AND actor_id = $1`, k.admin.ID).Scan(&told))
		k.must(k.db.QueryRow(k.ctx, `SELECT count(*) FROM activity_logs WHERE activity_type = 'contact_blocked' AND actor_id = $1`, k.admin.ID).Scan(&recorded))
		if told != 1 || recorded != 1 {
			k.t.Errorf("told %d times, recorded %d times", told, recorded)
		}
	})
}

// The log has no index by conversation: the events of deleted ones are found between those of others, from the oldest that may be meant.
func TestEventsOfDeletedConversationsAreErased(t *testing.T) {
	each(t, func(k *desk) {
		others := func(n int, age time.Duration) {
			k.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
				INSERT INTO events (created_at, type, actor_id) SELECT CAST($1 AS BIGINT), 'reference.changed', 1 FROM n`, time.Now().Add(-age).UnixMicro(), n)
		}
		told := func(c *conversation.Conversation) (n int) {
			k.must(k.db.QueryRow(k.ctx, `SELECT count(*) FROM events WHERE CAST(payload AS TEXT) LIKE '%' || $1 || '%'
				AND CAST(payload AS TEXT) LIKE '%secret%'`, c.UUID).Scan(&n))
			return n
		}
		others(5000, 48*time.Hour)
		gone, merged, kept := k.open("a@x.example"), k.open("a@x.example"), k.open("b@x.example")
		k.must(k.c.SetSubject(k.ctx, k.admin, kept.UUID, "not secret"))
		k.must(k.c.SetSubject(k.ctx, k.admin, merged.UUID, "secret"))
		others(4500, 0)
		k.must(k.c.SetSubject(k.ctx, k.admin, gone.UUID, "top secret"))
		k.must(k.c.Merge(k.ctx, k.admin, gone.UUID, []string{merged.UUID}))
		k.must(k.c.MoveToTrash(k.ctx, k.admin, gone.UUID))
		if n, err := k.events.EraseDue(k.ctx); n != 0 || err != nil {
			k.t.Fatalf("nothing was deleted: %d, %v", n, err)
		}
		k.must(k.c.Purge(k.ctx, k.admin, gone.UUID))
		n, err := k.events.EraseDue(k.ctx)
		k.must(err)
		if n < 4 || told(gone) != 0 || told(merged) != 0 || told(kept) == 0 {
			k.t.Errorf("%d erased; told of the deleted %d, of what was merged into it %d, of another %d", n, told(gone), told(merged), told(kept))
		}
		var left, deleted int
		k.must(k.db.QueryRow(k.ctx, `SELECT (SELECT count(*) FROM event_erasures),
			(SELECT count(*) FROM events WHERE type = 'conversation.deleted' AND CAST(payload AS TEXT) LIKE '%assigned_team_id%')`).Scan(&left, &deleted))
		if left != 0 || deleted != 1 {
			k.t.Errorf("%d left to erase, %d events tell who could read what was deleted", left, deleted)
		}
	})
}

func TestPurgeLeavesNothingButAHash(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("a@x.example")
		k.writes(c, "secret-id@x")
		_, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, conversation.Send{Message: "<p>note</p>", SenderType: "agent", Private: true,
			Mentions: []conversation.Mention{{Type: "agent", ID: 3}}})
		k.must(err)
		_, err = k.c.SaveDraft(k.ctx, k.admin, c.UUID, conversation.DraftInput{Content: "draft"})
		k.must(err)
		k.must(k.c.SetTags(k.ctx, k.admin, c.UUID, "", []string{"a"}))
		if err := k.c.Purge(k.ctx, k.admin, c.UUID); !fault.Is(err, fault.Conflict) {
			k.t.Fatalf("outside the trash: %v", err)
		}
		k.must(k.c.MoveToTrash(k.ctx, k.admin, c.UUID))
		k.must(k.c.Purge(k.ctx, k.admin, c.UUID))
		if _, err := k.c.Get(k.ctx, k.admin, c.UUID); !fault.Is(err, fault.NotFound) {
			k.t.Fatalf("after: %v", err)
		}
		for _, table := range []string{"conversations", "messages", "mentions", "drafts", "conversation_tags", "conversation_participants", "conversation_resolutions"} {
			var n int
			k.must(k.db.QueryRow(k.ctx, `SELECT count(*) FROM `+table).Scan(&n))
			if n != 0 {
				k.t.Errorf("%d rows of %s are left", n, table)
			}
		}
		_, err = k.events.EraseDue(k.ctx)
		k.must(err)
		var told int
		k.must(k.db.QueryRow(k.ctx, `SELECT count(*) FROM events WHERE CAST(payload AS TEXT) LIKE '%news%' OR CAST(payload AS TEXT) LIKE '%note%'`).Scan(&told))
		if told != 0 {
			k.t.Errorf("%d events still tell what was written", told)
		}
		for source, want := range map[string]bool{"secret-id@x": true, "other@x": false} {
			if got, err := k.c.Purged(k.ctx, k.db, 1, source); err != nil || got != want {
				k.t.Errorf("%s: %v %v", source, got, err)
			}
		}
		k.checkCounts()
	})
}

func TestTrashIsEmptiedAfterItsTime(t *testing.T) {
	each(t, func(k *desk) {
		for i := range 5 {
			c := k.open(fmt.Sprintf("a%d@x.example", i))
			if i > 0 {
				k.must(k.c.MoveToTrash(k.ctx, k.admin, c.UUID))
			}
			if i > 2 {
				k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
					_, err := tx.Exec(k.ctx, `UPDATE conversations SET hidden_at = $2 WHERE id = $1`, c.ID, db.At(time.Now().AddDate(0, 0, -31)))
					return err
				}))
			}
		}
		for days, want := range map[int]int{0: 0, 60: 0} {
			if n, err := k.c.PurgeTrash(k.ctx, days); err != nil || n != want {
				k.t.Fatalf("after %d days: %d %v", days, n, err)
			}
		}
		if n, err := k.c.PurgeTrash(k.ctx, 30); err != nil || n != 2 {
			k.t.Fatalf("%d %v", n, err)
		}
		if got := k.listed(conversation.InTrash, k.admin); len(got) != 2 {
			k.t.Fatalf("left: %v", got)
		}
		k.checkCounts()
	})
}

func TestSubjectIsChangedWithALine(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("a@x.example")
		for _, bad := range []string{"", "  ", strings.Repeat("x", 1001), "a\nb"} {
			if err := k.c.SetSubject(k.ctx, k.admin, c.UUID, bad); !fault.Is(err, fault.Invalid) {
				k.t.Errorf("%.20q: %v", bad, err)
			}
		}
		k.must(k.c.SetSubject(k.ctx, k.admin, c.UUID, " Broken lamp "))
		k.must(k.c.SetSubject(k.ctx, k.admin, c.UUID, "Broken lamp"))
		if got := k.get(c.UUID); *got.Subject != "Broken lamp" || got.UpdatedAt.Equal(c.UpdatedAt.Time) {
			k.t.Fatalf("%q", *got.Subject)
		}
		if got := k.activities(c.UUID); !slices.Equal(got, []string{"subject_change"}) {
			k.t.Fatalf("activities %v", got)
		}
	})
}

func TestEveryResolutionIsKept(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("a@x.example")
		for _, status := range []string{conversation.Resolved, conversation.Closed, conversation.Open, conversation.Resolved} {
			k.must(k.c.SetStatus(k.ctx, k.admin, c.UUID, status, nil))
		}
		k.must(k.c.MoveToTrash(k.ctx, k.admin, c.UUID))
		k.must(k.c.Restore(k.ctx, k.admin, c.UUID))
		got := k.get(c.UUID)
		if len(got.Resolutions) != 2 || got.Resolutions[0].ReopenedAt != nil || got.Resolutions[1].ReopenedAt == nil || got.Resolutions[0].ResolvedBy != 2 {
			k.t.Fatalf("resolutions %+v", got.Resolutions)
		}
		if !got.ResolvedAt.Equal(got.Resolutions[1].ResolvedAt.Time) {
			k.t.Fatal("resolved_at is not the first time")
		}
	})
}
