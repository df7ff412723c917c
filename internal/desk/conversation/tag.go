package conversation

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Tag is a word that conversations can be marked with.
type Tag struct {
	ID        int64   `json:"id"`
	CreatedAt db.Time `json:"created_at"`
	UpdatedAt db.Time `json:"updated_at"`
	Name      string  `json:"name"`
}

// Tags returns all tags by name.
func (s *Service) Tags(ctx context.Context) ([]Tag, error) {
	tags, err := db.Select[Tag](ctx, s.db, `SELECT id, created_at, updated_at, name FROM tags ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	return tags, nil
}
