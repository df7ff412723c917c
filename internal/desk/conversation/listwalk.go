package conversation

import (
	"context"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// walk is how a list is gone through: in which order, and along the index of which of its conditions. SQLite is told by a plus
// sign before each other column, which takes it for no index.
type walk struct {
	sorting
	desc bool
	by   string // the column of a [span], byScope, or "": the index of all conversations or of one status
}

// byScope is a walk along the index of the list's own condition, such as what is assigned to the agent.
const byScope = "scope"

// column is a column of conversations in a condition of the filter.
func (w *walk) column(name string) string {
	if w == nil || w.by == name || w.sorting.column == "c."+name || w.by == "" && name != "priority_id" {
		return "c." + name
	}
	return "+c." + name
}

// scoped is a column of conversations in the list's own condition.
func (w *walk) scoped(name string) string {
	if w == nil || w.by == "" || w.by == byScope {
		return "c." + name
	}
	return "+c." + name
}

// several is the status in a condition that more than one fits. Looking for each, SQLite would collect all conversations of those
// statuses and put them in order.
func (w *walk) several() string {
	if w == nil {
		return "c.status_id"
	}
	return "+c.status_id"
}

// span is a part of an index that is in the order of the last messages: what a condition fits, of one status if the filter
// names one.
type span struct {
	by    string
	where func(args *filter.Args) string // of conversations c
}

// spans returns the parts of indexes that contain all of a list. status is the one of its filter, 0 if there is not one.
func spans(q ListQuery, p *agent.Principal, tree filter.Tree, status int64) (out []span) {
	add := func(by string, where func(*filter.Args) string) {
		out = append(out, span{by, func(args *filter.Args) string {
			sql := where(args)
			switch {
			case by == "inbox_id": // whose index knows no status
			case status > 0:
				sql += ` AND c.status_id = ` + args.Add(status)
			default:
				sql += ` AND ` + shown
			}
			return sql
		}})
	}
	for _, c := range tree.Must() {
		column, ok := strings.CutPrefix(c.Key, "conversations.")
		switch column {
		case "priority_id":
			ok = ok && status > 0 // which its index begins with
		case "assigned_user_id", "assigned_team_id", "inbox_id":
		default:
			ok = false
		}
		n, err := strconv.ParseInt(strings.TrimSpace(c.Value), 10, 64)
		switch {
		case !ok:
		case c.Operator == filter.Equals && err == nil:
			add(column, func(args *filter.Args) string { return `c.` + column + ` = ` + args.Add(n) })
		case c.Operator == filter.NotSet && column == "assigned_user_id" && status > 0: // of any status, SQLite has an index of what has an agent
			add(column, func(*filter.Args) string { return `c.assigned_user_id IS NULL` })
		}
	}
	switch q.Scope {
	case Assigned, Unassigned, TeamInbox:
		add(byScope, func(args *filter.Args) string { return scopeWhere(q, p, nil, args) })
	}
	return out
}

// along decides along which index a list is walked: the shortest that contains it all. within is the condition of that part of
// the index, nil if it is not known.
func (s *Service) along(ctx context.Context, p *agent.Principal, q ListQuery, tree filter.Tree) (w walk, within func(*filter.Args) string, err error) {
	if w.sorting, w.desc, err = q.sorting(); err != nil {
		return w, nil, err
	}
	status, err := s.oneStatus(ctx, tree)
	if err != nil {
		return w, nil, err
	}
	ofOne := status > 0 || q.Scope == InSpam || q.Scope == InTrash
	w.split = ofOne && w.nullable && w.cursored() && s.db.Engine() == db.SQLite
	all := spans(q, p, tree, status)
	switch {
	case !w.cursored():
		return w, nil, nil // which has to be put in order whole
	case len(all) == 0 && (q.Scope == All || q.Scope == Readable && canReadAll(p)):
		return w, func(args *filter.Args) string {
			if status > 0 {
				return `c.status_id = ` + args.Add(status)
			}
			return shown
		}, nil
	case len(all) == 0 || w.sorting.column != "c.last_message_at":
		return w, nil, nil // which SQLite decides
	}
	shortest := 0
	for i, one := range all {
		n := 0
		if len(all) > 1 {
			args := &filter.Args{}
			if n, err = s.sizes.of(ctx, s.db, `SELECT 1 FROM conversations c WHERE `+one.where(args), args.Values(), maxFound); err != nil {
				return w, nil, err
			}
		}
		if i == 0 || n < shortest {
			w.by, within, shortest = one.by, one.where, n
		}
	}
	return w, within, nil
}

// oneStatus returns the status that a filter demands, 0 if it demands none or leaves a choice.
func (s *Service) oneStatus(ctx context.Context, tree filter.Tree) (int64, error) {
	for _, c := range tree.Must() {
		if c.Operator != filter.Equals {
			continue
		}
		switch c.Key {
		case "conversations.status_id", "conversation_statuses.id":
			id, err := strconv.ParseInt(strings.TrimSpace(c.Value), 10, 64)
			if err == nil && id > 0 {
				return id, nil
			}
		case "conversation_statuses.name":
			known, err := s.ref.names(ctx, s.db, false)
			if err != nil {
				return 0, err
			}
			for _, st := range known.statuses {
				if st.Name == c.Value && !hidden(st.ID) {
					return st.ID, nil
				}
			}
		}
	}
	return 0, nil
}

// maxFound is up to how many conversations are put in order where a walk would pass more.
const maxFound = 50_000

// nearest is how far a list is walked before it is asked whether another way is shorter.
func nearest() int { return 5 * anchorStep }

// near is the condition of the conversations among the first of those along which a list is walked. It is "" where a list is
// no longer than that. It need not be exact: a page that it fills is the page.
func (s *Service) near(ctx context.Context, w walk, within func(*filter.Args) string, args *filter.Args) (string, error) {
	of := &filter.Args{}
	where := within(of)
	at, _, err := s.anchors.near(ctx, s.db, where, w.sorting, w.desc, of.Values(), nearest())
	if err != nil || at == nil || at.value == nil {
		return "", err
	}
	op := ` <= `
	if w.desc {
		op = ` >= `
	}
	return w.sorting.column + op + args.Add(*at.value), nil
}

// hinted is the walk as the conditions of a list are told of it: PostgreSQL decides by its statistics.
func (s *Service) hinted(w *walk) *walk {
	if s.db.Engine() == db.Postgres {
		return nil
	}
	return w
}
