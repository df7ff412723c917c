package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// until waits for a condition.
func (k *desk) until(what string, ok func() bool) {
	k.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			k.Fatalf("%s did not come about", what)
		case <-tick.C:
		}
	}
}

func (k *desk) run(s *Service) (stop func()) {
	ctx, cancel := context.WithCancel(k.ctx)
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	return sync.OnceFunc(func() { cancel(); <-done })
}

func TestIndexCatchesUpAfterRestart(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "S", "before the start")
		stop := k.run(k.s)
		k.until("the index", func() bool { return len(k.messages(k.admin, "before")) == 1 })
		k.note(c, "while it runs")
		k.until("a note", func() bool { return len(k.messages(k.admin, "while")) == 1 })
		stop()
		for i := range 3 * live {
			k.note(c, fmt.Sprint("while stopped ", i))
		}
		k.want("not yet", k.messages(k.admin, "stopped"))
		stop = k.run(New(k.db, k.s.log, "another node"))
		defer stop()
		k.until("catching up", func() bool { n, err := k.s.Waiting(k.ctx); k.must(err); return n == 0 })
		k.want("the last", k.messages(k.admin, "stopped 191"), "while stopped 191")
		k.want("the first", k.messages(k.admin, "before start"), "before the start")
	})
}

func TestCatchingUpLeavesFewSegments(t *testing.T) {
	each(t, func(k *desk) {
		if k.db.Engine() == db.Postgres {
			k.Skip("PostgreSQL keeps one index")
		}
		c := k.open("Kim", "kim@a.test", "S", "the first")
		for i := range 40 {
			k.note(c, fmt.Sprint("note ", i))
			_, err := k.s.batch(k.ctx, live) // a segment each
			k.must(err)
		}
		segments := func() (n int) {
			k.must(k.db.QueryRow(k.ctx, `SELECT count(DISTINCT id >> 37) FROM search_messages_data WHERE id > 1 << 37`).Scan(&n))
			return n
		}
		if n := segments(); n < 40 {
			k.Fatalf("%d segments to begin with", n)
		}
		k.must(k.s.CatchUp(k.ctx, nil))
		if n := segments(); n > 4 {
			k.Errorf("%d segments are left", n)
		}
		k.want("an early one", k.messages(k.admin, `"note 7"`), "note 7")
	})
}

func TestAQuietIndexIsMergedFurther(t *testing.T) {
	each(t, func(k *desk) {
		w := &worker{s: k.s, size: live, last: time.Now()}
		for _, step := range []struct {
			indexed int
			ago     time.Duration
			from    int
		}{
			{0, 0, 0}, {3, 0, 0}, {live, 0, mergeBusy}, {3, 0, mergeBusy}, {0, calm / 2, mergeBusy}, {0, 2 * calm, mergeCalm}, {3, 0, mergeCalm}, {live, 0, mergeBusy},
		} {
			w.untidy = false
			was := w.from
			if step.ago > 0 {
				w.last = time.Now().Add(-step.ago)
			}
			k.must(w.settle(k.ctx, step.indexed))
			if w.from != step.from || w.untidy != (step.from != was) {
				k.Errorf("after %d and %v: %d, untidy %t", step.indexed, step.ago, w.from, w.untidy)
			}
		}
	})
}

func TestTwoNodesIndexEverythingOnce(t *testing.T) {
	each(t, func(k *desk) {
		if k.db.Engine() == db.SQLite {
			return // has one node
		}
		stops := []func(){k.run(k.s), k.run(New(k.db, k.s.log, "second"))}
		defer func() {
			for _, stop := range stops {
				stop()
			}
		}()
		c := k.open("Kim", "kim@a.test", "S", "hello")
		for i := range 200 {
			k.note(c, fmt.Sprint("counted", i))
		}
		stops[0]() // its lease is free at once
		k.until("the queue to be empty", func() bool { n, err := k.s.Waiting(k.ctx); k.must(err); return n == 0 })
		for _, i := range []int{0, 99, 199} {
			k.want("each", k.messages(k.admin, fmt.Sprint("counted", i)), fmt.Sprint("counted", i))
		}
	})
}

func TestEverythingIsIndexedAnewWhenTheIndexFileIsLost(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	k.open("Kim", "kim@a.test", "Lamps", "one is broken")
	k.index()
	k.want("before", k.messages(k.admin, "broken"), "one is broken")
	k.must(k.db.IndexTx(k.ctx, func(tx *db.Tx) error { // what a new file is like
		for _, table := range []string{"search_messages", "search_conversations", "search_contacts"} {
			if _, err := tx.Exec(k.ctx, `INSERT INTO `+table+` (`+table+`) VALUES ('delete-all')`); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(k.ctx, `DELETE FROM search_emails`); err != nil {
			return err
		}
		_, err := tx.Exec(k.ctx, `UPDATE search_state SET queued = FALSE`)
		return err
	}))
	k.want("without the index", k.messages(k.admin, "broken"))
	stop := k.run(k.s)
	defer stop()
	k.until("the message to be found", func() bool { return len(k.messages(k.admin, "broken")) == 1 })
	k.until("the queue to be empty", func() bool { n, err := k.s.Waiting(k.ctx); k.must(err); return n == 0 })
	contacts, err := k.s.Contacts(k.ctx, "kim@a")
	k.must(err)
	if len(contacts) != 1 {
		t.Errorf("%d contacts", len(contacts))
	}
}

func TestWhatChangesWhileItIsIndexedIsIndexedAgain(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "S", "hello")
		var wg sync.WaitGroup
		stop := make(chan struct{})
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := k.s.CatchUp(k.ctx, nil); err != nil {
						k.Error(err)
						return
					}
				}
			}
		})
		for i := range 50 {
			k.exec(fmt.Sprintf(`UPDATE messages SET text_content = 'state%03d' WHERE conversation_id = %d`, i, c.ID))
		}
		close(stop)
		wg.Wait()
		k.index()
		k.want("last state", k.messages(k.admin, "state"), "state049")
	})
}

func TestHugeAndOddTextsAreIndexed(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "S", "hello")
		for _, text := range []string{
			strings.Repeat("lorem ipsum ", 50_000), strings.Repeat("x", 300_000), strings.Repeat("字", 100_000),
			"quote ' backslash \\ colon :* & | ! ( ) <-> done", "\u200bzero\u00adwidth", "नमस्ते दुनिया", "👩‍👩‍👧 family",
		} {
			k.note(c, text)
		}
		k.index()
		for query, want := range map[string]int{"lorem": 1, "xxxx": 1, "字字": 1, "backslash done": 1, "नमस्ते": 1, "दुनि": 1, "family": 1} {
			if got := k.messages(k.admin, query); len(got) != want {
				k.Errorf("%s: %d found", query, len(got))
			}
		}
	})
}

// plan returns the lines of a statement's plan.
func (k *desk) plan(query string, args ...any) []string {
	k.Helper()
	plan, err := db.Explain(k.ctx, k.db, query, args...)
	k.must(err)
	return plan
}

func TestSearchesReadNoTableFromEndToEnd(t *testing.T) {
	each(t, func(k *desk) {
		k.fill(3000)
		k.exec(`INSERT INTO tags (created_at, updated_at, name) VALUES (1, 1, 'vip')`,
			`INSERT INTO conversation_tags (conversation_id, tag_id) SELECT id, 1 FROM conversations WHERE id % 500 = 0`)
		statements := k.hotSearches("common rare7")
		for name, q := range k.hotSearches("common rare7 tag:vip assignee:leo before:2026-01-01 has:note -other") {
			statements["narrow "+name] = q
		}
		for name, q := range k.hotSearches("common assignee:none in:trash") {
			statements["trash "+name] = q
		}
		for name, q := range statements {
			plan := k.plan(q.sql, q.args...)
			for _, line := range plan {
				for _, table := range []string{"messages m", "conversations c", "users u", "users users", "search_emails", "search_messages", "search_conversations", "search_contacts"} {
					word := strings.Fields(table)[len(strings.Fields(table))-1]
					if strings.Contains(line, "Seq Scan on "+table) || strings.HasPrefix(line, "SCAN "+word) && !strings.Contains(line, "VIRTUAL TABLE INDEX") && !strings.Contains(line, "USING INDEX conversations_recent") {
						k.Errorf("%s reads all of %s:\n%s", name, table, strings.Join(plan, "\n"))
					}
				}
			}
			if k.db.Engine() == db.SQLite && slices.ContainsFunc(plan, func(s string) bool { return strings.Contains(s, "TEMP B-TREE FOR ORDER BY") }) && !bounded(name) {
				k.Errorf("%s sorts:\n%s", name, strings.Join(plan, "\n"))
			}
		}
	})
}

// bounded reports whether a statement sorts what is a bounded number.
func bounded(name string) bool {
	return name == "addresses" || strings.HasPrefix(name, "narrow ") || strings.HasPrefix(name, "trash ")
}

// PostgreSQL takes any beginning of a word for one that two rows of a hundred have.
func TestRareBeginningsComeFromTheIndexAndCommonOnesFromTheNewestRows(t *testing.T) {
	each(t, func(k *desk) {
		if k.db.Engine() == db.SQLite {
			return // looks words up
		}
		k.fill(12_000)
		for word, rare := range map[string]bool{"comm": false, "common": false, "unique123": true, "nothing": true} {
			q, c, err := k.s.understand(k.ctx, k.admin, word)
			k.must(err)
			in, err := k.s.messageIndex(k.ctx, k.admin, c)
			k.must(err)
			matching := q.expression(c).tsquery()
			got, err := k.s.rare(k.ctx, in, matching)
			k.must(err)
			if got != rare {
				k.Errorf("%s: rare is %v", word, got)
			}
			// Wherever they are: the newest rows may be of another kind.
			if usual, err := k.s.usual(k.ctx, in, matching); err != nil || usual == rare {
				k.Errorf("%s: usual is %v, %v", word, usual, err)
			}
			plan := func(by way) string {
				args := &filter.Args{}
				return strings.Join(k.plan(k.s.matches(in, matching, by, args), args.Values()...), "\n")
			}
			if text := plan(newest); strings.Contains(text, "search_messages_doc") || strings.Contains(text, "Sort") || !strings.Contains(text, "Backward") {
				k.Errorf("%s, among the newest:\n%s", word, text)
			}
			if text := plan(map[bool]way{true: indexed, false: walked}[rare]); strings.Contains(text, "Bitmap Index Scan on search_messages_doc") != rare {
				k.Errorf("%s:\n%s", word, text)
			}
		}
	})
}
