package role

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// SetRequireTwoFactor says on behalf of an agent whether those who hold a role need a second factor. It may be said of
// the Admin role too, which cannot be changed otherwise. Sessions of holders without one are confined at once.
func (s *Service) SetRequireTwoFactor(ctx context.Context, actorID, id int64, required bool) (r Role, err error) {
	var holders []int64
	var changed bool
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if r, err = get(ctx, tx, id); err != nil {
			return err
		}
		if changed = r.RequireTwoFactor != required; !changed {
			return nil
		}
		before := r
		if holders, err = holdersOf(ctx, tx, id); err != nil {
			return err
		}
		r, err = scan(tx.QueryRow(ctx, `UPDATE roles SET updated_at = $2, require_two_factor = $3 WHERE id = $1 RETURNING `+columns, id, db.Now(), required))
		if err != nil {
			return fmt.Errorf("change role %d: %w", id, err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.RoleUpdated, Actor: audit.Actor{ID: actorID}, Target: r.target(), Before: before, After: r})
	})
	if err == nil && changed {
		s.Changed(holders)
	}
	return r, err
}
