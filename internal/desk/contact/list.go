package contact

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// Query says which contacts are wanted, in the grammar of package filter.
type Query struct {
	Page, PageSize          int // Page counts from 1
	Cursor                  string
	OrderBy, Order, Filters string
	Location                *time.Location // in which days without a time are days; nil is UTC
	IDs                     []int64        // only these, of an export; none means all
	OrganizationID          int64          // only those who belong to it; 0 means all
}

// Page is one page of the list.
type Page struct {
	Results    []Item `json:"results"`
	Total      int64  `json:"total" doc:"Counted up to 10000"`
	PerPage    int    `json:"per_page"`
	TotalPages int64  `json:"total_pages"`
	Page       int    `json:"page"`
	// NextCursor continues behind the last result; left out at the end. It is Foyer's addition.
	NextCursor *string `json:"next_cursor,omitempty"`
}

// maxTotal bounds what is counted.
const maxTotal = 10_000

// people is the condition of the list, written as the indexes of its orders are.
const people = `u.type IN ('contact', 'visitor') AND u.email IS NOT NULL AND u.deleted_at IS NULL`

// List returns a page of the contacts and visitors that have an address, the newest first unless another order is asked
// for. Its cost does not grow with their number: rows come from an index in the order, the total is counted up to a bound.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	st, err := s.statement(ctx, q)
	if err != nil {
		return nil, err
	}
	page := &Page{Results: []Item{}, PerPage: q.PageSize, Page: q.Page}
	count := fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM users u WHERE %s LIMIT %d) AS counted`, st.where, maxTotal)
	if err := s.db.QueryRow(ctx, count, st.counted...).Scan(&page.Total); err != nil {
		return nil, fmt.Errorf("count contacts: %w", err)
	}
	page.TotalPages = (page.Total + int64(q.PageSize) - 1) / int64(q.PageSize)
	err = db.Each(ctx, s.db, func(r db.Rows) error {
		var item Item
		err := r.Scan(item.places()...)
		page.Results = append(page.Results, item)
		return err
	}, st.rows, st.args...)
	if err != nil {
		return nil, fmt.Errorf("list contacts: %w", err)
	}
	if n := len(page.Results); n == q.PageSize {
		page.NextCursor = st.sort.cursor(page.Results[n-1])
	}
	return page, nil
}

// Plan returns how the database would find the rows of a page, one step a line, for tests of its cost.
func (s *Service) Plan(ctx context.Context, q Query) ([]string, error) {
	st, err := s.statement(ctx, q)
	if err != nil {
		return nil, err
	}
	return db.Explain(ctx, s.db, st.rows, st.args...)
}

// statement is what gives a page: the condition with the arguments it has, and the rows with theirs.
type statement struct {
	where, rows   string
	counted, args []any
	sort          sorting
}

func (s *Service) statement(ctx context.Context, q Query) (st statement, err error) {
	args := &filter.Args{}
	if st.where, err = s.where(ctx, q, args); err != nil {
		return st, err
	}
	st.counted = args.Values()[:len(args.Values()):len(args.Values())]
	if st.sort, err = sortingOf(q); err != nil {
		return st, err
	}
	st.rows = `SELECT ` + itemColumns + ` FROM users u WHERE ` + st.where
	offset := (q.Page - 1) * q.PageSize
	if q.Cursor != "" {
		behind, err := st.sort.behind(q.Cursor, args)
		if err != nil {
			return st, err
		}
		st.rows += ` AND ` + behind
		offset = 0
	}
	st.rows += ` ORDER BY ` + st.sort.sql() + ` LIMIT ` + args.Add(q.PageSize) + ` + 0`
	if offset > 0 {
		st.rows += ` OFFSET ` + args.Add(offset) + ` + 0`
	}
	st.args = args.Values()
	return st, nil
}

func (s *Service) where(ctx context.Context, q Query, args *filter.Args) (string, error) {
	tree, err := filter.Parse(q.Filters)
	if err != nil {
		return "", err
	}
	asked, err := tree.Where(s.fields(ctx), q.Location, args)
	where := people
	if q.OrganizationID != 0 {
		where += ` AND u.organization_id = ` + args.Add(q.OrganizationID)
	}
	if err != nil || asked == "" {
		return where, err
	}
	return where + ` AND (` + asked + `)`, nil
}

// fields are what the list may be filtered and ordered by.
func (s *Service) fields(ctx context.Context) filter.Fields {
	return filter.Fields{
		"users.email": {Column: "u.email", Kind: filter.Text, Narrow: func(part string, args *filter.Args) (string, error) {
			return s.among(ctx, part, args)
		}},
		"users.created_at":      {Column: "u.created_at", Kind: filter.Time},
		"users.updated_at":      {Column: "u.updated_at", Kind: filter.Time},
		"users.organization_id": {Column: "u.organization_id", Kind: filter.Int, Nullable: true, Distinct: true},
	}
}

// among names the contacts whose address may contain a text, if they are few; otherwise the list finds them by walking
// along its order, which does not take long where they are many.
func (s *Service) among(ctx context.Context, part string, args *filter.Args) (string, error) {
	if s.Owners == nil {
		return "", nil
	}
	ids, all, err := s.Owners(ctx, part)
	switch {
	case err != nil || !all:
		return "", err
	case len(ids) == 0:
		return "FALSE", nil
	}
	return idIn(ids, args), nil
}

// idIn is the condition of contacts by their ids.
func idIn(ids []int64, args *filter.Args) string {
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = args.Add(id)
	}
	return "u.id IN (" + strings.Join(places, ", ") + ")"
}

// sorting is the order of a list: a column, ties by id in the same direction.
type sorting struct {
	column string
	desc   bool
}

func sortingOf(q Query) (sorting, error) {
	order, err := filter.Order((&Service{}).fields(context.Background()), q.OrderBy, q.Order, "users.created_at desc")
	column, direction, _ := strings.Cut(order, " ")
	return sorting{column, direction == "DESC"}, err
}

func (o sorting) sql() string {
	if o.desc {
		return o.column + " DESC, u.id DESC"
	}
	return o.column + " ASC, u.id ASC"
}

// place is where a page ends: the value it is ordered by, as a time or as a text, and the id.
type place struct {
	At   int64  `json:"at,omitempty"`
	Text string `json:"text,omitempty"`
	ID   int64  `json:"id"`
}

func (o sorting) cursor(last Item) *string {
	p := place{ID: last.ID}
	switch o.column {
	case "u.email":
		p.Text = *last.Email
	case "u.updated_at":
		p.At = last.UpdatedAt.UnixMicro()
	default:
		p.At = last.CreatedAt.UnixMicro()
	}
	raw, _ := json.Marshal(p) // numbers and a text always encode
	out := base64.RawURLEncoding.EncodeToString(raw)
	return &out
}

// behind is the condition of the rows that come after the place of a cursor.
func (o sorting) behind(cursor string, args *filter.Args) (string, error) {
	bad := fault.Field("cursor", "error.unknown_value", "value", cursor)
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", bad
	}
	var p place
	if json.Unmarshal(raw, &p) != nil || p.ID < 1 || strings.ContainsRune(p.Text, 0) {
		return "", bad
	}
	var value any = p.At
	if o.column == "u.email" {
		value = p.Text
	}
	than := ">"
	if o.desc {
		than = "<"
	}
	return fmt.Sprintf("(%s, u.id) %s (%s, %s)", o.column, than, args.Add(value), args.Add(p.ID)), nil
}
