package bulk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/tag"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// stepsVar replays steps that failed: their seeds, separated by commas.
const stepsVar = "FOYER_TEST_STEPS"

// world is a desk to which random things happen. What a step does depends on its own seed and on what there is, so that
// steps can be left out of a sequence.
type world struct {
	*desk
	contacts *contact.Service
	tags     *tag.Service
	live     []string // conversations that exist
	merged   []merged
	rnd      *rand.Rand
	step     int
}

// noPictures is a desk whose contacts have no pictures.
type noPictures struct{}

func (noPictures) SetAvatar(context.Context, *db.Tx, int64, string) error { return nil }

func newWorld(t *testing.T, d *db.DB) *world {
	w := &world{desk: newDesk(t, d)}
	events := event.NewLog(d, bus.Local{}, w.s.Log)
	w.contacts, w.tags = contact.New(d, events, noPictures{}), tag.New(d, events)
	w.contacts.Conversations = w.c
	w.live = w.open(3)
	return w
}

func (w *world) any() string { return w.live[w.rnd.IntN(len(w.live))] }

func (w *world) one(of ...string) string { return of[w.rnd.IntN(len(of))] }

// commands is everything that can happen.
var commands = []func(w *world) error{
	func(w *world) error { // a new conversation, of a customer who may have others
		c, err := w.c.Create(w.ctx, w.admin, conversation.Create{InboxID: 1, ContactEmail: fmt.Sprintf("c%d@x.example", w.rnd.IntN(4)), FirstName: "Kim", Subject: "Lamp",
			Content: "<p>hi</p>", Initiator: w.one("contact", "agent"), Tags: w.some("a", "b")})
		if err == nil {
			w.live = append(w.live, c.UUID)
		}
		return err
	},
	func(w *world) error { // the customer writes
		id := w.any()
		return w.db.Tx(w.ctx, func(tx *db.Tx) error {
			var conv, author int64
			if err := tx.QueryRow(w.ctx, `SELECT id, contact_id FROM conversations WHERE uuid = $1`, id).Scan(&conv, &author); err != nil {
				return err
			}
			_, err := w.c.AppendTx(w.ctx, tx, conv, conversation.Incoming{InboxID: 1, AuthorID: author, Text: "news", SourceID: fmt.Sprintf("s%d@x", w.step)})
			return err
		})
	},
	func(w *world) error {
		_, err := w.c.SendMessage(w.ctx, w.admin, w.any(), conversation.Send{Message: "<p>re</p>", SenderType: "agent", To: []string{"c0@x.example"}})
		return err
	},
	func(w *world) error { // a note with a mention, sometimes taken back
		id := w.any()
		m, err := w.c.SendMessage(w.ctx, w.admin, id, conversation.Send{Message: "<p>look</p>", SenderType: "agent", Private: true,
			Mentions: []conversation.Mention{{Type: w.one("agent", "team"), ID: 2}}})
		if err == nil && w.rnd.IntN(3) == 0 {
			_, err = w.c.DeleteNote(w.ctx, w.admin, id, m.UUID)
		}
		return err
	},
	func(w *world) error { return w.c.AssignAgent(w.ctx, w.admin, w.any(), w.number(2, 3)) },
	func(w *world) error { return w.c.AssignTeam(w.ctx, w.admin, w.any(), w.number(1, 2)) },
	func(w *world) error {
		return w.c.SetStatus(w.ctx, w.admin, w.any(), w.one("Open", "Resolved", "Closed"), nil)
	},
	func(w *world) error {
		until := db.At(time.Now().Add(time.Hour))
		return w.c.SetStatus(w.ctx, w.admin, w.any(), "Snoozed", &until)
	},
	func(w *world) error { return w.c.SetPriority(w.ctx, w.admin, w.any(), w.one("Low", "Medium", "High")) },
	func(w *world) error {
		return w.c.SetTags(w.ctx, w.admin, w.any(), w.one("set_tags", "add_tags", "remove_tags"), w.some("a", "b", "c"))
	},
	func(w *world) error { return w.c.MarkSpam(w.ctx, w.admin, w.any(), false) },
	func(w *world) error { return w.c.MoveToTrash(w.ctx, w.admin, w.any()) },
	func(w *world) error { return w.c.Restore(w.ctx, w.admin, w.any()) },
	func(w *world) error {
		id := w.any()
		err := w.c.Purge(w.ctx, w.admin, id)
		if err == nil {
			w.live = slices.DeleteFunc(w.live, func(x string) bool { return x == id })
		}
		return err
	},
	func(w *world) error { return w.c.MarkSeen(w.ctx, w.admin, w.any()) },
	func(w *world) error { return w.c.MarkUnread(w.ctx, w.admin, w.any()) },
	func(w *world) error { // two customers turn out to be one
		var ids []int64
		for range 2 {
			var id int64
			if err := w.db.QueryRow(w.ctx, `SELECT contact_id FROM conversations WHERE uuid = $1`, w.any()).Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		if ids[0] == ids[1] {
			return nil
		}
		_, err := w.contacts.Merge(w.ctx, w.admin, ids[0], ids[1])
		return err
	},
	(*world).manyAtOnce, (*world).manyAtOnce, (*world).manyAtOnce,
}

func (w *world) some(names ...string) (out []string) {
	for _, n := range names {
		if w.rnd.IntN(2) == 0 {
			out = append(out, n)
		}
	}
	return out
}

// number is one of some ids, or none.
func (w *world) number(ids ...int64) *int64 {
	if i := w.rnd.IntN(len(ids) + 1); i < len(ids) {
		return &ids[i]
	}
	return nil
}

// manyAtOnce changes one or several conversations by a job, and mostly takes it back: then they show what they showed.
func (w *world) manyAtOnce() error {
	some := []string{w.any()}
	for range w.rnd.IntN(3) {
		some = append(some, w.any())
	}
	before := map[string]string{}
	for _, id := range some {
		before[id] = w.export(id)
	}
	until := db.At(time.Now().Add(time.Hour))
	actions := []conversation.Action{{Type: conversation.ActStatus, Status: w.one("Open", "Resolved", "Closed")}, {Type: conversation.ActSnooze, Until: &until},
		{Type: conversation.ActAssignUser, Assignee: w.number(2, 3)}, {Type: conversation.ActAssignTeam, Assignee: w.number(1, 2)},
		{Type: conversation.ActPriority, Priority: w.one("Low", "High")}, {Type: conversation.ActAddTags, Tags: []string{w.one("a", "b", "c")}},
		{Type: conversation.ActRemoveTags, Tags: []string{w.one("a", "b", "c")}}, {Type: conversation.ActSpam}, {Type: conversation.ActTrash}, {Type: conversation.ActRestore},
		{Type: conversation.ActRead}, {Type: conversation.ActUnread}}
	a := actions[w.rnd.IntN(len(actions))]
	j := w.begin(a, Selection{UUIDs: some})
	if w.rnd.IntN(4) == 0 {
		return nil
	}
	u := w.finish(w.s.Undo(w.ctx, w.admin, j.ID))
	if u.Refused > 0 {
		return fmt.Errorf("undo of %+v was refused: %+v", a, u)
	}
	for id, was := range before {
		if got := w.export(id); got != was {
			return fmt.Errorf("%+v undone: %s, was %s", a, got, was)
		}
	}
	return nil
}

// play does the steps on a fresh desk and returns what is wrong after the first that breaks something.
func (w *world) play(seeds []uint64) error {
	for i, seed := range seeds {
		w.step, w.rnd = i, rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // repeatable
		if len(w.live) == 0 {
			w.live = w.open(2)
		}
		n := w.rnd.IntN(len(commands))
		if err := commands[n](w); err != nil && (fault.KindOf(err) == fault.Internal || !refused(err)) {
			return fmt.Errorf("step %d, command %d: %w", i, n, err)
		}
		if err := w.recount(); err != nil {
			return fmt.Errorf("step %d, command %d: %w", i, n, err)
		}
	}
	return nil
}

// refused reports whether a command only found that it cannot be done now.
func refused(err error) bool {
	var f *fault.Error
	return errors.As(err, &f)
}

// recount compares every number that the desk keeps or shows with a count of what there is.
func (w *world) recount() error {
	wrong, err := w.c.CheckCounts(w.ctx)
	if err != nil || len(wrong) > 0 {
		return fmt.Errorf("counters %v, %w", wrong, err)
	}
	var problems []string
	same := func(what string, got int64, query string, args ...any) {
		if want := int64(w.count(query, args...)); got != want {
			problems = append(problems, fmt.Sprintf("%s: %d, counted %d", what, got, want))
		}
	}
	const of = `SELECT count(*) FROM conversations WHERE `
	for scope, where := range map[conversation.Scope]string{conversation.All: `status_id > 0`, conversation.Unassigned: `status_id > 0 AND assigned_user_id IS NULL AND assigned_team_id IS NULL`,
		conversation.Assigned: `status_id > 0 AND assigned_user_id = 2`, conversation.InSpam: `status_id = -1`, conversation.InTrash: `status_id = -2`} {
		page, err := w.c.List(w.ctx, w.admin, conversation.ListQuery{Scope: scope, Page: 1, PageSize: 100})
		w.must(err)
		same(fmt.Sprint("total of list ", scope), page.Total, of+where)
		same(fmt.Sprint("rows of list ", scope), int64(len(page.Results)), of+where)
		for _, r := range page.Results {
			same("unread of "+r.UUID, r.UnreadMessageCount, `SELECT CASE WHEN count(*) > 10 THEN 10 ELSE count(*) END FROM (SELECT m.* FROM messages m JOIN conversations c ON c.id = m.conversation_id
				WHERE c.uuid = $1 ORDER BY m.id DESC LIMIT 100) AS m WHERE m.type <> 'activity' AND m.sender_id <> 2
				AND m.created_at > COALESCE((SELECT last_seen_at FROM conversation_last_seen l WHERE l.user_id = 2 AND l.conversation_id = m.conversation_id), 0)`, r.UUID)
		}
	}
	same("hidden without a time, or the other way around", 0, of+`(status_id < 0) <> (hidden_at IS NOT NULL)`)
	c, err := w.c.Counts(w.ctx, w.admin)
	w.must(err)
	same("sidebar: all", c.All, of+`status_id = 1`)
	same("sidebar: unassigned", c.Unassigned, of+`status_id = 1 AND assigned_user_id IS NULL AND assigned_team_id IS NULL`)
	same("sidebar: assigned", c.Assigned, of+`status_id = 1 AND assigned_user_id = 2`)
	same("sidebar: spam", c.Spam, of+`status_id = -1`)
	same("sidebar: trash", c.Trash, of+`status_id = -2`)
	same("sidebar: mentioned", c.Mentioned, of+`status_id = 1 AND id IN (SELECT conversation_id FROM mentions WHERE mentioned_user_id = 2)`)
	for id := range int64(3) {
		used, err := w.tags.Usage(w.ctx, id+1)
		w.must(err)
		same(fmt.Sprint("use of tag ", id+1), used, `SELECT count(*) FROM conversation_tags WHERE tag_id = $1`, id+1)
		view, err := w.c.Count(w.ctx, w.admin, conversation.ListQuery{Scope: conversation.All, Filters: fmt.Sprintf(`[{"model":"conversations","field":"tags","operator":"contains","value":"[%d]"}]`, id+1)}, 100)
		w.must(err)
		same(fmt.Sprint("view of tag ", id+1), view, `SELECT count(*) FROM conversation_tags t JOIN conversations c ON c.id = t.conversation_id WHERE t.tag_id = $1 AND c.status_id > 0`, id+1)
	}
	for id := range int64(4) {
		used, err := w.c.StatusUsage(w.ctx, id+1)
		w.must(err)
		same(fmt.Sprint("use of status ", id+1), used, of+`status_id = $1`, id+1)
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// Whatever happens in whatever order, every number equals a recount, and what is taken back shows what it showed. A
// sequence that breaks this is cut down to few steps, which can be replayed.
func TestRandomHistoriesKeepEveryNumberTrue(t *testing.T) {
	rounds, length := 6, 40
	if testing.Short() {
		rounds, length = 1, 25
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fresh := func() *world {
			if d.Engine() == db.Postgres {
				return newWorld(t, dbtest.Postgres(t))
			}
			return newWorld(t, dbtest.SQLite(t))
		}
		if replay := os.Getenv(stepsVar); replay != "" {
			var seeds []uint64
			for _, text := range strings.Split(replay, ",") {
				n, err := strconv.ParseUint(text, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				seeds = append(seeds, n)
			}
			if err := fresh().play(seeds); err != nil {
				t.Fatal(err)
			}
			return
		}
		first := uint64(time.Now().UnixNano()) //nolint:gosec // a seed
		for range rounds {
			seeds := make([]uint64, length)
			for i := range seeds {
				seeds[i] = first % 1_000_000
				first = first*6364136223846793005 + 1442695040888963407
			}
			if err := fresh().play(seeds); err != nil {
				seeds, err = shrink(seeds, err, func(s []uint64) error { return fresh().play(s) })
				t.Fatalf("%v\nreplay with %s=%s", err, stepsVar, strings.Trim(strings.ReplaceAll(fmt.Sprint(seeds), " ", ","), "[]"))
			}
		}
	})
}

// shrink leaves out steps as long as something still breaks.
func shrink(seeds []uint64, err error, play func([]uint64) error) ([]uint64, error) {
	for size := len(seeds) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(seeds); {
			fewer := slices.Delete(slices.Clone(seeds), at, at+size)
			if e := play(fewer); e != nil {
				seeds, err = fewer, e
			} else {
				at += size
			}
		}
	}
	return seeds, err
}
