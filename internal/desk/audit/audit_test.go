package audit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

type row struct {
	Type        string `db:"activity_type"`
	Description string `db:"activity_description"`
	ActorID     int64
	Model       string `db:"target_model_type"`
	TargetID    int64  `db:"target_model_id"`
	IP          string `db:"ip"`
	Detail      db.JSON
}

func record(t *testing.T, d *db.DB, ctx context.Context, e audit.Entry) {
	t.Helper()
	if err := d.Tx(ctx, func(tx *db.Tx) error { return audit.Record(ctx, tx, e) }); err != nil {
		t.Fatal(err)
	}
}

func rows(t *testing.T, d *db.DB) []row {
	t.Helper()
	all, err := db.Select[row](t.Context(), d, `SELECT activity_type, activity_description, actor_id, target_model_type, target_model_id, ip, detail FROM activity_logs ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

type detail struct {
	Before, After map[string]any
	ActorName     string `json:"actor_name"`
	TargetName    string `json:"target_name"`
	Via           string
}

func (r row) detail(t *testing.T) (out detail) {
	t.Helper()
	if err := r.Detail.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnlyWhatChangedIsKeptAndSecretsAreNot(t *testing.T) {
	type server struct {
		Host     string `json:"host"`
		Password string `json:"password"`
	}
	type box struct {
		ID     int64    `json:"id"`
		Name   string   `json:"name"`
		Tags   []string `json:"tags"`
		Config struct {
			SMTP []server `json:"smtp"`
		} `json:"config"`
		Key string `json:"key"`
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		was, is := box{ID: 1, Name: "Help", Tags: []string{"a"}, Key: "enc:AAA"}, box{ID: 1, Name: "Care\x00", Tags: []string{"a", "b"}, Key: "enc:BBB"}
		was.Config.SMTP = []server{{"mail.test", "hunter2"}}
		is.Config.SMTP = []server{{"mail.test", "hunter3"}}
		ctx := audit.As(t.Context(), audit.Actor{ID: 7, Name: "asha@x.test", IP: "203.0.113.9", Via: "session"})
		target := audit.Target{Model: "inbox", ID: 1, Name: "Care"}
		record(t, d, ctx, audit.Entry{Type: audit.InboxUpdated, Target: target, Before: was, After: is})
		record(t, d, ctx, audit.Entry{Type: audit.InboxUpdated, Target: target, Before: is, After: is})
		record(t, d, ctx, audit.Entry{Type: audit.InboxDeleted, Target: target, Before: is})
		all := rows(t, d)
		if len(all) != 2 {
			t.Fatalf("%d entries, an update that changed nothing is none", len(all))
		}
		r := all[0]
		if r.ActorID != 7 || r.IP != "203.0.113.9" || r.Model != "inbox" || r.TargetID != 1 || r.Description != "asha@x.test (#7) changed the inbox Care (#1)" {
			t.Errorf("%+v", r)
		}
		got := r.detail(t)
		if len(got.Before) != 4 || got.Before["name"] != "Help" || got.After["name"] != "Care" || got.After["config.smtp.0.password"] != audit.Secret ||
			got.After["key"] != audit.Secret || got.Via != "session" || got.TargetName != "Care" {
			t.Errorf("%+v", got)
		}
		for _, r := range all {
			if strings.Contains(string(r.Detail), "hunter") || strings.Contains(string(r.Detail), "enc:") {
				t.Errorf("a secret is in %s", r.Detail)
			}
		}
		if gone := all[1].detail(t); gone.Before["config.smtp.0.host"] != "mail.test" || len(gone.After) != 0 {
			t.Errorf("%+v", gone)
		}
	})
}

func TestWhatTheDeskDoesByItselfIsTheSystemUsers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		record(t, d, t.Context(), audit.Entry{Type: audit.AgentsImported})
		record(t, d, t.Context(), audit.Entry{Type: audit.LoginFailed, Actor: audit.Actor{Name: "nobody@x.test", IP: "::1"}})
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO users (created_at, updated_at, type, is_system, email, first_name) VALUES (1, 1, 'agent', TRUE, 'System', 'System')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		record(t, d, t.Context(), audit.Entry{Type: audit.AgentsImported})
		all := rows(t, d)
		if all[0].ActorID != 0 || all[0].detail(t).ActorName != "System" || all[2].ActorID != 1 || all[2].Description != "System (#1) imported agents" {
			t.Errorf("%+v", all)
		}
		if all[1].ActorID != 0 || all[1].Description != "Failed sign-in as nobody@x.test" || all[1].IP != "::1" {
			t.Errorf("%+v", all[1])
		}
	})
}

func TestEntriesAreOnlyAdded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		record(t, d, t.Context(), audit.Entry{Type: audit.Login, Actor: audit.Actor{ID: 3, Name: "a@x.test"}})
		for _, statement := range []string{`UPDATE activity_logs SET ip = ''`, `DELETE FROM activity_logs`,
			`INSERT INTO activity_logs (id, created_at, updated_at, activity_type, activity_description, actor_id, target_model_type, target_model_id)
			VALUES (1, 1, 1, 'x', 'x', 1, 'user', 1) ON CONFLICT (id) DO UPDATE SET ip = 'x'`} {
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(t.Context(), statement)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		if all := rows(t, d); len(all) != 1 || all[0].ActorID != 3 {
			t.Errorf("%+v", all)
		}
	})
}

func TestAnEntryIsPartOfItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_ = d.Tx(t.Context(), func(tx *db.Tx) error {
			if err := audit.Record(t.Context(), tx, audit.Entry{Type: audit.Login, Actor: audit.Actor{ID: 3, Name: "a@x.test"}}); err != nil {
				return err
			}
			return context.Canceled
		})
		if all := rows(t, d); len(all) != 0 {
			t.Errorf("%+v", all)
		}
	})
}

func TestEveryTypeHasItsSentence(t *testing.T) {
	seen := map[audit.Type]bool{}
	for _, kind := range audit.Types {
		if seen[kind] {
			t.Errorf("%s is there twice", kind)
		}
		seen[kind] = true
		if key := "activity." + string(kind); i18n.T(i18n.Default, key, nil) == key {
			t.Errorf("%s has no sentence", kind)
		}
	}
}
