package conversation_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// desk is a small desk for tests of this package: statuses, an inbox, three agents and two teams.
type desk struct {
	t      testing.TB
	ctx    context.Context
	db     *db.DB
	events *event.Log
	c      *conversation.Service
	queued []conversation.Outgoing
	admin  *agent.Principal
}

// noFiles is a desk without stored files.
type noFiles struct{}

func (noFiles) Link(context.Context, *db.Tx, []int64, int64) error                { return nil }
func (noFiles) LinkInline(context.Context, *db.Tx, []string, int64) error         { return nil }
func (noFiles) Add(context.Context, *db.Tx, int64, media.Incoming) error          { return nil }
func (noFiles) Copy(context.Context, string, int64) (media.Media, error)          { return media.Media{}, nil }
func (noFiles) Known(context.Context, db.Querier, []int64) ([]media.Media, error) { return nil, nil }
func (noFiles) Unlink(context.Context, *db.Tx, int64) error                       { return nil }
func (noFiles) Discard(context.Context, *db.Tx, int64) ([]string, error)          { return nil, nil }
func (noFiles) SignedURL(uuid string) string                                      { return "/uploads/" + uuid }
func (noFiles) OfMessages(context.Context, db.Querier, []int64) (map[int64][]media.Attachment, error) {
	return map[int64][]media.Attachment{}, nil
}

func newDesk(t testing.TB, d *db.DB) *desk {
	t.Helper()
	ctx := context.Background()
	if err := jobs.Migrate(ctx, d); err != nil {
		t.Fatal(err)
	}
	seed := []string{
		`INSERT INTO users (created_at, updated_at, type, is_system, email, first_name) VALUES (1, 1, 'agent', TRUE, 'System', 'System')`,
		`INSERT INTO users (created_at, updated_at, type, email, first_name, last_name) VALUES (1, 1, 'agent', 'asha@acme.test', 'Asha', 'Rao')`,
		`INSERT INTO users (created_at, updated_at, type, email, first_name) VALUES (1, 1, 'agent', 'leo@acme.test', 'Leo')`,
		`INSERT INTO teams (created_at, updated_at, name) VALUES (1, 1, 'Billing'), (1, 1, 'Care')`,
		`INSERT INTO statuses (created_at, name, category) VALUES (1, 'Open', 'open'), (1, 'Snoozed', 'waiting'), (1, 'Resolved', 'resolved'), (1, 'Closed', 'resolved')`,
		`INSERT INTO priorities (created_at, name) VALUES (1, 'Low'), (1, 'Medium'), (1, 'High')`,
		`INSERT INTO tags (created_at, updated_at, name) VALUES (1, 1, 'a'), (1, 1, 'b'), (1, 1, 'c')`,
		`INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, from_address) VALUES (1, 1, 'u', 'Support', 'email', TRUE, 'Help <help@acme.test>')`,
	}
	err := d.Tx(ctx, func(tx *db.Tx) error {
		for _, q := range seed {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	runner, err := jobs.New(d, "here", log)
	if err != nil {
		t.Fatal(err)
	}
	events := event.NewLog(d, bus.Local{}, log)
	k := &desk{t: t, ctx: ctx, db: d, events: events, c: conversation.New(d, events, runner, noFiles{})}
	jobs.Handle(runner, k.c.Wake)
	jobs.Handle(runner, k.c.ForgetNote)
	jobs.Handle(runner, k.c.Release)
	k.c.OnReply("email", func(_ context.Context, tx *db.Tx, o conversation.Outgoing) error {
		tx.AfterCommit(func() { k.queued = append(k.queued, o) })
		return nil
	})
	k.admin = &agent.Principal{ID: 2, Email: "asha@acme.test", FirstName: "Asha", LastName: "Rao", Permissions: role.SetOf(role.All...)}
	return k
}

func (k *desk) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *desk) open(email string) *conversation.Conversation {
	k.t.Helper()
	c, err := k.c.Create(k.ctx, k.admin, conversation.Create{InboxID: 1, ContactEmail: email, FirstName: "Kim", Subject: "Lamp", Content: "<p>hi</p>", Initiator: "contact"})
	k.must(err)
	return c
}

func (k *desk) get(uuid string) *conversation.Conversation {
	k.t.Helper()
	c, err := k.c.Get(k.ctx, k.admin, uuid)
	k.must(err)
	return c
}

func (k *desk) activities(uuid string) (out []string) {
	k.t.Helper()
	page, err := k.c.Messages(k.ctx, k.admin, uuid, conversation.MessageQuery{Page: 1, PageSize: 100, Types: []string{"activity"}})
	k.must(err)
	for i := len(page.Results) - 1; i >= 0; i-- {
		var m struct {
			Type string `json:"activity_type"`
		}
		k.must(page.Results[i].Meta.Decode(&m))
		out = append(out, m.Type)
	}
	return out
}

func (k *desk) checkCounts() {
	k.t.Helper()
	wrong, err := k.c.CheckCounts(k.ctx)
	k.must(err)
	if len(wrong) > 0 {
		k.t.Fatalf("counts are wrong: %v", wrong)
	}
}

func each(t *testing.T, fn func(k *desk)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newDesk(t, d)) })
}

func ptr(n int64) *int64 { return &n }

func TestCreateAsContactOpensAndStartsTheWaitingClock(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open(" Kim@X.example ")
		if *c.Contact.Email != "kim@x.example" || *c.Subject != "Lamp - #"+c.ReferenceNumber || c.Status != "Open" || c.WaitingSince == nil {
			k.t.Fatalf("got %+v", c)
		}
		if c.ReferenceNumber != "100" {
			k.t.Fatalf("reference %s", c.ReferenceNumber)
		}
		page, err := k.c.Messages(k.ctx, k.admin, c.UUID, conversation.MessageQuery{Page: 1, PageSize: 30})
		k.must(err)
		if m := page.Results[0]; page.Total != 1 || m.Type != "incoming" || m.Status != "received" || m.Author.FirstName != "Kim" {
			k.t.Fatalf("got %+v", m)
		}
		k.checkCounts()
	})
}

func TestReusedContactKeepsItsName(t *testing.T) {
	each(t, func(k *desk) {
		k.open("kim@x.example")
		c, err := k.c.Create(k.ctx, k.admin, conversation.Create{InboxID: 1, ContactEmail: "kim@x.example", FirstName: "New", Content: "x", Initiator: "agent"})
		k.must(err)
		if c.Contact.FirstName != "Kim" || c.WaitingSince != nil || len(k.queued) != 1 {
			k.t.Fatalf("got %+v, %d queued", c.Contact, len(k.queued))
		}
	})
}

func TestRefusedCreateLeavesNothing(t *testing.T) {
	each(t, func(k *desk) {
		_, err := k.c.Create(k.ctx, k.admin, conversation.Create{InboxID: 1, ContactEmail: "kim@x.example", FirstName: "Kim", Content: "x", Initiator: "agent", AgentID: 999})
		if !fault.Is(err, fault.Invalid) {
			k.t.Fatal(err)
		}
		var n int
		k.must(k.db.QueryRow(k.ctx, `SELECT (SELECT count(*) FROM conversations) + (SELECT count(*) FROM users WHERE type = 'contact')`).Scan(&n))
		if n != 0 {
			k.t.Fatalf("%d rows stayed", n)
		}
	})
}

func TestAccessMatrix(t *testing.T) {
	each(t, func(k *desk) {
		reader := &agent.Principal{ID: 3, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadTeamInbox), TeamIDs: []int64{1}}
		c := k.open("kim@x.example")
		check := func(p *agent.Principal, ok bool) {
			k.t.Helper()
			if _, err := k.c.Get(k.ctx, p, c.UUID); (err == nil) != ok || (!ok && !fault.Is(err, fault.Forbidden)) {
				k.t.Fatalf("want %v, err = %v", ok, err)
			}
		}
		check(reader, false)
		k.must(k.c.AssignTeam(k.ctx, k.admin, c.UUID, ptr(1)))
		check(reader, true)
		k.must(k.c.AssignAgent(k.ctx, k.admin, c.UUID, ptr(2)))
		check(reader, false)
		check(&agent.Principal{ID: 3, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadTeamAll), TeamIDs: []int64{1}}, true)
		check(&agent.Principal{ID: 3, Permissions: role.SetOf(role.ConversationsRead)}, false)
		if _, err := k.c.Get(k.ctx, k.admin, "nonsense"); !fault.Is(err, fault.Invalid) {
			k.t.Fatalf("err = %v", err)
		}
		if _, err := k.c.Get(k.ctx, k.admin, "00000000-0000-4000-8000-000000000000"); !fault.Is(err, fault.NotFound) {
			k.t.Fatalf("err = %v", err)
		}
	})
}

func TestTeamTakesConversationFromAgentAndRepeatingDoesNothing(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		k.must(k.c.AssignAgent(k.ctx, k.admin, c.UUID, ptr(3)))
		k.must(k.c.AssignTeam(k.ctx, k.admin, c.UUID, ptr(1)))
		k.must(k.c.AssignTeam(k.ctx, k.admin, c.UUID, ptr(1)))
		k.must(k.c.AssignAgent(k.ctx, k.admin, c.UUID, ptr(2)))
		k.must(k.c.AssignAgent(k.ctx, k.admin, c.UUID, ptr(2)))
		k.must(k.c.AssignAgent(k.ctx, k.admin, c.UUID, nil))
		if got := strings.Join(k.activities(c.UUID), " "); got != "assigned_user_change assigned_team_change self_assign unassigned_user" {
			k.t.Fatalf("activities: %s", got)
		}
		if c = k.get(c.UUID); *c.AssignedTeamID != 1 || c.AssignedUserID != nil {
			k.t.Fatalf("got %v %v", c.AssignedTeamID, c.AssignedUserID)
		}
		contact := c.ContactID
		if err := k.c.AssignAgent(k.ctx, k.admin, c.UUID, &contact); !fault.Is(err, fault.Invalid) {
			k.t.Fatalf("a contact was assigned: %v", err)
		}
		k.checkCounts()
	})
}

func TestSnoozeNeedsATimeAndWakesAtIt(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		if err := k.c.SetStatus(k.ctx, k.admin, c.UUID, "Snoozed", nil); !fault.Is(err, fault.Invalid) {
			k.t.Fatalf("err = %v", err)
		}
		until := db.At(time.Now().Add(30 * time.Minute))
		k.must(k.c.SetStatus(k.ctx, k.admin, c.UUID, "Snoozed", &until))
		if c = k.get(c.UUID); c.Status != "Snoozed" || !c.SnoozedUntil.Equal(until.Time) {
			k.t.Fatalf("got %s until %v", c.Status, c.SnoozedUntil)
		}
		k.must(k.c.Wake(k.ctx, conversation.WakeJob{ConversationID: c.ID, Until: until.UnixMicro() - 1}))
		if k.get(c.UUID).Status != "Snoozed" {
			k.t.Fatal("a job of an earlier snooze woke it")
		}
		k.must(k.c.Wake(k.ctx, conversation.WakeJob{ConversationID: c.ID, Until: until.UnixMicro()}))
		if c = k.get(c.UUID); c.Status != "Open" || c.SnoozedUntil != nil {
			k.t.Fatalf("got %s until %v", c.Status, c.SnoozedUntil)
		}
		k.checkCounts()
	})
}

func TestUnknownStatusAndPriorityAreRefused(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		for _, err := range []error{
			k.c.SetStatus(k.ctx, k.admin, c.UUID, "Nope", nil), k.c.SetStatus(k.ctx, k.admin, c.UUID, "", nil),
			k.c.SetPriority(k.ctx, k.admin, c.UUID, "Nope"), k.c.SetPriority(k.ctx, k.admin, c.UUID, ""),
			k.c.SetTags(k.ctx, k.admin, c.UUID, "nope", nil),
		} {
			if !fault.Is(err, fault.Invalid) {
				k.t.Fatalf("err = %v", err)
			}
		}
		k.must(k.c.SetPriority(k.ctx, k.admin, c.UUID, "High"))
		if c = k.get(c.UUID); *c.Priority != "High" {
			k.t.Fatalf("priority %v", c.Priority)
		}
	})
}

func TestFirstResolutionTimeStays(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		k.must(k.c.SetStatus(k.ctx, k.admin, c.UUID, "Resolved", nil))
		first := k.get(c.UUID).ResolvedAt
		k.must(k.c.SetStatus(k.ctx, k.admin, c.UUID, "Open", nil))
		k.must(k.c.SetStatus(k.ctx, k.admin, c.UUID, "Resolved", nil))
		if again := k.get(c.UUID).ResolvedAt; first == nil || !again.Equal(first.Time) {
			k.t.Fatalf("%v then %v", first, again)
		}
	})
}

func TestTagsAreSetAddedAndRemovedByName(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		k.must(k.c.SetTags(k.ctx, k.admin, c.UUID, "", []string{"a", "b"}))
		k.must(k.c.SetTags(k.ctx, k.admin, c.UUID, "set_tags", []string{"b", "c", "ghost"}))
		if got := strings.Join(k.get(c.UUID).Tags, ","); got != "b,c" {
			k.t.Fatalf("tags %s", got)
		}
		k.must(k.c.SetTags(k.ctx, k.admin, c.UUID, "remove_tags", []string{"b"}))
		k.must(k.c.SetTags(k.ctx, k.admin, c.UUID, "add_tags", []string{"a"}))
		if got := strings.Join(k.get(c.UUID).Tags, ","); got != "a,c" {
			k.t.Fatalf("tags %s", got)
		}
	})
}

func TestIncomingReopensAndReleasesFromAgentWhoIsAway(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		k.must(k.c.AssignAgent(k.ctx, k.admin, c.UUID, ptr(3)))
		k.must(k.c.SetStatus(k.ctx, k.admin, c.UUID, "Closed", nil))
		closed := k.get(c.UUID).ClosedAt
		k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(k.ctx, `UPDATE users SET availability_status = 'away_and_reassigning' WHERE id = 3`); err != nil {
				return err
			}
			_, err := k.c.AppendTx(k.ctx, tx, c.ID, conversation.Incoming{InboxID: 1, AuthorID: c.ContactID, Text: "again", SourceID: "m2@x"})
			return err
		}))
		c = k.get(c.UUID)
		if c.Status != "Open" || c.AssignedUserID != nil || !c.ClosedAt.Equal(closed.Time) {
			k.t.Fatalf("got %s, agent %v", c.Status, c.AssignedUserID)
		}
		k.checkCounts()
	})
}

func TestReplyIsQueuedOnceForAnEchoIDAndStopsTheClocksWhenSent(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		send := conversation.Send{Message: `<p>Hi {{ .Contact.FirstName }} {{ unknown }}<script>x</script></p>`, SenderType: "agent", To: []string{"kim@x.example", " "}, EchoID: "z9"}
		m, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, send)
		k.must(err)
		again, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, send)
		k.must(err)
		if again.UUID != m.UUID || len(k.queued) != 1 || m.Status != "pending" {
			k.t.Fatalf("%s %s, %d queued, %s", m.UUID, again.UUID, len(k.queued), m.Status)
		}
		if !strings.Contains(m.Content, "Hi Kim {{ unknown }}") || strings.Contains(m.Content, "script") {
			k.t.Fatalf("content %q", m.Content)
		}
		k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error { return k.c.SettleTx(k.ctx, tx, m.ID, "sent") }))
		if c = k.get(c.UUID); c.FirstReplyAt == nil || c.LastReplyAt == nil || c.WaitingSince != nil {
			k.t.Fatalf("clocks: %v %v %v", c.FirstReplyAt, c.LastReplyAt, c.WaitingSince)
		}
	})
}

func TestReplyWithoutRecipientAndBadAddressesAreRefused(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		for _, in := range []conversation.Send{
			{Message: "x", SenderType: "agent", To: []string{"", " "}},
			{Message: "x", SenderType: "agent", To: []string{"not an address"}},
			{Message: "x", SenderType: "agent", To: []string{"a@b.c\r\nBcc: d@e.f"}},
			{Message: "x", SenderType: "robot"},
			{Message: "x", SenderType: "contact", Private: true},
		} {
			if _, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, in); !fault.Is(err, fault.Invalid) {
				k.t.Errorf("%+v: err = %v", in, err)
			}
		}
		if n := k.get(c.UUID).Version; len(k.queued) != 0 {
			k.t.Fatalf("something was queued; version %d", n)
		}
	})
}

func TestUnreadCountsWhatOthersWroteUpToTen(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		leo := &agent.Principal{ID: 3, FirstName: "Leo", Permissions: k.admin.Permissions}
		unread := func(p *agent.Principal) int64 {
			page, err := k.c.List(k.ctx, p, conversation.ListQuery{Page: 1, PageSize: 30})
			k.must(err)
			return page.Results[0].UnreadMessageCount
		}
		filtered := func(p *agent.Principal) int {
			page, err := k.c.List(k.ctx, p, conversation.ListQuery{Page: 1, PageSize: 30, Filters: `[{"model":"conversations","field":"unread","operator":"equals","value":"true"}]`})
			k.must(err)
			return len(page.Results)
		}
		for i := range 12 {
			_, err := k.c.SendMessage(k.ctx, leo, c.UUID, conversation.Send{Message: fmt.Sprint("note ", i), SenderType: "agent", Private: true})
			k.must(err)
		}
		if n := unread(k.admin); n != 10 {
			k.t.Fatalf("unread %d", n)
		}
		if n := unread(leo); n != 1 {
			k.t.Fatalf("Leo has %d unread", n)
		}
		if found := filtered(k.admin); found != 1 {
			k.t.Fatalf("unread are %d", found)
		}
		seen := func(p *agent.Principal) *db.Time {
			one, err := k.c.Get(k.ctx, p, c.UUID)
			k.must(err)
			return one.LastSeenAt
		}
		if at := seen(k.admin); at != nil {
			k.t.Fatalf("seen at %v by somebody who never read it", at)
		}
		before := db.Now()
		k.must(k.c.MarkSeen(k.ctx, k.admin, c.UUID))
		if at := seen(k.admin); at == nil || at.Before(before.Time) || seen(leo) != nil {
			k.t.Fatalf("seen at %v, by Leo at %v", at, seen(leo))
		}
		if n := unread(k.admin); n != 0 {
			k.t.Fatalf("unread %d", n)
		}
		if found, leos := filtered(k.admin), filtered(leo); found != 0 || leos != 1 {
			k.t.Fatalf("unread are %d, of Leo %d", found, leos)
		}
		for _, bad := range []string{`"equals","value":"false"`, `"not equals","value":"true"`, `"set","value":""`} {
			_, err := k.c.List(k.ctx, k.admin, conversation.ListQuery{Page: 1, PageSize: 30, Filters: `[{"model":"conversations","field":"unread","operator":` + bad + `}]`})
			if !fault.Is(err, fault.Invalid) {
				k.t.Errorf("%s: %v", bad, err)
			}
		}
		k.must(k.c.MarkUnread(k.ctx, k.admin, c.UUID))
		if n := unread(k.admin); n != 1 {
			k.t.Fatalf("unread %d", n)
		}
	})
}

func TestNoteIsDeletedByItsAuthorAndActivityStays(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		leo := &agent.Principal{ID: 3, FirstName: "Leo", Permissions: role.SetOf(role.AgentDefaults...)}
		note, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, conversation.Send{Message: "<p><strong>secret</strong> " + strings.Repeat("word ", 1000) + "</p>", SenderType: "agent", Private: true})
		k.must(err)
		if _, err := k.c.DeleteNote(k.ctx, leo, c.UUID, note.UUID); !fault.Is(err, fault.Forbidden) {
			k.t.Fatalf("err = %v", err)
		}
		_, err = k.c.DeleteNote(k.ctx, k.admin, c.UUID, note.UUID)
		k.must(err)
		var kept string
		k.must(k.db.QueryRow(k.ctx, `SELECT detail FROM activity_logs WHERE activity_type = 'data_deleted'`).Scan(&kept))
		if !strings.Contains(kept, "strong") || strings.Count(kept, "secret") != 2 || strings.Count(kept, "word") != 2000 {
			k.t.Errorf("nobody can see what the note was, but %.200s", kept)
		}
		if _, err := k.c.DeleteNote(k.ctx, k.admin, c.UUID, note.UUID); !fault.Is(err, fault.NotFound) {
			k.t.Fatalf("err = %v", err)
		}
		k.must(k.c.SetPriority(k.ctx, k.admin, c.UUID, "High"))
		page, err := k.c.Messages(k.ctx, k.admin, c.UUID, conversation.MessageQuery{Page: 1, PageSize: 1})
		k.must(err)
		if _, err := k.c.DeleteNote(k.ctx, k.admin, c.UUID, page.Results[0].UUID); !fault.Is(err, fault.NotFound) {
			k.t.Fatalf("an activity was deleted: %v", err)
		}
	})
}

func TestMessagesCanBeReadBeforeAfterAndAroundOne(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		var ids []string
		for i := range 9 {
			m, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, conversation.Send{Message: fmt.Sprint(i), SenderType: "agent", Private: true})
			k.must(err)
			ids = append(ids, m.UUID)
		}
		texts := func(q conversation.MessageQuery) string {
			q.Page, q.PageSize = 1, 3
			page, err := k.c.Messages(k.ctx, k.admin, c.UUID, q)
			k.must(err)
			var out []string
			for _, m := range page.Results {
				out = append(out, m.TextContent)
			}
			return strings.Join(out, " ")
		}
		for got, want := range map[string]string{
			texts(conversation.MessageQuery{}):               "8 7 6",
			texts(conversation.MessageQuery{Before: ids[4]}): "3 2 1",
			texts(conversation.MessageQuery{After: ids[4]}):  "7 6 5",
			texts(conversation.MessageQuery{Around: ids[4]}): "5 4 3",
		} {
			if got != want {
				k.t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

func TestListPagesByNumberAndByCursorInEveryOrder(t *testing.T) {
	each(t, func(k *desk) {
		for i := range 11 {
			c := k.open(fmt.Sprintf("k%d@x.example", i))
			if i%2 == 0 {
				k.must(k.c.SetPriority(k.ctx, k.admin, c.UUID, []string{"Low", "High"}[i%4/2]))
			}
		}
		for _, by := range []string{"last_message_at", "created_at", "waiting_since", "priority_id", "next_sla_deadline_at"} {
			for _, order := range []string{"asc", "desc"} {
				q := conversation.ListQuery{Page: 1, PageSize: 4, OrderBy: "conversations." + by, Order: order, Filters: `[{"model":"conversation_statuses","field":"name","operator":"equals","value":"Open"}]`}
				var byPage, byCursor []string
				for q.Page = 1; q.Page <= 3; q.Page++ {
					page, err := k.c.List(k.ctx, k.admin, q)
					k.must(err)
					if page.Total != 11 || page.TotalPages != 3 {
						k.t.Fatalf("total %d pages %d", page.Total, page.TotalPages)
					}
					for _, r := range page.Results {
						byPage = append(byPage, r.UUID)
					}
				}
				for q.Page = 1; ; {
					page, err := k.c.List(k.ctx, k.admin, q)
					k.must(err)
					for _, r := range page.Results {
						byCursor = append(byCursor, r.UUID)
					}
					if page.NextCursor == nil {
						break
					}
					q.Cursor = *page.NextCursor
				}
				if len(byPage) != 11 || strings.Join(byPage, " ") != strings.Join(byCursor, " ") {
					k.t.Fatalf("%s %s: pages %v, cursor %v", by, order, byPage, byCursor)
				}
			}
		}
	})
}

func TestCountersEqualARecountAfterRandomCommands(t *testing.T) {
	each(t, func(k *desk) {
		var all []string
		for i := range 6 {
			all = append(all, k.open(fmt.Sprintf("r%d@x.example", i)).UUID)
		}
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 7)) //nolint:gosec // repeatable
				for range 25 {
					id := all[rnd.IntN(len(all))]
					var err error
					switch rnd.IntN(4) {
					case 0:
						err = k.c.SetStatus(k.ctx, k.admin, id, []string{"Open", "Resolved", "Closed"}[rnd.IntN(3)], nil)
					case 1:
						err = k.c.AssignAgent(k.ctx, k.admin, id, ptr(int64(2+rnd.IntN(2))))
					case 2:
						err = k.c.AssignTeam(k.ctx, k.admin, id, ptr(int64(1+rnd.IntN(2))))
					default:
						err = k.c.AssignAgent(k.ctx, k.admin, id, nil)
					}
					if err != nil {
						k.t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		k.checkCounts()
	})
}

// A reader that holds a connection must never wait for a second one: with as many readers as connections, all would wait.
func TestReadersNeverWaitForASecondConnection(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.example")
		k.open("kim@x.example")
		ctx, cancel := context.WithTimeout(k.ctx, 30*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 10 {
					k.c.ForgetNames()
					if _, err := k.c.List(ctx, k.admin, conversation.ListQuery{Page: 1, PageSize: 30}); err != nil {
						k.t.Error(err)
						return
					}
					k.c.ForgetNames()
					if _, err := k.c.Get(ctx, k.admin, c.UUID); err != nil {
						k.t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}
