package inbox

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// ResealTx seals the secrets of all inboxes anew, those of deleted ones included.
func (s *Service) ResealTx(ctx context.Context, tx *db.Tx, r *crypt.Resealer) error {
	all, err := db.Select[Inbox](ctx, tx, `SELECT `+columns+` FROM inboxes ORDER BY id`)
	if err != nil {
		return fmt.Errorf("read inboxes: %w", err)
	}
	for _, in := range all {
		if in.Secret != nil {
			r.Reseal(seat(in.UUID), in.Secret)
		}
		if in.Channel == Email {
			var cfg EmailConfig
			if err := in.Config.Decode(&cfg); err != nil {
				return fmt.Errorf("read the settings of inbox %d: %w", in.ID, err)
			}
			if err := cfg.eachSecret(func(secret *string) error { r.Reseal(seat(in.UUID), secret); return nil }); err != nil {
				return err
			}
			in.Config = db.ToJSON(cfg)
		}
		if _, err := tx.Exec(ctx, `UPDATE inboxes SET secret = $2, config = $3 WHERE id = $1`, in.ID, in.Secret, in.Config); err != nil {
			return fmt.Errorf("keep the secrets of inbox %d: %w", in.ID, err)
		}
	}
	return nil
}
