package media

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// modelUsers is the model_type of pictures of people: model_id is whose.
const modelUsers = "users"

// SetAvatar makes an uploaded picture, "" for none, the only one that belongs to a person, in the caller's transaction. A
// file that is an attachment, or the desk's, cannot become one; those the person had before are collected.
func (s *Service) SetAvatar(ctx context.Context, tx *db.Tx, userID int64, uuid string) error {
	now := db.Now()
	if _, err := tx.Exec(ctx, `UPDATE media SET model_type = $1, updated_at = $2 WHERE model_type = $3 AND model_id = $4 AND uuid <> $5`,
		modelDeleted, now, modelUsers, userID, uuid); err != nil {
		return fmt.Errorf("drop the picture of %d: %w", userID, err)
	}
	if uuid == "" {
		return nil
	}
	n, err := tx.Exec(ctx, `UPDATE media SET model_type = $1, model_id = $2, updated_at = $3 WHERE uuid = $4
		AND ((model_id IS NULL AND model_type IS NULL) OR model_type = $1)`, modelUsers, userID, now, uuid)
	if err != nil {
		return fmt.Errorf("keep the picture of %d: %w", userID, err)
	}
	if n == 0 {
		return fmt.Errorf("the file %s is no picture that somebody can have", uuid)
	}
	return nil
}
