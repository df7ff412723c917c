package search

import (
	"context"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The limits of a page of [Service.Search], in conversations.
const (
	defaultPage = 20
	maxPage     = 50
	maxBeside   = 5 // contacts
)

// Found is what a search over everything found.
type Found struct {
	Conversations []Match   `json:"conversations" doc:"The best first"`
	Contacts      []Contact `json:"contacts" doc:"At most 5, with the first page only"`
	NextCursor    string    `json:"next_cursor" doc:"For the next page; empty on the last one"`
}

// Match is a conversation that was found.
type Match struct {
	Conversation
	SubjectParts []Segment `json:"subject_parts" doc:"The subject, with what was found in it"`
	ContactParts []Segment `json:"contact_parts" doc:"The contact's name, with what was found in it"`
	Messages     int       `json:"messages" doc:"How many messages of it were found among the newest"`
	Hit          *Hit      `json:"hit" doc:"The message that fits best; null if it was found by what is known of it"`
}

// Hit is a message that was found.
type Hit struct {
	MessageUUID string    `json:"message_uuid"`
	MessageType string    `json:"message_type" enum:"incoming,outgoing"`
	Private     bool      `json:"private" doc:"It is a note"`
	CreatedAt   db.Time   `json:"created_at"`
	Sender      Sender    `json:"sender"`
	Attachment  bool      `json:"attachment" doc:"The snippet is names of attachments"`
	Snippet     []Segment `json:"snippet"`
}

// Sender is who wrote a message.
type Sender struct {
	Type      string `json:"type" enum:"agent,contact"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

// Search returns a page of the conversations that p may read and that fit the query, by what is known of them or by
// messages in them if p may read messages, and contacts if p may read those and the query is of words only. limit is the
// greatest number of conversations, 0 for 20; cursor is the NextCursor of the page before or empty. Only so many are
// ranked: pages end after some hundred. Invalid on "query" (see [parse]), "limit" and "cursor"; Forbidden for those who may
// read neither conversations nor contacts.
func (s *Service) Search(ctx context.Context, p *agent.Principal, typed string, limit int, cursor string) (*Found, error) {
	if !p.Can(role.ConversationsRead) && !p.Can(role.ContactsRead) {
		return nil, fault.Denied()
	}
	from, err := pageOf(&limit, cursor)
	if err != nil {
		return nil, err
	}
	q, c, err := s.understand(ctx, p, typed)
	if err != nil {
		return nil, err
	}
	out := &Found{Conversations: []Match{}, Contacts: []Contact{}}
	if p.Can(role.ConversationsRead) {
		if err := s.matchesOf(ctx, p, q, c, out, from, limit); err != nil {
			return nil, err
		}
	}
	if from == 0 && len(q.operators) == 0 && p.Can(role.ContactsRead) {
		out.Contacts, err = s.contacts(ctx, q, maxBeside)
	}
	return out, err
}

// pageOf reads where a page begins, and makes limit the one that counts.
func pageOf(limit *int, cursor string) (from int, err error) {
	if *limit == 0 {
		*limit = defaultPage
	}
	if *limit < 0 || *limit > maxPage {
		return 0, fault.Field("limit", "error.out_of_range", "min", "1", "max", strconv.Itoa(maxPage))
	}
	if cursor == "" {
		return 0, nil
	}
	if from, err = strconv.Atoi(cursor); err != nil || from <= 0 || from > 3*candidates {
		return 0, fault.Field("cursor", "error.unknown_value", "value", cursor)
	}
	return from, nil
}

func (s *Service) matchesOf(ctx context.Context, p *agent.Principal, q query, c *conditions, out *Found, from, limit int) error {
	found := s.gather(p, q, c)
	if p.Can(role.MessagesRead) {
		if err := found.byMessages(ctx); err != nil {
			return err
		}
	}
	if err := found.byConversations(ctx); err != nil {
		return err
	}
	page := found.ranked()
	page = page[min(from, len(page)):]
	if len(page) > limit {
		page = page[:limit]
		out.NextCursor = strconv.Itoa(from + limit)
	}
	if err := found.complete(ctx, page); err != nil {
		return err
	}
	hits, err := found.details(ctx, page)
	if err != nil {
		return err
	}
	for _, g := range page {
		if g.row == nil { // deleted meanwhile
			continue
		}
		name := g.row.Contact.FirstName + " " + g.row.Contact.LastName
		out.Conversations = append(out.Conversations, Match{Conversation: *g.row, Messages: g.hits, Hit: hits[g.id],
			SubjectParts: found.fit.snippets(g.row.Subject), ContactParts: found.fit.snippets(name)})
	}
	return nil
}

// details reads what is shown of the best message of each conversation.
func (g *gathering) details(ctx context.Context, page []*group) (map[int64]*Hit, error) {
	var best []candidate
	of := map[string]int64{}
	for _, one := range page {
		if one.hit != nil && one.row != nil {
			best = append(best, one.hit.item)
			of[one.row.UUID] = one.id
		}
	}
	list, err := g.s.details(ctx, &g.fit, g.c, best)
	out := make(map[int64]*Hit, len(list))
	for _, m := range list {
		out[of[m.ConversationUUID]] = &Hit{MessageUUID: m.MessageUUID, MessageType: m.MessageType, Private: m.Private, CreatedAt: m.CreatedAt,
			Sender: m.sender, Attachment: m.attachment, Snippet: m.Snippet}
	}
	return out, err
}
