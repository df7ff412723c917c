package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// MessageQuery selects messages of one conversation, newest first.
type MessageQuery struct {
	Page, PageSize int
	Private        *bool
	Types          []string
	Attachments    bool // only those with attachments, other than pictures in their text
	// Before and After limit to messages older or newer than the one with this uuid; Around puts it in the middle.
	Before, After, Around string
}

// Messages returns a page of a conversation's messages, newest first.
func (s *Service) Messages(ctx context.Context, p *agent.Principal, id string, q MessageQuery) (*Page[Message], error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	h, err := readable(ctx, s.db, p, id)
	if err != nil {
		return nil, err
	}
	where, args := q.where(h.ID)
	page := &Page[Message]{PerPage: q.PageSize, Page: q.Page}
	ofAll, argsOfAll := where, args
	where += ` AND NOT (` + repeatsWhere + `)`
	order, offset := "DESC", (q.Page-1)*q.PageSize
	pivot, op := q.pivot()
	if pivot != "" {
		bound, err := s.pivotID(ctx, h.ID, pivot, op, q.PageSize)
		if err != nil {
			return nil, err
		}
		if op == ">" {
			order = "ASC"
		}
		if op == "~" {
			op = "<="
		}
		args, offset = append(args, bound), 0
		where += fmt.Sprintf(" AND m.id %s $%d", op, len(args))
	}
	args = append(args, q.PageSize, offset)
	page.Results, err = s.messages(ctx, s.db, h.UUID, fmt.Sprintf(`WHERE %s ORDER BY m.id %s LIMIT $%d + 0 OFFSET $%d + 0`, where, order, len(args)-1, len(args)), args...)
	if order == "ASC" {
		for i, j := 0, len(page.Results)-1; i < j; i, j = i+1, j-1 {
			page.Results[i], page.Results[j] = page.Results[j], page.Results[i]
		}
	}
	if err != nil {
		return nil, err
	}
	if n := len(page.Results); pivot == "" && q.Page == 1 && n < q.PageSize {
		page.Total = int64(n)
	} else if err := s.db.QueryRow(ctx, countQuery(ofAll), argsOfAll...).Scan(&page.Total); err != nil {
		return nil, fmt.Errorf("count messages: %w", err)
	}
	page.TotalPages = (page.Total + int64(q.PageSize) - 1) / int64(q.PageSize)
	return page, nil
}

// countQuery counts messages m without those that repeat others: two walks along indexes, without a look at each message.
func countQuery(where string) string {
	return `SELECT count(*) - (SELECT count(*) FROM messages m WHERE ` + where + ` AND ` + repeatsWhere + `) FROM messages m WHERE ` + where
}

// where is the condition that the query puts on messages m of a conversation, but for its place among them.
func (q MessageQuery) where(conversation int64) (where string, args []any) {
	where, args = `m.conversation_id = $1`, []any{conversation}
	if q.Private != nil {
		args = append(args, *q.Private)
		where += fmt.Sprintf(" AND m.private = $%d", len(args))
	}
	if len(q.Types) > 0 {
		known := slices.DeleteFunc(slices.Clone(q.Types), func(kind string) bool { return kind != TypeIncoming && kind != TypeOutgoing && kind != TypeActivity })
		in, more := db.In(len(args)+1, known)
		where, args = where+" AND m.type IN ("+in+")", append(args, more...)
	}
	if q.Attachments {
		where += ` AND m.type <> 'activity' AND EXISTS (SELECT 1 FROM media f WHERE f.model_type = 'messages' AND f.model_id = m.id
			AND COALESCE(f.disposition, '') <> 'inline')`
	}
	return where, args
}

func (q MessageQuery) check() error {
	for field, id := range map[string]string{"before": q.Before, "after": q.After, "around": q.Around} {
		if id == "" {
			continue
		}
		if err := checkUUID(id); err != nil {
			return fault.Field(field, "error.uuid_invalid")
		}
	}
	return nil
}

func (q MessageQuery) pivot() (uuid, op string) {
	switch {
	case q.Before != "":
		return q.Before, "<"
	case q.After != "":
		return q.After, ">"
	}
	return q.Around, "~"
}

// pivotID returns the internal id of the message at which a page begins. For op "~" that is the message half a page
// newer than the one named.
func (s *Service) pivotID(ctx context.Context, conversation int64, message, op string, size int) (id int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT id FROM messages WHERE uuid = $1 AND conversation_id = $2`, message, conversation).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return 0, fault.Missing("message")
	}
	if err == nil && op == "~" {
		err = s.db.QueryRow(ctx, `SELECT max(id) FROM (SELECT id FROM messages WHERE conversation_id = $1 AND id >= $2 ORDER BY id LIMIT $3 + 0) AS newer`,
			conversation, id, size/2+1).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("find message: %w", err)
	}
	return id, nil
}
