package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
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

// desk is a small desk on which jobs are run by the test itself.
type desk struct {
	*testing.T
	ctx    context.Context
	db     *db.DB
	c      *conversation.Service
	s      *Service
	admin  *agent.Principal
	may    map[int64]*agent.Principal
	mayNow sync.Mutex
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

func newDesk(t *testing.T, d *db.DB) *desk {
	t.Helper()
	k := &desk{T: t, ctx: context.Background(), db: d, may: map[int64]*agent.Principal{}}
	k.must(jobs.Migrate(k.ctx, d))
	for _, q := range []string{
		`INSERT INTO users (created_at, updated_at, type, is_system, email, first_name) VALUES (1, 1, 'agent', TRUE, 'System', 'System')`,
		`INSERT INTO users (created_at, updated_at, type, email, first_name) VALUES (1, 1, 'agent', 'asha@acme.test', 'Asha'), (1, 1, 'agent', 'leo@acme.test', 'Leo')`,
		`INSERT INTO teams (created_at, updated_at, name) VALUES (1, 1, 'Billing'), (1, 1, 'Care')`,
		`INSERT INTO statuses (created_at, name, category) VALUES (1, 'Open', 'open'), (1, 'Snoozed', 'waiting'), (1, 'Resolved', 'resolved'), (1, 'Closed', 'resolved')`,
		`INSERT INTO priorities (created_at, name) VALUES (1, 'Low'), (1, 'Medium'), (1, 'High')`,
		`INSERT INTO tags (created_at, updated_at, name) VALUES (1, 1, 'a'), (1, 1, 'b'), (1, 1, 'c')`,
		`INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, from_address) VALUES (1, 1, 'u', 'Support', 'email', TRUE, 'Help <help@acme.test>')`,
	} {
		k.exec(q)
	}
	log := slog.New(slog.DiscardHandler)
	runner, err := jobs.New(d, "here", log)
	k.must(err)
	events := event.NewLog(d, bus.Local{}, log)
	k.c = conversation.New(d, events, runner, noFiles{})
	jobs.Handle(runner, k.c.Wake)
	jobs.Handle(runner, k.c.ForgetNote)
	jobs.Handle(runner, func(context.Context, conversation.DiscardJob) error { return nil })
	k.c.OnReply("email", func(context.Context, *db.Tx, conversation.Outgoing) error { return nil })
	k.admin = &agent.Principal{ID: 2, Email: "asha@acme.test", FirstName: "Asha", Permissions: role.SetOf(role.All...), Method: agent.BySession}
	k.may[2] = k.admin
	k.s = New(Options{DB: d, Jobs: runner, Events: events, Log: log, Conversations: k.c, Principal: func(_ context.Context, id int64) (*agent.Principal, error) {
		k.mayNow.Lock()
		defer k.mayNow.Unlock()
		if p := k.may[id]; p != nil {
			return p, nil
		}
		return nil, fault.Denied()
	}})
	return k
}

func each(t *testing.T, fn func(k *desk)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newDesk(t, d)) })
}

func (k *desk) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *desk) exec(q string, args ...any) {
	k.Helper()
	k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(k.ctx, q, args...)
		return err
	}))
}

func (k *desk) open(n int) (uuids []string) {
	k.Helper()
	for i := range n {
		c, err := k.c.Create(k.ctx, k.admin, conversation.Create{InboxID: 1, ContactEmail: fmt.Sprintf("c%d@x.example", i), FirstName: "Kim", Subject: "Lamp", Content: "<p>hi</p>", Initiator: "contact"})
		k.must(err)
		uuids = append(uuids, c.UUID)
	}
	return uuids
}

// finish runs a job to its end and returns it.
func (k *desk) finish(j *Job, err error) *Job {
	k.Helper()
	k.must(err)
	for range 1000 {
		got, err := k.s.Get(k.ctx, k.admin, j.ID)
		k.must(err)
		if !got.Running {
			if got.Done+got.Unchanged+got.Refused != got.Total {
				k.Fatalf("ended with %+v", got)
			}
			return got
		}
		k.must(k.s.run(k.ctx, j.ID))
	}
	k.Fatal("it does not end")
	return nil
}

func (k *desk) begin(a conversation.Action, sel Selection) *Job {
	k.Helper()
	return k.finish(k.s.Begin(k.ctx, k.admin, a, sel))
}

func (k *desk) checkCounts() {
	k.Helper()
	wrong, err := k.c.CheckCounts(k.ctx)
	k.must(err)
	if len(wrong) > 0 {
		k.Fatalf("counts are wrong: %v", wrong)
	}
}

// export is what a conversation shows that actions change.
func (k *desk) export(uuid string) string {
	k.Helper()
	c, err := k.c.Get(k.ctx, k.admin, uuid)
	k.must(err)
	b, err := json.Marshal(map[string]any{"status": c.Status, "snoozed": c.SnoozedUntil, "user": c.AssignedUserID, "team": c.AssignedTeamID,
		"priority": c.Priority, "tags": c.Tags, "resolved": c.ResolvedAt, "closed": c.ClosedAt, "subject": c.Subject})
	k.must(err)
	return string(b)
}

func (k *desk) count(query string, args ...any) (n int) {
	k.Helper()
	k.must(k.db.QueryRow(k.ctx, query, args...).Scan(&n))
	return n
}

func TestEveryActionIsDoneAndUndone(t *testing.T) {
	each(t, func(k *desk) {
		uuids := k.open(3)
		k.must(k.c.SetTags(k.ctx, k.admin, uuids[0], "", []string{"a"}))
		until := db.At(time.Now().Add(time.Hour))
		leo, billing := int64(3), int64(1)
		before := []string{k.export(uuids[0]), k.export(uuids[1]), k.export(uuids[2])}
		for _, a := range []conversation.Action{{Type: conversation.ActStatus, Status: "Closed"}, {Type: conversation.ActSnooze, Until: &until},
			{Type: conversation.ActAssignUser, Assignee: &leo}, {Type: conversation.ActAssignTeam, Assignee: &billing}, {Type: conversation.ActPriority, Priority: "High"},
			{Type: conversation.ActAddTags, Tags: []string{"b", "c"}}, {Type: conversation.ActSpam}, {Type: conversation.ActTrash}} {
			j := k.begin(a, Selection{UUIDs: uuids})
			if j.Done != 3 || k.export(uuids[0]) == before[0] {
				k.Fatalf("%s: %+v, %s", a.Type, j, k.export(uuids[0]))
			}
			if again := k.begin(a, Selection{UUIDs: uuids}); a.Type != conversation.ActSnooze && again.Unchanged != 3 {
				k.Fatalf("%s again: %+v", a.Type, again)
			} else if a.Type == conversation.ActSnooze {
				k.finish(k.s.Undo(k.ctx, k.admin, again.ID))
				j = k.begin(conversation.Action{Type: conversation.ActStatus, Status: "Open"}, Selection{UUIDs: uuids})
			} else if u := k.finish(k.s.Undo(k.ctx, k.admin, j.ID)); u.Done != 3 {
				k.Fatalf("undo of %s: %+v", a.Type, u)
			}
			for i, id := range uuids {
				if got := k.export(id); got != before[i] {
					k.Fatalf("%s undone: %s, was %s", a.Type, got, before[i])
				}
			}
			k.checkCounts()
			if _, err := k.s.Undo(k.ctx, k.admin, j.ID); a.Type != conversation.ActSnooze && !fault.Is(err, fault.Conflict) {
				k.Fatalf("undone twice: %v", err)
			}
		}
	})
}

func TestReadMarksAreSetAndUndone(t *testing.T) {
	each(t, func(k *desk) {
		uuids := k.open(2)
		unread := func() int64 {
			page, err := k.c.List(k.ctx, k.admin, conversation.ListQuery{Page: 1, PageSize: 1})
			k.must(err)
			return page.Results[0].UnreadMessageCount
		}
		j := k.begin(conversation.Action{Type: conversation.ActRead}, Selection{UUIDs: uuids})
		if unread() != 0 {
			k.Fatal("still unread")
		}
		k.finish(k.s.Undo(k.ctx, k.admin, j.ID))
		if unread() != 1 {
			k.Fatal("not unread again")
		}
	})
}

func TestWhatChangedSinceIsNotUndone(t *testing.T) {
	each(t, func(k *desk) {
		uuids := k.open(3)
		j := k.begin(conversation.Action{Type: conversation.ActStatus, Status: "Resolved"}, Selection{UUIDs: uuids})
		k.must(k.c.SetStatus(k.ctx, k.admin, uuids[1], "Closed", nil))
		u := k.finish(k.s.Undo(k.ctx, k.admin, j.ID))
		if u.Done != 2 || u.Refused != 1 {
			k.Fatalf("%+v", u)
		}
		rows, total, err := k.s.Rows(k.ctx, k.admin, u.ID, 1, 10)
		k.must(err)
		if total != 1 || rows[0].UUID != uuids[1] || rows[0].Why.Key != "error.changed_since" || rows[0].Reference == "" {
			k.Fatalf("%+v", rows)
		}
	})
}

func TestEachRowIsCheckedAtItsMoment(t *testing.T) {
	each(t, func(k *desk) {
		uuids := k.open(4)
		leo := &agent.Principal{ID: 3, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadAssigned, role.ConversationsUpdateStatus)}
		k.may[3] = leo
		id := int64(3)
		for _, u := range uuids[:2] {
			k.must(k.c.AssignAgent(k.ctx, k.admin, u, &id))
		}
		if _, err := k.s.Begin(k.ctx, leo, conversation.Action{Type: conversation.ActTrash}, Selection{List: &conversation.ListQuery{Scope: conversation.All}}); !fault.Is(err, fault.Forbidden) {
			k.Fatalf("a list that leo may not see: %v", err)
		}
		if _, err := k.s.Begin(k.ctx, leo, conversation.Action{Type: conversation.ActDelete}, Selection{UUIDs: uuids}); !fault.Is(err, fault.Forbidden) {
			k.Fatalf("an action that leo may not do: %v", err)
		}
		sel := Selection{UUIDs: append(slices.Clone(uuids), "00000000-0000-4000-8000-000000000000")}
		j, err := k.s.Begin(k.ctx, leo, conversation.Action{Type: conversation.ActStatus, Status: "Closed"}, sel)
		k.must(err)
		k.must(k.s.run(k.ctx, j.ID))
		got, err := k.s.Get(k.ctx, leo, j.ID)
		k.must(err)
		if got.Done != 2 || got.Refused != 3 || got.Running {
			k.Fatalf("%+v", got)
		}
		rows, _, err := k.s.Rows(k.ctx, leo, j.ID, 1, 10)
		k.must(err)
		for _, r := range rows {
			if r.Subject != "" {
				k.Errorf("leo is told of %+v", r)
			}
		}
		if _, err := k.s.Get(k.ctx, k.admin, j.ID); !fault.Is(err, fault.NotFound) {
			k.Fatalf("another's job: %v", err)
		}
		j, err = k.s.Begin(k.ctx, leo, conversation.Action{Type: conversation.ActStatus, Status: "Open"}, Selection{UUIDs: uuids[:2]})
		k.must(err)
		k.may[3] = nil // disabled meanwhile
		k.must(k.s.run(k.ctx, j.ID))
		if got, err = k.s.Get(k.ctx, leo, j.ID); err != nil || got.Refused != 2 {
			k.Fatalf("%+v %v", got, err)
		}
	})
}

func TestBadSelectionsAreRefused(t *testing.T) {
	each(t, func(k *desk) {
		uuids := k.open(1)
		status := conversation.Action{Type: conversation.ActStatus, Status: "Closed"}
		all := &conversation.ListQuery{Scope: conversation.All}
		for name, c := range map[string]struct {
			a   conversation.Action
			sel Selection
		}{
			"nothing": {status, Selection{}}, "both": {status, Selection{UUIDs: uuids, List: all}}, "no uuid": {status, Selection{UUIDs: []string{"x"}}},
			"too many": {status, Selection{UUIDs: make([]string, 1001)}}, "hidden status": {conversation.Action{Type: conversation.ActStatus, Status: "Spam"}, Selection{UUIDs: uuids}},
			"no action": {conversation.Action{}, Selection{UUIDs: uuids}}, "no tags": {conversation.Action{Type: conversation.ActAddTags}, Selection{UUIDs: uuids}},
			"no time": {conversation.Action{Type: conversation.ActSnooze}, Selection{UUIDs: uuids}}, "no priority": {conversation.Action{Type: conversation.ActPriority}, Selection{UUIDs: uuids}},
			"bad filter": {status, Selection{List: &conversation.ListQuery{Filters: "["}}}, "bad exclude": {status, Selection{List: all, Exclude: []string{"x"}}},
		} {
			if _, err := k.s.Begin(k.ctx, k.admin, c.a, c.sel); !fault.Is(err, fault.Invalid) {
				k.Errorf("%s: %v", name, err)
			}
		}
		if n := k.count(`SELECT count(*) FROM bulk_jobs`); n != 0 {
			k.Fatalf("%d jobs were made", n)
		}
	})
}

// A job that is broken off anywhere, and run by two nodes at once, changes each conversation once.
func TestBrokenOffJobDoesEveryRowOnce(t *testing.T) {
	each(t, func(k *desk) {
		const n = 600
		k.open(n)
		j, err := k.s.Begin(k.ctx, k.admin, conversation.Action{Type: conversation.ActStatus, Status: "Closed"}, Selection{List: &conversation.ListQuery{Scope: conversation.All}})
		k.must(err)
		if j.Total != n {
			k.Fatalf("%d chosen", j.Total)
		}
		for i := range 12 {
			ctx, cancel := context.WithTimeout(k.ctx, time.Duration(1+i*7)*time.Millisecond)
			_ = k.s.run(ctx, j.ID)
			cancel()
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for range 4 {
					if err := k.s.run(k.ctx, j.ID); err != nil {
						k.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := k.finish(j, nil); got.Done != n {
			k.Fatalf("%+v", got)
		}
		if lines := k.count(`SELECT count(*) FROM messages WHERE type = 'activity'`); lines != n {
			k.Fatalf("%d lines for %d conversations", lines, n)
		}
		k.checkCounts()
	})
}

func TestListIsChosenAsItIsAtThatMomentWithoutTheExcluded(t *testing.T) {
	each(t, func(k *desk) {
		uuids := k.open(5)
		k.must(k.c.MarkSpam(k.ctx, k.admin, uuids[0], false))
		k.must(k.c.SetStatus(k.ctx, k.admin, uuids[1], "Closed", nil))
		open := `[{"model":"conversation_statuses","field":"name","operator":"equals","value":"Open"}]`
		j, err := k.s.Begin(k.ctx, k.admin, conversation.Action{Type: conversation.ActTrash}, Selection{List: &conversation.ListQuery{Scope: conversation.All, Filters: open}, Exclude: uuids[2:3]})
		k.must(err)
		late := k.open(6)[5]
		if j = k.finish(j, nil); j.Done != 2 {
			k.Fatalf("%+v", j)
		}
		if got := k.export(late); !strings.Contains(got, `"Open"`) {
			k.Fatalf("what came later: %s", got)
		}
		j = k.begin(conversation.Action{Type: conversation.ActDelete}, Selection{List: &conversation.ListQuery{Scope: conversation.InTrash}})
		if j.Done != 2 || k.count(`SELECT count(*) FROM conversations WHERE status_id = -2`) != 0 {
			k.Fatalf("%+v", j)
		}
		if _, err := k.s.Undo(k.ctx, k.admin, j.ID); !fault.Is(err, fault.Invalid) {
			k.Fatalf("undo of a deletion: %v", err)
		}
		k.checkCounts()
	})
}

func TestOldJobsAreForgottenAndStandingOnesTakenUp(t *testing.T) {
	each(t, func(k *desk) {
		uuids := k.open(2)
		old := k.begin(conversation.Action{Type: conversation.ActTrash}, Selection{UUIDs: uuids})
		standing, err := k.s.Begin(k.ctx, k.admin, conversation.Action{Type: conversation.ActRestore}, Selection{UUIDs: uuids})
		k.must(err)
		k.exec(`UPDATE bulk_jobs SET ended_at = $1 WHERE id = $2`, db.At(time.Now().Add(-8*24*time.Hour)), old.ID)
		k.exec(`UPDATE bulk_jobs SET updated_at = $1 WHERE id = $2`, db.At(time.Now().Add(-time.Minute)), standing.ID)
		k.must(k.s.tend(k.ctx))
		if _, err := k.s.Get(k.ctx, k.admin, old.ID); !fault.Is(err, fault.NotFound) {
			k.Fatalf("an old job: %v", err)
		}
		if got, err := k.s.Get(k.ctx, k.admin, standing.ID); err != nil || got.Running || got.Done != 2 {
			k.Fatalf("%+v %v", got, err)
		}
	})
}

// Whatever is done in whatever order, the counters equal a recount, and an undo that was not refused brings back what an
// export showed.
func TestRandomCommandsKeepTheCountersAndUndoRestores(t *testing.T) {
	each(t, func(k *desk) {
		rnd := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // repeatable
		live := k.open(8)
		until := db.At(time.Now().Add(time.Hour))
		pick := func() string { return live[rnd.IntN(len(live))] }
		random := func() conversation.Action {
			who := []*int64{nil, new(int64), new(int64)}
			*who[1], *who[2] = 2, 1
			return []conversation.Action{
				{Type: conversation.ActStatus, Status: []string{"Open", "Resolved", "Closed"}[rnd.IntN(3)]}, {Type: conversation.ActSnooze, Until: &until},
				{Type: conversation.ActAssignUser, Assignee: who[rnd.IntN(2)]}, {Type: conversation.ActAssignTeam, Assignee: who[2*rnd.IntN(2)]},
				{Type: conversation.ActPriority, Priority: []string{"Low", "High"}[rnd.IntN(2)]}, {Type: conversation.ActAddTags, Tags: []string{"a", "b"}[rnd.IntN(2):]},
				{Type: conversation.ActRemoveTags, Tags: []string{"b"}}, {Type: conversation.ActSpam}, {Type: conversation.ActTrash}, {Type: conversation.ActRestore},
			}[rnd.IntN(10)]
		}
		for step := range 150 {
			switch rnd.IntN(8) {
			case 0:
				live = append(live, k.open(1)...)
			case 1:
				id := pick()
				k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
					var conv, contact int64
					if err := tx.QueryRow(k.ctx, `SELECT id, contact_id FROM conversations WHERE uuid = $1`, id).Scan(&conv, &contact); err != nil {
						return err
					}
					_, err := k.c.AppendTx(k.ctx, tx, conv, conversation.Incoming{InboxID: 1, AuthorID: contact, Text: "news", SourceID: fmt.Sprintf("s%d@x", step)})
					return err
				}))
			case 2:
				_, err := k.c.SendMessage(k.ctx, k.admin, pick(), conversation.Send{Message: "<p>re</p>", SenderType: "agent", To: []string{"c0@x.example"}})
				if err != nil && !fault.Is(err, fault.Conflict) {
					k.Fatal(err)
				}
			case 3:
				id := pick()
				if err := k.c.Purge(k.ctx, k.admin, id); err == nil {
					live = slices.DeleteFunc(live, func(x string) bool { return x == id })
				} else if !fault.Is(err, fault.Conflict) {
					k.Fatal(err)
				}
			default:
				some := []string{pick(), pick(), pick()}
				before := map[string]string{}
				for _, id := range some {
					before[id] = k.export(id)
				}
				a := random()
				j := k.begin(a, Selection{UUIDs: some})
				if rnd.IntN(2) == 0 {
					break
				}
				u := k.finish(k.s.Undo(k.ctx, k.admin, j.ID))
				if u.Refused > 0 {
					k.Fatalf("undo of %+v was refused: %+v", a, u)
				}
				for id, was := range before {
					if got := k.export(id); got != was {
						k.Fatalf("step %d, %+v undone: %s, was %s", step, a, got, was)
					}
				}
			}
			if len(live) == 0 {
				live = k.open(3)
			}
			k.checkCounts()
		}
	})
}
