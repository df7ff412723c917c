package email

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Source opens the mail, as it came, that a message was made of; the caller closes it. NotFound for a message that came in
// no other way than by an agent's hand, and for one whose mail is no longer kept.
func (c *Channel) Source(ctx context.Context, messageID int64) (blob.Content, error) {
	var name string
	err := c.DB.QueryRow(ctx, `SELECT blob FROM mail_ledger WHERE message_id = $1 AND state = 'filed' AND blob <> '' ORDER BY id LIMIT 1`, messageID).Scan(&name)
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.Missing("mail")
	}
	if err != nil {
		return nil, fmt.Errorf("find the mail of message %d: %w", messageID, err)
	}
	content, err := c.Blobs.Open(ctx, name)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, fault.Missing("mail").Because(err)
	}
	return content, err
}
