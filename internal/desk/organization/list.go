package organization

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// Query says which organizations are wanted.
type Query struct {
	Page, PageSize int    // Page counts from 1
	Cursor         string // next_cursor of the page before, instead of Page
	Search         string // a part of a name, or the beginning of a domain; none for all
}

// Page is one page of the list.
type Page struct {
	Results    []Organization `json:"results"`
	Total      int64          `json:"total" doc:"Counted up to 10000"`
	PerPage    int            `json:"per_page"`
	TotalPages int64          `json:"total_pages"`
	Page       int            `json:"page"`
	NextCursor *string        `json:"next_cursor,omitempty" doc:"Continues behind the last result; left out at the end"`
}

// maxTotal bounds what is counted, maxSearch is the longest text that is looked for, in characters.
const (
	maxTotal  = 10_000
	maxSearch = 140
)

// List returns a page of the organizations by name. Invalid for a search that is too long and a cursor that is none.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	page := &Page{Results: []Organization{}, PerPage: q.PageSize, Page: q.Page}
	args := &filter.Args{}
	where, err := q.where(args)
	if err != nil {
		return nil, err
	}
	count := fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM organizations o WHERE %s LIMIT %d) AS counted`, where, maxTotal)
	if err := s.db.QueryRow(ctx, count, args.Values()...).Scan(&page.Total); err != nil {
		return nil, fmt.Errorf("count organizations: %w", err)
	}
	page.TotalPages = (page.Total + int64(q.PageSize) - 1) / int64(q.PageSize)
	query, err := q.rows(where, args)
	if err != nil {
		return nil, err
	}
	byID := map[int64]*Organization{}
	err = db.Each(ctx, s.db, func(r db.Rows) error {
		o := Organization{Domains: []string{}}
		err := r.Scan(o.places()...)
		page.Results = append(page.Results, o)
		return err
	}, query, args.Values()...)
	if err != nil {
		return nil, fmt.Errorf("list organizations: %w", err)
	}
	for i := range page.Results {
		byID[page.Results[i].ID] = &page.Results[i]
	}
	if n := len(page.Results); n == q.PageSize {
		page.NextCursor = cursor(page.Results[n-1])
	}
	return page, s.addDomains(ctx, byID)
}

// Plan returns how the database would find the rows of a page, one step a line, for tests of its cost.
func (s *Service) Plan(ctx context.Context, q Query) ([]string, error) {
	args := &filter.Args{}
	where, err := q.where(args)
	if err != nil {
		return nil, err
	}
	query, err := q.rows(where, args)
	if err != nil {
		return nil, err
	}
	return db.Explain(ctx, s.db, query, args.Values()...)
}

func (q Query) where(args *filter.Args) (string, error) {
	text := key(strings.ReplaceAll(strings.ToValidUTF8(q.Search, ""), "\x00", ""))
	switch {
	case text == "":
		return `TRUE`, nil
	case len([]rune(text)) > maxSearch:
		return "", fault.TooLong("q", maxSearch)
	}
	return `(` + filter.Like(`o.name_key`, filter.Contains, text, args) + ` OR o.id IN (SELECT organization_id FROM organization_domains WHERE ` +
		filter.Like(`domain`, filter.StartsWith, text, args) + `))`, nil
}

func (q Query) rows(where string, args *filter.Args) (string, error) {
	offset := (q.Page - 1) * q.PageSize
	if q.Cursor != "" {
		name, err := place(q.Cursor)
		if err != nil {
			return "", err
		}
		where += ` AND o.name_key > ` + args.Add(name)
		offset = 0
	}
	query := `SELECT ` + columns + ` FROM organizations o WHERE ` + where + ` ORDER BY o.name_key LIMIT ` + args.Add(q.PageSize) + ` + 0`
	if offset > 0 {
		query += ` OFFSET ` + args.Add(offset) + ` + 0`
	}
	return query, nil
}

func (s *Service) addDomains(ctx context.Context, byID map[int64]*Organization) error {
	if len(byID) == 0 {
		return nil
	}
	args := &filter.Args{}
	ids := make([]string, 0, len(byID))
	for id := range byID {
		ids = append(ids, args.Add(id))
	}
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var id int64
		var domain string
		err := r.Scan(&id, &domain)
		byID[id].Domains = append(byID[id].Domains, domain)
		return err
	}, `SELECT organization_id, domain FROM organization_domains WHERE organization_id IN (`+strings.Join(ids, ", ")+`) ORDER BY domain`, args.Values()...)
	if err != nil {
		return fmt.Errorf("read the domains of organizations: %w", err)
	}
	return nil
}

// cursor names the place behind an organization: no other has its name.
func cursor(last Organization) *string {
	raw, _ := json.Marshal(key(last.Name)) // a text always encodes
	out := base64.RawURLEncoding.EncodeToString(raw)
	return &out
}

func place(cursor string) (name string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(raw, &name) != nil || strings.ContainsRune(name, 0) {
		return "", fault.Field("cursor", "error.unknown_value", "value", clip(cursor))
	}
	return name, nil
}
