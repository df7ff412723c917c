package search

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

const (
	// candidates is how many matches that the asker may read are ranked, the newest ones.
	candidates = 100
	// looked is how many matches are looked at for those, when the asker may not read every conversation.
	looked = 10_000
)

// readsAll reports whether p may read every conversation.
func readsAll(p *agent.Principal) bool {
	return p.Can(role.ConversationsRead) && p.Can(role.ConversationsReadAll)
}

// depth is how many matches are looked at for an asker.
func depth(p *agent.Principal) int {
	if readsAll(p) {
		return candidates
	}
	return looked
}

// index is one of the indexes being searched.
type index struct {
	table string
	depth int // how many matches are looked at
	// query reads candidates: the rows of the matches, given as a statement of ids, that the asker may read.
	query func(matches string, args *filter.Args) string
}

// find reads the candidates of a query. Where there are enough of the very words, words that only begin so are not looked
// for: they would rank behind.
func find[T any](ctx context.Context, s *Service, q query, in index, scan func(db.Rows) (T, error)) ([]T, error) {
	out := make([]T, 0, candidates)
	rare := false
	read := func(matching string) error {
		out = out[:0]
		args := &filter.Args{}
		query := in.query(s.matches(in, matching, rare, args), args)
		values := args.Values()
		if s.db.Engine() == db.Postgres {
			// To be planned for its own words: of a rare one the entries of the index are taken, for a common one the newest
			// rows are walked down. A prepared statement would be planned for any.
			values = append([]any{pgx.QueryExecModeExec}, values...)
		}
		return db.Each(ctx, s.db, func(r db.Rows) error {
			v, err := scan(r)
			out = append(out, v)
			return err
		}, query, values...)
	}
	if s.db.Engine() == db.Postgres {
		var err error
		if rare, err = s.rare(ctx, in, q.tsquery()); err != nil {
			return nil, err
		}
		return out, read(q.tsquery())
	}
	if err := read(q.exact()); err != nil || len(out) == candidates || !q.hasPrefix() {
		return out, err
	}
	matching, err := q.fts5(ctx, s.db, in.table+"_words")
	if err != nil {
		return nil, fmt.Errorf("look up the words of a search: %w", err)
	}
	if matching == q.exact() {
		return out, nil
	}
	return out, read(matching)
}

// PostgreSQL does not know how many words begin in a way and takes two of a hundred rows for it. So it is tried on the newest
// rows whether a query is one of common words, whose matches are walked down to, or of rare ones, which the index names.
const (
	tried  = 10_000
	common = 100
)

func (s *Service) rare(ctx context.Context, in index, matching string) (bool, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM (SELECT doc FROM `+in.table+` ORDER BY id DESC LIMIT `+strconv.Itoa(tried)+`) AS newest
		WHERE doc @@ $1::tsquery LIMIT `+strconv.Itoa(common)+`) AS found`, matching).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("see how common the words of a search are: %w", err)
	}
	return n < common, nil
}

// matches is the statement that gives the ids of what matches, newest first. Of rare words PostgreSQL takes all matches from
// the index, which OFFSET keeps apart from the order and the limit.
func (s *Service) matches(in index, matching string, rare bool, args *filter.Args) string {
	limit := ` LIMIT ` + strconv.Itoa(in.depth)
	if s.db.Engine() == db.Postgres && rare {
		return `SELECT id FROM (SELECT id FROM ` + in.table + ` WHERE doc @@ ` + args.Add(matching) + `::tsquery OFFSET 0) AS found ORDER BY id DESC` + limit
	}
	if s.db.Engine() == db.Postgres {
		return `SELECT id FROM ` + in.table + ` WHERE doc @@ ` + args.Add(matching) + `::tsquery ORDER BY id DESC` + limit
	}
	return `SELECT rowid AS id FROM ` + in.table + ` WHERE ` + in.table + ` MATCH ` + args.Add(matching) + ` ORDER BY rowid DESC` + limit
}

// lookUp joins, for each row so far, the row of a table whose id is key, by its primary key and in the order of the rows:
// however small a table is or however old what the engine knows of it, it is not read from end to end.
func (s *Service) lookUp(table, alias, key string) string {
	if s.db.Engine() == db.Postgres {
		return ` CROSS JOIN LATERAL (SELECT * FROM ` + table + ` WHERE ` + table + `.id = ` + key + ` OFFSET 0) AS ` + alias
	}
	return ` CROSS JOIN ` + table + ` ` + alias + ` ON ` + alias + `.id = ` + key
}

// newest ends a statement over matches f: they come newest first and are read until there are enough. SQLite reads
// them in that order, f being the outer loop of a CROSS JOIN; told to sort it would read all of them first.
func (s *Service) newest() string {
	if s.db.Engine() == db.Postgres {
		return ` ORDER BY f.id DESC LIMIT ` + strconv.Itoa(candidates)
	}
	return ` LIMIT ` + strconv.Itoa(candidates)
}

// like is a LIKE pattern, for ESCAPE '\', of texts that contain another.
func like(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(part) + "%"
}
