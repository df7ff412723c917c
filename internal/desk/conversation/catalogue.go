package conversation

import (
	"context"
	"fmt"
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
// Inside a transaction it is read through that transaction: a second connection might never be free.
type catalogue struct {
	mu         sync.Mutex
	read       time.Time
	statuses   []Status
	priorities []Priority
}

const catalogueAge = 5 * time.Second

func (c *catalogue) load(ctx context.Context, q db.Querier, fresh bool) ([]Status, []Priority, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !fresh && time.Since(c.read) < catalogueAge {
		return c.statuses, c.priorities, nil
	}
	statuses, err := db.Select[Status](ctx, q, `SELECT id, created_at, name, category FROM statuses ORDER BY id`)
	if err != nil {
		return nil, nil, fmt.Errorf("read statuses: %w", err)
	}
	priorities, err := db.Select[Priority](ctx, q, `SELECT id, created_at, name FROM priorities ORDER BY id`)
	if err != nil {
		return nil, nil, fmt.Errorf("read priorities: %w", err)
	}
	c.statuses, c.priorities, c.read = statuses, priorities, time.Now()
	return statuses, priorities, nil
}

func find[T any](ctx context.Context, q db.Querier, c *catalogue, pick func([]Status, []Priority) []T, match func(T) bool) (*T, error) {
	for _, fresh := range []bool{false, true} {
		statuses, priorities, err := c.load(ctx, q, fresh)
		if err != nil {
			return nil, err
		}
		for _, v := range pick(statuses, priorities) {
			if match(v) {
				return &v, nil
			}
		}
	}
	return nil, nil
}

func onlyStatuses(s []Status, _ []Priority) []Status     { return s }
func onlyPriorities(_ []Status, p []Priority) []Priority { return p }

// status returns a status by name; an unknown one is an Invalid error.
func (c *catalogue) status(ctx context.Context, q db.Querier, name string) (Status, error) {
	s, err := find(ctx, q, c, onlyStatuses, func(s Status) bool { return s.Name == name })
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

// Statuses returns all statuses in the order they were made.
func (s *Service) Statuses(ctx context.Context) ([]Status, error) {
	statuses, _, err := s.ref.load(ctx, s.db, true)
	return statuses, err
}

// Priorities returns all priorities in ascending urgency.
func (s *Service) Priorities(ctx context.Context) ([]Priority, error) {
	_, priorities, err := s.ref.load(ctx, s.db, true)
	return priorities, err
}
