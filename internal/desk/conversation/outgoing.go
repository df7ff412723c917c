package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Addressees are the recipients that a reply gets before it is sent again.
type Addressees struct {
	To  []string `json:"to"`
	CC  []string `json:"cc"`
	BCC []string `json:"bcc"`
}

// Departure is a reply on its way out, locked with its conversation.
type Departure struct {
	MessageID, ConversationID, InboxID int64
	Meta                               db.JSON
	h                                  head
	m                                  messageHead
}

// DepartureTx locks a reply of an agent, or the mail by which a chat goes on, that is to be sent again or taken back. Its author may in a conversation that they
// may read, and whoever manages users; whoever manages inboxes may in any. NotFound if there is none.
func (s *Service) DepartureTx(ctx context.Context, tx *db.Tx, p *agent.Principal, message string) (d Departure, err error) {
	if err := checkUUID(message); err != nil {
		return d, err
	}
	var id int64
	err = tx.QueryRow(ctx, `SELECT id FROM messages WHERE uuid = $1`, message).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return d, fault.Missing("message")
	}
	if err != nil {
		return d, fmt.Errorf("find message %s: %w", message, err)
	}
	if d.h, err = lockHolding(ctx, tx, id); err != nil {
		return d, err
	}
	if !p.Can(role.InboxesManage) && !CanRead(p, d.h.AssignedUserID, d.h.AssignedTeamID) {
		return d, fault.Denied()
	}
	if d.m, err = lockMessage(ctx, tx, `uuid = $1`, message); err != nil {
		return d, err
	}
	if !d.m.leaves() {
		return d, fault.Missing("message")
	}
	if d.m.SenderID != p.ID && !p.Can(role.UsersManage) && !p.Can(role.InboxesManage) {
		return d, fault.New(fault.Forbidden, "error.retry_of_other")
	}
	return departure(d.h, d.m), nil
}

// leaves reports whether a message leaves the desk: a reply, or the mail by which a chat goes on.
func (m messageHead) leaves() bool {
	return m.SenderType == SenderAgent && (m.Type == TypeOutgoing && !m.Private || metaOf(m.Meta)[continuityKind] == true)
}

func departure(h head, m messageHead) Departure {
	return Departure{MessageID: m.ID, ConversationID: h.ID, InboxID: m.InboxID, Meta: m.Meta, h: h, m: m}
}

// ReaddressTx gives a reply other recipients, in the caller's transaction. An Invalid error names the field that is wrong.
func (s *Service) ReaddressTx(ctx context.Context, tx *db.Tx, p *agent.Principal, d *Departure, a Addressees) error {
	in := Send{SenderType: SenderAgent, To: a.To, CC: a.CC, BCC: a.BCC}
	if err := in.validate(); err != nil {
		return err
	}
	if len(in.To) == 0 {
		return fault.Required("to")
	}
	before, meta := Recipients(d.Meta), metaOf(d.Meta)
	for key, list := range map[string][]string{"to": in.To, "cc": in.CC, "bcc": in.BCC} {
		delete(meta, key)
		if len(list) > 0 {
			meta[key] = list
		}
	}
	d.Meta = db.ToJSON(meta)
	if _, err := tx.Exec(ctx, `UPDATE messages SET meta = $2, updated_at = $3 WHERE id = $1`, d.m.ID, d.Meta, db.Now()); err != nil {
		return fmt.Errorf("change the recipients of message %d: %w", d.m.ID, err)
	}
	if err := s.recordTx(ctx, tx, p, *d, audit.ReplyReaddressed, map[string]any{"recipients": before}, map[string]any{"recipients": Recipients(d.Meta)}); err != nil {
		return err
	}
	return s.messageChanged(ctx, tx, d.h, d.m.UUID, p.ID, map[string]any{"meta": meta})
}

// ResendTx lets a reply leave again as the same mail, in the caller's transaction.
func (s *Service) ResendTx(ctx context.Context, tx *db.Tx, p *agent.Principal, d Departure) error {
	inbox, err := readInbox(ctx, tx, d.InboxID)
	if err != nil {
		return err
	}
	leave := s.on[inbox.Channel]
	if leave == nil {
		return fault.Field("inbox_id", "error.channel_cannot_reply")
	}
	if err := leave(ctx, tx, Outgoing{MessageID: d.MessageID, ConversationID: d.ConversationID, InboxID: d.InboxID, Again: true}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE messages SET status = 'pending', updated_at = $2 WHERE id = $1`, d.m.ID, db.Now()); err != nil {
		return fmt.Errorf("queue message again: %w", err)
	}
	if err := s.recordTx(ctx, tx, p, d, audit.ReplyResent, nil, nil); err != nil {
		return err
	}
	return s.messageChanged(ctx, tx, d.h, d.m.UUID, p.ID, map[string]any{"status": StatusPending, "delivery": Delivery{State: "queued"}})
}

// CancelledTx tells the conversation that a reply was taken back, in the caller's transaction: it counts as failed.
func (s *Service) CancelledTx(ctx context.Context, tx *db.Tx, p *agent.Principal, d Departure, delivery Delivery) error {
	if _, err := tx.Exec(ctx, `UPDATE messages SET status = 'failed', updated_at = $2 WHERE id = $1`, d.m.ID, db.Now()); err != nil {
		return fmt.Errorf("take message back: %w", err)
	}
	if err := s.recordTx(ctx, tx, p, d, audit.ReplyCancelled, nil, nil); err != nil {
		return err
	}
	return s.messageChanged(ctx, tx, d.h, d.m.UUID, p.ID, map[string]any{"status": StatusFailed, "delivery": delivery})
}

func (s *Service) recordTx(ctx context.Context, tx *db.Tx, p *agent.Principal, d Departure, kind audit.Type, before, after any) error {
	return audit.Record(ctx, tx, audit.Entry{Type: kind, Actor: p.Audited(), Target: audit.Target{Model: "message", ID: d.m.ID},
		Before: before, After: after, Note: fmt.Sprintf("in conversation %d", d.h.Reference)})
}
