package search

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// hostile are queries that mean something to an engine.
var hostile = []string{
	`"`, `""" OR 1`, `a* AND (b`, `NEAR(a b, 5)`, `doc:abc`, `rowid:1 ^abc`, `-abc +def {doc}: "x`, `'; DROP TABLE messages; --`, `a & | ! b:*A <-> c`,
	`abc\`, `abc'def`, "abc\x00def", "\xff\xfe\xfd", "%_%_%", "#-1", "#99999999999999999999", "á́́́", "\u202eabc", "字", "字字 abc", "<->", "AND OR NOT", "ﬃﬃ", "İıſ",
	`from:kim to:a.test tag:x status:open assignee:me team:none inbox:"`, `-from:"kim" -to:a -has:note -tag:"`, `in:trash before:2026-01-01 after:1999-12-31`,
	`before:0000-00-00`, `after:9999-99-99`, `has:has:has`, `:::`, `from:`, `from:""`, `to:"" to:-`, `tag:字`, `-"`, `--abc`, `-"a b" c`, `"a b`, `status:" "`,
	strings.Repeat("a ", 200), strings.Repeat("é", 250), "\U0010ffff\U0010ffff", "abc\u0000", "١٢٣", "a.b.c.d.e.f.g.h.i.j.k.l.m.n", "नमस्ते", "ก็ดี", "e\u0301e\u0301e\u0301",
}

func searchAll(k *desk, query string) {
	_, a := k.s.Messages(k.ctx, k.admin, query)
	_, b := k.s.Conversations(k.ctx, k.admin, query)
	_, c := k.s.Contacts(k.ctx, query)
	for _, err := range []error{a, b, c} {
		if err != nil && !fault.Is(err, fault.Invalid) {
			k.Errorf("%q: %v", query, err)
		}
	}
}

func TestNoQueryIsAnErrorOfTheEngine(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "S", "abc")
		for _, text := range hostile {
			k.note(c, "z "+strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?"))
		}
		k.index()
		for _, query := range hostile {
			searchAll(k, query)
		}
	})
}

// FuzzParse looks for queries that the parser takes for something they are not.
func FuzzParse(f *testing.F) {
	for _, q := range hostile {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parse(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if len(q.operators) > maxOperators {
			t.Fatalf("%d operators", len(q.operators))
		}
		for _, op := range q.operators {
			if !operators[op.name] || op.value == "" {
				t.Fatalf("operator %+v", op)
			}
		}
		n := 0
		for _, p := range append(q.phrases, q.without...) {
			n += len(p.words)
			for _, w := range p.words {
				if w == "" || strings.ContainsAny(w, " '\"\\:*=") {
					t.Fatalf("word %q", w)
				}
			}
		}
		if n > maxQueryWords {
			t.Fatalf("%d words", n)
		}
	})
}

// FuzzQuery looks for queries that an engine refuses, and for texts that are not found by themselves.
func FuzzQuery(f *testing.F) {
	for _, q := range hostile {
		f.Add(q)
	}
	k := newDesk(f, dbtest.SQLite(f))
	c := k.open("Kim", "kim@a.test", "S", "abc")
	m := k.note(c, "text")
	f.Fuzz(func(t *testing.T, query string) {
		k := *k
		k.TB = t
		text := strings.ReplaceAll(strings.ToValidUTF8(query, "?"), "\x00", "?")
		k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(k.ctx, `UPDATE messages SET text_content = $1 WHERE uuid = $2`, text, m.UUID)
			return err
		}))
		k.index()
		searchAll(&k, query)
		for _, w := range words(text, maxWords) {
			if w.start < 0 || w.end > len(text) || w.start >= w.end || !utf8.ValidString(w.text) || strings.ContainsAny(w.text, " '\"\\:*") {
				t.Fatalf("word %+v of %q", w, text)
			}
		}
		q, err := parse(text)
		if err != nil || len(q.without)+len(q.operators) > 0 {
			return // it asks for something else
		}
		if len(text) <= maxQuery && len(strings.TrimSpace(text)) >= minQuery && len(words(text, maxQueryWords)) > 0 {
			if found := k.messages(k.admin, text); len(found) == 0 {
				t.Fatalf("%q does not find itself: %+v", text, words(text, maxWords))
			}
		}
	})
}
