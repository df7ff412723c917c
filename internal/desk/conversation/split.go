package conversation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// splitMeta is what a conversation knows of those it was split from, the nearest first.
type splitMeta struct {
	SplitFrom []string `json:"split_from,omitempty"`
}

// maxSplits is how many of them are kept.
const maxSplits = 20

// Split makes a conversation of a message and what came after it, or of that message only, and returns its uuid: it has a
// reference number of its own, the agent, team, priority and tags of the first, and answers to what is in it come to it. Errors:
// NotFound, also for what is no message or note; Forbidden; Conflict for a conversation in spam or trash, for a chat, and if
// nothing would be left.
func (s *Service) Split(ctx context.Context, p *agent.Principal, id, message string, only bool) (made string, err error) {
	if checkUUID(message) != nil {
		return "", fault.Field("message", "error.uuid_invalid")
	}
	err = s.change(ctx, p, id, func(tx *db.Tx, h *head) error {
		m, err := lockMessage(ctx, tx, `uuid = $1 AND conversation_id = $2`, message, h.ID)
		if err != nil {
			return err
		}
		if m.Type == TypeActivity {
			return fault.Missing("message")
		}
		if err := maySplit(ctx, tx, h, m, only); err != nil {
			return err
		}
		n, err := s.splitOff(ctx, tx, p, h, m, only)
		made = n.UUID
		return err
	})
	return made, err
}

func maySplit(ctx context.Context, tx *db.Tx, h *head, m messageHead, only bool) error {
	if hidden(h.StatusID) {
		return fault.New(fault.Conflict, "error.split_hidden")
	}
	var channel string
	if err := tx.QueryRow(ctx, `SELECT channel FROM inboxes WHERE id = $1`, h.InboxID).Scan(&channel); err != nil {
		return fmt.Errorf("read the channel of conversation %d: %w", h.ID, err)
	}
	if channel != "email" {
		return fault.New(fault.Conflict, "error.split_chat")
	}
	var left bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM messages WHERE conversation_id = $1 AND type <> 'activity' AND (id < $2 OR ($3 AND id > $2)))`,
		h.ID, m.ID, only).Scan(&left)
	if err != nil {
		return fmt.Errorf("look what would be left: %w", err)
	}
	if !left {
		return fault.New(fault.Conflict, "error.split_nothing")
	}
	return nil
}

// splitOff moves messages of a locked conversation into a new one.
func (s *Service) splitOff(ctx context.Context, tx *db.Tx, p *agent.Principal, h *head, m messageHead, only bool) (head, error) {
	n, err := s.openBeside(ctx, tx, p, h, m)
	if err != nil {
		return n, err
	}
	moved, err := tx.Exec(ctx, `UPDATE messages SET conversation_id = $2 WHERE conversation_id = $1 AND type <> 'activity' AND (id = $3 OR (NOT $4 AND id > $3))`,
		h.ID, n.ID, m.ID, only)
	if err != nil {
		return n, fmt.Errorf("move messages: %w", err)
	}
	if err := s.moveAll(ctx, tx, Move{From: h.ID, To: n.ID, kind: dividing}); err != nil {
		return n, err
	}
	for _, query := range []string{
		`INSERT INTO conversation_tags (conversation_id, tag_id) SELECT CAST($2 AS BIGINT), tag_id FROM conversation_tags WHERE conversation_id = $1`,
		`INSERT INTO conversation_last_seen (user_id, conversation_id, last_seen_at) SELECT user_id, CAST($2 AS BIGINT), last_seen_at FROM conversation_last_seen WHERE conversation_id = $1`,
		`INSERT INTO conversation_participants (conversation_id, user_id, created_at) SELECT conversation_id, sender_id, min(created_at) FROM messages
			WHERE conversation_id = $2 AND conversation_id <> $1 GROUP BY conversation_id, sender_id`,
	} {
		if _, err := tx.Exec(ctx, query, h.ID, n.ID); err != nil {
			return n, fmt.Errorf("give a part what the whole has: %w", err)
		}
	}
	for _, one := range []*head{&n, h} {
		if err := s.recount(ctx, tx, p, one); err != nil {
			return n, err
		}
	}
	if err := s.activity(ctx, tx, n, p, "", "split_from", map[string]string{"reference": fmt.Sprint(h.Reference), "uuid": h.UUID}, alongside{}); err != nil {
		return n, err
	}
	if err := s.activity(ctx, tx, *h, p, "", "split_into", map[string]string{"reference": fmt.Sprint(n.Reference), "uuid": n.UUID}, alongside{}); err != nil {
		return n, err
	}
	return n, audit.Record(ctx, tx, audit.Entry{Type: audit.ConversationSplit, Actor: p.Audited(),
		Target: audit.Target{Model: "conversation", ID: n.ID, Name: fmt.Sprintf("#%d", n.Reference)},
		After:  map[string]any{"split_from": h.Reference, "messages": moved}})
}

// openBeside opens a conversation that is as another, for whoever wrote its first message.
func (s *Service) openBeside(ctx context.Context, tx *db.Tx, p *agent.Principal, h *head, m messageHead) (head, error) {
	var raw db.JSON
	if err := tx.QueryRow(ctx, `SELECT meta FROM conversations WHERE id = $1`, h.ID).Scan(&raw); err != nil {
		return head{}, fmt.Errorf("read the meta of conversation %d: %w", h.ID, err)
	}
	var known splitMeta
	_ = raw.Decode(&known) // written by this package
	from := append([]string{h.UUID}, known.SplitFrom...)
	contact := h.ContactID
	if m.Type == TypeIncoming {
		contact = m.SenderID
	}
	// A subject that ends with a number ends with that of the new one.
	subject, marked := strings.CutSuffix(h.Subject, s.marker(h.Reference))
	return s.open(ctx, tx, opening{ContactID: contact, InboxID: h.InboxID, Subject: subject, Marker: marked, ActorID: p.ID, Cause: fmt.Sprintf("split:%d", h.ID),
		UserID: h.AssignedUserID, TeamID: h.AssignedTeamID, PriorityID: h.PriorityID, Meta: db.ToJSON(splitMeta{from[:min(len(from), maxSplits)]})})
}

// recount sets the clocks of a conversation by its messages and tells of it. A reply from before it began is no first reply.
func (s *Service) recount(ctx context.Context, tx *db.Tx, p *agent.Principal, h *head) error {
	c, err := s.clocksOf(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	var begun db.Time
	if err := tx.QueryRow(ctx, `SELECT created_at FROM conversations WHERE id = $1`, h.ID).Scan(&begun); err != nil {
		return fmt.Errorf("read when conversation %d began: %w", h.ID, err)
	}
	if c.FirstReplyAt != nil && c.FirstReplyAt.Before(begun.Time) {
		c.FirstReplyAt = nil
	}
	if err := writeClocks(ctx, tx, h.ID, c); err != nil {
		return err
	}
	h.WaitingSince, h.FirstReplyAt = c.WaitingSince, c.FirstReplyAt
	return s.changed(ctx, tx, *h, event.ConversationUpdated, p.ID, "", map[string]any{"messages_moved": true, "waiting_since": c.WaitingSince,
		"first_reply_at": c.FirstReplyAt, "last_reply_at": c.LastReplyAt}, nil)
}

// SplitOff reports whether a conversation was split from one with a uuid, directly or by several steps.
func (s *Service) SplitOff(ctx context.Context, q db.Querier, conversationID int64, from string) (bool, error) {
	var raw db.JSON
	if err := q.QueryRow(ctx, `SELECT meta FROM conversations WHERE id = $1`, conversationID).Scan(&raw); err != nil {
		return false, fmt.Errorf("read the meta of conversation %d: %w", conversationID, err)
	}
	var known splitMeta
	_ = raw.Decode(&known) // written by this package
	return slices.Contains(known.SplitFrom, from), nil
}
