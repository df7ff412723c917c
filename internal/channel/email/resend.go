package email

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// resentAtOnce is how many replies one call of ResendFailed sends again at most.
const resentAtOnce = 200

// Resent is what became of one reply that was to be sent again. Refused is why it is not; nil if it is.
type Resent struct {
	Message string
	Refused *fault.Error
}

// ResendFailed lets replies that failed leave again, of one inbox or, for 0, of all: the newest 200, each by itself as by
// [Channel.Resend]. It returns what became of each, and whether there are more.
func (c *Channel) ResendFailed(ctx context.Context, p *agent.Principal, inboxID int64) (out []Resent, more bool, err error) {
	text, args := OutboxQuery{InboxID: inboxID, State: "failed", Size: resentAtOnce}.SQL()
	list, err := db.Select[string](ctx, c.DB, `SELECT m.uuid FROM (`+text+`) o JOIN messages m ON m.id = o.message_id ORDER BY m.id DESC`, args...)
	if err != nil {
		return nil, false, fmt.Errorf("look for replies that failed: %w", err)
	}
	if more = len(list) > resentAtOnce; more {
		list = list[:resentAtOnce]
	}
	for _, message := range list {
		one := Resent{Message: message}
		if err := c.Resend(ctx, p, message, nil); err != nil && (!errors.As(err, &one.Refused) || one.Refused.Kind == fault.Internal) {
			return out, more, err
		}
		out = append(out, one)
	}
	return out, more, nil
}
