package sso

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// ResealTx seals what is kept encrypted of all providers anew.
func (s *Service) ResealTx(ctx context.Context, tx *db.Tx, r *crypt.Resealer) error {
	type sealed struct {
		ID                     int64
		ClientID, ClientSecret string
	}
	all, err := db.Select[sealed](ctx, tx, `SELECT id, client_id, client_secret FROM oidc_providers ORDER BY id`)
	if err != nil {
		return fmt.Errorf("read identity providers: %w", err)
	}
	for _, p := range all {
		r.Reseal(placeClientID, &p.ClientID)
		r.Reseal(placeClientSecret, &p.ClientSecret)
		if _, err := tx.Exec(ctx, `UPDATE oidc_providers SET client_id = $2, client_secret = $3 WHERE id = $1`, p.ID, p.ClientID, p.ClientSecret); err != nil {
			return fmt.Errorf("keep the secrets of identity provider %d: %w", p.ID, err)
		}
	}
	return nil
}
