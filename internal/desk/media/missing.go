package media

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Missing looks whether the bytes of files are there: of the newest, and of as many that chance picks. It returns how many
// it looked at and those that have none.
func (s *Service) Missing(ctx context.Context, sample int) (looked int, missing []Media, err error) {
	const query = `SELECT * FROM media WHERE (model_type IS NULL OR model_type <> '` + modelDeleted + `')`
	files, err := db.Select[Media](ctx, s.db, `SELECT `+columns+` FROM (`+query+` ORDER BY id DESC LIMIT $1 + 0) AS newest`, sample)
	if err != nil || len(files) == 0 {
		return 0, nil, err
	}
	newest, seen := files[0].ID, map[int64]bool{}
	for range sample {
		picked, err := db.Select[Media](ctx, s.db, `SELECT `+columns+` FROM (`+query+` AND id >= $1 ORDER BY id LIMIT 1) AS picked`, rand.Int64N(newest)+1)
		if err != nil {
			return 0, nil, fmt.Errorf("pick a file: %w", err)
		}
		files = append(files, picked...)
	}
	for _, m := range files {
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		c, err := s.blobs.Open(ctx, m.UUID)
		switch {
		case errors.Is(err, blob.ErrNotFound):
			missing = append(missing, m)
		case err != nil:
			return len(seen), missing, fmt.Errorf("open file %d: %w", m.ID, err)
		default:
			_ = c.Close()
		}
	}
	return len(seen), missing, nil
}
