package app_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/demo"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// takenUpWithin is how soon a node that was killed goes on with what it was doing, once it serves again.
const takenUpWithin = 40 * time.Second

type bulkStatus struct {
	ID                                     int64
	Running                                bool
	Total, Done, Unchanged, Refused, Count int64
}

// A change of many conversations that is broken off by the end of the process, twice, changes each conversation once: one
// line, one event and one row for each, and the counters are right. So does its undo.
func TestKilledInTheMidstOfABulkChangeEveryConversationIsChangedOnce(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		const rows = 1200
		cfg := deskConfig(t, url)
		open := seedConversations(t, cfg, rows)
		c := newChild(t, url, cfg.DataDir)
		c.start()
		admin := signIn(t, c.url, "System", systemPassword)
		var j bulkStatus
		admin.ok(http.MethodPost, "/api/v1/conversations/bulk", map[string]any{"list": map[string]any{"scope": "all"},
			"action": map[string]any{"type": "status", "status": "Closed"}}, &j)
		if j.Total != rows {
			t.Fatalf("%d chosen", j.Total)
		}
		c.killInTheMidst(admin, &j)
		c.restart()
		c.killInTheMidst(admin, &j)
		begun := c.restart()
		eventually(t, "the change to go on", func() bool { c.bulk(admin, &j); return !j.Running || j.Done+j.Unchanged > j.Count })
		if took := time.Since(begun); took > takenUpWithin {
			t.Errorf("taken up after %v", took)
		}
		eventually(t, "the change to end", func() bool { c.bulk(admin, &j); return !j.Running })
		if j.Done != rows {
			t.Errorf("%+v", j)
		}
		var undo bulkStatus
		admin.ok(http.MethodPost, fmt.Sprintf("/api/v1/bulk/%d/undo", j.ID), nil, &undo)
		c.killInTheMidst(admin, &undo)
		c.restart()
		eventually(t, "the undo to end", func() bool { c.bulk(admin, &undo); return !undo.Running })
		if undo.Done != rows {
			t.Errorf("undo %+v", undo)
		}
		c.kill()

		d := startWith(t, cfg)
		if n := d.count(`SELECT count(*) FROM conversations WHERE status_id = 1`); n != open {
			t.Errorf("%d open, want %d", n, open)
		}
		for what, q := range map[string]string{
			"lines of closing":     `SELECT count(DISTINCT conversation_id) FROM messages WHERE type = 'activity'`,
			"lines":                `SELECT count(*) / 2 FROM messages WHERE type = 'activity'`,
			"rows done":            fmt.Sprintf(`SELECT count(*) FROM bulk_rows WHERE job_id = %d AND outcome = 'done'`, j.ID),
			"events of the change": fmt.Sprintf(`SELECT count(*) FROM events WHERE cause = 'bulk:%d' AND type = 'conversation.status_changed'`, j.ID),
			"events of the undo":   fmt.Sprintf(`SELECT count(*) FROM events WHERE cause = 'bulk:%d' AND type = 'conversation.status_changed'`, undo.ID),
		} {
			if n := d.count(q); n != rows {
				t.Errorf("%d %s, want %d", n, what, rows)
			}
		}
		if wrong, err := d.app.Conversations.CheckCounts(context.Background()); err != nil || len(wrong) > 0 {
			t.Errorf("counts %v, %v", wrong, err)
		}
	})
}

// seedConversations fills a desk that does not run; it returns how many of the conversations are open.
func seedConversations(t *testing.T, cfg config.Config, n int) (open int) {
	t.Helper()
	ctx := context.Background()
	a, err := app.Open(ctx, cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	if err := demo.EnsureInbox(ctx, a.DB); err != nil {
		t.Fatal(err)
	}
	if err := demo.Bulk(ctx, a.DB, demo.BulkOptions{Conversations: n, Messages: 1}); err != nil {
		t.Fatal(err)
	}
	return (&desk{t: t, app: a}).count(`SELECT count(*) FROM conversations WHERE status_id = 1`)
}

// killInTheMidst kills the desk when some of the rows of a job are done, and notes how many.
func (c *child) killInTheMidst(by *client, j *bulkStatus) {
	c.t.Helper()
	c.bulk(by, j)
	from := j.Done
	eventually(c.t, "some rows to be done", func() bool { c.bulk(by, j); return j.Done > from || !j.Running })
	if !j.Running {
		c.t.Fatalf("it ended before the desk was killed: %+v", j)
	}
	j.Count = j.Done
	c.kill()
}

// restart starts the desk again; it returns when it served.
func (c *child) restart() time.Time {
	c.t.Helper()
	c.start()
	return time.Now()
}

func (c *child) bulk(by *client, j *bulkStatus) {
	c.t.Helper()
	n := j.Count
	by.ok(http.MethodGet, fmt.Sprintf("/api/v1/bulk/%d", j.ID), nil, j)
	j.Count = n
}
