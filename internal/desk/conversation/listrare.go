package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// A list is walked in its order from the beginning until a page is full. That is quick as long as many of the
// conversations passed belong to it. Where a condition of the list fits few, a walk would go through the whole desk: those
// few are then found by an index of their own and put in order.

// maxRare is how many conversations are few.
var maxRare = 2000

// finder is a condition that must hold and has an index.
type finder struct {
	ids func(args *filter.Args) string // SQL that selects the ids of the conversations it fits, each once
	// partial means that ids is only good for what is few.
	partial bool
}

// source is where a list takes conversations from.
type source struct {
	finder *finder // nil if there is none
	rare   bool    // it finds few,
	n      int     // so many
}

// source decides how a list is read.
func (s *Service) source(ctx context.Context, p *agent.Principal, q ListQuery, tree filter.Tree) (from source, err error) {
	attributes, err := s.attributeFields(ctx, tree)
	if err != nil {
		return from, err
	}
	for _, f := range finders(s.db.Engine(), p, q, tree, attributes) {
		n, err := s.size(ctx, f, maxRare+1)
		if err != nil {
			return source{}, err
		}
		if n <= maxRare {
			return source{&f, true, n}, nil
		}
		if from.finder == nil && !f.partial {
			from.finder = &f
		}
	}
	return from, nil
}

// size returns how many conversations a condition fits, counted up to most.
func (s *Service) size(ctx context.Context, f finder, most int) (int, error) {
	args := &filter.Args{}
	ids := f.ids(args)
	return s.sizes.of(ctx, s.db, ids, args.Values(), most)
}

// pages is what pages of the list are selected from: conversations c.
func (from source) pages(engine db.Engine, args *filter.Args) string {
	if !from.rare {
		return `conversations c`
	}
	return from.found(engine, args)
}

// counted is what the list is counted in: unlike a page, that need not be in the list's order.
func (from source) counted(engine db.Engine, args *filter.Args) string {
	if from.finder == nil {
		return `conversations c`
	}
	return from.found(engine, args)
}

func (from source) found(engine db.Engine, args *filter.Args) string {
	join := ` CROSS JOIN ` // by which SQLite keeps the order of the joins
	if engine == db.Postgres {
		join = ` JOIN `
	}
	return `(` + from.finder.ids(args) + `) AS found` + join + `conversations c ON c.id = found.id`
}

// finders returns what a list could be found by.
func finders(engine db.Engine, p *agent.Principal, q ListQuery, tree filter.Tree, attributes map[string]attributeField) (out []finder) {
	for _, c := range tree.Must() {
		ids := idsOf(c, q.Scope)
		if field, ok := attributes[c.Key]; ok {
			ids = field.ids(c.Operator, c.Value)
		} else if c.Key == "conversations.subject" {
			ids = bySubject(engine, c)
		}
		if ids != nil {
			out = append(out, finder{ids: ids})
		}
	}
	if q.Scope == OfOrganization {
		out = append(out, finder{ids: ofOrganization(q.OrganizationID)})
	}
	if !canReadAll(p) {
		switch q.Scope {
		case Readable:
			out = append(out, finder{readableIDs(p, ``), true})
		case InSpam, InTrash:
			out = append(out, finder{readableIDs(p, fmt.Sprintf(` AND status_id = %d`, hiddenID(q.Scope))), true})
		}
	}
	return out
}

// idsOf returns how the conversations of a condition are found, nil if there is no index for it.
func idsOf(c filter.Condition, scope Scope) func(*filter.Args) string {
	switch c.Key {
	case "conversations.tags":
		var ids []int64
		if c.Operator == filter.Contains && json.Unmarshal([]byte(c.Value), &ids) == nil && len(ids) > 0 {
			distinct := ``
			if len(ids) > 1 {
				distinct = `DISTINCT `
			}
			return func(args *filter.Args) string {
				return `SELECT ` + distinct + `conversation_id AS id FROM conversation_tags WHERE tag_id IN (` + placeholders(ids, args) + `)`
			}
		}
	case "conversations.status_id":
		var texts []string
		if c.Operator == filter.In && json.Unmarshal([]byte(c.Value), &texts) == nil {
			return byStatuses(texts)
		}
	case "conversations.assigned_user_id":
		if c.Operator == filter.NotSet {
			return func(*filter.Args) string { return `SELECT id FROM conversations WHERE assigned_user_id IS NULL` }
		}
		return byColumn(c, `assigned_user_id`)
	case "conversations.assigned_team_id":
		return byColumn(c, `assigned_team_id`)
	case "conversations.priority_id":
		if ids := byColumn(c, `priority_id`); ids != nil && !hiddenScope(scope) {
			return func(args *filter.Args) string {
				return ids(args) + ` AND status_id IN (SELECT id FROM statuses WHERE id > 0)`
			} // its index begins with the status
		}
	case "conversations.inbox_id":
		return byColumn(c, `inbox_id`)
	case "users.organization_id":
		if ids, ok := numbersOf(c.Operator, c.Value); ok && c.Operator == filter.Equals {
			return ofOrganization(ids[0])
		}
	case "users.email":
		return byContact(c, `email`)
	case "users.external_user_id":
		return byContact(c, `external_user_id`)
	}
	return nil
}

// byColumn finds conversations by a number in one of their columns.
func byColumn(c filter.Condition, column string) func(*filter.Args) string {
	n, err := strconv.ParseInt(strings.TrimSpace(c.Value), 10, 64)
	if err != nil || c.Operator != filter.Equals {
		return nil
	}
	return func(args *filter.Args) string {
		return `SELECT id FROM conversations WHERE ` + column + ` = ` + args.Add(n)
	}
}

// byStatuses finds conversations by several statuses. The index of one status is in the lists' order, several are not.
func byStatuses(texts []string) func(*filter.Args) string {
	ids := make([]int64, len(texts))
	for i, text := range texts {
		var err error
		if ids[i], err = strconv.ParseInt(strings.TrimSpace(text), 10, 64); err != nil {
			return nil
		}
	}
	return func(args *filter.Args) string {
		return `SELECT id FROM conversations WHERE status_id IN (` + placeholders(ids, args) + `)`
	}
}

// byContact finds conversations by a text of their contact.
func byContact(c filter.Condition, column string) func(*filter.Args) string {
	if c.Operator != filter.Equals {
		return nil
	}
	return func(args *filter.Args) string {
		return `SELECT id FROM conversations WHERE contact_id IN (SELECT id FROM users WHERE ` + column + ` = ` + args.Add(c.Value) +
			` AND type IN ('contact', 'visitor'))`
	}
}

// readableIDs finds what an agent may read who may not read all, and more holds for: each part has an index, all of them
// together have none.
func readableIDs(p *agent.Principal, more string) func(*filter.Args) string {
	return func(args *filter.Args) string {
		parts := []string{`SELECT id FROM conversations WHERE FALSE`}
		if p.Can(role.ConversationsReadAssigned) {
			parts = append(parts, `SELECT id FROM conversations WHERE assigned_user_id = `+args.Add(p.ID))
		}
		for _, team := range p.TeamIDs {
			switch {
			case p.Can(role.ConversationsReadTeamAll):
				parts = append(parts, `SELECT id FROM conversations WHERE assigned_team_id = `+args.Add(team))
			case p.Can(role.ConversationsReadTeamInbox):
				parts = append(parts, `SELECT id FROM conversations WHERE assigned_user_id IS NULL AND assigned_team_id = `+args.Add(team))
			}
		}
		if p.Can(role.ConversationsReadUnassigned) {
			parts = append(parts, `SELECT id FROM conversations WHERE assigned_user_id IS NULL AND assigned_team_id IS NULL`)
		}
		// An agent may be in many teams; each of them is looked at no further than matters.
		for i := range parts {
			parts[i] = `SELECT id FROM (` + parts[i] + more + ` LIMIT ` + strconv.Itoa(maxRare+1) + `) AS part` + strconv.Itoa(i)
		}
		return strings.Join(parts, ` UNION `)
	}
}
