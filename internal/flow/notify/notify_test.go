package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestQuietHoursMayPassMidnightAndFollowTheAgentsClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := QuietHours{Enabled: true, From: "22:00", To: "07:00"}
	noon := QuietHours{Enabled: true, From: "12:00", To: "13:30"}
	for _, c := range []struct {
		q    QuietHours
		at   string
		want string // when they end; empty outside of them
	}{
		{night, "2026-07-01T21:59:00+02:00", ""}, {night, "2026-07-01T22:00:00+02:00", "2026-07-02T07:00:00+02:00"},
		{night, "2026-07-01T20:30:00Z", "2026-07-02T07:00:00+02:00"}, {night, "2026-07-02T06:59:59+02:00", "2026-07-02T07:00:00+02:00"},
		{night, "2026-07-02T07:00:00+02:00", ""},
		// The clock goes back in this night.
		{night, "2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"},
		{noon, "2026-07-01T12:15:00+02:00", "2026-07-01T13:30:00+02:00"}, {noon, "2026-07-01T12:15:00Z", ""},
		{QuietHours{From: "22:00", To: "07:00"}, "2026-07-01T23:00:00+02:00", ""},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		end, quiet := c.q.until(at, berlin)
		if got := end.Format(time.RFC3339); quiet != (c.want != "") || (quiet && got != c.want) {
			t.Errorf("%s: quiet %v until %s, want %q", c.at, quiet, got, c.want)
		}
	}
}

// What runs with every message, every page and every socket must come from an index, however many notifications there are.
func TestNotificationsComeFromAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		err := d.Tx(ctx, func(tx *db.Tx) error {
			numbers := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `
			for _, q := range []string{
				fmt.Sprintf(numbers, 3000) + `INSERT INTO users (created_at, updated_at, type, first_name, email) SELECT 1, 1, 'agent', 'A', 'a' || i || '@x.test' FROM n`,
				fmt.Sprintf(numbers, 3000) + `INSERT INTO notification_preferences (user_id, updated_at, watches, choices) SELECT i, 1, i = 7, '{}' FROM n`,
				fmt.Sprintf(numbers, 20000) + `INSERT INTO user_notifications (created_at, updated_at, user_id, notification_type, title, bell, mail, is_read)
					SELECT i, i, 1 + i % 60, 'reply', 't', TRUE, FALSE, i % 50 > 0 FROM n`,
			} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Tx(ctx, func(tx *db.Tx) error { _, err := tx.Exec(ctx, `ANALYZE`); return err }); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			query string
			args  []any
		}{
			"list":           {notificationQuery + listTail, []any{7, 20, 0}},
			"unread":         {countUnread, []any{7, MaxCounted}},
			"total":          {countAll, []any{7, MaxCounted}},
			"seen":           {settleSeen, []any{1, 7, 1}},
			"answered":       {settleAnswered, []any{1, 7, 1}},
			"to mail":        {notificationQuery + waitingQuery, []any{7, 1}},
			"preferences":    {preferenceQuery, []any{7}},
			"watchers":       {watchersQuery, nil},
			"old ones":       {cleanNotifications, []any{100, 10}},
			"mark all":       {markRead, []any{1, 7}},
			"delete all":     {`DELETE FROM user_notifications WHERE user_id = $1`, []any{7}},
			"one, by id":     {notificationQuery + `WHERE n.id = $1`, []any{7}},
			"unread replies": {`DELETE FROM user_notifications WHERE NOT is_read AND user_id = $1 AND conversation_id = $2 AND notification_type = 'reply'`, []any{7, 1}},
		} {
			plan, err := explain(t, d, c.query, c.args)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, bad := range []string{"SCAN n\n", "SCAN user_notifications\n", "Seq Scan on user_notifications", "TEMP B-TREE", "SCAN notification_preferences\n", "Seq Scan on notification_preferences"} {
				if strings.Contains(plan, bad) {
					t.Errorf("%s: %q in the plan:\n%s", name, bad, plan)
				}
			}
		}
	})
}

// explain returns the plan of a statement, which may be one that changes rows.
func explain(t *testing.T, d *db.DB, query string, args []any) (string, error) {
	var plan []string
	err := d.Tx(t.Context(), func(tx *db.Tx) (err error) {
		plan, err = db.Explain(t.Context(), tx, query, args...)
		return err
	})
	return strings.Join(plan, "\n") + "\n", err
}
