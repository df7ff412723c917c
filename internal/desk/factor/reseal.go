package factor

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// ResealTx seals the secrets of all authenticator apps anew.
func (s *Service) ResealTx(ctx context.Context, tx *db.Tx, r *crypt.Resealer) error {
	type sealed struct {
		UserID int64
		Secret string
	}
	all, err := db.Select[sealed](ctx, tx, `SELECT user_id, secret FROM agent_totp ORDER BY user_id`)
	if err != nil {
		return fmt.Errorf("read TOTP secrets: %w", err)
	}
	for _, one := range all {
		r.Reseal(place(one.UserID), &one.Secret)
		if _, err := tx.Exec(ctx, `UPDATE agent_totp SET secret = $2 WHERE user_id = $1`, one.UserID, one.Secret); err != nil {
			return fmt.Errorf("keep a TOTP secret: %w", err)
		}
	}
	return nil
}
