package conversation

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// SetAttributes replaces the custom attributes of a conversation; nil leaves none. Invalid, naming the key, for a value
// that is not what the desk defined. The same again does nothing.
func (s *Service) SetAttributes(ctx context.Context, p *agent.Principal, id string, values map[string]json.RawMessage) error {
	if err := contact.CheckAttributeLimits(values); err != nil {
		return err
	}
	if values == nil {
		values = map[string]json.RawMessage{}
	}
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error {
		if err := attribute.Check(ctx, tx, attribute.OfConversations, values); err != nil {
			return err
		}
		var stored db.JSON
		if err := tx.QueryRow(ctx, `SELECT custom_attributes FROM conversations WHERE id = $1`, h.ID).Scan(&stored); err != nil {
			return fmt.Errorf("read attributes: %w", err)
		}
		before := map[string]json.RawMessage{}
		if err := stored.Decode(&before); err != nil {
			return fmt.Errorf("read attributes: %w", err)
		}
		after := db.ToJSON(values)
		if string(db.ToJSON(before)) == string(after) {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE conversations SET custom_attributes = $2, updated_at = $3, version = version + 1 WHERE id = $1`,
			h.ID, after, db.Now()); err != nil {
			return fmt.Errorf("set attributes: %w", err)
		}
		return s.changed(ctx, tx, *h, event.ConversationUpdated, p.ID, "", map[string]any{"custom_attributes": values}, map[string]any{"custom_attributes": before})
	})
}
