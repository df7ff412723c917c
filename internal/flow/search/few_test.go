package search

import (
	"slices"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// What an entry is made of again is what the index has of it: both ways find the same, whatever the texts and the query.
func TestLookingAtEntriesFindsWhatTheIndexFinds(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	k.sample()
	c := k.open("Kim", "kim@a.test", "S", "abc")
	texts := append(slices.Clone(hostile), "Straße in Łódź, 東京タワー", "one-two@three.test", "e-mail e mail email", "abc abcd ab", "a a b a b c")
	for _, text := range texts {
		k.note(c, "z "+strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?"))
	}
	k.index()
	all, err := db.Select[int64](k.ctx, k.db, `SELECT id FROM messages WHERE type <> 'activity' ORDER BY id`)
	k.must(err)
	for _, typed := range append(texts, "abc", "ab", `"a b"`, `"a b a"`, "-abc z", "stras", "東京", "京タ", "e-mail", "one-t", "zoe", "broken -lamp", "kim has:note", "a.test") {
		q, _, err := k.s.understand(k.ctx, k.admin, typed)
		if err != nil {
			continue
		}
		e := q.words()
		indexed, err := e.expanded(k.ctx, k.db, "search_messages_words")
		k.must(err)
		want, err := db.Select[int64](k.ctx, k.db, `SELECT rowid FROM search_messages WHERE search_messages MATCH $1 ORDER BY rowid`, indexed)
		k.must(err)
		got, err := k.s.matching(k.ctx, e, "search_messages", all)
		k.must(err)
		if !slices.Equal(got, want) {
			t.Errorf("%q: looked at %v, indexed %v", typed, got, want)
		}
	}
}
