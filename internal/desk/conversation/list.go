package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
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
	Narrow         string // filters that have to hold besides
	OrderBy, Order string
}

// tree reads the filters of a list.
func (q ListQuery) tree() (filter.Tree, error) {
	own, err := filter.Parse(q.Filters)
	if err != nil {
		return filter.Tree{}, err
	}
	narrow, err := filter.Parse(q.Narrow)
	return own.And(narrow), err
}

// List returns a page of a list. Its cost does not grow with the number of conversations: ids come from an index in the
// order asked for, rows are joined for one page only, and the total is a kept count or counted up to a bound.
func (s *Service) List(ctx context.Context, p *agent.Principal, q ListQuery) (*Page[ListItem], error) {
	l, err := s.listing(ctx, p, q)
	if err != nil {
		return nil, err
	}
	rows, err := l.read(ctx)
	if err != nil {
		return nil, err
	}
	page := &Page[ListItem]{Results: rows, Total: l.total, PerPage: q.PageSize, Page: q.Page, TotalPages: (l.total + int64(q.PageSize) - 1) / int64(q.PageSize)}
	if n := len(page.Results); n == q.PageSize {
		page.NextCursor = l.walk.cursor(&page.Results[n-1])
	}
	return page, nil
}

// keptTotal returns the statement of how many conversations the whole list has, nil if no counter of them is kept.
func (s *Service) keptTotal(ctx context.Context, p *agent.Principal, q ListQuery) (func(*filter.Args) string, error) {
	status, plain, err := s.onlyStatus(ctx, q)
	if err != nil || !plain || hiddenScope(q.Scope) && (status != 0 || !canReadAll(p)) {
		return nil, err
	}
	place := func(*filter.Args) string { return `assigned_user_id = -1 AND assigned_team_id = -1` }
	switch q.Scope {
	case All:
	case InSpam:
		status = spamID
	case InTrash:
		status = trashID
	case Unassigned:
		place = func(*filter.Args) string { return `assigned_user_id = 0 AND assigned_team_id = 0` }
	case Assigned:
		place = func(args *filter.Args) string { return `assigned_user_id = ` + args.Add(p.ID) }
	case TeamInbox:
		place = func(args *filter.Args) string {
			return `assigned_user_id = 0 AND assigned_team_id = ` + args.Add(q.TeamID)
		}
	default:
		return nil, nil
	}
	return func(args *filter.Args) string {
		of := ` AND status_id > 0`
		if status != 0 {
			of = ` AND status_id = ` + args.Add(status)
		}
		return countedQuery + place(args) + of
	}, nil
}

// total counts how many conversations the whole list has, if no counter of them is kept.
func (s *Service) total(ctx context.Context, from source, where string, args []any) (int64, error) {
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
func (s *Service) onlyStatus(ctx context.Context, q ListQuery) (status int64, plain bool, err error) {
	raw := q.Filters
	if q.Narrow != "" {
		if raw != "" {
			return 0, false, nil
		}
		raw = q.Narrow
	}
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
