package search

import (
	"context"
	"strconv"
	"strings"

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

// Conversations returns conversations that p may read and that fit the query, at most 50: the one with the reference number
// first, then those with the words of the query in subject, contact's name or address, the best first, then those whose
// contact's address contains the query. What is asked of messages, such as from:, is asked of the messages in them. Errors
// are those of a query (see [parse]).
func (s *Service) Conversations(ctx context.Context, p *agent.Principal, typed string) ([]Conversation, error) {
	q, c, err := s.understand(ctx, p, typed)
	if err != nil {
		return nil, err
	}
	found := s.gather(p, q, c)
	if c.ofMessages() {
		err = found.byMessages(ctx)
	}
	if err == nil {
		err = found.byConversations(ctx)
	}
	if err != nil {
		return nil, err
	}
	page := found.ranked()
	page = page[:min(maxConversations, len(page))]
	if err := found.complete(ctx, page); err != nil {
		return nil, err
	}
	out := make([]Conversation, 0, len(page))
	for _, g := range page {
		if g.row != nil { // and is not deleted meanwhile
			out = append(out, *g.row)
		}
	}
	return out, nil
}

// reference reads a reference number, with or without the sign before it.
func reference(typed string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(typed, "#"), 10, 64)
	return n, err == nil && n > 0
}

type conversationRow struct {
	id int64
	Conversation
}

const (
	conversationColumns = `c.id, c.created_at, c.uuid, c.reference_number, c.subject, st.name, c.last_message_at, u.first_name, u.last_name, u.email`
	conversationJoins   = ` JOIN users u ON u.id = c.contact_id JOIN statuses st ON st.id = c.status_id`
)

func scanConversation(r db.Rows) (c conversationRow, err error) {
	var number int64
	err = r.Scan(&c.id, &c.CreatedAt, &c.UUID, &number, &c.Subject, &c.Status, &c.LastMessageAt, &c.Contact.FirstName, &c.Contact.LastName, &c.Contact.Email)
	c.ReferenceNumber = strconv.FormatInt(number, 10)
	return c, err
}

// rows reads what is shown of conversations that are given as a statement of ids f.
func (s *Service) rows(ids, where string) string {
	return `SELECT ` + conversationColumns + ` FROM (` + ids + `) AS f` + s.lookUp("conversations", "c", "f.id") +
		s.lookUp("users", "u", "c.contact_id") + s.lookUp("statuses", "st", "c.status_id") + ` WHERE ` + where
}

// allowed is the condition that p may read conversation c and that it fits.
func (c *conditions) allowed(p *agent.Principal, args *filter.Args) string {
	return conversation.ReadableWhere(p, args) + ` AND ` + c.where(args) + c.between("c.created_at", "c.last_message_at", args)
}

func (s *Service) conversationIndex(ctx context.Context, p *agent.Principal, c *conditions) (index, error) {
	in := index{table: "search_conversations", depth: depth(p, c), query: func(matches string, args *filter.Args) string {
		return s.rows(matches, c.allowed(p, args)) + s.newest()
	}}
	near, err := s.narrow(ctx, c)
	if err != nil {
		return in, err
	}
	if in.few = near.conversations(); in.few == nil {
		// What began before then may have gone on until today.
		_, in.below, err = s.between(ctx, "conversations", db.Time{}, c.before)
	}
	return in, err
}

// fewListed is how many conversations are put in order by their last message; of more, the newest are walked through.
const fewListed = 2000

// recent is the statement of the conversations with the newest messages that fit and p may read, without regard to words.
func (s *Service) recent(p *agent.Principal, c *conditions, near narrow, args *filter.Args) string {
	limit := ` LIMIT ` + strconv.Itoa(candidates)
	if near.find != nil {
		return s.rows(near.find(args), c.allowed(p, args)) + ` ORDER BY c.last_message_at DESC, c.id DESC` + limit
	}
	newest := `SELECT id, last_message_at FROM conversations WHERE ` + c.walked(args) + ` ORDER BY last_message_at DESC, id DESC LIMIT ` + strconv.Itoa(looked)
	order := ``
	if s.db.Engine() == db.Postgres {
		order = ` ORDER BY f.last_message_at DESC, f.id DESC`
	}
	return s.rows(newest, c.allowed(p, args)) + order + limit
}

// walked is a condition on conversations that has an index in the order of the last message.
func (c *conditions) walked(args *filter.Args) string {
	if c.hidden != 0 {
		return `status_id = ` + args.Add(c.hidden)
	}
	for _, one := range c.of {
		if len(one.ids) == 1 && !one.negated && !one.orNull && (one.column == "status_id" || one.column == "assigned_user_id" || one.column == "inbox_id") {
			return one.column + ` = ` + args.Add(one.ids[0])
		}
	}
	return `hidden_at IS NULL`
}
