package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Kept is how long a notification is kept.
const Kept = 30 * 24 * time.Hour

// cleanJob is the job that deletes old notifications.
type cleanJob struct{}

// Kind implements jobs.Args.
func (cleanJob) Kind() string { return "notify.clean" }

// cleanBatch is how many rows a transaction deletes, so that no other waits long for it.
const cleanBatch = 500

const (
	cleanNotifications = `DELETE FROM user_notifications WHERE id IN (SELECT id FROM user_notifications WHERE created_at < $1 ORDER BY created_at LIMIT $2 + 0)`
	cleanMails         = `DELETE FROM notification_mails WHERE (user_id, conversation_id) IN (SELECT user_id, conversation_id FROM notification_mails
		WHERE sent_at < $1 AND (queued_at IS NULL OR queued_at < $1) ORDER BY sent_at LIMIT $2 + 0)`
)

// Clean deletes what is older than a time.
func (s *Service) Clean(ctx context.Context, before time.Time) error {
	for _, statement := range []string{cleanNotifications, cleanMails} {
		for n := int64(1); n > 0; {
			err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
				n, err = tx.Exec(ctx, statement, db.At(before), cleanBatch)
				return err
			})
			if err != nil {
				return fmt.Errorf("delete old notifications: %w", err)
			}
		}
	}
	return nil
}
