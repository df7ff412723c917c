package notify

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// moved is what agents were told of messages that are moved. Of a new conversation an agent hears once, so what they know of
// both stays where it is.
var moved = conversation.Moved{Table: "user_notifications", Key: "id", Message: "message_id",
	Where: `notification_type <> 'new_conversation' OR NOT EXISTS (SELECT 1 FROM user_notifications o
		WHERE o.conversation_id = $2 AND o.user_id = user_notifications.user_id AND o.notification_type = 'new_conversation')`}

// move lets what agents were told go with the messages that it is about. A mail that waits to be sent of it is queued where it
// is now.
func (s *Service) move(ctx context.Context, tx *db.Tx, m conversation.Move) error {
	waiting, err := db.Select[int64](ctx, tx, `SELECT user_id FROM notification_mails WHERE conversation_id = $1 AND queued_at IS NOT NULL ORDER BY user_id`, m.From)
	if err != nil {
		return fmt.Errorf("read which mails wait: %w", err)
	}
	if err := m.Rows(ctx, tx, moved); err != nil {
		return err
	}
	for _, agentID := range waiting {
		choices, err := preferences(ctx, tx, agentID)
		if err != nil {
			return err
		}
		if err := s.queueMail(ctx, tx, agentID, m.To, choices); err != nil {
			return err
		}
	}
	return nil
}
