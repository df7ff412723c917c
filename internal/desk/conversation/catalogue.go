package conversation

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Status is a state a conversation can be in.
type Status struct {
	ID        int64   `json:"id"`
	CreatedAt db.Time `json:"created_at"`
	Name      string  `json:"name"`
	Category  string  `json:"category"`
}

// Priority is an urgency a conversation can have.
type Priority struct {
	ID        int64   `json:"id"`
	CreatedAt db.Time `json:"created_at"`
	Name      string  `json:"name"`
}

// catalogue remembers the few statuses and priorities and the names of the tags, so that no hot statement joins for them. It
// is forgotten as soon as one of them changes: before who changed it is answered, and on other nodes with the event that tells
// of it. Should that be lost, it is seen after a few seconds, and at once when an unknown one is asked for.
//
// Inside a transaction it is read through that transaction, and never while rows are being read: a second connection
// might never be free.
type catalogue struct {
	mu      sync.Mutex
	read    time.Time
	have    *names
	changes int // counted so that what was read before a change is not kept after it
}

// names is the catalogue at one moment; it does not change.
type names struct {
	statuses   []Status
	priorities []Priority
	tags       map[int64]tagName
}

// tagName is the name of a tag and its place among all by name, in the order of the database.
type tagName struct {
	name  string
	place int
}

// tagNames returns the names of tags in their order; ok is false if one of them is unknown.
func (n *names) tagNames(ids tagIDs) (out []string, ok bool) {
	tags := make([]tagName, len(ids))
	for i, id := range ids {
		if tags[i], ok = n.tags[id]; !ok {
			return nil, false
		}
	}
	slices.SortFunc(tags, func(a, b tagName) int { return a.place - b.place })
	out = make([]string, len(tags))
	for i, t := range tags {
		out[i] = t.name
	}
	return out, true
}

// tagIDs are the ids of a conversation's tags as [tagColumn] reads them.
type tagIDs []int64

// tagColumn reads the tags of conversations c as [tagIDs].
const tagColumn = `(SELECT string_agg(CAST(ct.tag_id AS TEXT), ',') FROM conversation_tags ct WHERE ct.conversation_id = c.id)`

// Scan implements sql.Scanner.
func (t *tagIDs) Scan(src any) error {
	*t = nil
	if src == nil {
		return nil
	}
	list, ok := src.(string)
	if !ok {
		return fmt.Errorf("read the ids of tags: %T is not text", src)
	}
	for text := range strings.SplitSeq(list, ",") {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("read the ids of tags: %w", err)
		}
		*t = append(*t, id)
	}
	return nil
}

func (n *names) status(id int64) *Status {
	for i := range n.statuses {
		if n.statuses[i].ID == id {
			return &n.statuses[i]
		}
	}
	return nil
}

func (n *names) priority(id int64) *Priority {
	for i := range n.priorities {
		if n.priorities[i].ID == id {
			return &n.priorities[i]
		}
	}
	return nil
}

const catalogueAge = 5 * time.Second

// names returns the catalogue, read anew if it is old or fresh is asked for. Nothing is locked while it is read.
func (c *catalogue) names(ctx context.Context, q db.Querier, fresh bool) (*names, error) {
	c.mu.Lock()
	have, read, changes := c.have, c.read, c.changes
	c.mu.Unlock()
	if have != nil && !fresh && time.Since(read) < catalogueAge {
		return have, nil
	}
	now := time.Now()
	n := &names{}
	var err error
	if n.statuses, err = db.Select[Status](ctx, q, `SELECT id, created_at, name, category FROM statuses ORDER BY id`); err != nil {
		return nil, fmt.Errorf("read statuses: %w", err)
	}
	if n.priorities, err = db.Select[Priority](ctx, q, `SELECT id, created_at, name FROM priorities ORDER BY id`); err != nil {
		return nil, fmt.Errorf("read priorities: %w", err)
	}
	if n.tags, err = readTagNames(ctx, q); err != nil {
		return nil, err
	}
	c.mu.Lock()
	if c.changes == changes {
		c.have, c.read = n, now
	}
	c.mu.Unlock()
	return n, nil
}

func readTagNames(ctx context.Context, q db.Querier) (map[int64]tagName, error) {
	tags := map[int64]tagName{}
	err := db.Each(ctx, q, func(r db.Rows) error {
		t := tagName{place: len(tags)}
		var id int64
		err := r.Scan(&id, &t.name)
		tags[id] = t
		return err
	}, `SELECT id, name FROM tags ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read the names of tags: %w", err)
	}
	return tags, nil
}

// follow forgets what changes, wherever it is changed.
func (c *catalogue) follow(events *event.Log) {
	events.React(func(_ context.Context, tx *db.Tx, e event.Event) error {
		if e.Type == event.ReferenceChanged {
			tx.AfterCommit(c.forget)
		}
		return nil
	})
	events.Listen(func(e event.Event) {
		if e.Type == event.ReferenceChanged {
			c.forget()
		}
	})
}

// forget makes the next reader read the catalogue anew.
func (c *catalogue) forget() {
	c.mu.Lock()
	c.have = nil
	c.changes++
	c.mu.Unlock()
}

func find[T any](ctx context.Context, q db.Querier, c *catalogue, pick func(*names) []T, match func(T) bool) (*T, error) {
	for _, fresh := range []bool{false, true} {
		n, err := c.names(ctx, q, fresh)
		if err != nil {
			return nil, err
		}
		for _, v := range pick(n) {
			if match(v) {
				return &v, nil
			}
		}
	}
	return nil, nil
}

func onlyStatuses(n *names) []Status     { return n.statuses }
func onlyPriorities(n *names) []Priority { return n.priorities }

// status returns a status by name; an unknown or hidden one is an Invalid error.
func (c *catalogue) status(ctx context.Context, q db.Querier, name string) (Status, error) {
	s, err := find(ctx, q, c, onlyStatuses, func(s Status) bool { return s.Name == name && !hidden(s.ID) })
	if err != nil {
		return Status{}, err
	}
	if s == nil {
		return Status{}, fault.Field("status", "error.unknown_value", "value", name)
	}
	return *s, nil
}

func (c *catalogue) statusByID(ctx context.Context, q db.Querier, id int64) (Status, error) {
	s, err := find(ctx, q, c, onlyStatuses, func(s Status) bool { return s.ID == id })
	if err != nil {
		return Status{}, err
	}
	if s == nil {
		return Status{}, fmt.Errorf("status %d does not exist", id)
	}
	return *s, nil
}

// priority returns a priority by name; an unknown one is an Invalid error.
func (c *catalogue) priority(ctx context.Context, q db.Querier, name string) (Priority, error) {
	p, err := find(ctx, q, c, onlyPriorities, func(p Priority) bool { return p.Name == name })
	if err != nil {
		return Priority{}, err
	}
	if p == nil {
		return Priority{}, fault.Field("priority", "error.unknown_value", "value", name)
	}
	return *p, nil
}

func (c *catalogue) priorityName(ctx context.Context, q db.Querier, id *int64) (*string, error) {
	if id == nil {
		return nil, nil
	}
	p, err := find(ctx, q, c, onlyPriorities, func(p Priority) bool { return p.ID == *id })
	if err != nil || p == nil {
		return nil, err
	}
	return &p.Name, nil
}

// Statuses returns all statuses but the hidden ones in the order they were made.
func (s *Service) Statuses(ctx context.Context) ([]Status, error) {
	n, err := s.ref.names(ctx, s.db, true)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(n.statuses), func(st Status) bool { return hidden(st.ID) }), nil
}

// Priorities returns all priorities in ascending urgency.
func (s *Service) Priorities(ctx context.Context) ([]Priority, error) {
	n, err := s.ref.names(ctx, s.db, true)
	if err != nil {
		return nil, err
	}
	return n.priorities, nil
}
