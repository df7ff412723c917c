package conversation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// define makes an attribute of each type, for conversations and for contacts.
func (k *desk) define() {
	k.t.Helper()
	for _, owner := range []string{"conversation", "contact"} {
		for _, kind := range []string{"text", "number", "checkbox", "date", "link", "list"} {
			k.exec(`INSERT INTO custom_attributes (created_at, updated_at, name, description, applies_to, key, options, data_type, regex, regex_hint)
				VALUES (1, 1, $1, '', $2, $1, $3, $1, '', '')`, kind, owner, db.ToJSON([]string{"Gold", "Silver", `a"b`}))
		}
	}
}

// named opens a conversation with a subject, and attributes as JSON of itself and of its contact.
func (k *desk) named(subject, own, contacts string) {
	k.t.Helper()
	c, err := k.c.Create(k.ctx, k.admin, conversation.Create{InboxID: 1, ContactEmail: strings.ToLower(strings.Fields(subject + " x")[0]) + "@x.test", FirstName: "Kim",
		Subject: subject, Content: "<p>hi</p>", Initiator: "contact"})
	k.must(err)
	k.exec(`UPDATE conversations SET subject = $2 WHERE uuid = $1`, c.UUID, subject)
	var values map[string]json.RawMessage
	k.must(json.Unmarshal([]byte(own), &values))
	k.must(k.c.SetAttributes(k.ctx, k.admin, c.UUID, values))
	if contacts != "" {
		k.exec(`UPDATE users SET custom_attributes = $2 WHERE id = $1`, c.ContactID, contacts)
	}
}

// subjects are those of a list, oldest first.
func (k *desk) subjects(filters string, rare int) (string, error) {
	k.t.Helper()
	defer conversation.SetMaxRare(rare)()
	page, err := k.c.List(k.ctx, k.admin, conversation.ListQuery{Scope: conversation.All, Page: 1, PageSize: 50, Filters: filters, OrderBy: "conversations.created_at", Order: "asc"})
	if err != nil {
		return "", err
	}
	out := make([]string, len(page.Results))
	for i, r := range page.Results {
		out[i] = *r.Subject
	}
	if int64(len(out)) != page.Total {
		k.t.Errorf("%s: %d rows, total %d", filters, len(out), page.Total)
	}
	return strings.Join(out, ","), nil
}

// A list is filtered by subject and by custom attributes of every type; who has no value is unlike every value.
func TestListsAreFilteredBySubjectAndAttributes(t *testing.T) {
	each(t, func(k *desk) {
		k.define()
		long := strings.Repeat("ä", 300)
		k.named("Anna 100% off", `{"text":"Blue Lamp","number":2,"checkbox":true,"date":"2026-05-01","link":"https://a.test/x","list":"Gold"}`, `{"list":"Silver","number":"10.5"}`)
		k.named("Bert's anna", `{"text":"blue","number":"10","checkbox":false,"date":"2026-05-02T23:30:00Z","list":"Silver"}`, `{"list":"Gold","number":1e2}`)
		k.named("Cleo "+long+"1", `{"text":"`+long+`1","number":-3.5,"date":"2026-06-01"}`, "")
		k.named("Dora "+long+"2", `{"text":"`+long+`2","other":"Gold","list":null}`, `{"list":""}`)
		own := func(field, op, value string) string {
			return condition("conversations", "custom_attributes."+field, op, value)
		}
		contacts := func(field, op, value string) string { return condition("users", "custom_attributes."+field, op, value) }
		subject := func(op, value string) string { return condition("conversations", "subject", op, value) }
		for _, c := range []struct{ filter, want string }{
			{own("text", "equals", "blue"), "B"}, {own("text", "not equals", "blue"), "ACD"}, {own("text", "equals", long+"1"), "C"},
			{own("text", "contains", "LAMP"), "A"}, {own("text", "ilike", "blue"), "AB"}, {own("text", "not contains", "blue"), "CD"},
			{own("text", "starts with", "BLUE"), "AB"}, {own("text", "starts with", "lamp"), ""}, {own("text", "contains", "%"), ""},
			{own("text", "in", `["blue","`+long+`2"]`), "BD"}, {own("text", "set", ""), "ABCD"},
			{own("number", "equals", "2.0"), "A"}, {own("number", "equals", "10"), "B"}, {own("number", "not equals", "2"), "BCD"},
			{own("number", "greater than", "2"), "B"}, {own("number", "less than", "2"), "C"}, {own("number", "between", "-3.5, 2"), "AC"},
			{own("number", "set", ""), "ABC"}, {own("number", "not set", ""), "D"},
			{own("checkbox", "equals", "true"), "A"}, {own("checkbox", "equals", "false"), "BCD"}, {own("checkbox", "not equals", "true"), "BCD"},
			{own("checkbox", "not equals", "false"), "A"}, {own("checkbox", "set", ""), "AB"},
			{own("date", "equals", "2026-05-02"), "B"}, {own("date", "not equals", "2026-05-02"), "ACD"}, {own("date", "greater than", "2026-05-01"), "BC"},
			{own("date", "less than", "2026-05-02"), "A"}, {own("date", "between", "2026-05-01,2026-05-02"), "AB"}, {own("date", "not set", ""), "D"},
			{own("link", "contains", "a.test"), "A"}, {own("link", "not set", ""), "BCD"},
			{own("list", "equals", "Gold"), "A"}, {own("list", "not equals", "Gold"), "BCD"}, {own("list", "in", `["Gold","Silver"]`), "AB"}, {own("list", "not set", ""), "CD"},
			{contacts("list", "equals", "Gold"), "B"}, {contacts("list", "not equals", "Gold"), "ACD"}, {contacts("list", "not set", ""), "CD"},
			{contacts("number", "greater than", "10"), "AB"}, {contacts("number", "equals", "100"), "B"},
			{own("list", "set", "") + "," + contacts("list", "equals", "Silver"), "A"},
			{subject("contains", "ANNA"), "AB"}, {subject("contains", "0% o"), "A"}, {subject("contains", "'s a"), "B"}, {subject("contains", `"`), ""},
			{subject("contains", `anna"`), ""}, {subject("contains", "na"), "AB"}, {subject("not contains", "anna"), "CD"}, {subject("contains", "ää1"), "C"},
			{subject("starts with", "anna"), "A"}, {subject("starts with", "cleo "+long+"1"), "C"}, {subject("starts with", "%"), ""},
			{subject("equals", "Bert's anna"), "B"}, {subject("equals", "bert's anna"), ""}, {subject("equals", "Dora "+long+"2"), "D"}, {subject("not equals", "Bert's anna"), "ACD"},
			{subject("in", `["Anna 100% off","Bert's anna"]`), "AB"},
		} {
			for _, rare := range []int{2000, 0, -1} { // found by an index, and by a walk through the list
				got, err := k.subjects("["+c.filter+"]", rare)
				k.must(err)
				first := ""
				for _, s := range strings.Split(got, ",") {
					first += fmt.Sprintf("%.1s", s)
				}
				if first != c.want {
					k.t.Errorf("%.120s, few are %d: got %s, want %s", c.filter, rare, first, c.want)
				}
			}
		}
		either, err := k.subjects(`{"logic":"OR","rules":[`+own("list", "equals", "Gold")+`,`+contacts("list", "equals", "Gold")+`]}`, 2000)
		if k.must(err); either != "Anna 100% off,Bert's anna" {
			k.t.Errorf("either: %s", either)
		}
		for name, f := range map[string]string{
			"unknown attribute": own("colour", "equals", "x"), "of the other": condition("users", "custom_attributes.colour", "set", ""), "no number": own("number", "equals", "x"),
			"NaN": own("number", "equals", "NaN"), "no day": own("date", "equals", "soon"), "half a range": own("number", "between", "1"), "half a range of days": own("date", "between", "2026-01-01"),
			"no flag": own("checkbox", "equals", "maybe"), "contains on a number": own("number", "contains", "1"), "order of texts": own("text", "greater than", "a"),
			"order of flags": own("checkbox", "less than", "true"), "contains on a choice": own("list", "contains", "Go"), "no list": own("text", "in", "x"), "NUL": own("text", "equals", "\x00"),
			"NUL in a list": own("list", "in", `["\u0000"]`), "NUL in a subject": subject("starts with", "\x00"), "order of subjects": subject("between", "1"),
		} {
			if _, err := k.subjects("["+f+"]", 2000); !fault.Is(err, fault.Invalid) {
				k.t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// What lists are filtered by follows every change.
func TestFiltersSeeEveryChangeOfAnAttribute(t *testing.T) {
	each(t, func(k *desk) {
		k.define()
		gold, lamp := "["+condition("conversations", "custom_attributes.list", "equals", "Gold")+"]", "["+condition("conversations", "subject", "contains", "lamp")+"]"
		c := k.open("a@x.test")
		expect := func(filter, want string) {
			k.t.Helper()
			got, err := k.subjects(filter, 2000)
			if k.must(err); got != want {
				k.t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
		set := func(values string) {
			k.t.Helper()
			k.exec(`UPDATE conversations SET custom_attributes = $2 WHERE uuid = $1`, c.UUID, values)
		}
		expect(gold, "")
		set(`{"list":"Gold","nested":{"list":"Gold"},"many":["Gold"],"large":1e999,"text":"1e999"}`)
		expect(gold, "Lamp - #100")
		set(`{"list":"Silver"}`)
		expect(gold, "")
		set(`{"list":"Gold"}`)
		k.exec(`UPDATE conversations SET subject = 'Chair' WHERE uuid = $1`, c.UUID)
		expect(gold, "Chair")
		expect(lamp, "")
		k.exec(`UPDATE conversations SET subject = 'A lamp' WHERE uuid = $1`, c.UUID)
		expect(lamp, "A lamp")
		k.exec(`DELETE FROM conversations WHERE uuid = $1`, c.UUID)
		expect(gold, "")
		expect(lamp, "")
		left, err := db.Select[int64](k.ctx, k.db, `SELECT conversation_id FROM conversation_attributes`)
		if k.must(err); len(left) > 0 {
			k.t.Errorf("rows of %v are left", left)
		}
	})
}
