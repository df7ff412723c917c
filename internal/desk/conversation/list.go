package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// Scope says which list is asked for.
type Scope int

// The lists.
const (
	All Scope = iota
	Unassigned
	Assigned
	Mentioned
	TeamInbox
	Readable       // all that the caller may read, whichever of the others it is in: what views are made of
	OfContact      // those of one contact that the caller may read
	OfOrganization // those of an organization's contacts that the caller may read
	InSpam
	InTrash
)

// ListQuery selects a page of a list. Filters and OrderBy are what the client sent.
type ListQuery struct {
	Scope          Scope
	TeamID         int64 // of TeamInbox
	ContactID      int64 // of OfContact
	OrganizationID int64 // of OfOrganization
	Page, PageSize int
	Cursor         string
	Filters        string
	OrderBy, Order string
}

// List returns a page of a list. Its cost does not grow with the number of conversations: ids come from an index in the
// order asked for, rows are joined for one page only, and the total is a kept count or counted up to a bound.
func (s *Service) List(ctx context.Context, p *agent.Principal, q ListQuery) (*Page[ListItem], error) {
	st, page, err := s.statement(ctx, p, q)
	if err != nil {
		return nil, err
	}
	if page.Results, err = s.rows(ctx, p, st, q.Scope == Mentioned); err != nil {
		return nil, err
	}
	if n := len(page.Results); n == q.PageSize {
		page.NextCursor = st.sort.cursor(&page.Results[n-1])
	}
	return page, nil
}

// statement is what gives the ids of a page, in order.
type statement struct {
	ids  string
	sort sorting
	desc bool
	args *filter.Args
	few  bool // all that are in the list were found by an index of their own, and are put in order
}

func (st statement) order() string { return st.sort.orderBy(st.desc) }

func (s *Service) statement(ctx context.Context, p *agent.Principal, q ListQuery) (st statement, page *Page[ListItem], err error) {
	if q.Scope == TeamInbox && !p.InTeam(q.TeamID) {
		return st, nil, fault.Denied()
	}
	st.args = &filter.Args{}
	tree, err := filter.Parse(q.Filters)
	if err != nil {
		return st, nil, err
	}
	where, err := s.listWhere(ctx, p, q, tree, nil, st.args)
	if err != nil {
		return st, nil, err
	}
	from, err := s.source(ctx, p, q, tree)
	if err != nil {
		return st, nil, err
	}
	if st.sort, st.desc, err = q.sorting(); err != nil {
		return st, nil, err
	}
	page = &Page[ListItem]{PerPage: q.PageSize, Page: q.Page}
	if page.Total, err = s.total(ctx, p, q, from, where, st.args.Values()); err != nil {
		return st, nil, err
	}
	if st.few = from.rare; !st.few && s.db.Engine() == db.SQLite {
		st.args = &filter.Args{}
		if where, err = s.listWhere(ctx, p, q, tree, &st.sort, st.args); err != nil {
			return st, nil, err
		}
	}
	page.TotalPages = (page.Total + int64(q.PageSize) - 1) / int64(q.PageSize)
	behind, offset, err := s.begin(ctx, q, &st, from, where, page.Total)
	if err != nil {
		return st, nil, err
	}
	st.ids = `SELECT c.id FROM ` + from.pages(s.db.Engine(), st.args)
	if where = and(where, behind); where != "" {
		st.ids += ` WHERE ` + where
	}
	st.ids += ` ORDER BY ` + st.order() + ` LIMIT ` + s.limit(q.PageSize, st.args)
	if offset > 0 {
		st.ids += ` OFFSET ` + st.args.Add(offset) + ` + 0`
	}
	return st, page, nil
}

// limit is how many rows a page has. PostgreSQL plans for the number. SQLite, which is told the order of the joins, would
// compile the statement anew for every number that is bound to a bare parameter.
func (s *Service) limit(n int, args *filter.Args) string {
	if s.db.Engine() == db.Postgres {
		return strconv.Itoa(n)
	}
	return args.Add(n) + ` + 0`
}

// begin says where a page begins: behind which row, and how many rows further.
func (s *Service) begin(ctx context.Context, q ListQuery, st *statement, from source, where string, total int64) (behind string, offset int, err error) {
	if q.Cursor != "" {
		behind, err = cursorWhere(q.Cursor, st.sort, st.desc, st.args)
		return behind, 0, err
	}
	offset = (q.Page - 1) * q.PageSize
	if from.rare || !st.sort.cursored() || int64(offset) >= total {
		return "", offset, nil
	}
	at, offset, err := s.anchors.near(ctx, s.db, where, st.sort, st.desc, st.args.Values(), offset)
	if err != nil || at == nil {
		return "", offset, err
	}
	return st.sort.behind(at.value, at.id, st.desc, st.args), offset, nil
}

// PlanOfFew begins the plan of a list that has few conversations.
const PlanOfFew = "few"

// Plan returns how the database would find the ids of a page and then its rows, one step a line, for tests of their cost.
func (s *Service) Plan(ctx context.Context, p *agent.Principal, q ListQuery) (ids, rows []string, err error) {
	st, _, err := s.statement(ctx, p, q)
	if err != nil {
		return nil, nil, err
	}
	if ids, err = db.Explain(ctx, s.db, st.ids, st.args.Values()...); err == nil {
		if st.few {
			ids = append([]string{PlanOfFew}, ids...)
		}
		query := s.rowsQuery(p, st, q.Scope == Mentioned) // adds arguments
		rows, err = db.Explain(ctx, s.db, query, st.args.Values()...)
	}
	return ids, rows, err
}

// total returns how many conversations the whole list has.
func (s *Service) total(ctx context.Context, p *agent.Principal, q ListQuery, from source, where string, args []any) (int64, error) {
	status, plain, err := s.onlyStatus(ctx, q.Filters)
	if err != nil {
		return 0, err
	}
	kept := q.Scope != Mentioned && q.Scope != Readable && q.Scope != OfContact && q.Scope != OfOrganization
	if hiddenScope(q.Scope) {
		kept = canReadAll(p) && status == 0
	}
	if plain && kept {
		counts := map[Scope]string{
			All:        `assigned_user_id = -1 AND assigned_team_id = -1`,
			Unassigned: `assigned_user_id = 0 AND assigned_team_id = 0`,
			Assigned:   `assigned_user_id = $1`,
			TeamInbox:  `assigned_user_id = 0 AND assigned_team_id = $1`,
			InSpam:     `assigned_user_id = -1 AND assigned_team_id = -1 AND status_id = -1`,
			InTrash:    `assigned_user_id = -1 AND assigned_team_id = -1 AND status_id = -2`,
		}
		cond := counts[q.Scope]
		var cargs []any
		switch q.Scope {
		case Assigned:
			cargs = append(cargs, p.ID)
		case TeamInbox:
			cargs = append(cargs, q.TeamID)
		}
		if status == 0 && !hiddenScope(q.Scope) {
			cond += ` AND status_id > 0`
		} else if status != 0 {
			cargs = append(cargs, status)
			cond += ` AND status_id = $` + strconv.Itoa(len(cargs))
		}
		return counted(ctx, s.db, cond, cargs...)
	}
	if where == "" {
		where = "TRUE"
	}
	cargs := filter.ArgsOf(args)
	table := from.counted(s.db.Engine(), cargs)
	count := func(ctx context.Context) (int64, error) {
		return countUpTo(ctx, s.db, table, where, cargs.Values(), maxTotal)
	}
	if from.rare {
		return count(ctx)
	}
	return s.totals.of(ctx, fmt.Sprint(where, args), count)
}

// maxTotal bounds the total of a filtered list, which has no counter.
const maxTotal = 10_000

// onlyStatus reports whether a filter is none at all or one status by name or id, which counters are kept for.
func (s *Service) onlyStatus(ctx context.Context, raw string) (status int64, plain bool, err error) {
	if raw == "" || raw == "[]" || raw == "{}" || raw == "null" {
		return 0, true, nil
	}
	var leaves []struct{ Model, Field, Operator, Value string }
	if json.Unmarshal([]byte(raw), &leaves) != nil || len(leaves) != 1 || leaves[0].Operator != "equals" {
		return 0, false, nil
	}
	switch l := leaves[0]; l.Model + "." + l.Field {
	case "conversations.status_id", "conversation_statuses.id":
		id, err := strconv.ParseInt(l.Value, 10, 64)
		return id, err == nil && id > 0, nil
	case "conversation_statuses.name":
		st, err := s.ref.status(ctx, s.db, l.Value)
		if fault.Is(err, fault.Invalid) {
			return 0, false, nil
		}
		return st.ID, err == nil, err
	}
	return 0, false, nil
}
