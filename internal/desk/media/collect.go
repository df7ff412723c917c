package media

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// unlinkedFor is how long a file that nothing links is kept, since it was last used.
const unlinkedFor = 7 * 24 * time.Hour

const collectBatch = 100

// The files that nobody can reach: those that no message links and no draft, held reply, picture or setting names, and those whose
// message is gone. $1 is the time before which a file must have been used last, $2 the last id looked at.
const (
	unlinkedQuery = `SELECT f.id, f.uuid FROM media f WHERE f.id > $2 AND f.model_id IS NULL AND f.created_at < $1 AND f.updated_at < $1
		AND (f.model_type IS NULL OR f.model_type = 'messages')
		AND NOT EXISTS (SELECT 1 FROM drafts d WHERE d.content LIKE '%' || f.uuid || '%' OR CAST(d.meta AS TEXT) LIKE '%' || f.uuid || '%')
		AND NOT EXISTS (SELECT 1 FROM draft_versions v WHERE v.content LIKE '%' || f.uuid || '%' OR v.meta LIKE '%' || f.uuid || '%')
		AND NOT EXISTS (SELECT 1 FROM held_replies h WHERE h.request LIKE '%' || f.uuid || '%')
		AND NOT EXISTS (SELECT 1 FROM settings s WHERE CAST(s.value AS TEXT) LIKE '%' || f.uuid || '%')
		AND NOT EXISTS (SELECT 1 FROM users u WHERE u.avatar_url LIKE '%' || f.uuid || '%')
		ORDER BY f.id LIMIT 100`
	orphanedQuery = `SELECT f.id, f.uuid FROM media f WHERE f.id > $2 AND f.model_type = 'messages' AND f.model_id IS NOT NULL AND f.updated_at < $1
		AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = f.model_id) ORDER BY f.id LIMIT 100`
	markedQuery = `SELECT f.id, f.uuid FROM media f WHERE f.id > $2 AND f.model_type = 'deleted' AND f.updated_at < $1 ORDER BY f.id LIMIT 100`
)

type collected struct {
	ID   int64
	UUID string
}

// CollectUnlinked deletes the files that nothing has used for a week and returns how many. It may be called at any
// time and on any node. A file is marked first, so that no message can link it any more, then its bytes are deleted,
// then its row; a collection that is cut off is finished by the next.
func (s *Service) CollectUnlinked(ctx context.Context) (n int, err error) {
	old := db.At(s.now().Add(-unlinkedFor))
	for _, c := range []struct {
		query  string
		before db.Time
		still  string // the condition under which the file may be marked
	}{
		{markedQuery, db.At(s.now()), ""},
		{unlinkedQuery, old, `model_id IS NULL AND (model_type IS NULL OR model_type = 'messages')`},
		{orphanedQuery, db.At(s.now()), `NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = media.model_id)`},
	} {
		got, err := s.collect(ctx, c.query, c.before, c.still)
		if n += got; err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *Service) collect(ctx context.Context, query string, before db.Time, still string) (n int, err error) {
	last := int64(0)
	for {
		batch, err := db.Select[collected](ctx, s.db, query, before, last)
		if err != nil {
			return n, fmt.Errorf("look for unused files: %w", err)
		}
		for _, f := range batch {
			done, err := s.drop(ctx, f, still)
			if err != nil {
				return n, err
			}
			if last = f.ID; done {
				n++
			}
		}
		if len(batch) < collectBatch {
			return n, nil
		}
	}
}

// drop deletes one file, unless it was linked since it was found.
func (s *Service) drop(ctx context.Context, f collected, still string) (bool, error) {
	if still != "" {
		marked := false
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			n, err := tx.Exec(ctx, `UPDATE media SET model_type = $1, updated_at = $2 WHERE id = $3 AND `+still, modelDeleted, db.Now(), f.ID)
			marked = n == 1
			return err
		})
		if err != nil {
			return false, fmt.Errorf("mark file %s: %w", f.UUID, err)
		}
		if !marked {
			return false, nil
		}
	}
	for _, name := range []string{f.UUID, thumbName(f.UUID)} {
		if err := s.blobs.Delete(ctx, name); err != nil {
			return false, fmt.Errorf("collect file %s: %w", f.UUID, err)
		}
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM media WHERE id = $1 AND model_type = $2`, f.ID, modelDeleted)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("collect file %s: %w", f.UUID, err)
	}
	return true, nil
}
