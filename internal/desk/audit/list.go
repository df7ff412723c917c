package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// Item is an entry as it is read. What is behind IP is Foyer's addition to the contract.
type Item struct {
	ID          int64          `json:"id"`
	CreatedAt   db.Time        `json:"created_at"`
	UpdatedAt   db.Time        `json:"updated_at"`
	Type        string         `json:"activity_type" db:"activity_type"`
	Description string         `json:"activity_description" db:"activity_description"`
	ActorID     int64          `json:"actor_id"`
	TargetModel string         `json:"target_model_type" db:"target_model_type"`
	TargetID    int64          `json:"target_model_id" db:"target_model_id"`
	IP          string         `json:"ip" db:"ip"`
	ActorName   string         `json:"actor_name" doc:"As it was at the time"`
	TargetName  string         `json:"target_name" doc:"As it was at the time"`
	Via         string         `json:"via" doc:"How the actor proved who they are: session, api_key or program; empty when unknown"`
	Note        string         `json:"note"`
	Before      map[string]any `json:"before" doc:"The fields that changed, as they were; secrets are dots"`
	After       map[string]any `json:"after" doc:"The fields that changed, as they are since; secrets are dots"`
}

// Query says which entries are wanted, in the grammar of package filter.
type Query struct {
	Page, PageSize          int // Page counts from 1
	OrderBy, Order, Filters string
	Location                *time.Location // in which days without a time are days; nil is UTC
}

// Page is one page of the log.
type Page struct {
	Results    []Item `json:"results"`
	Total      int64  `json:"total" doc:"Counted up to 10000"`
	PerPage    int    `json:"per_page"`
	TotalPages int64  `json:"total_pages"`
	Page       int    `json:"page"`
}

const (
	// maxTotal bounds what is counted: the log grows for ever.
	maxTotal = 10_000
	// searched is how many of the newest entries are read through for a text.
	searched = 100_000
)

// fields are what the log may be filtered by; those with a column may order it.
var fields = filter.Fields{
	"activity_logs.activity_type": {Column: "activity_type", Kind: filter.Enum, Build: ofType},
	"activity_logs.actor_id":      {Column: "actor_id", Kind: filter.Int},
	"activity_logs.ip":            {Column: "ip", Kind: filter.Enum},
	"activity_logs.created_at":    {Column: "created_at", Kind: filter.Time},
	// Foyer's additions.
	"activity_logs.target_model_type":    {Column: "target_model_type", Kind: filter.Enum},
	"activity_logs.target_model_id":      {Column: "target_model_id", Kind: filter.Int},
	"activity_logs.activity_description": {Build: withText},
}

// ordered are the fields of the contract, by which the log may be ordered.
var ordered = filter.Fields{
	"activity_logs.activity_type": fields["activity_logs.activity_type"],
	"activity_logs.actor_id":      fields["activity_logs.actor_id"],
	"activity_logs.ip":            fields["activity_logs.ip"],
	"activity_logs.created_at":    fields["activity_logs.created_at"],
}

// ofType refuses a type that does not exist: whoever asks for it has mistyped it.
func ofType(op filter.Operator, value string, args *filter.Args) (string, error) {
	bad := func(v string) error {
		return fault.Field("filters", "error.filter_value", "filter", "activity_logs.activity_type", "value", clip(v, 80))
	}
	known := func(v string) bool { return slices.Contains(Types, Type(v)) }
	switch op {
	case filter.Equals, filter.NotEquals:
		if !known(value) {
			return "", bad(value)
		}
		sign := " = "
		if op == filter.NotEquals {
			sign = " <> "
		}
		return "activity_type" + sign + args.Add(value), nil
	case filter.In:
		var values []string
		if err := json.Unmarshal([]byte(value), &values); err != nil || len(values) == 0 || len(values) > len(Types) {
			return "", bad(value)
		}
		places := make([]string, len(values))
		for i, v := range values {
			if !known(v) {
				return "", bad(v)
			}
			places[i] = args.Add(v)
		}
		return "activity_type IN (" + strings.Join(places, ", ") + ")", nil
	case filter.Set:
		return "", nil // always
	}
	return "", fault.Field("filters", "error.filter_operator", "filter", "activity_logs.activity_type", "operator", clip(string(op), 80))
}

// withText looks for a text in the sentences of the newest entries.
func withText(op filter.Operator, value string, args *filter.Args) (string, error) {
	if op != filter.Contains && op != filter.ILike {
		return "", fault.Field("filters", "error.filter_operator", "filter", "activity_logs.activity_description", "operator", clip(string(op), 80))
	}
	if strings.ContainsRune(value, 0) {
		return "", fault.Field("filters", "error.filter_value", "filter", "activity_logs.activity_description", "value", clip(value, 80))
	}
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(value) + "%"
	return fmt.Sprintf(`(lower(activity_description) LIKE lower(%s) ESCAPE '\' AND id > (SELECT COALESCE(MAX(id), 0) - %d FROM activity_logs))`, args.Add(pattern), searched), nil
}

// Log reads the activity log.
type Log struct{ db *db.DB }

// NewLog makes the reader.
func NewLog(d *db.DB) *Log { return &Log{db: d} }

const columns = `id, created_at, updated_at, activity_type, activity_description, actor_id, target_model_type, target_model_id, ip, detail`

// statement returns the conditions of a query, "" for none, its order, and the arguments of both.
func statement(q Query) (where, order string, args *filter.Args, err error) {
	args = &filter.Args{}
	tree, err := filter.Parse(q.Filters)
	if err != nil {
		return "", "", nil, err
	}
	if where, err = tree.Where(fields, q.Location, args); err != nil {
		return "", "", nil, err
	}
	if where != "" {
		where = " WHERE " + where
	}
	if order, err = filter.Order(ordered, q.OrderBy, q.Order, "activity_logs.created_at desc"); err != nil {
		return "", "", nil, err
	}
	column, direction, _ := strings.Cut(order, " ")
	if column != "created_at" { // the rest of the index that has the column
		order += ", created_at " + direction
	}
	return where, order + ", id " + direction, args, nil
}

// pageQuery fetches ids from an index and joins the rows of one page.
func pageQuery(q Query, where, order string, args *filter.Args) string {
	return `SELECT ` + columns + ` FROM activity_logs WHERE id IN (SELECT id FROM activity_logs` + where + ` ORDER BY ` + order +
		` LIMIT ` + args.Add(q.PageSize) + ` + 0 OFFSET ` + args.Add((q.Page-1)*q.PageSize) + ` + 0) ORDER BY ` + order
}

// List returns a page of the log, the newest first unless asked otherwise. Invalid for filters and orders that do not
// exist.
func (l *Log) List(ctx context.Context, q Query) (Page, error) {
	where, order, args, err := statement(q)
	if err != nil {
		return Page{}, err
	}
	p := Page{PerPage: q.PageSize, Page: q.Page}
	count := fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM activity_logs%s LIMIT %d) counted`, where, maxTotal)
	if err := l.db.QueryRow(ctx, count, args.Values()...).Scan(&p.Total); err != nil {
		return Page{}, fmt.Errorf("count the activity log: %w", err)
	}
	if p.Results, err = l.read(ctx, pageQuery(q, where, order, args), args); err != nil {
		return Page{}, fmt.Errorf("list the activity log: %w", err)
	}
	if len(p.Results) > 0 { // beyond what was counted
		p.Total = max(p.Total, int64(q.Page-1)*int64(q.PageSize)+int64(len(p.Results)))
	}
	p.TotalPages = (p.Total + int64(q.PageSize) - 1) / int64(q.PageSize)
	return p, nil
}

func (l *Log) read(ctx context.Context, query string, args *filter.Args) ([]Item, error) {
	out := []Item{}
	err := db.Each(ctx, l.db, func(r db.Rows) error {
		var i Item
		var raw db.JSON
		if err := r.Scan(&i.ID, &i.CreatedAt, &i.UpdatedAt, &i.Type, &i.Description, &i.ActorID, &i.TargetModel, &i.TargetID, &i.IP, &raw); err != nil {
			return err
		}
		var d detail
		if err := raw.Decode(&d); err != nil {
			return err
		}
		i.ActorName, i.TargetName, i.Via, i.Note, i.Before, i.After = d.ActorName, d.TargetName, d.Via, d.Note, d.Before, d.After
		if i.Before == nil {
			i.Before = map[string]any{}
		}
		if i.After == nil {
			i.After = map[string]any{}
		}
		out = append(out, i)
		return nil
	}, query, args.Values()...)
	return out, err
}

// Plan returns how the database would read a page, for tests that the cost of the log does not grow with it.
func (l *Log) Plan(ctx context.Context, q Query) ([]string, error) {
	where, order, args, err := statement(q)
	if err != nil {
		return nil, err
	}
	return db.Explain(ctx, l.db, `SELECT id FROM activity_logs`+where+` ORDER BY `+order+` LIMIT 30`, args.Values()...)
}
