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
	sender                      Sender
	attachment                  bool // what was found is the name of one
}

// Messages returns messages that p may read and that fit the query: with every word of it, or with words that begin so, in
// their text or the names of their attachments. At most 30, the best first. Errors are those of a query (see [parse]).
func (s *Service) Messages(ctx context.Context, p *agent.Principal, typed string) ([]Message, error) {
	q, c, err := s.understand(ctx, p, typed)
	if err != nil {
		return nil, err
	}
	if len(q.phrases)+len(q.operators) == 0 || c.nothing {
		return []Message{}, nil
	}
	fit := &scorer{query: q, now: time.Now()}
	list, err := s.messages(ctx, p, fit, c)
	if err != nil {
		return nil, err
	}
	return s.details(ctx, fit, c, best(list, maxMessages))
}

// understand reads a query and what its operators mean to p.
func (s *Service) understand(ctx context.Context, p *agent.Principal, typed string) (query, *conditions, error) {
	q, err := parse(typed)
	if err != nil {
		return q, nil, err
	}
	c, err := s.resolve(ctx, p, q)
	return q, c, err
}

// candidate is a message that matches.
type candidate struct {
	id, conversation int64
	text             string
	names            string // of attachments, where the text does not have every word
	at               db.Time
}

// messages returns the newest messages that fit and p may read, with how well they fit.
func (s *Service) messages(ctx context.Context, p *agent.Principal, fit *scorer, c *conditions) ([]ranked[candidate], error) {
	in, err := s.messageIndex(ctx, p, c)
	if err != nil {
		return nil, err
	}
	e := fit.expression(c)
	e.must, e.not = append(e.must, c.marks.must...), append(e.not, c.marks.not...)
	list, err := find(ctx, s, e, in, func(r db.Rows) (m candidate, err error) {
		return m, r.Scan(&m.id, &m.conversation, &m.text, &m.at)
	})
	if err != nil {
		return nil, fmt.Errorf("search messages: %w", err)
	}
	out := make([]ranked[candidate], len(list))
	var partly []int // have not every word of the query in their text
	for i, m := range list {
		out[i] = ranked[candidate]{fit.of(m.text, m.at.Time), m}
		if !fit.all() {
			partly = append(partly, i)
		}
	}
	if err := s.addNames(ctx, fit, out, partly); err != nil {
		return nil, fmt.Errorf("search messages: %w", err)
	}
	return out, nil
}

// expression is what the words of the query ask for, of what is not hidden or of what is.
func (q query) expression(c *conditions) *expression {
	e := q.words()
	if c.hidden != 0 {
		e.add(mark(markHidden))
	} else {
		e.exclude(mark(markHidden))
	}
	return e
}

// messageIndex reads of each message what its rank depends on. What is far down a long text does not count for that. Where nothing is
// asked of the conversations but that they are shown, which the index says too, they are looked at only for what is found in the end
// (see [Service.details]).
func (s *Service) messageIndex(ctx context.Context, p *agent.Principal, c *conditions) (index, error) {
	in := index{table: "search_messages", depth: depth(p, c), query: func(matches string, args *filter.Args) string {
		query := `SELECT m.id, m.conversation_id, ` + s.beginning("m.text_content", 4000) + `, m.created_at FROM (` + matches + `) AS f` + s.lookUp("messages", "m", "f.id")
		if depth(p, c) > candidates {
			query += s.lookUp("conversations", "c", "m.conversation_id") + ` WHERE ` + conversation.ReadableWhere(p, args) + ` AND ` + c.where(args) +
				c.between("m.created_at", "m.created_at", args)
		}
		return query + s.newest()
	}}
	near, err := s.narrow(ctx, c)
	if err != nil {
		return in, err
	}
	if in.few = near.messages(s); in.few == nil {
		in.above, in.below, err = s.between(ctx, "messages", c.after, c.before)
	}
	return in, err
}

// addNames adds the names of the attachments of some of the messages that were found, and ranks those by both.
func (s *Service) addNames(ctx context.Context, fit *scorer, found []ranked[candidate], which []int) error {
	if len(which) == 0 {
		return nil
	}
	at := make(map[int64]int, len(which))
	ids := make([]int64, len(which))
	for n, i := range which {
		ids[n] = found[i].item.id
		at[ids[n]] = i
	}
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		if m := &found[at[id]].item; m.names == "" {
			m.names = name
		} else {
			m.names += ", " + name
		}
		return err
	}, `SELECT model_id, filename FROM media WHERE model_type = 'messages' AND model_id IN (`+anyOf(s.db)+`) AND `+attached+` ORDER BY id`, list(s.db, ids))
	if err != nil {
		return err
	}
	for _, i := range which {
		if m := &found[i]; m.item.names != "" {
			m.score = fit.of(m.item.text+"\n"+m.item.names, m.item.at.Time)
		}
	}
	return nil
}

// attached is the condition on media that a file is shown as an attachment, and not as a picture in the text.
const attached = `COALESCE(disposition, '') <> 'inline'`

// details reads what is shown of messages, in their order. One whose conversation was hidden just now, which the index does not know
// yet, is left out.
func (s *Service) details(ctx context.Context, fit *scorer, c *conditions, messages []candidate) ([]Message, error) {
	out := make([]Message, 0, len(messages))
	if len(messages) == 0 {
		return out, nil
	}
	ids := make([]int64, len(messages))
	for i, m := range messages {
		ids[i] = m.id
	}
	byID := make(map[int64]Message, len(ids))
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var m Message
		var id, reference int64
		err := r.Scan(&id, &m.CreatedAt, &m.MessageUUID, &m.MessageType, &m.Private, &m.ConversationCreatedAt, &m.ConversationUUID, &reference,
			&m.ConversationSubject, &m.ConversationStatus, &m.sender.Type, &m.sender.FirstName, &m.sender.LastName)
		m.ConversationReferenceNumber = strconv.FormatInt(reference, 10)
		byID[id] = m
		return err
	}, s.detailsQuery(c), list(s.db, ids))
	if err != nil {
		return nil, fmt.Errorf("read the messages found: %w", err)
	}
	for _, found := range messages {
		if m, ok := byID[found.id]; ok { // and is not deleted meanwhile
			m.TextContent, m.Snippet = clip(found.text, 200), fit.snippet(found.text)
			if m.attachment = found.names != "" && fit.has(found.names) && !fit.has(found.text); m.attachment {
				m.Snippet = fit.snippet(found.names)
			}
			out = append(out, m)
		}
	}
	return out, nil
}

func (s *Service) detailsQuery(c *conditions) string {
	return `SELECT m.id, m.created_at, m.uuid, m.type, m.private, c.created_at, c.uuid, c.reference_number, c.subject, st.name, m.sender_type, u.first_name, u.last_name
		FROM (` + anyOf(s.db) + `) AS f` + s.lookUp("messages", "m", "f.id") + s.lookUp("conversations", "c", "m.conversation_id") +
		s.lookUp("statuses", "st", "c.status_id") + s.lookUp("users", "u", "m.sender_id") + ` WHERE ` + c.shown()
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
