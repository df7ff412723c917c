package conversation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

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

// catalogue remembers the few statuses and priorities, so that no hot statement joins for them. What another node
// adds is seen after a few seconds at most, and at once when an unknown one is asked for.
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
	c.mu.Lock()
	if c.changes == changes {
		c.have, c.read = n, now
	}
	c.mu.Unlock()
	return n, nil
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
