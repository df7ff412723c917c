package conversation

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// clocksOf returns the clocks of a conversation as its messages make them: for one that gave some of them away or got them.
func (s *Service) clocksOf(ctx context.Context, tx *db.Tx, id int64) (clocks, error) {
	c, err := readClocks(ctx, tx, id)
	if err != nil {
		return c, err
	}
	c = clocks{ContactLastSeenAt: c.ContactLastSeenAt}
	var newest int64
	err = db.Each(ctx, tx, func(r db.Rows) error {
		var m messageHead
		var at db.Time
		var sent *db.Time
		if err := r.Scan(&m.ID, &at, &m.Type, &m.Status, &m.SenderID, &m.SenderType, &m.Meta, &sent); err != nil {
			return err
		}
		newest, c.LastInteractionAt, c.LastInteractionSender, c.LastInteractionSenderID = m.ID, at.Ptr(), &m.SenderType, &m.SenderID
		switch {
		case m.Type == TypeIncoming && c.WaitingSince == nil && metaOf(m.Meta)["is_automated"] != true:
			c.WaitingSince = at.Ptr()
		case m.Type == TypeOutgoing && m.Status == StatusSent && answersCustomer(m.Meta):
			if sent == nil {
				sent = at.Ptr()
			}
			c.FirstReplyAt, c.LastReplyAt, c.WaitingSince = earlier(c.FirstReplyAt, sent), later(c.LastReplyAt, sent), nil
		}
		return nil
	}, `SELECT id, created_at, type, status, sender_id, sender_type, meta, sent_at FROM messages
		WHERE conversation_id = $1 AND NOT private AND type <> 'activity' ORDER BY id`, id)
	if err != nil {
		return c, fmt.Errorf("read the messages of conversation %d: %w", id, err)
	}
	if newest != 0 {
		preview, err := s.previewOf(ctx, tx, newest)
		c.LastInteraction = &preview
		return c, err
	}
	return c, nil
}

// answersCustomer reports whether a sent message stops the clocks: one that is automated or passes another on does not.
func answersCustomer(meta db.JSON) bool {
	m := metaOf(meta)
	automated, _ := m["is_automated"].(bool)
	return !automated && m["forward_of"] == nil
}

// previewOf is what lists show of a stored message.
func (s *Service) previewOf(ctx context.Context, q db.Querier, messageID int64) (string, error) {
	var text, beside string
	var within int
	err := q.QueryRow(ctx, `SELECT text_content,
		COALESCE((SELECT content_type FROM media WHERE model_type = 'messages' AND model_id = $1 AND COALESCE(disposition, '') <> 'inline' ORDER BY id LIMIT 1), ''),
		(SELECT count(*) FROM media WHERE model_type = 'messages' AND model_id = $1 AND disposition = 'inline') FROM messages WHERE id = $1`, messageID).Scan(&text, &beside, &within)
	if err != nil {
		return "", fmt.Errorf("read what message %d says: %w", messageID, err)
	}
	switch preview := htmlx.Preview(text, previewLength); {
	case preview != "":
		return preview, nil
	case beside != "":
		return s.wordless(ctx, media.Kind(beside)), nil
	case within > 0:
		return s.wordless(ctx, "image"), nil
	}
	return "", nil
}
