package agent

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// inviteEvery is how long an agent is left alone between two invitations.
const inviteEvery = 5 * time.Minute

// Invited notes, in the transaction that queues the mail, that an agent is invited. Only those who can come in and have
// not yet are: Conflict for a disabled agent and for one who has signed in, Invalid for System, RateLimited within five
// minutes of the last invitation, NotFound for nobody.
func (s *Service) Invited(ctx context.Context, tx *db.Tx, id int64) error {
	a, err := s.human(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case a.IsSystem:
		return fault.Field("id", "error.system_protected")
	case !a.Enabled:
		return fault.New(fault.Conflict, "error.invite_disabled")
	case a.LastLoginAt != nil:
		return fault.New(fault.Conflict, "error.invite_signed_in")
	}
	now := db.Now()
	n, err := tx.Exec(ctx, `UPDATE users SET invited_at = $2 WHERE id = $1 AND (invited_at IS NULL OR invited_at <= $3)`, id, now, db.At(now.Add(-inviteEvery)))
	if err != nil {
		return fmt.Errorf("note an invitation: %w", err)
	}
	if n == 0 {
		return fault.New(fault.RateLimited, "error.invited_lately", "minutes", strconv.Itoa(int(inviteEvery/time.Minute)))
	}
	return audit.Record(ctx, tx, audit.Entry{Type: audit.AgentInvited, Target: a.Audited()})
}
