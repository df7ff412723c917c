package audit_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const day = 24 * time.Hour

// aged adds entries of some age.
func aged(t *testing.T, d *db.DB, age time.Duration, count int) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for range count {
			if _, err := tx.Exec(t.Context(), `INSERT INTO activity_logs (created_at, updated_at, activity_type, activity_description, actor_id, target_model_type, target_model_id)
				VALUES ($1, $1, 'agent_login', 'old', 1, 'user', 1)`, db.At(time.Now().Add(-age))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func entries(t *testing.T, d *db.DB, where string) (n int64) {
	t.Helper()
	if err := d.QueryRow(t.Context(), `SELECT count(*) FROM activity_logs WHERE `+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOldEntriesAreDeletedAsTheRetentionSays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := audit.NewLog(d)
		aged(t, d, 400*day, 2_500)
		aged(t, d, 300*day, 7)
		if n, err := log.Prune(t.Context()); n != 0 || err != nil {
			t.Errorf("without a retention %d were deleted, %v", n, err)
		}
		for _, days := range []int64{-1, 1, 29, 36_501} {
			if err := log.SetRetention(t.Context(), audit.Retention{Days: days}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%d days: %v", days, err)
			}
		}
		if err := log.SetRetention(t.Context(), audit.Retention{Days: 365}); err != nil {
			t.Fatal(err)
		}
		if r, err := log.Retention(t.Context()); err != nil || r.Days != 365 {
			t.Errorf("%+v %v", r, err)
		}
		if n, err := log.Prune(t.Context()); n != 2_500 || err != nil {
			t.Errorf("%d were deleted, %v", n, err)
		}
		if n, err := log.Prune(t.Context()); n != 0 || err != nil {
			t.Errorf("again %d were deleted, %v", n, err)
		}
		if n := entries(t, d, `activity_type = 'agent_login'`); n != 7 {
			t.Errorf("%d are left", n)
		}
		var kinds []string
		for _, r := range rows(t, d) {
			if r.Type == "agent_login" {
				continue
			}
			kinds = append(kinds, r.Type)
			if r.Type == string(audit.Pruned) {
				if got := r.detail(t); got.After["entries"] != 2500.0 {
					t.Errorf("%+v", got)
				}
			}
		}
		if strings.Join(kinds, " ") != "activity_log_retention_changed activity_log_pruned" {
			t.Errorf("recorded %v", kinds)
		}
		if err := log.SetRetention(t.Context(), audit.Retention{}); err != nil {
			t.Fatal(err)
		}
		aged(t, d, 4000*day, 1)
		if n, err := log.Prune(t.Context()); n != 0 || err != nil {
			t.Errorf("kept for ever, %d were deleted, %v", n, err)
		}
	})
}

// TestNothingElseIsDeletedOrChanged goes around the package, as somebody with the database at hand would.
func TestNothingElseIsDeletedOrChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		try := func(query string) error {
			return d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(context.Background(), query)
				return err
			})
		}
		refused := func(query string) {
			t.Helper()
			if err := try(query); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", query, err)
			}
		}
		aged(t, d, 40*day, 3)
		aged(t, d, day, 3)
		attempts := []string{`DELETE FROM activity_logs WHERE id = 4`, `DELETE FROM activity_logs`, `UPDATE activity_logs SET created_at = 1`, `UPDATE activity_logs SET ip = 'x' WHERE id = 1`}
		if d.Engine() == db.SQLite {
			attempts = append(attempts, `INSERT OR REPLACE INTO activity_logs (id, created_at, updated_at, activity_type, activity_description, actor_id, target_model_type, target_model_id)
				VALUES (4, 1, 1, 'x', 'x', 1, 'x', 1)`)
		} else {
			attempts = append(attempts, `TRUNCATE activity_logs`, `INSERT INTO activity_logs (id, created_at, updated_at, activity_type, activity_description, actor_id, target_model_type, target_model_id)
				VALUES (4, 1, 1, 'x', 'x', 1, 'x', 1) ON CONFLICT (id) DO UPDATE SET created_at = 1`)
		}
		// Whatever the setting says, at most what is older than 30 days may go.
		for _, days := range []string{``, `0`, `-1`, `1`, `29`, `"90"`, `null`, `[30]`, `true`, `{}`, `30`, `365`} {
			if days != `` {
				if err := try(`INSERT INTO settings (key, value) VALUES ('activity_log.retention_days', '` + days + `') ON CONFLICT (key) DO UPDATE SET value = excluded.value`); err != nil {
					t.Fatal(err)
				}
			}
			for _, query := range attempts {
				refused(query)
			}
			if days != `30` {
				refused(`DELETE FROM activity_logs WHERE id = 1`)
			}
		}
		if n := entries(t, d, `TRUE`); n != 6 {
			t.Errorf("%d entries are left", n)
		}
		if err := try(`UPDATE settings SET value = '30' WHERE key = 'activity_log.retention_days'`); err != nil {
			t.Fatal(err)
		}
		if err := try(`DELETE FROM activity_logs WHERE id = 1`); err != nil {
			t.Errorf("an old entry: %v", err)
		}
	})
}

func TestPruningReadsTheOldestFromTheIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		plan, err := db.Explain(t.Context(), d, `SELECT id FROM activity_logs WHERE created_at < $1 ORDER BY created_at, id LIMIT 1000`, db.Now())
		if err != nil || !strings.Contains(strings.Join(plan, "\n"), "activity_logs_time") {
			t.Errorf("%v %v", plan, err)
		}
	})
}
