package search

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Thread is what was found in the messages of one conversation.
type Thread struct {
	Total int `json:"total" doc:"Messages that fit; results are the newest 500 of them"`
	// Words are the phrases looked for, folded, so that a client finds the places in what it shows.
	Words   []string        `json:"words" doc:"What was looked for, in lower case and without diacritics; a word that begins so fits, too"`
	Results []ThreadMessage `json:"results"`
}

// ThreadMessage is a message of a conversation that was found.
type ThreadMessage struct {
	UUID      string    `json:"uuid"`
	CreatedAt db.Time   `json:"created_at"`
	Private   bool      `json:"private"`
	Snippet   []Segment `json:"snippet"`
}

const (
	// maxThread is how many messages of a conversation are looked at, the newest.
	maxThread = 10_000
	// maxThreadResults is how many of those that fit are named.
	maxThreadResults = 500
	// threadText is how many characters of a message are looked at.
	threadText = 100_000
)

// threadQuery reads the texts of a conversation by its index, and no index of words: it finds what was written this moment,
// and costs what the conversation has, however much the desk has.
const threadQuery = `SELECT m.id, m.uuid, m.created_at, m.private, substr(m.text_content, 1, %d)
	FROM messages m WHERE m.conversation_id = $1 AND m.type <> 'activity' ORDER BY m.id DESC LIMIT %d`

// InConversation returns the messages and private notes of a conversation, which the caller made sure that the asker may read,
// with every word of the query, or words that begin so, in their text or the names of their attachments, newest first.
// Invalid on the field "query" for one without a word or too long.
func (s *Service) InConversation(ctx context.Context, conversation int64, typed string) (*Thread, error) {
	if len(typed) > maxQuery {
		return nil, fault.TooLong("query", maxQuery)
	}
	fit := &scorer{query: threadPhrases(typed), now: time.Now()}
	if len(fit.phrases) == 0 {
		return nil, fault.Required("query")
	}
	names, err := s.threadNames(ctx, conversation)
	if err != nil {
		return nil, err
	}
	out := &Thread{Results: []ThreadMessage{}}
	for _, p := range fit.phrases {
		out.Words = append(out.Words, strings.Join(p.words, " "))
	}
	err = db.Each(ctx, s.db, func(r db.Rows) error {
		var m ThreadMessage
		var id int64
		var text string
		if err := r.Scan(&id, &m.UUID, &m.CreatedAt, &m.Private, &text); err != nil {
			return err
		}
		if files := names[id]; files != "" {
			text += "\n" + files
		}
		if !fit.hasAll(text) {
			return nil
		}
		if out.Total++; out.Total <= maxThreadResults {
			m.Snippet = fit.snippet(text)
			out.Results = append(out.Results, m)
		}
		return nil
	}, fmt.Sprintf(threadQuery, threadText, maxThread), conversation)
	if err != nil {
		return nil, fmt.Errorf("search a conversation: %w", err)
	}
	return out, nil
}

// threadPhrases are the words of what was typed, as they are. Within one conversation every beginning of a word is looked for.
func threadPhrases(typed string) query {
	q := query{typed: typed, phrases: phrasesOf(token{value: strings.ToValidUTF8(strings.ReplaceAll(typed, "\x00", " "), " ")}, maxQueryWords)}
	for i := range q.phrases {
		q.phrases[i].prefix = true
	}
	return q
}

// threadNames are the names of the attachments of a conversation's messages, by message.
func (s *Service) threadNames(ctx context.Context, conversation int64) (map[int64]string, error) {
	out := map[int64]string{}
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		out[id] = strings.TrimPrefix(out[id]+", "+name, ", ")
		return err
	}, threadNamesQuery, conversation)
	if err != nil {
		return nil, fmt.Errorf("read the names of a conversation's attachments: %w", err)
	}
	return out, nil
}

const threadNamesQuery = `SELECT f.model_id, f.filename FROM media f WHERE f.model_type = 'messages' AND f.model_id IN
	(SELECT id FROM messages WHERE conversation_id = $1 AND type <> 'activity') AND ` + attached + ` ORDER BY f.id`
