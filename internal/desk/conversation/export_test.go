package conversation

import (
	"context"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// ForgetNames makes the next reader look for statuses and priorities in the database again.
func (s *Service) ForgetNames() {
	s.ref.mu.Lock()
	defer s.ref.mu.Unlock()
	s.ref.read = time.Time{}
}

// SetMaxRare makes lists think that so many conversations are few, until the returned function is called. With -1 there are
// never few enough to be found rather than filtered.
func SetMaxRare(n int) (restore func()) {
	was := maxRare
	maxRare = n
	return func() { maxRare = was }
}

// SetNear makes lists walk five times so many conversations, and look for deep pages from places that many apart, until the returned
// function is called.
func SetNear(step int) (restore func()) {
	was := anchorStep
	anchorStep = step
	return func() { anchorStep = was }
}

// ForgetLists forgets what lists remember of how they were read.
func (s *Service) ForgetLists() {
	s.sizes.mu.Lock()
	s.sizes.known = nil
	s.sizes.mu.Unlock()
	s.anchors.mu.Lock()
	s.anchors.lists = nil
	s.anchors.mu.Unlock()
	s.totals.mu.Lock()
	s.totals.known = nil
	s.totals.mu.Unlock()
}

// Found reads a list and returns whether it was found rather than walked in the end.
func (s *Service) Found(ctx context.Context, p *agent.Principal, q ListQuery) (bool, error) {
	l, err := s.listing(ctx, p, q)
	if err == nil {
		_, err = l.read(ctx)
	}
	return err == nil && l.from.rare, err
}

// PlanOfCount returns how the messages of a conversation are counted.
func (s *Service) PlanOfCount(ctx context.Context) ([]string, error) {
	return db.Explain(ctx, s.db, countQuery(`m.conversation_id = $1`), 1)
}
