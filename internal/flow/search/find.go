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
	// looked is how many matches are looked at for those, when the asker may not read every conversation or does not want
	// every one.
	looked = 10_000
)

// readsAll reports whether p may read every conversation.
func readsAll(p *agent.Principal) bool {
	return p.Can(role.ConversationsRead) && p.Can(role.ConversationsReadAll)
}

// depth is how many matches are looked at for an asker who asks for conversations of some kind.
func depth(p *agent.Principal, c *conditions) int {
	if readsAll(p) && c.all() {
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
	// few, unless nil, is the statement of the ids of all entries that come into question, a bounded number.
	few func(args *filter.Args) string
	// above and below, unless 0, are what the ids of all matches are at least, and what they are below.
	above, below int64
}

// find reads the candidates of an expression. Where there are enough of the very words, words that only begin so are not
// looked for: they would rank behind.
func find[T any](ctx context.Context, s *Service, e *expression, in index, scan func(db.Rows) (T, error)) ([]T, error) {
	if in.few != nil && s.db.Engine() == db.SQLite {
		return among(ctx, s, e, in, scan)
	}
	out := make([]T, 0, candidates)
	read := func(matching string, by way) error {
		out = out[:0]
		args := &filter.Args{}
		query := in.query(s.matches(in, matching, by, args), args)
		values := args.Values()
		if s.db.Engine() == db.Postgres && by != newest {
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
		by := indexed
		if in.few == nil {
			if in.depth == candidates { // whose readers may read all that matches
				if err := read(e.tsquery(), newest); err != nil || len(out) == candidates {
					return out, err
				}
			}
			common, err := s.common(ctx, in, e.tsquery())
			if err != nil {
				return nil, err
			}
			if common {
				by = walked
			}
		}
		err := read(e.tsquery(), by)
		return out, err
	}
	if err := read(e.exact(), walked); err != nil || len(out) == candidates || !e.hasPrefix() {
		return out, err
	}
	matching, err := e.expanded(ctx, s.db, in.table+"_words")
	if err != nil {
		return nil, fmt.Errorf("look up the words of a search: %w", err)
	}
	if matching == e.exact() {
		return out, nil
	}
	err = read(matching, walked)
	return out, err
}

// way is how matches are come by. PostgreSQL does not know how many words begin in a way and takes two of a hundred rows for it. So
// it is tried on the newest rows whether a query is one of common words, whose matches are walked down to, or of rare ones, which
// the index names.
type way int

const (
	indexed way = iota // all matches, from the index
	walked             // down from the newest row until there are enough
	newest             // among the newest rows only
)

const (
	tried    = 10_000 // rows
	frequent = candidates
)

func (s *Service) rare(ctx context.Context, in index, matching string) (bool, error) {
	args := &filter.Args{}
	var n int
	err := s.db.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM (`+in.newest(args)+`) AS newest
		WHERE doc @@ `+opaque(matching, args)+` LIMIT `+strconv.Itoa(frequent)+`) AS found`, args.Values()...).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("see how common the words of a search are: %w", err)
	}
	return n < frequent, nil
}

// How many rows are looked at everywhere in an index, and how many matches among them are so many that the index would name too many.
const (
	samples = 20
	sampled = 100 // rows of each
	usually = 2
)

// common reports whether a query is one of common words.
func (s *Service) common(ctx context.Context, in index, matching string) (bool, error) {
	if in.depth != candidates { // else the newest rows have been looked at
		if rare, err := s.rare(ctx, in, matching); err != nil || !rare {
			return !rare, err
		}
	}
	return s.usual(ctx, in, matching)
}

// usual reports whether what matches is common though not among the newest rows.
func (s *Service) usual(ctx context.Context, in index, matching string) (bool, error) {
	args := &filter.Args{}
	top := `(SELECT COALESCE(max(id), 0) FROM ` + in.table + `)`
	if in.below != 0 {
		top = args.Add(in.below) + `::bigint`
	}
	bottom := args.Add(in.above) + `::bigint`
	var n int
	err := s.db.QueryRow(ctx, `SELECT count(*) FROM generate_series(1, `+strconv.Itoa(samples)+`) AS part CROSS JOIN LATERAL
		(SELECT doc FROM `+in.table+` WHERE id <= `+bottom+` + (`+top+` - `+bottom+`) / `+strconv.Itoa(samples)+` * part
		ORDER BY id DESC LIMIT `+strconv.Itoa(sampled)+`) AS rows_of WHERE rows_of.doc @@ `+opaque(matching, args), args.Values()...).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("see how usual the words of a search are: %w", err)
	}
	return n >= usually, nil
}

// newest is the statement of the newest rows of an index on PostgreSQL.
func (in index) newest(args *filter.Args) string {
	return `SELECT id, doc FROM ` + in.table + ` WHERE TRUE` + in.bound("id", args) + ` ORDER BY id DESC LIMIT ` + strconv.Itoa(tried)
}

// bound is the condition that an id is within the index's bounds.
func (in index) bound(id string, args *filter.Args) (text string) {
	if in.above != 0 {
		text += ` AND ` + id + ` >= ` + args.Add(in.above)
	}
	if in.below != 0 {
		text += ` AND ` + id + ` < ` + args.Add(in.below)
	}
	return text
}

// opaque is an expression as PostgreSQL does not see it when it plans. A statement whose plan does not depend on the words is
// planned once, and not with every search.
func opaque(matching string, args *filter.Args) string {
	return `(SELECT ` + args.Add(matching) + `::tsquery)`
}

// matches is the statement that gives the ids of what matches, newest first. Of rare words PostgreSQL takes all matches from
// the index, which OFFSET keeps apart from the order and the limit. It is kept from guessing how many there are: of a
// query with many alternatives it expects half of the table, and would read all of it.
func (s *Service) matches(in index, matching string, by way, args *filter.Args) string {
	limit := ` DESC LIMIT ` + strconv.Itoa(in.depth)
	postgres := s.db.Engine() == db.Postgres
	switch {
	case in.few != nil: // on SQLite see [among]
		return `SELECT few.id FROM (` + in.few(args) + `) AS few` + s.lookUp(in.table, "entry", "few.id") +
			` WHERE entry.doc @@ ` + args.Add(matching) + `::tsquery ORDER BY few.id` + limit
	case postgres && by == newest:
		return `SELECT id FROM (` + in.newest(args) + `) AS newest WHERE doc @@ ` + opaque(matching, args) + ` ORDER BY id` + limit
	case postgres && by == indexed:
		return `SELECT id FROM (SELECT id FROM ` + in.table + ` WHERE doc @@ ` + opaque(matching, args) + ` OFFSET 0) AS found WHERE TRUE` +
			in.bound("id", args) + ` ORDER BY id` + limit
	case postgres:
		return `SELECT id FROM ` + in.table + ` WHERE doc @@ ` + args.Add(matching) + `::tsquery` + in.bound("id", args) + ` ORDER BY id` + limit
	}
	return `SELECT rowid AS id FROM ` + in.table + ` WHERE ` + in.table + ` MATCH ` + args.Add(matching) + in.bound("rowid", args) + ` ORDER BY rowid` + limit
}

// narrow is where matches are looked for: in few conversations, if a condition fits few.
type narrow struct {
	find func(*filter.Args) string
	n    int
}

// narrow finds the condition that fits the fewest conversations, counted up to a bound; its find is nil if none fits few.
func (s *Service) narrow(ctx context.Context, c *conditions) (out narrow, err error) {
	for _, f := range c.finders() {
		args := &filter.Args{}
		var n int
		if err := s.db.QueryRow(ctx, probe(f, fewListed, args), args.Values()...).Scan(&n); err != nil {
			return out, fmt.Errorf("look how many conversations a condition fits: %w", err)
		}
		if n <= fewListed && (out.find == nil || n < out.n) {
			out = narrow{f, n}
		}
	}
	return out, nil
}

// messages is the statement of the newest messages of the few conversations, nil if they are not few.
func (n narrow) messages(s *Service) func(*filter.Args) string {
	if n.find == nil || n.n > few {
		return nil
	}
	return func(args *filter.Args) string {
		of := ` CROSS JOIN messages m ON m.conversation_id = fit.id AND m.type <> 'activity'`
		if s.db.Engine() == db.Postgres {
			of = ` CROSS JOIN LATERAL (SELECT id FROM messages WHERE conversation_id = fit.id AND type <> 'activity' OFFSET 0) AS m`
		}
		return `SELECT m.id FROM (` + n.find(args) + `) AS fit` + of + ` ORDER BY m.id DESC LIMIT ` + strconv.Itoa(maxFewMessages)
	}
}

// conversations is the statement of the few conversations, nil if they are not few.
func (n narrow) conversations() func(*filter.Args) string {
	if n.find == nil || n.n > few {
		return nil
	}
	return n.find
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

// beginning is the beginning of a text. PostgreSQL counts the characters even of a text that is shorter, one by one.
func (s *Service) beginning(column string, most int) string {
	part := `substr(` + column + `, 1, ` + strconv.Itoa(most) + `)`
	if s.db.Engine() == db.Postgres {
		return `CASE WHEN octet_length(` + column + `) <= ` + strconv.Itoa(most) + ` THEN ` + column + ` ELSE ` + part + ` END`
	}
	return part
}

// like is a LIKE pattern, for ESCAPE '\', of texts that contain another.
func like(part string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(part) + "%"
}
