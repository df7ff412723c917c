package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// viewCounts registers the route of the numbers beside views.
func viewCounts(a *API) {
	route(a, http.MethodGet, "/views/counts", "How many conversations each of the caller's views shows, by id, counted up to 100", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (map[string]int64, error) {
			return a.viewCounts(ctx, p)
		})
}

// viewScope is what the views of an agent are made of.
func viewScope(p *agent.Principal) conversation.Scope {
	if p.Can(role.ConversationsReadAll) {
		return conversation.All
	}
	return conversation.Readable
}

// maxViewCount bounds how far the conversations of a view are counted, and maxCounted how many views are.
const (
	maxViewCount = 100
	maxCounted   = 50
)

// viewCounts counts what the views that p has and that are shared with p show. A view whose filters no longer make sense is
// left out, as are those behind the first 50.
func (a *API) viewCounts(ctx context.Context, p *agent.Principal) (map[string]int64, error) {
	counts := map[string]int64{}
	if !conversation.ListsAny(p) {
		return counts, nil
	}
	views, err := a.Views.Shared(ctx, p)
	if err != nil {
		return nil, err
	}
	if p.Can(role.ViewManage) {
		own, err := a.Views.Own(ctx, p)
		if err != nil {
			return nil, err
		}
		views = append(own, views...)
	}
	for _, v := range views[:min(len(views), maxCounted)] {
		n, err := a.Conversations.Count(ctx, p, conversation.ListQuery{Scope: viewScope(p), Filters: string(v.Filters)}, maxViewCount)
		if fault.Is(err, fault.Invalid) {
			continue
		}
		if err != nil {
			return nil, err
		}
		counts[strconv.FormatInt(v.ID, 10)] = n
	}
	return counts, nil
}
