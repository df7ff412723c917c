package audit_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// fill adds n entries of three types and four actors, a microsecond apart.
func fill(t *testing.T, d *db.DB, n int) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for i := range n {
			kind := []audit.Type{audit.Login, audit.Logout, audit.TeamUpdated}[i%3]
			_, err := tx.Exec(t.Context(), `INSERT INTO activity_logs (created_at, updated_at, activity_type, activity_description, actor_id, target_model_type, target_model_id, ip)
				VALUES ($1, $1, $2, $3, $4, 'user', $4, $5)`, 1_700_000_000_000_000+i, kind, fmt.Sprintf("entry %d of 100%%", i), i%4+1, fmt.Sprintf("203.0.113.%d", i%5))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func condition(field, operator, value string) string {
	return fmt.Sprintf(`[{"model":"activity_logs","field":%q,"operator":%q,"value":%q}]`, field, operator, value)
}

func TestTheLogIsReadNewestFirstInPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fill(t, d, 70)
		log := audit.NewLog(d)
		p, err := log.List(t.Context(), audit.Query{Page: 3, PageSize: 30})
		if err != nil || p.Total != 70 || p.TotalPages != 3 || len(p.Results) != 10 || p.Results[0].Description != "entry 9 of 100%" {
			t.Fatalf("%+v %v", p, err)
		}
		for filters, want := range map[string]int64{
			condition("activity_type", "equals", "agent_login"):                24,
			condition("activity_type", "in", `["agent_login","agent_logout"]`): 47,
			condition("activity_type", "not equals", "agent_login"):            46,
			condition("actor_id", "equals", "2"):                               18,
			condition("ip", "equals", "203.0.113.4"):                           14,
			condition("created_at", "equals", "2023-11-14"):                    70,
			condition("created_at", "less than", "2023-11-14"):                 0,
			condition("activity_description", "contains", "ENTRY 1"):           11,
			condition("activity_description", "contains", "0 of 100%"):         7,
			condition("target_model_type", "equals", "user"):                   70,
			`[]`: 70,
		} {
			if p, err := log.List(t.Context(), audit.Query{Page: 1, PageSize: 5, Filters: filters}); err != nil || p.Total != want {
				t.Errorf("%s: %d entries, want %d: %v", filters, p.Total, want, err)
			}
		}
		if p, err := log.List(t.Context(), audit.Query{Page: 1, PageSize: 1, OrderBy: "activity_logs.ip", Order: "ASC"}); err != nil || p.Results[0].IP != "203.0.113.0" {
			t.Errorf("%+v %v", p, err)
		}
		if p, err := log.List(t.Context(), audit.Query{Page: 9, PageSize: 30}); err != nil || p.Total != 70 || len(p.Results) != 0 {
			t.Errorf("a page past the end: %+v %v", p, err)
		}
	})
}

func TestFiltersAndOrdersThatDoNotExistAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := audit.NewLog(d)
		for _, q := range []audit.Query{
			{OrderBy: "activity_logs.id"}, {OrderBy: "users.email"}, {OrderBy: "activity_logs.activity_description"}, {OrderBy: "activity_logs.ip", Order: "up"},
			{Filters: `{`}, {Filters: condition("detail", "equals", "x")}, {Filters: condition("activity_type", "equals", "bogus")},
			{Filters: condition("activity_type", "contains", "agent")}, {Filters: condition("activity_type", "in", `["bogus"]`)},
			{Filters: condition("ip", "contains", "203")}, {Filters: condition("actor_id", "equals", "one")}, {Filters: condition("created_at", "equals", "today")},
			{Filters: condition("activity_description", "equals", "x")},
		} {
			q.Page, q.PageSize = 1, 30
			if _, err := log.List(t.Context(), q); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", q, err)
			}
			if q.OrderBy == "" {
				if err := log.Export(t.Context(), q, &bytes.Buffer{}, func() { t.Error("an export of a bad query began") }); !fault.Is(err, fault.Invalid) {
					t.Errorf("%+v: %v", q, err)
				}
			}
		}
	})
}

func TestAPageOfTheLogComesFromAnIndexInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fill(t, d, 3000)
		if d.Engine() == db.Postgres {
			if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), `ANALYZE activity_logs`); return err }); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range []audit.Query{
			{}, {OrderBy: "activity_logs.created_at", Order: "asc"}, {OrderBy: "activity_logs.activity_type"}, {OrderBy: "activity_logs.actor_id", Order: "desc"}, {OrderBy: "activity_logs.ip"},
			{Filters: condition("activity_type", "equals", "agent_login")}, {Filters: condition("actor_id", "equals", "1")}, {Filters: condition("ip", "equals", "203.0.113.1")},
			{Filters: condition("created_at", "greater than", "2023-11-13")},
		} {
			plan, err := audit.NewLog(d).Plan(t.Context(), q)
			text := strings.Join(plan, "\n")
			if err != nil || !strings.Contains(strings.ToLower(text), "index") {
				t.Errorf("%+v: %s %v", q, text, err)
			}
			for _, bad := range []string{"TEMP B-TREE", "Seq Scan", "Sort Key"} {
				if strings.Contains(text, bad) {
					t.Errorf("%+v: %q in the plan:\n%s", q, bad, text)
				}
			}
		}
	})
}

func TestAnExportIsWholeInertAndRecorded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fill(t, d, 1203)
		for _, name := range []string{"=cmd()", "+1", "-1", "@x", "\tx", "\rx", "plain"} {
			record(t, d, t.Context(), audit.Entry{Type: audit.LoginFailed, Actor: audit.Actor{Name: name}})
		}
		var out bytes.Buffer
		begun := false
		if err := audit.NewLog(d).Export(t.Context(), audit.Query{}, &out, func() { begun = true }); err != nil || !begun {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(lines) != 1+1+7+1203 {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		seen := map[string]bool{}
		for _, line := range lines[1:] {
			if seen[line[0]] {
				t.Errorf("entry %s is there twice", line[0])
			}
			seen[line[0]] = true
			for _, cell := range line {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("%q is a formula", cell)
				}
			}
		}
		if lines[1][2] != "activity_log_exported" || lines[2][5] != "plain" || lines[len(lines)-1][3] != "entry 0 of 100%" {
			t.Errorf("%q … %q", lines[1], lines[len(lines)-1])
		}
		out.Reset()
		if err := audit.NewLog(d).Export(t.Context(), audit.Query{Filters: condition("activity_type", "equals", "team_updated")}, &out, func() {}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "\n"); n != 1+401 {
			t.Errorf("%d lines", n)
		}
	})
}
