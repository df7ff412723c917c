package agent

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// SetAvatar changes the address of an agent's picture, on behalf of who is allowed to; nil removes it. NotFound for an
// unknown agent.
func (s *Service) SetAvatar(ctx context.Context, actor *Principal, id int64, url *string) error {
	type picture struct {
		URL *string `json:"avatar_url"`
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := s.human(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET avatar_url = $2, updated_at = $3 WHERE id = $1`, id, url, db.Now()); err != nil {
			return fmt.Errorf("change the picture of agent %d: %w", id, err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.AgentUpdated, Actor: actor.Audited(), Target: a.Audited(), Before: picture{a.AvatarURL}, After: picture{url}})
	})
}
