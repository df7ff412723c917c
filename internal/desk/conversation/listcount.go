package conversation

import (
	"context"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// Count returns how many conversations a list has, counted up to most.
func (s *Service) Count(ctx context.Context, p *agent.Principal, q ListQuery, most int) (int64, error) {
	tree, err := q.tree()
	if err != nil {
		return 0, err
	}
	args := &filter.Args{}
	where, err := s.listWhere(ctx, p, q, tree, nil, args)
	if err != nil {
		return 0, err
	}
	from, err := s.source(ctx, p, q, tree)
	if err != nil {
		return 0, err
	}
	if where == "" {
		where = "TRUE"
	}
	return countUpTo(ctx, s.db, from.counted(s.db.Engine(), args), where, args.Values(), most)
}
