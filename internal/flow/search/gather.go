package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// gathering collects the conversations that fit a query, each once, however they are found.
type gathering struct {
	s    *Service
	p    *agent.Principal
	c    *conditions
	fit  scorer
	by   map[int64]*group
	list []*group
}

// group is a conversation that was found, by itself, by messages in it or both.
type group struct {
	id    int64
	score float64
	at    time.Time     // when the newest thing found was written
	row   *Conversation // nil until it is read
	hit   *ranked[candidate]
	hits  int // messages that were found
}

func (s *Service) gather(p *agent.Principal, q query, c *conditions) *gathering {
	return &gathering{s: s, p: p, c: c, fit: scorer{query: q, now: time.Now()}, by: map[int64]*group{}}
}

// first is a score above all others.
const first = 1000

func (g *gathering) group(id int64) *group {
	if g.by[id] == nil {
		g.by[id] = &group{id: id}
		g.list = append(g.list, g.by[id])
	}
	return g.by[id]
}

func (g *gathering) add(bonus float64, row conversationRow) {
	to := g.group(row.id)
	if to.row != nil {
		return
	}
	at := row.LastMessageAt.Time
	to.score += bonus + 2*g.fit.of(row.Subject, at) + g.fit.of(row.Contact.text()+" "+row.ReferenceNumber, at)
	to.row = &row.Conversation
	if at.After(to.at) {
		to.at = at
	}
}

// byConversations looks for what conversations are known by: reference number, subject and contact; for the newest ones
// if there are only operators.
func (g *gathering) byConversations(ctx context.Context) error {
	if g.c.ofMessages() {
		return nil
	}
	if err := g.byReference(ctx); err != nil {
		return err
	}
	if len(g.fit.phrases)+len(g.fit.without) == 0 {
		if len(g.fit.operators) == 0 {
			return g.byAddress(ctx)
		}
		return g.byRecency(ctx)
	}
	in, err := g.s.conversationIndex(ctx, g.p, g.c)
	if err != nil {
		return err
	}
	list, err := find(ctx, g.s, g.fit.expression(g.c), in, scanConversation)
	if err != nil {
		return fmt.Errorf("search conversations: %w", err)
	}
	for _, row := range list {
		g.add(0, row)
	}
	return g.byAddress(ctx)
}

func (g *gathering) byReference(ctx context.Context) error {
	n, ok := reference(g.fit.typed)
	if !ok {
		return nil
	}
	args := &filter.Args{}
	return g.read(ctx, first, `SELECT `+conversationColumns+` FROM conversations c`+conversationJoins+
		` WHERE c.id IN (`+conversation.ByReference(args.Add(n))+`) AND `+g.c.allowed(g.p, args), args)
}

func (g *gathering) byRecency(ctx context.Context) error {
	near, err := g.s.narrow(ctx, g.c)
	if err != nil {
		return err
	}
	args := &filter.Args{}
	return g.read(ctx, 0, g.s.recent(g.p, g.c, near, args), args)
}

// byAddress adds the conversations of contacts whose address contains the query, the newest contacts first.
func (g *gathering) byAddress(ctx context.Context) error {
	if len(g.list) >= maxConversations || len(g.fit.operators)+len(g.fit.without) > 0 {
		return nil
	}
	contacts, err := g.s.addresses(ctx, g.fit.query)
	if err != nil {
		return err
	}
	for _, contact := range contacts {
		args := &filter.Args{}
		query := `SELECT ` + conversationColumns + ` FROM conversations c` + conversationJoins + ` WHERE c.contact_id = ` + args.Add(contact.ID) +
			` AND ` + g.c.allowed(g.p, args) + ` ORDER BY c.created_at DESC LIMIT 20`
		if err := g.read(ctx, 0, query, args); err != nil || len(g.list) >= maxConversations {
			return err
		}
	}
	return nil
}

func (g *gathering) read(ctx context.Context, bonus float64, query string, args *filter.Args) error {
	err := db.Each(ctx, g.s.db, func(r db.Rows) error {
		row, err := scanConversation(r)
		if err == nil {
			g.add(bonus, row)
		}
		return err
	}, query, args.Values()...)
	if err != nil {
		return fmt.Errorf("search conversations: %w", err)
	}
	return nil
}

// byMessages looks for messages that fit. Each more that is found in a conversation adds a little to the best of them.
func (g *gathering) byMessages(ctx context.Context) error {
	if g.c.nothing || len(g.fit.phrases) == 0 && !g.c.ofMessages() {
		return nil
	}
	list, err := g.s.messages(ctx, g.p, &g.fit, g.c)
	if err != nil {
		return err
	}
	const more, most = 0.1, 5
	for _, m := range list {
		to := g.group(m.item.conversation)
		if to.hits++; to.hits > 1 && to.hits <= most {
			to.score += more
		}
		switch {
		case to.hit == nil:
			to.score += m.score
		case m.score > to.hit.score:
			to.score += m.score - to.hit.score
		default:
			continue
		}
		to.hit = &m
		if m.item.at.After(to.at) {
			to.at = m.item.at.Time
		}
	}
	return nil
}

// ranked returns what was found, the best first, of equals the newest.
func (g *gathering) ranked() []*group {
	slices.SortStableFunc(g.list, func(a, b *group) int {
		switch {
		case a.score != b.score && a.score > b.score:
			return -1
		case a.score != b.score:
			return 1
		}
		return b.at.Compare(a.at)
	})
	return g.list
}

// complete reads the rows of conversations that were found by messages alone.
func (g *gathering) complete(ctx context.Context, page []*group) error {
	var ids []int64
	for _, one := range page {
		if one.row == nil {
			ids = append(ids, one.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	err := db.Each(ctx, g.s.db, func(r db.Rows) error {
		row, err := scanConversation(r)
		if err == nil {
			g.by[row.id].row = &row.Conversation
		}
		return err
	}, g.s.rows(anyOf(g.s.db), g.c.shown()), list(g.s.db, ids))
	if err != nil {
		return fmt.Errorf("read the conversations found: %w", err)
	}
	return nil
}

// snippets are the highlighted parts of a short text, none of an empty one.
func (s *scorer) snippets(text string) []Segment {
	if strings.TrimSpace(text) == "" {
		return []Segment{}
	}
	return s.snippet(text)
}
