package conversation

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// plainItem is ListItem without its hand-written encoder.
type plainItem ListItem

func TestRowsAreWrittenAsDeclared(t *testing.T) {
	var empty, full, listed ListItem
	fill(reflect.ValueOf(&full).Elem())
	listed.Own = &Own{} // which says null of a mention that there is not
	for name, row := range map[string]ListItem{"empty": empty, "full": full, "listed": listed} {
		if row.Tags == nil {
			row.Tags = []string{}
		}
		want, err := json.Marshal(plainItem(row))
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestPagesAreWrittenAsDeclared(t *testing.T) {
	var full ListItem
	fill(reflect.ValueOf(&full).Elem())
	next := `a"b<`
	for name, page := range map[string]Page[ListItem]{
		"empty": {Results: []ListItem{}},
		"two":   {Results: []ListItem{full, full}, Total: 7, PerPage: 2, TotalPages: 4, Page: 1, NextCursor: &next},
	} {
		want, err := json.Marshal(page)
		if err != nil {
			t.Fatal(err)
		}
		got, err := page.AppendJSON([]byte("x"))
		if err != nil || string(got) != "x"+string(want) {
			t.Errorf("%s (%v):\n got %s\nwant %s", name, err, got, want)
		}
	}
	texts := Page[string]{Results: []string{"<a>"}}
	want, _ := json.Marshal(texts)
	if got, err := texts.AppendJSON(nil); err != nil || string(got) != string(want) {
		t.Errorf("%s, want %s, %v", got, want, err)
	}
}

// fill sets every field to something awkward.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case f.Type() == reflect.TypeFor[db.Time]():
			f.Set(reflect.ValueOf(db.Now()))
		case f.Kind() == reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
			if f.Type() == reflect.TypeFor[*Own]() {
				fill(f.Elem())
				continue
			}
			if f.Type() == reflect.TypeFor[*db.Time]() {
				f.Elem().Set(reflect.ValueOf(db.Now()))
			} else if f.Elem().Kind() == reflect.String {
				f.Elem().SetString("<a href=\"x\">\\ & \u2028 \x01 é 漢 \xff\n")
			} else {
				f.Elem().SetInt(int64(i) - 3)
			}
		case f.Kind() == reflect.Struct:
			fill(f)
		case f.Kind() == reflect.String:
			f.SetString("text\t'\b\f")
		case f.Kind() == reflect.Int64:
			f.SetInt(int64(i))
		case f.Kind() == reflect.Slice:
			f.Set(reflect.ValueOf([]string{"a", "b\"c"}))
		}
	}
}

func FuzzStringsAreWrittenAsEncodingJSONDoes(f *testing.F) {
	for _, s := range []string{"", "plain", "\u2028<>&\"\\", "\xff\xfe", "\x00\x1f\x7f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendString(nil, s); string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
