package conversation

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// line is an activity line, as far as it is looked for.
type line struct {
	ID   int64
	Type string
	Meta db.JSON
}

// tells reports whether it is of a kind and about a conversation.
func (l line) tells(kind, about string) bool {
	var meta struct {
		Kind   string            `json:"activity_type"`
		Params map[string]string `json:"params"`
	}
	_ = l.Meta.Decode(&meta) // written by this package
	return l.Type == TypeActivity && meta.Kind == kind && meta.Params["uuid"] == about
}

// splitLines returns the lines that tell of a conversation being split from t, if nothing has happened in it since: when it is
// merged back, t reads as if it had never gone. It returns none for any other conversation.
func splitLines(ctx context.Context, tx *db.Tx, t, h *head) ([]int64, error) {
	var begun db.Time
	if err := tx.QueryRow(ctx, `SELECT created_at FROM conversations WHERE id = $1`, h.ID).Scan(&begun); err != nil {
		return nil, fmt.Errorf("read when conversation %d began: %w", h.ID, err)
	}
	since := func(id int64, where string) ([]line, error) {
		lines, err := db.Select[line](ctx, tx, `SELECT id, type, meta FROM messages WHERE conversation_id = $1 AND created_at >= $2`+where+` ORDER BY id`, id, begun)
		if err != nil {
			return nil, fmt.Errorf("read what happened since a split: %w", err)
		}
		return lines, nil
	}
	part, err := since(h.ID, "")
	if err != nil || len(part) != 1 || !part[0].tells("split_from", t.UUID) {
		return nil, err
	}
	whole, err := since(t.ID, ` AND type = 'activity'`)
	if err != nil {
		return nil, err
	}
	ids := []int64{part[0].ID}
	for _, l := range whole {
		if l.tells("split_into", h.UUID) {
			ids = append(ids, l.ID)
		}
	}
	return ids, nil
}

// removeLines deletes activity lines.
func removeLines(ctx context.Context, tx *db.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	in, args := db.In(1, ids)
	if _, err := tx.Exec(ctx, `DELETE FROM messages WHERE id IN (`+in+`) AND type = 'activity'`, args...); err != nil {
		return fmt.Errorf("remove activity lines: %w", err)
	}
	return nil
}

// showNewest sets what lists show of a conversation by its newest message.
func showNewest(ctx context.Context, tx *db.Tx, id int64) error {
	type newest struct {
		TextContent string
		CreatedAt   db.Time
		SenderType  string
		SenderID    int64
	}
	m, err := db.Get[newest](ctx, tx, `SELECT text_content, created_at, sender_type, sender_id FROM messages WHERE conversation_id = $1 ORDER BY id DESC LIMIT 1`, id)
	if err != nil {
		return fmt.Errorf("read the newest message of conversation %d: %w", id, err)
	}
	_, err = tx.Exec(ctx, `UPDATE conversations SET last_message = $2, last_message_at = $3, last_message_sender = $4, last_message_sender_id = $5 WHERE id = $1`,
		id, htmlx.Preview(m.TextContent, previewLength), m.CreatedAt, m.SenderType, m.SenderID)
	if err != nil {
		return fmt.Errorf("show the newest message of conversation %d: %w", id, err)
	}
	return nil
}
