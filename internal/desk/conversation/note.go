package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// Note is a private note that an agent wrote elsewhere than in the desk.
type Note struct {
	InboxID  int64  // by which it came
	HTML     string // sanitised
	SourceID string
	Cause    string
	// Attach stores the note's files in the same transaction; Encloses, as [media.KindOf] gives it, stands for a note without words.
	Attach   func(ctx context.Context, tx *db.Tx, messageID int64) error
	Encloses string
}

// NoteTx adds a private note of an agent to a conversation, or to what it was merged into, in the caller's transaction.
// What is written is taken as it is, without variables or mentions. Errors: NotFound; Forbidden if the agent may not write there.
func (s *Service) NoteTx(ctx context.Context, tx *db.Tx, p *agent.Principal, conversationID int64, n Note) (messageID int64, err error) {
	if !p.Can(role.MessagesWrite) {
		return 0, fault.Denied()
	}
	var id string
	err = tx.QueryRow(ctx, `SELECT uuid FROM conversations WHERE id = $1`, conversationID).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return 0, fault.Missing("conversation")
	}
	if err != nil {
		return 0, fmt.Errorf("read conversation %d: %w", conversationID, err)
	}
	h, err := lock(ctx, tx, p, id)
	if err != nil {
		return 0, err
	}
	m := newMessage{Type: TypeOutgoing, Content: n.HTML, Text: htmlx.Text(n.HTML), ContentType: "html", SenderID: p.ID, SenderType: SenderAgent,
		Meta: map[string]any{"by_mail": true}, Private: true, Status: StatusSent, SourceID: n.SourceID, Cause: n.Cause, Attach: n.Attach, InboxID: n.InboxID}
	if m.Text == "" {
		m.Preview = s.wordless(ctx, n.Encloses)
	}
	st, err := s.insert(ctx, tx, h, m)
	return st.ID, err
}
