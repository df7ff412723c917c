package conversation

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// unitedDraft is a draft of the target of a merge that got what its agent had begun in the other conversation, too.
type unitedDraft struct {
	ID      int64   `json:"id"`
	Content string  `json:"content"` // before
	Meta    db.JSON `json:"meta"`
	Before  db.Time `json:"before"` // its updated_at, then
	After   db.Time `json:"after"`  // and after the merge
}

// uniteDrafts appends what agents had begun in one conversation to what they had begun in the other. Where they had begun
// nothing the draft has moved; the others stay with the signpost, for the way back.
func (s *Service) uniteDrafts(ctx context.Context, tx *db.Tx, t, h *head) ([]unitedDraft, error) {
	type pair struct {
		ID           int64
		UserID       int64
		Type         string
		Content      string
		Meta         db.JSON
		UpdatedAt    db.Time
		OtherContent string
		OtherMeta    db.JSON
	}
	pairs, err := db.Select[pair](ctx, tx, `SELECT d.id, d.user_id, d.type, d.content, d.meta, d.updated_at, o.content AS other_content, o.meta AS other_meta
		FROM drafts o JOIN drafts d ON d.conversation_id = $2 AND d.user_id = o.user_id AND d.type = o.type WHERE o.conversation_id = $1 ORDER BY d.id`, h.ID, t.ID)
	if err != nil {
		return nil, fmt.Errorf("read the drafts of both conversations: %w", err)
	}
	var out []unitedDraft
	for _, d := range pairs {
		now := db.Now()
		if _, err := tx.Exec(ctx, `UPDATE drafts SET content = $2, meta = $3, updated_at = $4 WHERE id = $1`,
			d.ID, d.Content+d.OtherContent, uniteMeta(d.Meta, d.OtherMeta), now); err != nil {
			return nil, fmt.Errorf("unite drafts: %w", err)
		}
		out = append(out, unitedDraft{ID: d.ID, Content: d.Content, Meta: d.Meta, Before: d.UpdatedAt, After: now})
	}
	return out, s.draftsMoved(ctx, tx, h.UUID, t)
}

// uniteMeta is the meta of a draft with the attachments of another.
func uniteMeta(meta, other db.JSON) db.JSON {
	fields, more := metaOf(meta), metaOf(other)
	files, _ := fields["attachments"].([]any)
	added, _ := more["attachments"].([]any)
	if len(added) == 0 {
		return meta
	}
	fields["attachments"] = append(files, added...)
	united, err := json.Marshal(fields)
	if err != nil || len(united) > maxDraftMeta {
		return meta
	}
	return united
}

// separateDrafts gives drafts of the target back what they said before, but for those that were written on since. They are the
// version again that they were, which a merge before that one may be waiting for.
func (s *Service) separateDrafts(ctx context.Context, tx *db.Tx, drafts []unitedDraft) error {
	for _, d := range drafts {
		if _, err := tx.Exec(ctx, `UPDATE drafts SET content = $2, meta = $3, updated_at = $4 WHERE id = $1 AND updated_at = $5`,
			d.ID, d.Content, d.Meta, d.Before, d.After); err != nil {
			return fmt.Errorf("separate drafts: %w", err)
		}
	}
	return nil
}

// draftsMoved tells the agents who have drafts in a conversation now that they are there, and no longer in another.
func (s *Service) draftsMoved(ctx context.Context, tx *db.Tx, from string, to *head) error {
	type row struct {
		UserID    int64
		Type      string
		UpdatedAt db.Time
	}
	rows, err := db.Select[row](ctx, tx, `SELECT user_id, type, updated_at FROM drafts WHERE conversation_id = $1`, to.ID)
	if err != nil {
		return fmt.Errorf("read whose drafts moved: %w", err)
	}
	for _, r := range rows {
		s.draftChanged(tx, r.UserID, DraftChange{ConversationUUID: from, Type: r.Type})
		s.draftChanged(tx, r.UserID, DraftChange{ConversationUUID: to.UUID, Type: r.Type, UpdatedAt: r.UpdatedAt.Ptr()})
	}
	return nil
}
