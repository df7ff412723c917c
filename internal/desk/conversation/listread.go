package conversation

import (
	"context"
	"fmt"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// listing is a list that is being read: what it is made of, and the way that was decided upon.
type listing struct {
	s      *Service
	p      *agent.Principal
	q      ListQuery
	tree   filter.Tree
	from   source
	walk   walk
	within func(*filter.Args) string // see [Service.along]
	kept   func(*filter.Args) string // the statement of its total, nil if that is not kept
	total  int64                     // of one that is kept known after its rows were read, before that of a later page only
	key    string                    // of what is remembered about it
}

func (s *Service) listing(ctx context.Context, p *agent.Principal, q ListQuery) (*listing, error) {
	if q.Scope == TeamInbox && !p.InTeam(q.TeamID) {
		return nil, fault.Denied()
	}
	l := &listing{s: s, p: p, q: q}
	var err error
	if l.tree, err = q.tree(); err != nil {
		return nil, err
	}
	args := &filter.Args{}
	where, err := s.listWhere(ctx, p, q, l.tree, nil, args)
	if err != nil {
		return nil, err
	}
	if l.from, err = s.source(ctx, p, q, l.tree); err != nil {
		return nil, err
	}
	if l.from.rare { // which is put in order
		l.walk.sorting, l.walk.desc, err = q.sorting()
	} else {
		l.walk, l.within, err = s.along(ctx, p, q, l.tree)
	}
	if err != nil {
		return nil, err
	}
	if err = l.count(ctx, where, args.Values()); err != nil {
		return nil, err
	}
	l.key = fmt.Sprint("sparse ", l.walk.orderBy(l.walk.desc), where, args.Values())
	if _, sparse := s.sizes.get(l.key); sparse && !l.from.rare {
		if l.from, err = l.fewest(ctx); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// count finds the total of the list, unless that is read with the rows: where a later page begins depends on it.
func (l *listing) count(ctx context.Context, where string, args []any) (err error) {
	if l.kept, err = l.s.keptTotal(ctx, l.p, l.q); err != nil {
		return err
	}
	switch {
	case l.kept == nil:
		l.total, err = l.s.total(ctx, l.from, where, args)
	case l.q.Page > 1 && l.q.Cursor == "":
		err = l.countKept(ctx)
		l.kept = nil
	}
	return err
}

// read returns the rows of the page. The beginning of a list is walked no further than a page of most lists takes. A page that this
// does not fill is walked for, or the conversations that one of the conditions fits are put in order: whichever is shorter.
func (l *listing) read(ctx context.Context) ([]ListItem, error) {
	if l.from.finder != nil && !l.from.rare && l.within != nil && l.q.Cursor == "" && l.q.Page == 1 {
		st, err := l.statement(ctx, true)
		if err != nil {
			return nil, err
		}
		rows, err := l.rows(ctx, st)
		if err != nil || !st.near || len(rows) == l.q.PageSize {
			return rows, err
		}
		if err := l.reconsider(ctx, len(rows)); err != nil {
			return nil, err
		}
	}
	st, err := l.statement(ctx, false)
	if err != nil {
		return nil, err
	}
	return l.rows(ctx, st)
}

// reconsider decides whether a list is walked on of which so many conversations were among the nearest, and remembers it if not.
func (l *listing) reconsider(ctx context.Context, got int) error {
	from, err := l.fewest(ctx)
	if err != nil || !from.rare {
		return err
	}
	if way := nearest() * l.q.PageSize / (got + 1); 2*from.n < way {
		l.from = from
		l.s.sizes.put(l.key, from.n)
	}
	return nil
}

// fewest returns the condition that fits the fewest conversations, as a source if that is not more than can be put in order.
func (l *listing) fewest(ctx context.Context) (source, error) {
	attributes, err := l.s.attributeFields(ctx, l.tree)
	if err != nil {
		return source{}, err
	}
	from := l.from
	for _, f := range finders(l.s.db.Engine(), l.p, l.q, l.tree, attributes) {
		if f.partial {
			continue
		}
		n, err := l.s.size(ctx, f, maxFound+1)
		if err != nil {
			return source{}, err
		}
		if n <= maxFound && (!from.rare || n < from.n) {
			from = source{finder: &f, rare: true, n: n}
		}
	}
	return from, nil
}

// statement is what gives the conversations of a page, in order.
type statement struct {
	page  string // their ids,
	whole bool   // or their whole rows
	order string
	args  *filter.Args
	near  bool // there may be more, further away
}

// statement returns how the page is read, if near is set from no more than the nearest conversations.
func (l *listing) statement(ctx context.Context, near bool) (st statement, err error) {
	st.order, st.args = l.walk.orderBy(l.walk.desc), &filter.Args{}
	hint := l.s.hinted(&l.walk)
	if l.from.rare {
		hint = nil
	}
	where, err := l.s.listWhere(ctx, l.p, l.q, l.tree, hint, st.args)
	if err != nil {
		return st, err
	}
	at, offset, err := l.begin(ctx, where, st.args)
	if err != nil {
		return st, err
	}
	if near {
		among, err := l.s.near(ctx, l.walk, l.within, st.args)
		if err != nil {
			return st, err
		}
		st.near = among != ""
		where = and(where, among)
	}
	parts := l.walk.parts(where, at, l.walk.desc, st.args)
	if st.near {
		parts = parts[:1] // what has no value is not near
	}
	columns := `c.id`
	// PostgreSQL goes to the table for each row that an index names: once, where none are passed over or put in order first.
	if st.whole = l.s.db.Engine() == db.Postgres && offset == 0 && !l.from.rare; st.whole {
		columns = `c.*`
	}
	from, limit, skip := l.from.pages(l.s.db.Engine(), st.args), l.s.limit(l.q.PageSize, st.args), ""
	if offset > 0 {
		skip = st.args.Add(offset) + ` + 0`
	}
	st.page = read(columns, from, parts, limit, skip)
	return st, nil
}

// limit is how many rows a page has. PostgreSQL plans for the number. SQLite, which is told the order of the joins, would
// compile the statement anew for every number that is bound to a bare parameter.
func (s *Service) limit(n int, args *filter.Args) string {
	if s.db.Engine() == db.Postgres {
		return strconv.Itoa(n)
	}
	return args.Add(n) + ` + 0`
}

// begin says where a page begins: behind which row, nil for the first, and how many rows further.
func (l *listing) begin(ctx context.Context, where string, args *filter.Args) (at *spot, offset int, err error) {
	if l.q.Cursor != "" {
		if !l.walk.cursored() {
			return nil, 0, fault.Field("cursor", "error.unknown_value", "value", l.q.Cursor)
		}
		at, err = parseCursor(l.q.Cursor)
		return at, 0, err
	}
	offset = (l.q.Page - 1) * l.q.PageSize
	if l.from.rare || !l.walk.cursored() || int64(offset) >= l.total {
		return nil, offset, nil
	}
	return l.s.anchors.near(ctx, l.s.db, where, l.walk.sorting, l.walk.desc, args.Values(), offset)
}

// PlanOfFew begins the plan of a list that has few conversations.
const PlanOfFew = "few"

// Plan returns how the database would find the ids of a page and then its rows, one step a line, for tests of their cost.
func (s *Service) Plan(ctx context.Context, p *agent.Principal, q ListQuery) (ids, rows []string, err error) {
	l, err := s.listing(ctx, p, q)
	if err != nil {
		return nil, nil, err
	}
	st, err := l.statement(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	if ids, err = db.Explain(ctx, s.db, st.page, st.args.Values()...); err != nil {
		return nil, nil, err
	}
	if l.from.rare {
		ids = append([]string{PlanOfFew}, ids...)
	}
	query := l.rowsQuery(st) // adds arguments
	rows, err = db.Explain(ctx, s.db, query, st.args.Values()...)
	return ids, rows, err
}
