package email

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// purged is the reason for which a mail is ignored that was deleted for good before.
const purged = "purged"

// forgetMails empties the entries of the mails of a conversation that is deleted for good, in the caller's transaction: they
// stay settled, without what was in them. It returns the blobs of the raw mails.
func forgetMails(ctx context.Context, tx *db.Tx, conversationID int64) (blobs []string, err error) {
	const those = `message_id IN (SELECT id FROM messages WHERE conversation_id = $1)`
	if blobs, err = db.Select[string](ctx, tx, `SELECT blob FROM mail_ledger WHERE blob <> '' AND `+those, conversationID); err != nil {
		return nil, fmt.Errorf("read the mails of conversation %d: %w", conversationID, err)
	}
	if _, err := tx.Exec(ctx, `UPDATE mail_ledger SET blob = '', source_id = '', reason = $2 WHERE `+those, conversationID, purged); err != nil {
		return nil, fmt.Errorf("forget the mails of conversation %d: %w", conversationID, err)
	}
	return blobs, nil
}

// moveReplies lets replies that are on their way leave with those of the conversation that their messages are moved to.
func moveReplies(ctx context.Context, tx *db.Tx, m conversation.Move) error {
	return m.Rows(ctx, tx, conversation.Moved{Table: "outbox", Key: "message_id", Message: "message_id"})
}

// purgedAgain settles a mail that was deleted for good and that a mailbox shows again: what was read of it is deleted, too.
func (c *Channel) purgedAgain(ctx context.Context, tx *db.Tx, e entry, files []media.Incoming) (outcome, error) {
	blobs := make([]string, 0, len(files)+1)
	for _, f := range files {
		blobs = append(blobs, f.Blob)
	}
	if e.Blob != "" {
		blobs = append(blobs, e.Blob)
	}
	if _, err := tx.Exec(ctx, `UPDATE mail_ledger SET blob = '' WHERE id = $1`, e.ID); err != nil {
		return outcome{}, fmt.Errorf("forget mail %d: %w", e.ID, err)
	}
	return outcome{state: stateIgnored, rule: rulePurged, reason: purged}, c.Conversations.DiscardTx(ctx, tx, blobs)
}
