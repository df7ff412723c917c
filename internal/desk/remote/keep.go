package remote

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// enter notes a picture; an empty content type stands for one that is being fetched.
func (s *Pictures) enter(ctx context.Context, name, contentType string, size int64) error {
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO remote_pictures (name, content_type, size, fetched_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO UPDATE SET content_type = excluded.content_type, size = excluded.size, fetched_at = excluded.fetched_at`,
			name, contentType, size, db.At(s.now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("note a picture: %w", err)
	}
	return nil
}

// trim lets go of the oldest pictures while there are more than may be kept.
func (s *Pictures) trim(ctx context.Context) error {
	count, size := 0, int64(0)
	err := s.DB.QueryRow(ctx, `SELECT count(*), COALESCE(SUM(size), 0) FROM remote_pictures`).Scan(&count, &size)
	if err != nil {
		return fmt.Errorf("count pictures: %w", err)
	}
	if count <= s.Limits.Kept && size <= s.Limits.KeptSize {
		return nil
	}
	_, err = s.Collect(ctx)
	return err
}

type keptPicture struct {
	ID        int64
	Name      string
	Size      int64
	FetchedAt db.Time
}

// Collect deletes the pictures that are too old, and the oldest beyond the bounds of what is kept, and returns how many. It
// may be called at any time and on any node.
func (s *Pictures) Collect(ctx context.Context) (n int, err error) {
	all, err := db.Select[keptPicture](ctx, s.DB, `SELECT id, name, size, fetched_at FROM remote_pictures ORDER BY fetched_at DESC, id DESC`)
	if err != nil {
		return 0, fmt.Errorf("list pictures: %w", err)
	}
	size := int64(0)
	for i, p := range all {
		size += p.Size
		if i < s.Limits.Kept && size <= s.Limits.KeptSize && s.now().Sub(p.FetchedAt.Time) <= s.Limits.KeptFor {
			continue
		}
		if err := s.drop(ctx, p); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// drop deletes a picture's bytes, then its row, unless it was fetched anew meanwhile: what has a row and no bytes is
// fetched when it is asked for.
func (s *Pictures) drop(ctx context.Context, p keptPicture) error {
	if err := s.Blobs.Delete(ctx, p.Name); err != nil {
		return fmt.Errorf("collect a picture: %w", err)
	}
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM remote_pictures WHERE id = $1 AND fetched_at = $2`, p.ID, p.FetchedAt)
		return err
	})
	if err != nil {
		return fmt.Errorf("collect a picture: %w", err)
	}
	return nil
}
