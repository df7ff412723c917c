package search

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// portion is how many entries are read at a time: of a common word the newest are enough.
const portion = 200

// among reads the candidates among a bounded number of entries, for SQLite. Asked for one entry FTS5 sets out anew every
// time, and going through all that matches takes as long as there is much of it; so the entries are made of their texts
// again, which is how they came to be in the index, and looked at here.
func among[T any](ctx context.Context, s *Service, e *expression, in index, scan func(db.Rows) (T, error)) ([]T, error) {
	args := &filter.Args{}
	ids, err := db.Select[int64](ctx, s.db, in.fewest(args), args.Values()...)
	if err != nil {
		return nil, fmt.Errorf("read the few entries to look at: %w", err)
	}
	var out []T
	for some := range slices.Chunk(ids, portion) {
		matching, err := s.matching(ctx, e, in.table, some)
		if err != nil {
			return nil, err
		}
		if len(matching) == 0 {
			continue
		}
		args := &filter.Args{}
		if err := db.Each(ctx, s.db, func(r db.Rows) error {
			v, err := scan(r)
			out = append(out, v)
			return err
		}, in.query(oneOf(list(s.db, matching), args), args), args.Values()...); err != nil {
			return nil, err
		}
		if len(out) >= candidates {
			return out[:candidates], nil
		}
	}
	return out, nil
}

// fewest is the statement of the ids of all entries that come into question, the newest first.
func (in index) fewest(args *filter.Args) string {
	return `SELECT id FROM (` + in.few(args) + `) AS few ORDER BY id DESC`
}

// oneOf is the statement of the ids in a [list], in its order.
func oneOf(list any, args *filter.Args) string {
	return `SELECT value AS id FROM json_each(` + args.Add(list) + `)`
}

// matching returns those of the entries of a table that match, in their order.
func (s *Service) matching(ctx context.Context, e *expression, table string, ids []int64) ([]int64, error) {
	k := kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.table == table })]
	matches := make(map[int64]bool, len(ids))
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var id int64
		var text, names, recipients, marks string
		if err := r.Scan(&id, &text, &names, &recipients, &marks); err != nil {
			return err
		}
		matches[id] = e.matches(entry(text, names, recipients, marks))
		return nil
	}, fmt.Sprintf(k.source, anyOf(s.db)), list(s.db, ids))
	if err != nil {
		return nil, fmt.Errorf("read the texts of few %ss: %w", k.name, err)
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return !matches[id] }), nil
}

// matches reports whether an entry is one that the expression asks for.
func (e *expression) matches(entry []string) bool {
	has := func(p phrase) bool { return p.in(entry) }
	for _, alternatives := range e.must {
		if !slices.ContainsFunc(alternatives, has) {
			return false
		}
	}
	return !slices.ContainsFunc(e.not, has)
}

// in reports whether the words of the phrase stand next to each other in an entry.
func (p phrase) in(entry []string) bool {
	last := len(p.words) - 1
	for i := range len(entry) - last {
		next := entry[i : i+last+1]
		if slices.Equal(next[:last], p.words[:last]) && (next[last] == p.words[last] || p.prefix && strings.HasPrefix(next[last], p.words[last])) {
			return true
		}
	}
	return false
}
