package search

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

const (
	// candidates is how many matches that the asker may read are ranked, the newest ones.
	candidates = 100
	// looked is how many matches are looked at for those, when the asker may not read every conversation.
	looked = 10_000

	maxMessages      = 30
	maxConversations = 50
	maxContacts      = 15
)

// Message is a message that was found.
type Message struct {
	CreatedAt                   db.Time   `json:"created_at"`
	TextContent                 string    `json:"text_content"`
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

// Contact is a contact that was found.
type Contact struct {
	ID             int64   `json:"id"`
	CreatedAt      db.Time `json:"created_at"`
	FirstName      string  `json:"first_name"`
	LastName       string  `json:"last_name"`
	Email          *string `json:"email"`
	ExternalUserID *string `json:"external_user_id"`
}

// Messages returns messages with every word of the query, or with words that begin so, that p may read: at most 30, the
// best first. Invalid if the query is too short or too long.
func (s *Service) Messages(ctx context.Context, p *agent.Principal, typed string) ([]Message, error) {
	q, err := parse(typed)
	if err != nil || len(q.phrases) == 0 {
		return []Message{}, err
	}
	args := &filter.Args{}
	found, err := s.match(ctx, q, "search_messages", depth(p), args)
	if err != nil {
		return nil, err
	}
	var list []ranked[Message]
	now := time.Now()
	err = s.each(ctx, func(r db.Rows) error {
		var m Message
		var text string
		var reference int64
		if err := r.Scan(&m.CreatedAt, &text, &m.MessageUUID, &m.MessageType, &m.Private, &m.ConversationCreatedAt, &m.ConversationUUID, &reference,
			&m.ConversationSubject, &m.ConversationStatus); err != nil {
			return err
		}
		m.ConversationReferenceNumber, m.TextContent = strconv.FormatInt(reference, 10), text
		list = append(list, ranked[Message]{q.rank(text, m.CreatedAt, now), m})
		return nil
	}, s.messagesQuery(found, conversation.ReadableWhere(p, args)), args)
	if err != nil {
		return nil, fmt.Errorf("search messages: %w", err)
	}
	out := best(list, maxMessages)
	for i := range out {
		text := out[i].TextContent
		ws := words(text, maxWords)
		out[i].Snippet, out[i].TextContent = snippet(text, ws, q.hits(ws)), clip(text, 200)
	}
	return out, nil
}

// messagesQuery reads the candidates among messages. What is far down a long text does not count for its rank.
func (s *Service) messagesQuery(found, readable string) string {
	return `SELECT m.created_at, substr(m.text_content, 1, 8000), m.uuid, m.type, m.private, c.created_at, c.uuid, c.reference_number, c.subject, st.name
		FROM (` + found + `) AS f` + s.lookUp("messages m", "f.id") + s.lookUp("conversations c", "m.conversation_id") + s.lookUp("statuses st", "c.status_id") + `
		WHERE ` + readable + s.newest()
}

func (q query) rank(text string, at db.Time, now time.Time) float64 {
	ws := words(text, maxWords)
	return fresh(q.score(ws, q.hits(ws)), at.Time, now)
}

const conversationColumns = `c.id, c.created_at, c.uuid, c.reference_number, c.subject, st.name, c.last_message_at, u.first_name, u.last_name, u.email`

// conversations collects what was found in several ways, each conversation once.
type conversations struct {
	q    query
	now  time.Time
	seen map[int64]bool
	list []ranked[Conversation]
}

// add reads rows of conversationColumns. bonus is added to their score.
func (c *conversations) add(bonus float64) func(db.Rows) error {
	return func(r db.Rows) error {
		var found Conversation
		var id, reference int64
		if err := r.Scan(&id, &found.CreatedAt, &found.UUID, &reference, &found.Subject, &found.Status, &found.LastMessageAt,
			&found.Contact.FirstName, &found.Contact.LastName, &found.Contact.Email); err != nil {
			return err
		}
		if c.seen[id] {
			return nil
		}
		c.seen[id] = true
		found.ReferenceNumber = strconv.FormatInt(reference, 10)
		subject := words(found.Subject, maxWords)
		score := 2*c.q.score(subject, c.q.hits(subject)) + c.q.rank(found.Contact.text()+" "+found.ReferenceNumber, found.LastMessageAt, c.now)
		c.list = append(c.list, ranked[Conversation]{score + bonus, found})
		return nil
	}
}

func (p Person) text() string {
	text := p.FirstName + " " + p.LastName
	if p.Email != nil {
		text += " " + *p.Email
	}
	return text
}

// Conversations returns conversations that p may read, at most 50: that with the reference number first, then those with
// the words of the query in subject, contact's name or address, the best first, then those whose contact's address
// contains the query. Invalid if the query is too short or too long.
func (s *Service) Conversations(ctx context.Context, p *agent.Principal, typed string) ([]Conversation, error) {
	q, err := parse(typed)
	if err != nil {
		return nil, err
	}
	c := &conversations{q: q, now: time.Now(), seen: map[int64]bool{}}
	if n, ok := reference(q.typed); ok {
		args := &filter.Args{}
		where := `c.reference_number = ` + args.Add(n) + ` AND ` + conversation.ReadableWhere(p, args)
		if err := db.Each(ctx, s.db, c.add(1000), conversationQuery(where), args.Values()...); err != nil {
			return nil, fmt.Errorf("look for a reference number: %w", err)
		}
	}
	if len(q.phrases) > 0 {
		args := &filter.Args{}
		found, err := s.match(ctx, q, "search_conversations", depth(p), args)
		if err != nil {
			return nil, err
		}
		if err := s.each(ctx, c.add(0), s.conversationsQuery(found, conversation.ReadableWhere(p, args)), args); err != nil {
			return nil, fmt.Errorf("search conversations: %w", err)
		}
	}
	if err := s.byAddress(ctx, p, q, c); err != nil {
		return nil, err
	}
	return best(c.list, maxConversations), nil
}

func conversationQuery(where string) string {
	return `SELECT ` + conversationColumns + ` FROM conversations c JOIN users u ON u.id = c.contact_id JOIN statuses st ON st.id = c.status_id WHERE ` + where
}

func (s *Service) conversationsQuery(found, readable string) string {
	return `SELECT ` + conversationColumns + ` FROM (` + found + `) AS f` + s.lookUp("conversations c", "f.id") + s.lookUp("users u", "c.contact_id") + s.lookUp("statuses st", "c.status_id") + `
		WHERE ` + readable + s.newest()
}

// byAddress adds the conversations of contacts whose address contains the query, of the newest contacts first.
func (s *Service) byAddress(ctx context.Context, p *agent.Principal, q query, c *conversations) error {
	if len(c.list) >= maxConversations {
		return nil
	}
	contacts, err := s.addresses(ctx, q)
	if err != nil {
		return err
	}
	for _, contact := range contacts {
		args := &filter.Args{}
		where := `c.contact_id = ` + args.Add(contact.ID) + ` AND ` + conversation.ReadableWhere(p, args) + ` ORDER BY c.created_at DESC LIMIT 20`
		if err := db.Each(ctx, s.db, c.add(0), conversationQuery(where), args.Values()...); err != nil {
			return fmt.Errorf("search conversations of a contact: %w", err)
		}
		if len(c.list) >= maxConversations {
			break
		}
	}
	return nil
}

// Contacts returns contacts with the words of the query in name, address, phone number or external id, at most 15, the
// best first, then those whose address contains the query. Invalid if the query is too short or too long.
func (s *Service) Contacts(ctx context.Context, typed string) ([]Contact, error) {
	q, err := parse(typed)
	if err != nil {
		return nil, err
	}
	var list []ranked[Contact]
	seen := map[int64]bool{}
	now := time.Now()
	add := func(c Contact) {
		if !seen[c.ID] {
			seen[c.ID] = true
			list = append(list, ranked[Contact]{q.rank(Person{c.FirstName, c.LastName, c.Email}.text(), c.CreatedAt, now), c})
		}
	}
	if len(q.phrases) > 0 {
		args := &filter.Args{}
		found, err := s.match(ctx, q, "search_contacts", candidates, args)
		if err != nil {
			return nil, err
		}
		err = s.each(ctx, func(r db.Rows) error {
			c, err := scanContact(r)
			add(c)
			return err
		}, s.contactsQuery(found), args)
		if err != nil {
			return nil, fmt.Errorf("search contacts: %w", err)
		}
	}
	if len(list) < maxContacts {
		more, err := s.addresses(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, c := range more {
			add(c)
		}
	}
	return best(list, maxContacts), nil
}

const contactColumns = `u.id, u.created_at, u.first_name, u.last_name, u.email, u.external_user_id`

func (s *Service) contactsQuery(found string) string {
	return `SELECT ` + contactColumns + ` FROM (` + found + `) AS f` + s.lookUp("users u", "f.id") + `
		WHERE u.type = 'contact' AND u.deleted_at IS NULL` + s.newest()
}

func scanContact(r db.Row) (c Contact, err error) {
	err = r.Scan(&c.ID, &c.CreatedAt, &c.FirstName, &c.LastName, &c.Email, &c.ExternalUserID)
	return c, err
}

// addresses returns contacts whose address contains the query. What has a space in it is part of no address.
func (s *Service) addresses(ctx context.Context, q query) ([]Contact, error) {
	if strings.ContainsAny(q.typed, " \t\n") {
		return nil, nil
	}
	var out []Contact
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		c, err := scanContact(r)
		out = append(out, c)
		return err
	}, s.addressesQuery(), q.typed, q.typed+"\U0010FFFF", like(q.typed))
	if err != nil {
		return nil, fmt.Errorf("search addresses: %w", err)
	}
	return out, nil
}

// addressesQuery takes an upper bound for what begins with the query, and compares with the address as it is now.
func (s *Service) addressesQuery() string {
	return `SELECT ` + contactColumns + ` FROM (
			SELECT DISTINCT contact_id FROM (SELECT contact_id FROM search_emails WHERE suffix >= $1 AND suffix < $2 ORDER BY suffix, contact_id LIMIT 200) AS begins
		) AS e` + s.lookUp("users u", "e.contact_id") + `
		WHERE u.type = 'contact' AND u.deleted_at IS NULL AND lower(u.email) LIKE $3 ESCAPE '\' ORDER BY u.id DESC LIMIT 30`
}

// depth is how many matches are looked at for an asker.
func depth(p *agent.Principal) int {
	if p.Can(role.ConversationsRead) && p.Can(role.ConversationsReadAll) {
		return candidates
	}
	return looked
}

// each reads the rows of a search. PostgreSQL is to plan each search for its own words: of a rare one it takes the entries
// from the index, for a common one it walks down the newest rows. A prepared statement would be planned for any.
func (s *Service) each(ctx context.Context, fn func(db.Rows) error, query string, args *filter.Args) error {
	values := args.Values()
	if s.db.Engine() == db.Postgres {
		values = append([]any{pgx.QueryExecModeExec}, values...)
	}
	return db.Each(ctx, s.db, fn, query, values...)
}

// match is the statement that gives the ids of what matches, newest first, at most limit.
func (s *Service) match(ctx context.Context, q query, table string, limit int, args *filter.Args) (string, error) {
	if s.db.Engine() == db.Postgres {
		return `SELECT id FROM ` + table + ` WHERE doc @@ ` + args.Add(q.tsquery()) + `::tsquery ORDER BY id DESC LIMIT ` + strconv.Itoa(limit), nil
	}
	expression, err := q.fts5(ctx, s.db, table+"_words")
	if err != nil {
		return "", fmt.Errorf("look up the words of a search: %w", err)
	}
	return `SELECT rowid AS id FROM ` + table + ` WHERE ` + table + ` MATCH ` + args.Add(expression) + ` ORDER BY rowid DESC LIMIT ` + strconv.Itoa(limit), nil
}

// lookUp joins, for each row so far, the row of a table whose id is key, by its primary key and in the order of the rows:
// however small a table is or however old what the engine knows of it, it is not read from end to end.
func (s *Service) lookUp(table, key string) string {
	if s.db.Engine() == db.Postgres {
		name, alias, _ := strings.Cut(table, " ")
		return ` CROSS JOIN LATERAL (SELECT * FROM ` + name + ` WHERE ` + name + `.id = ` + key + ` OFFSET 0) AS ` + alias
	}
	return ` CROSS JOIN ` + table + ` ON ` + table[strings.IndexByte(table, ' ')+1:] + `.id = ` + key
}

// newest ends a statement over matches f: they come newest first and are read until there are enough. SQLite reads
// them in that order, f being the outer loop of a CROSS JOIN; told to sort it would read all of them first.
func (s *Service) newest() string {
	if s.db.Engine() == db.Postgres {
		return ` ORDER BY f.id DESC LIMIT ` + strconv.Itoa(candidates)
	}
	return ` LIMIT ` + strconv.Itoa(candidates)
}

// reference reads a reference number, with or without the sign before it.
func reference(typed string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(typed, "#"), 10, 64)
	return n, err == nil && n > 0
}

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
