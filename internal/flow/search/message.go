package search

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

const maxMessages = 30

// Message is a message that was found.
type Message struct {
	CreatedAt                   db.Time   `json:"created_at"`
	TextContent                 string    `json:"text_content" doc:"The first 200 characters"`
	ConversationCreatedAt       db.Time   `json:"conversation_created_at"`
	ConversationUUID            string    `json:"conversation_uuid"`
	ConversationReferenceNumber string    `json:"conversation_reference_number"`
	ConversationStatus          string    `json:"conversation_status"`
	MessageUUID                 string    `json:"message_uuid"`
	MessageType                 string    `json:"message_type"`
	Private                     bool      `json:"private"`
	ConversationSubject         string    `json:"conversation_subject"`
	Snippet                     []Segment `json:"snippet" doc:"The text around what was found"`
}

// Messages returns messages with every word of the query, or with words that begin so, that p may read: at most 30, the
// best first. Invalid if the query is too short or too long.
func (s *Service) Messages(ctx context.Context, p *agent.Principal, typed string) ([]Message, error) {
	q, err := parse(typed)
	if err != nil || len(q.phrases) == 0 {
		return []Message{}, err
	}
	fit := &scorer{query: q, now: time.Now()}
	list, err := find(ctx, s, q, s.messageIndex(p), func(r db.Rows) (ranked[candidate], error) {
		var c candidate
		var at db.Time
		err := r.Scan(&c.id, &c.text, &at)
		return ranked[candidate]{fit.of(c.text, at.Time), c}, err
	})
	if err != nil {
		return nil, fmt.Errorf("search messages: %w", err)
	}
	return s.details(ctx, fit, best(list, maxMessages))
}

// candidate is a message that matches.
type candidate struct {
	id   int64
	text string
}

// messageIndex reads of each message what its rank depends on. What is far down a long text does not count for that.
func (s *Service) messageIndex(p *agent.Principal) index {
	return index{table: "search_messages", depth: depth(p), query: func(matches string, args *filter.Args) string {
		query := `SELECT m.id, substr(m.text_content, 1, 4000), m.created_at FROM (` + matches + `) AS f` + s.lookUp("messages", "m", "f.id")
		return query + s.lookUp("conversations", "c", "m.conversation_id") + ` WHERE ` + conversation.ShownWhere() + ` AND ` + conversation.ReadableWhere(p, args) + s.newest()
	}}
}

// details reads what is shown of messages, in their order.
func (s *Service) details(ctx context.Context, fit *scorer, messages []candidate) ([]Message, error) {
	out := make([]Message, 0, len(messages))
	if len(messages) == 0 {
		return out, nil
	}
	ids := make([]int64, len(messages))
	for i, c := range messages {
		ids[i] = c.id
	}
	byID := make(map[int64]Message, len(ids))
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var m Message
		var id, reference int64
		err := r.Scan(&id, &m.CreatedAt, &m.MessageUUID, &m.MessageType, &m.Private, &m.ConversationCreatedAt, &m.ConversationUUID, &reference,
			&m.ConversationSubject, &m.ConversationStatus)
		m.ConversationReferenceNumber = strconv.FormatInt(reference, 10)
		byID[id] = m
		return err
	}, s.detailsQuery(), list(s.db, ids))
	if err != nil {
		return nil, fmt.Errorf("read the messages found: %w", err)
	}
	for _, c := range messages {
		if m, ok := byID[c.id]; ok { // and is not deleted meanwhile
			m.TextContent, m.Snippet = clip(c.text, 200), fit.snippet(c.text)
			out = append(out, m)
		}
	}
	return out, nil
}

func (s *Service) detailsQuery() string {
	return `SELECT m.id, m.created_at, m.uuid, m.type, m.private, c.created_at, c.uuid, c.reference_number, c.subject, st.name
		FROM (` + anyOf(s.db) + `) AS f` + s.lookUp("messages", "m", "f.id") + s.lookUp("conversations", "c", "m.conversation_id") +
		s.lookUp("statuses", "st", "c.status_id")
}

// clip returns the first characters of a text, at most most.
func clip(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}
