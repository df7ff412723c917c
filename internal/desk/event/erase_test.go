package event

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// Erasing goes on where it was stopped, for those conversations only that it had come to.
func TestErasingGoesOnWhereItStopped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		l := NewLog(d, bus.Local{}, slog.New(slog.DiscardHandler))
		start := db.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		// 10,000 events, one a second: those of conversation 7 are the 1st and the 9,999th, those of 8 the 2nd and the 9,998th.
		must(d.Tx(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
				INSERT INTO events (created_at, type, actor_id, conversation_id, payload)
				SELECT CAST($1 AS BIGINT) + CAST(1000000 AS BIGINT) * i, 'conversation.updated', 1,
					CASE i WHEN 1 THEN 7 WHEN 9999 THEN 7 WHEN 2 THEN 8 WHEN 9998 THEN 8 END, '{"secret":true}' FROM n`, start); err != nil {
				return err
			}
			if err := l.Erase(ctx, tx, 7, start, map[string]any{}); err != nil {
				return err
			}
			return l.Erase(ctx, tx, 8, start, map[string]any{})
		}))
		told := func() []int64 {
			t.Helper()
			ids, err := db.Select[int64](ctx, d, `SELECT id FROM events WHERE conversation_id IS NOT NULL AND CAST(payload AS TEXT) LIKE '%secret%' ORDER BY id`)
			must(err)
			return ids
		}
		must(l.keepPlace(ctx, []int64{7}, 6001))
		from, err := l.firstSince(ctx, 10000, db.Time{Time: start.Add(6001*time.Second - clockSkew)})
		must(err)
		if from != 6001-3600 {
			t.Errorf("goes on from event %d", from)
		}
		must(d.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM event_erasures WHERE conversation_id = 8`)
			return err
		}))
		n, err := l.EraseDue(ctx)
		must(err)
		if got, want := told(), []int64{1, 2, 9998}; n != 1 || !slices.Equal(got, want) {
			t.Errorf("%d erased; %v still tell, want %v", n, got, want)
		}
		must(d.Tx(ctx, func(tx *db.Tx) error { return l.Erase(ctx, tx, 8, start, map[string]any{}) }))
		n, err = l.EraseDue(ctx)
		must(err)
		if got, want := told(), []int64{1}; n != 2 || !slices.Equal(got, want) {
			t.Errorf("%d erased; %v still tell, want %v", n, got, want)
		}
		if n, err = l.EraseDue(ctx); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
	})
}

// Each event of a step is looked up among the erasures, however many these are.
func TestErasingLooksAtEachEventOnce(t *testing.T) {
	d := dbtest.SQLite(t)
	plan, err := db.Explain(t.Context(), d, meantQuery, 1, 2, "")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)", "SEARCH x USING INDEX"} {
		if i >= len(plan) || !strings.HasPrefix(plan[i], want) {
			t.Errorf("plan %q, want %q", plan, want)
		}
	}
}
