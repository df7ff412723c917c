package conversation_test

import (
	"encoding/base64"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// FuzzPages proves that whatever a client asks a list for is either refused as Invalid or a page of it: no row twice, no
// more than a page holds, and behind a cursor only what comes behind it.
func FuzzPages(f *testing.F) {
	cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, c := range []string{"", "x", "eyJhIjoxfQ", cursor("[1,2]"), cursor("[null,2]"), cursor("[1,null]"), cursor("[1]"), cursor("[1,2,3]"), cursor("[9223372036854775807,-9223372036854775808]"),
		cursor("[1e3,2]"), cursor(`["1",2]`), cursor("[[1],2]"), cursor("\x00")} {
		f.Add(uint8(0), 1, 2, c, "", "", "")
		f.Add(uint8(1), 2, 2, c, "conversations.waiting_since", "asc", "[]")
	}
	for _, filters := range []string{"[", "{}", `[{"model":"conversations","field":"status_id","operator":"in","value":"[\"1\",\"2\"]"}]`, `[{"model":"conversations","field":"tags","operator":"contains","value":"[1,2]"}]`,
		`{"logic":"or","rules":[{"model":"conversation_statuses","field":"name","operator":"not equals","value":"Open"}]}`, `[{"model":"users","field":"email","operator":"equals","value":"\u0000"}]`,
		`[{"model":"conversations","field":"status_id","operator":"in","value":"[\" 1\",\"-1\",\"99999999999999999999\"]"}]`,
		"[" + condition("conversations", "subject", "contains", `a"b*`) + "]", "[" + condition("conversations", "subject", "starts with", `%_\`) + "]",
		"[" + condition("conversations", "custom_attributes.text", "in", `["a","\u0000"]`) + "]", "[" + condition("users", "custom_attributes.number", "between", "-1e308,Inf") + "]",
		"[" + condition("users", "custom_attributes.date", "between", "2026-02-29,9999-12-31") + "]", "[" + condition("conversations", "custom_attributes.checkbox", "not equals", "t") + "]",
		"[" + condition("users", "custom_attributes.", "set", "") + "]", "[" + condition("conversations", "custom_attributes.link", "not contains", "\xff") + "]"} {
		f.Add(uint8(6), 1, 30, "", "conversations.priority_id", "DESC", filters)
	}
	f.Add(uint8(8), 1<<40, 500, "", "conversations.snoozed_until", "asc", "null")
	f.Add(uint8(3), 1, 1, "", "conversations.created_at; DROP TABLE users", "desc--", "")
	k := newDesk(f, dbtest.SQLite(f))
	k.define()
	for _, email := range []string{"a@x.test", "b@x.test", "c@x.test", "d@x.test", "e@x.test"} {
		k.open(email)
	}
	f.Fuzz(func(t *testing.T, scope uint8, page, size int, cursor, by, order, filters string) {
		// The API keeps the page and its size within these bounds.
		page, size = max(1, page), min(max(1, size), 500)
		q := conversation.ListQuery{Scope: conversation.Scope(scope % 9), ContactID: int64(scope), Page: page, PageSize: size, Cursor: cursor, OrderBy: by, Order: order, Filters: filters}
		got, err := k.c.List(k.ctx, k.admin, q)
		if err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%+v: %v", q, err)
			}
			return
		}
		if len(got.Results) > size || got.Total < int64(len(got.Results)) && cursor == "" {
			t.Fatalf("%+v: %d rows, total %d", q, len(got.Results), got.Total)
		}
		seen := map[string]bool{}
		for _, r := range got.Results {
			if seen[r.UUID] {
				t.Fatalf("%+v: %s twice", q, r.UUID)
			}
			seen[r.UUID] = true
		}
		if got.NextCursor != nil {
			q.Cursor, q.Page = *got.NextCursor, 1
			next, err := k.c.List(k.ctx, k.admin, q)
			if err != nil {
				t.Fatalf("%+v: %v", q, err)
			}
			for _, r := range next.Results {
				if seen[r.UUID] {
					t.Fatalf("%+v: %s again behind the cursor", q, r.UUID)
				}
			}
		}
	})
}
