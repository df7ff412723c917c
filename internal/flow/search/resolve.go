package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The statuses of what no list shows.
const (
	statusSpam  = -1
	statusTrash = -2
)

// resolve finds out what the operators of a query mean to p. Several of one name are alternatives, except of tags, which a
// conversation may have many of, and of has. Invalid on the field "query" for names that do not exist and days that are none.
func (s *Service) resolve(ctx context.Context, p *agent.Principal, q query) (*conditions, error) {
	r := resolver{s: s, p: p, c: &conditions{}}
	for _, op := range q.operators {
		var err error
		switch op.name {
		case "from":
			err = r.from(ctx, op)
		case "to":
			r.to(op)
		case "has":
			err = r.has(op)
		case "in":
			err = r.in(op)
		case "before", "after":
			err = r.day(ctx, op)
		case "assignee":
			err = r.assignee(ctx, op)
		default:
			err = r.named(ctx, op)
		}
		if err != nil {
			return nil, err
		}
	}
	r.c.marks.must = append(r.c.marks.must, r.alternatives()...)
	return r.c, nil
}

type resolver struct {
	s                   *Service
	p                   *agent.Principal
	c                   *conditions
	senders, recipients []phrase // marks, each an alternative
	agents              []person
}

func (r *resolver) alternatives() (out [][]phrase) {
	for _, list := range [][]phrase{r.senders, r.recipients} {
		if len(list) > 0 {
			out = append(out, list)
		}
	}
	return out
}

func unknown(op operator) error {
	return fault.Field("query", "error.search_unknown", "operator", op.name, "value", op.value)
}

// add adds a condition on conversations, to one of the same kind if there is one.
func (r *resolver) add(c condition) {
	if c.column != "" {
		for i := range r.c.of {
			if have := &r.c.of[i]; have.column == c.column && have.negated == c.negated {
				have.ids, have.orNull = sorted(append(have.ids, c.ids...)), have.orNull || c.orNull
				return
			}
		}
	}
	r.c.of = append(r.c.of, c)
}

// named resolves what has a name: a whole one, or else all that begin so.
func (r *resolver) named(ctx context.Context, op operator) error {
	table := map[string]string{"tag": "tags", "status": "statuses", "team": "teams", "inbox": "inboxes", "organization": "organizations"}[op.name]
	column := map[string]string{"status": "status_id", "team": "assigned_team_id", "inbox": "inbox_id", "organization": "organization_id"}[op.name]
	if op.name == "team" && op.value == "none" {
		r.add(condition{column: column, orNull: true, negated: op.not})
		return nil
	}
	type name struct {
		ID   int64
		Name string
	}
	all, err := db.Select[name](ctx, r.s.db, `SELECT id, name FROM `+table)
	if err != nil {
		return fmt.Errorf("read the names of %s: %w", table, err)
	}
	wanted := folded(op.value)
	var whole, begin []int64
	for _, n := range all {
		switch have := folded(n.Name); {
		case have == wanted:
			whole = append(whole, n.ID)
		case wanted != "" && strings.HasPrefix(have, wanted):
			begin = append(begin, n.ID)
		}
	}
	ids := whole
	if len(ids) == 0 {
		ids = begin
	}
	if len(ids) == 0 {
		return unknown(op)
	}
	if op.name == "status" && !op.not && len(ids) == 1 && ids[0] < 0 {
		r.c.hidden = ids[0]
		return nil
	}
	r.add(condition{column: column, contact: op.name == "organization", ids: ids, negated: op.not})
	return nil
}

// folded is a name as its words are compared.
func folded(name string) string {
	ws := words(name, maxQueryWords)
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = w.text
	}
	return strings.Join(out, " ")
}

// person is an agent as they are looked for by name.
type person struct {
	ID                         int64
	Email, FirstName, LastName string
}

// is reports whether every word of a text begins a word of the person's name or address.
func (p person) is(ws []word) bool {
	have := words(p.FirstName+" "+p.LastName+" "+p.Email, maxWords)
	for _, w := range ws {
		if !slices.ContainsFunc(have, func(h word) bool { return strings.HasPrefix(h.text, w.text) }) {
			return false
		}
	}
	return len(ws) > 0
}

// agentsQuery reads the agents, without the customers who share the table.
const agentsQuery = `SELECT id, COALESCE(email, '') AS email, first_name, last_name FROM users WHERE type = 'agent' AND deleted_at IS NULL AND email > ''`

// agentsOf returns the agents with a name or address, and p for "me".
func (r *resolver) agentsOf(ctx context.Context, value string) (ids []int64, err error) {
	if value == "me" {
		return []int64{r.p.ID}, nil
	}
	if r.agents == nil {
		r.agents, err = db.Select[person](ctx, r.s.db, agentsQuery)
		if err != nil {
			return nil, fmt.Errorf("read the agents: %w", err)
		}
	}
	ws := words(value, maxQueryWords)
	for _, a := range r.agents {
		if strings.EqualFold(a.Email, value) {
			return []int64{a.ID}, nil
		}
		if a.is(ws) {
			ids = append(ids, a.ID)
		}
	}
	return ids, nil
}

func (r *resolver) assignee(ctx context.Context, op operator) error {
	if op.value == "none" {
		r.add(condition{column: "assigned_user_id", orNull: true, negated: op.not})
		return nil
	}
	ids, err := r.agentsOf(ctx, op.value)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return unknown(op)
	}
	r.add(condition{column: "assigned_user_id", ids: ids, negated: op.not})
	return nil
}

// from asks for who wrote a message: agents and contacts with a name or address.
func (r *resolver) from(ctx context.Context, op operator) error {
	ids, err := r.agentsOf(ctx, op.value)
	if err != nil {
		return err
	}
	if op.value != "me" {
		contacts, err := r.s.contactsNamed(ctx, op.value)
		if err != nil {
			return err
		}
		ids = append(ids, contacts...)
	}
	var marks []phrase
	for _, id := range sorted(ids) {
		marks = append(marks, mark(markSender+strconv.FormatInt(id, 10)))
	}
	switch {
	case op.not:
		r.c.marks.exclude(marks...)
	case len(marks) == 0 && len(r.senders) == 0:
		r.senders = []phrase{mark(markSender + "0")} // nobody
	default:
		r.senders = append(r.senders, marks...)
	}
	return nil
}

func (r *resolver) to(op operator) {
	var p phrase
	for _, w := range words(op.value, maxQueryWords) {
		p.words = append(p.words, markRecipient+w.text)
	}
	switch {
	case len(p.words) == 0:
		r.c.nothing = r.c.nothing || !op.not
	case op.not:
		r.c.marks.exclude(p)
	default:
		p.prefix = true
		r.recipients = append(r.recipients, p)
	}
}

func (r *resolver) has(op operator) error {
	m, ok := map[string]string{"attachment": markAttachment, "note": markNote}[op.value]
	switch {
	case !ok:
		return unknown(op)
	case op.not:
		r.c.marks.exclude(mark(m))
	default:
		r.c.marks.add(mark(m))
	}
	return nil
}

func (r *resolver) in(op operator) error {
	status, ok := map[string]int64{"spam": statusSpam, "trash": statusTrash}[op.value]
	if !ok {
		return unknown(op)
	}
	if !op.not { // what is not asked for is not shown anyway
		r.c.hidden = status
	}
	return nil
}

// day takes a day in p's time zone: before its beginning, or from then on. Of several the narrowest counts.
func (r *resolver) day(ctx context.Context, op operator) error {
	zone, err := r.s.zone(ctx, r.p)
	if err != nil {
		return err
	}
	day, err := time.ParseInLocation(time.DateOnly, op.value, zone)
	if err != nil || day.Year() < 1900 || day.Year() > 9000 {
		return fault.Field("query", "error.search_day", "operator", op.name, "value", op.value)
	}
	at := db.At(day)
	if before := (op.name == "before") != op.not; before {
		if r.c.before.IsZero() || at.Before(r.c.before.Time) {
			r.c.before = at
		}
	} else if r.c.after.IsZero() || at.After(r.c.after.Time) {
		r.c.after = at
	}
	return nil
}

// zone is the time zone in which p's days are.
func (s *Service) zone(ctx context.Context, p *agent.Principal) (*time.Location, error) {
	var name string
	if err := s.db.QueryRow(ctx, `SELECT COALESCE(timezone, '') FROM users WHERE id = $1`, p.ID).Scan(&name); err != nil {
		return nil, fmt.Errorf("read the time zone of agent %d: %w", p.ID, err)
	}
	if name != "" {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone, nil
		}
	}
	if s.Location != nil {
		return s.Location(ctx), nil
	}
	return time.UTC, nil
}
