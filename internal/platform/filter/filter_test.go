package filter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

var fields = filter.Fields{
	"people.id":      {Column: "p.id", Kind: filter.Int},
	"people.boss":    {Column: "p.boss", Kind: filter.Int, Nullable: true},
	"people.name":    {Column: "p.name", Kind: filter.Text, Nullable: true},
	"people.kind":    {Column: "p.kind", Kind: filter.Enum},
	"people.born":    {Column: "p.born", Kind: filter.Time, Nullable: true},
	"people.enabled": {Column: "p.enabled", Kind: filter.Bool},
	"people.skills": {Build: func(op filter.Operator, value string, args *filter.Args) (string, error) {
		switch {
		case op != filter.Contains:
			return "", fault.Field("filters", "error.filter_operator", "operator", string(op))
		case value == "[]":
			return "", nil
		}
		return "p.id = " + args.Add(int64(len(value))), nil
	}},
}

var kolkata = func() *time.Location {
	loc, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		panic(err)
	}
	return loc
}()

// people is a table of four rows inside the statement, so that the test needs no schema.
const people = `WITH p (id, boss, name, kind, born, enabled) AS (VALUES
	(CAST(1 AS BIGINT), CAST(NULL AS BIGINT), 'Ida Berg', 'agent', CAST(1777665600000000 AS BIGINT), TRUE),
	(2, 1, '100% wool_x', 'agent', NULL, FALSE),
	(3, 1, NULL, 'contact', 1777665600000001, TRUE),
	(4, 2, 'back\slash', 'visitor', 1777752000000000, TRUE)) SELECT p.id FROM p`

func ids(t testing.TB, d *db.DB, raw string) ([]int64, error) {
	t.Helper()
	tree, err := filter.Parse(raw)
	if err != nil {
		return nil, err
	}
	return selected(t, d, tree)
}

func selected(t testing.TB, d *db.DB, tree filter.Tree) ([]int64, error) {
	t.Helper()
	args := &filter.Args{}
	where, err := tree.Where(fields, kolkata, args)
	if err != nil {
		return nil, err
	}
	query := people
	if where != "" {
		query += " WHERE " + where
	}
	out, err := db.Select[int64](context.Background(), d, query+" ORDER BY p.id", args.Values()...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out, nil
}

func cond(field, operator, value string) string {
	out, _ := json.Marshal(map[string]string{"model": "people", "field": field, "operator": operator, "value": value})
	return string(out)
}

func group(logic string, rules ...string) string {
	return fmt.Sprintf(`{"logic":%q,"rules":[%s]}`, logic, strings.Join(rules, ","))
}

func TestFiltersSelectWhatTheyMean(t *testing.T) {
	all := []int64{1, 2, 3, 4}
	cases := []struct {
		name, raw string
		want      []int64
	}{
		{"nothing", "", all}, {"null", "null", all}, {"empty list", "[]", all}, {"empty object", "{}", all},
		{"a condition without a field is none", `[{"model":"people","operator":"equals","value":"1"}]`, all},
		{"an empty group is none", `{"logic":"OR","rules":[{"logic":"AND","rules":[]}]}`, all},
		{"one condition", cond("id", "equals", "2"), []int64{2}},
		{"a list is joined by and", "[" + cond("boss", "equals", "1") + "," + cond("kind", "equals", "contact") + "]", []int64{3}},
		{"or", group("or", cond("id", "equals", "1"), cond("id", "equals", "4")), []int64{1, 4}},
		{"or inside and", group("", cond("enabled", "equals", "true"), group("OR", cond("id", "equals", "1"), cond("id", "equals", "2"))), []int64{1}},
		{"and inside or", group("OR", cond("id", "equals", "4"), group("AND", cond("boss", "equals", "1"), cond("kind", "equals", "agent"))), []int64{2, 4}},
		{"null matches neither equals", cond("boss", "equals", "1"), []int64{2, 3}},
		{"null matches neither not equals", cond("boss", "not equals", "1"), []int64{4}},
		{"set", cond("boss", "set", ""), []int64{2, 3, 4}},
		{"not set", cond("boss", "not set", ""), []int64{1}},
		{"greater than is strict", cond("id", "greater than", "3"), []int64{4}},
		{"less than is strict", cond("id", "less than", "2"), []int64{1}},
		{"between includes both ends", cond("id", "between", "2 , 3"), []int64{2, 3}},
		{"in", cond("id", "in", `["1","4","9"]`), []int64{1, 4}},
		{"contains ignores case", cond("name", "contains", "IDA b"), []int64{1}},
		{"ilike is contains", cond("name", "ilike", "ida"), []int64{1}},
		{"not contains", cond("name", "not contains", "ida"), []int64{2, 4}},
		{"a percent sign is a percent sign", cond("name", "contains", "0% W"), []int64{2}},
		{"an underscore is an underscore", cond("name", "contains", "_"), []int64{2}},
		{"a backslash is a backslash", cond("name", "contains", `\`), []int64{4}},
		{"quotes are text", cond("name", "contains", `' OR 1=1 --`), []int64{}},
		{"flags", cond("enabled", "not equals", "true"), []int64{2}},
		{"words", cond("kind", "in", `["agent","visitor"]`), []int64{1, 2, 4}},
		// 2026-05-01T20:00Z is 2026-05-02 01:30 in Kolkata.
		{"a day is local", cond("born", "equals", "2026-05-02"), []int64{1, 3}},
		{"not the day of UTC", cond("born", "equals", "2026-05-01"), []int64{}},
		{"outside a day", cond("born", "not equals", "2026-05-02"), []int64{4}},
		{"after a day", cond("born", "greater than", "2026-05-02"), []int64{4}},
		{"before a day", cond("born", "less than", "2026-05-03"), []int64{1, 3}},
		{"days between include both", cond("born", "between", "2026-05-02,2026-05-03"), []int64{1, 3, 4}},
		{"an instant is exact", cond("born", "equals", "2026-05-01T20:00:00Z"), []int64{1}},
		{"an instant in another zone", cond("born", "greater than", "2026-05-02T01:30:00+05:30"), []int64{3, 4}},
		{"an instant without a zone is local", cond("born", "equals", "2026-05-02 01:30:00"), []int64{1}},
		{"between an instant and a day", cond("born", "between", "2026-05-01T20:00:00.000001Z,2026-05-02"), []int64{3}},
		{"days in a list", cond("born", "in", `["2026-05-02","2026-05-09"]`), []int64{1, 3}},
		{"a virtual field", cond("skills", "contains", "[1]"), []int64{3}},
		{"a virtual field without effect", group("OR", cond("skills", "contains", "[]"), cond("id", "equals", "1")), []int64{1}},
		{"an effect-free group one level too deep", group("", group("", group("OR", `{}`), cond("id", "equals", "1"))), []int64{1}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, c := range cases {
			got, err := ids(t, d, c.raw)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %s gave %v, %v; want %v", c.name, c.raw, got, err, c.want)
			}
		}
	})
}

func TestBrokenFiltersAreRefusedWithTheirReason(t *testing.T) {
	one := cond("id", "equals", "1")
	many := func(n int) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	groups := func(n int) string { return group("", slices.Repeat([]string{group("OR", one)}, n)...) }
	numbers := func(n int) string { return cond("id", "in", `["1"`+strings.Repeat(`,"1"`, n-1)+`]`) }
	cases := []struct{ name, raw, key string }{
		{"no JSON", "{", "error.filter_syntax"},
		{"trailing text", one + "x", "error.filter_syntax"},
		{"a word", `"x"`, "error.filter_syntax"},
		{"a number as value", `[{"model":"people","field":"id","operator":"equals","value":1}]`, "error.filter_syntax"},
		{"unknown logic", `{"logic":"XOR","rules":[` + one + `]}`, "error.filter_logic"},
		{"unknown operator", cond("id", "starts with", "1"), "error.filter_operator"},
		{"blank value", cond("id", "equals", "  "), "error.filter_value"},
		{"unknown field", cond("password", "equals", "1"), "error.filter_field"},
		{"unknown model", strings.ReplaceAll(one, "people", "users"), "error.filter_field"},
		{"text for a number", cond("id", "equals", "abc"), "error.filter_value"},
		{"a number too large", cond("id", "equals", "99999999999999999999"), "error.filter_value"},
		{"no time", cond("born", "equals", "tomorrow"), "error.filter_value"},
		{"no such day", cond("born", "equals", "2026-02-30"), "error.filter_value"},
		{"no flag", cond("enabled", "equals", "maybe"), "error.filter_value"},
		{"contains on a number", cond("id", "contains", "1"), "error.filter_operator"},
		{"contains on a word", cond("kind", "contains", "a"), "error.filter_operator"},
		{"contains on a time", cond("born", "contains", "a"), "error.filter_operator"},
		{"order of words", cond("kind", "greater than", "a"), "error.filter_operator"},
		{"NUL", cond("name", "equals", "a\x00"), "error.filter_value"},
		{"NUL inside", cond("name", "contains", "a\x00"), "error.filter_value"},
		{"between without comma", cond("id", "between", "1"), "error.filter_value"},
		{"between with two commas", cond("id", "between", "1,2,3"), "error.filter_value"},
		{"numbers in a list", cond("id", "in", "[1,2]"), "error.filter_value"},
		{"no list", cond("id", "in", "1"), "error.filter_value"},
		{"an empty list", cond("id", "in", "[]"), "error.filter_value"},
		{"101 values", numbers(101), "error.filter_values"},
		{"51 conditions", "[" + many(51) + "]", "error.filter_conditions"},
		{"11 groups", groups(11), "error.filter_groups"},
		{"too deep", group("", group("", group("", one))), "error.filter_depth"},
		{"a virtual field's operator", cond("skills", "equals", "1"), "error.filter_operator"},
		{"too long", "[" + many(2000) + "]", "error.too_long"},
		{"very deep", strings.Repeat(`{"logic":"OR","rules":[`, 1500) + strings.Repeat("]}", 1500), "error.filter_groups"},
	}
	d := dbtest.SQLite(t)
	for _, c := range cases {
		_, err := ids(t, d, c.raw)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != "filters" || f.Key != c.key {
			t.Errorf("%s: got %v, want %s", c.name, err, c.key)
		}
	}
	for name, raw := range map[string]string{"100 values": numbers(100), "50 conditions": "[" + many(50) + "]", "10 groups": groups(10)} {
		if got, err := ids(t, d, raw); err != nil || !slices.Equal(got, []int64{1}) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestOrderNamesAllowedColumnsOnly(t *testing.T) {
	cases := []struct{ by, order, def, want, field string }{
		{"", "", "", "", ""},
		{"", "", "people.born desc", "p.born DESC NULLS LAST", ""},
		{"", "asc", "people.born desc", "p.born ASC NULLS LAST", ""},
		{"people.id", "", "people.born desc", "p.id ASC", ""},
		{"people.boss", "DESC", "", "p.boss DESC NULLS LAST", ""},
		{"people.skills", "", "", "", "order_by"},
		{"people.password", "", "", "", "order_by"},
		{"people.id; DROP TABLE x", "", "", "", "order_by"},
		{"people.id", "sideways", "", "", "order"},
		{"", "sideways", "", "", "order"},
	}
	for _, c := range cases {
		got, err := filter.Order(fields, c.by, c.order, c.def)
		var f *fault.Error
		if errors.As(err, &f); got != c.want || (c.field != "") != (f != nil) || (f != nil && f.Field != c.field) {
			t.Errorf("Order(%q, %q, %q) = %q, %v", c.by, c.order, c.def, got, err)
		}
	}
}

func TestDayBeginsWhereMidnightDoesNotExist(t *testing.T) {
	loc, err := time.LoadLocation("America/Sao_Paulo") // 2018-11-04 began at 01:00
	if err != nil {
		t.Fatal(err)
	}
	tree, err := filter.Parse(cond("born", "equals", "2018-11-04"))
	if err != nil {
		t.Fatal(err)
	}
	args := &filter.Args{}
	if _, err := tree.Where(fields, loc, args); err != nil {
		t.Fatal(err)
	}
	if from := args.Values()[0].(db.Time); !from.Equal(time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC)) {
		t.Errorf("the day begins at %v", from)
	}
}

// FuzzWhere proves that anything is either refused as Invalid or becomes SQL that an engine runs.
func TestBothOfTwoFiltersHaveToHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		either := group("OR", cond("id", "equals", "1"), cond("id", "equals", "2"), cond("id", "equals", "4"))
		for _, c := range []struct {
			a, b, also string
			want       []int64
		}{
			{either, "", "", []int64{1, 2, 4}}, {"", either, "", []int64{1, 2, 4}}, {"", "", "", []int64{1, 2, 3, 4}},
			{either, "[" + cond("kind", "equals", "agent") + "]", "", []int64{1, 2}},
			{either, group("OR", cond("boss", "equals", "1"), cond("boss", "equals", "2")), "", []int64{2, 4}},
			{either, "[" + cond("kind", "equals", "agent") + "]", "[" + cond("enabled", "equals", "true") + "]", []int64{1}},
		} {
			tree := filter.Tree{}
			for _, raw := range []string{c.a, c.b, c.also} {
				more, err := filter.Parse(raw)
				if err != nil {
					t.Fatal(err)
				}
				tree = tree.And(more)
			}
			got, err := selected(t, d, tree)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s and %s and %s: %v %v, want %v", c.a, c.b, c.also, got, err, c.want)
			}
			if also := c.also != ""; also != tree.Names("people.enabled") || also && len(tree.Must()) != 2 {
				t.Errorf("%s and %s and %s: what must hold is %v", c.a, c.b, c.also, tree.Must())
			}
		}
	})
}

func FuzzWhere(f *testing.F) {
	for _, s := range []string{"", "null", "[]", "{", cond("id", "equals", "1"), group("OR", cond("name", "contains", `%\_'`), group("", cond("born", "between", "2026-01-01,2026-01-02"))),
		cond("boss", "in", `["1"]`), cond("born", "in", `["2026-01-01","2026-01-01T00:00:00Z"]`), cond("skills", "contains", "[]"), `[{"logic":"or","rules":[{}]}]`,
		cond("enabled", "equals", "t"), cond("kind", "not equals", "x"), cond("name", "not set", "")} {
		f.Add(s)
	}
	d := dbtest.SQLite(f)
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := ids(t, d, raw); err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", raw, err)
		}
	})
}
