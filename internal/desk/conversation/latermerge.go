package conversation

import (
	"context"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// laterMerge is a merge into the same target after one that is being taken back.
type laterMerge struct {
	id     int64 // the conversation that was merged
	was    united
	tags   []int64 // of the conversation
	people []int64
}

type laterMerges []*laterMerge

// mergedLater reads the merges into t after that of h, in their order.
func mergedLater(ctx context.Context, tx *db.Tx, t, h *head) (laterMerges, error) {
	var out laterMerges
	err := db.Each(ctx, tx, func(r db.Rows) error {
		m := &laterMerge{}
		var was db.JSON
		if err := r.Scan(&m.id, &was); err != nil {
			return err
		}
		out = append(out, m)
		return was.Decode(&m.was)
	}, `SELECT o.conversation_id, o.was FROM conversation_merges o JOIN conversation_merges m ON m.conversation_id = $2
		WHERE o.target_id = $1 AND o.created_at > m.created_at ORDER BY o.created_at`, t.ID, h.ID)
	if err != nil {
		return nil, fmt.Errorf("read what was merged later: %w", err)
	}
	for _, m := range out {
		if m.tags, err = db.Select[int64](ctx, tx, `SELECT tag_id FROM conversation_tags WHERE conversation_id = $1`, m.id); err != nil {
			return nil, fmt.Errorf("read the tags of what was merged later: %w", err)
		}
		if m.people, err = db.Select[int64](ctx, tx, `SELECT user_id FROM conversation_participants WHERE conversation_id = $1
			UNION SELECT contact_id FROM conversations WHERE id = $1`, m.id); err != nil {
			return nil, fmt.Errorf("read the people of what was merged later: %w", err)
		}
	}
	return out, nil
}

// heir returns the first of the merges whose conversation has an id among those that of returns; nil if none has.
func (l laterMerges) heir(of func(*laterMerge) []int64, id int64) *laterMerge {
	for _, m := range l {
		if slices.Contains(of(m), id) {
			return m
		}
	}
	return nil
}

// save notes what the merges changed.
func (l laterMerges) save(ctx context.Context, tx *db.Tx) error {
	for _, m := range l {
		if _, err := tx.Exec(ctx, `UPDATE conversation_merges SET was = $2 WHERE conversation_id = $1`, m.id, db.ToJSON(m.was)); err != nil {
			return fmt.Errorf("note what a merge changed: %w", err)
		}
	}
	return nil
}
