package search

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

const maxConversations = 50

// Conversation is a conversation that was found.
type Conversation struct {
	CreatedAt       db.Time `json:"created_at"`
	UUID            string  `json:"uuid"`
	ReferenceNumber string  `json:"reference_number"`
	Subject         string  `json:"subject"`
	Status          string  `json:"status"`
	LastMessageAt   db.Time `json:"last_message_at"`
	Contact         Person  `json:"contact"`
}

// Person is whose conversation it is.
type Person struct {
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Email     *string `json:"email"`
}

func (p Person) text() string {
	text := p.FirstName + " " + p.LastName
	if p.Email != nil {
		text += " " + *p.Email
	}
	return text
}

// Conversations returns conversations that p may read, at most 50: the one with the reference number first, then those
// with the words of the query in subject, contact's name or address, the best first, then those whose contact's address
// contains the query. Invalid if the query is too short or too long.
func (s *Service) Conversations(ctx context.Context, p *agent.Principal, typed string) ([]Conversation, error) {
	q, err := parse(typed)
	if err != nil {
		return nil, err
	}
	c := &conversations{fit: scorer{query: q, now: time.Now()}, seen: map[int64]bool{}}
	if n, ok := reference(q.typed); ok {
		args := &filter.Args{}
		where := `c.reference_number = ` + args.Add(n) + ` AND ` + conversation.ShownWhere() + ` AND ` + conversation.ReadableWhere(p, args)
		if err := c.read(ctx, s.db, first, where, args); err != nil {
			return nil, fmt.Errorf("look for a reference number: %w", err)
		}
	}
	if len(q.phrases) > 0 {
		list, err := find(ctx, s, q, s.conversationIndex(p), scanConversation)
		if err != nil {
			return nil, fmt.Errorf("search conversations: %w", err)
		}
		for _, row := range list {
			c.add(0, row)
		}
	}
	if err := s.byAddress(ctx, p, c); err != nil {
		return nil, err
	}
	return best(c.list, maxConversations), nil
}

// reference reads a reference number, with or without the sign before it.
func reference(typed string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(typed, "#"), 10, 64)
	return n, err == nil && n > 0
}

// first is a score above all others.
const first = 1000

// conversations collects what was found in several ways, each conversation once.
type conversations struct {
	fit  scorer
	seen map[int64]bool
	list []ranked[Conversation]
}

type conversationRow struct {
	id int64
	Conversation
}

func (c *conversations) add(bonus float64, row conversationRow) {
	if c.seen[row.id] {
		return
	}
	c.seen[row.id] = true
	score := 2*c.fit.of(row.Subject, row.LastMessageAt.Time) + c.fit.of(row.Contact.text()+" "+row.ReferenceNumber, row.LastMessageAt.Time)
	c.list = append(c.list, ranked[Conversation]{bonus + score, row.Conversation})
}

func (c *conversations) read(ctx context.Context, q db.Querier, bonus float64, where string, args *filter.Args) error {
	return db.Each(ctx, q, func(r db.Rows) error {
		row, err := scanConversation(r)
		if err == nil {
			c.add(bonus, row)
		}
		return err
	}, `SELECT `+conversationColumns+` FROM conversations c JOIN users u ON u.id = c.contact_id JOIN statuses st ON st.id = c.status_id WHERE `+where, args.Values()...)
}

const conversationColumns = `c.id, c.created_at, c.uuid, c.reference_number, c.subject, st.name, c.last_message_at, u.first_name, u.last_name, u.email`

func scanConversation(r db.Rows) (c conversationRow, err error) {
	var number int64
	err = r.Scan(&c.id, &c.CreatedAt, &c.UUID, &number, &c.Subject, &c.Status, &c.LastMessageAt, &c.Contact.FirstName, &c.Contact.LastName, &c.Contact.Email)
	c.ReferenceNumber = strconv.FormatInt(number, 10)
	return c, err
}

func (s *Service) conversationIndex(p *agent.Principal) index {
	return index{table: "search_conversations", depth: depth(p), query: func(matches string, args *filter.Args) string {
		return `SELECT ` + conversationColumns + ` FROM (` + matches + `) AS f` + s.lookUp("conversations", "c", "f.id") +
			s.lookUp("users", "u", "c.contact_id") + s.lookUp("statuses", "st", "c.status_id") + ` WHERE ` + conversation.ShownWhere() + ` AND ` + conversation.ReadableWhere(p, args) + s.newest()
	}}
}

// byAddress adds the conversations of contacts whose address contains the query, the newest contacts first.
func (s *Service) byAddress(ctx context.Context, p *agent.Principal, c *conversations) error {
	if len(c.list) >= maxConversations {
		return nil
	}
	contacts, err := s.addresses(ctx, c.fit.query)
	if err != nil {
		return err
	}
	for _, contact := range contacts {
		args := &filter.Args{}
		where := `c.contact_id = ` + args.Add(contact.ID) + ` AND ` + conversation.ShownWhere() + ` AND ` + conversation.ReadableWhere(p, args) + ` ORDER BY c.created_at DESC LIMIT 20`
		if err := c.read(ctx, s.db, 0, where, args); err != nil {
			return fmt.Errorf("search conversations of a contact: %w", err)
		}
		if len(c.list) >= maxConversations {
			break
		}
	}
	return nil
}
