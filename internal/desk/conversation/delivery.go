package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// messageHead is the part of a message's row that delivery and deletion look at.
type messageHead struct {
	ID         int64
	UUID       string
	InboxID    int64
	Type       string
	Status     string
	Private    bool
	SenderID   int64
	SenderType string
	Meta       db.JSON
}

func lockMessage(ctx context.Context, tx *db.Tx, where string, args ...any) (m messageHead, err error) {
	err = tx.QueryRow(ctx, `SELECT id, uuid, inbox_id, type, status, private, sender_id, sender_type, meta FROM messages WHERE `+where+forUpdate(tx), args...).
		Scan(&m.ID, &m.UUID, &m.InboxID, &m.Type, &m.Status, &m.Private, &m.SenderID, &m.SenderType, &m.Meta)
	if errors.Is(err, db.ErrNoRows) {
		return m, fault.Missing("message")
	}
	if err != nil {
		return m, fmt.Errorf("read message: %w", err)
	}
	return m, nil
}

// answers reports whether somebody answers the customer with a reply: it is not automated and passes no other message on.
func (m messageHead) answers() bool {
	meta := metaOf(m.Meta)
	automated, _ := meta["is_automated"].(bool)
	return !automated && meta["forward_of"] == nil
}

// SettleTx records that a pending reply was sent or has failed for good, in the caller's transaction. Sending stops the
// clocks of the conversation, unless the message is automated or passes another one on: nobody answered the customer then.
func (s *Service) SettleTx(ctx context.Context, tx *db.Tx, messageID int64, status string) error {
	h, err := lockHolding(ctx, tx, messageID)
	if err != nil {
		return err
	}
	m, err := lockMessage(ctx, tx, `id = $1`, messageID)
	if err != nil || m.Status == status {
		return err
	}
	now := db.Now()
	if _, err := tx.Exec(ctx, `UPDATE messages SET status = $2, updated_at = $3, sent_at = CASE WHEN $4 THEN $3 ELSE sent_at END WHERE id = $1`,
		m.ID, status, now, status == StatusSent); err != nil {
		return fmt.Errorf("settle message: %w", err)
	}
	if err := s.messageChanged(ctx, tx, h, m.UUID, m.SenderID, map[string]any{"status": status}); err != nil {
		return err
	}
	if status != StatusSent || !m.answers() {
		return nil
	}
	set := map[string]any{"last_reply_at": now, "waiting_since": nil}
	if h.FirstReplyAt == nil {
		set["first_reply_at"] = now
	}
	if _, err := tx.Exec(ctx, `UPDATE conversations SET first_reply_at = COALESCE(first_reply_at, $2), last_reply_at = $2,
		waiting_since = NULL, updated_at = $2, version = version + 1 WHERE id = $1`, h.ID, now); err != nil {
		return fmt.Errorf("stop the clocks: %w", err)
	}
	return s.changed(ctx, tx, h, event.ConversationUpdated, m.SenderID, fmt.Sprintf("message:%d", m.ID), set, nil)
}

// NoteDeliveryTx announces that the delivery of a reply has a new state, such as delayed, in the caller's transaction. One that
// failed reached nobody: the conversation is not done.
func (s *Service) NoteDeliveryTx(ctx context.Context, tx *db.Tx, messageID int64, d Delivery) error {
	if d.State != StatusFailed {
		return s.noteDelivery(ctx, tx, messageID, d, "")
	}
	if err := s.unanswered(ctx, tx, messageID, fmt.Sprintf("message:%d", messageID)); err != nil {
		return err
	}
	return s.noteDelivery(ctx, tx, messageID, d, d.LastError)
}

// noteDelivery announces the new state of a delivery. Lost are the servers' words of who does not get the reply, "" for nobody.
func (s *Service) noteDelivery(ctx context.Context, tx *db.Tx, messageID int64, d Delivery, lost string) error {
	h, err := lockHolding(ctx, tx, messageID)
	if err != nil {
		return err
	}
	m, err := lockMessage(ctx, tx, `id = $1`, messageID)
	if err != nil {
		return err
	}
	payload := MessageUpdatedPayload{ConversationUUID: h.UUID, UUID: m.UUID, Set: map[string]any{"delivery": d}}
	if lost != "" {
		payload.Lost = &Lost{MessageID: m.ID, SenderID: m.SenderID, Reason: lost}
	}
	return s.append(ctx, tx, event.New{Type: event.MessageUpdated, ConversationID: h.ID, ActorID: m.SenderID, Payload: payload})
}

// unanswered undoes what a reply that reached nobody has done: its customer waits again, as long as if it had not been sent, and
// a conversation that was resolved is opened again.
func (s *Service) unanswered(ctx context.Context, tx *db.Tx, messageID int64, cause string) error {
	h, err := lockHolding(ctx, tx, messageID)
	if err != nil {
		return err
	}
	m, err := lockMessage(ctx, tx, `id = $1`, messageID)
	if err != nil || !m.answers() || hidden(h.StatusID) {
		return err
	}
	if h.WaitingSince == nil {
		if err := s.waitAgain(ctx, tx, h, messageID, cause); err != nil {
			return err
		}
	}
	status, err := s.ref.statusByID(ctx, tx, h.StatusID)
	if err != nil || status.Category != "resolved" {
		return err
	}
	return s.reopen(ctx, tx, h, cause)
}

// waitAgain starts the clock of a customer anew, at the first message to which no reply but the given one was sent.
func (s *Service) waitAgain(ctx context.Context, tx *db.Tx, h head, lost int64, cause string) error {
	since, err := unansweredSince(ctx, tx, h.ID, lost)
	if err != nil || since == nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE conversations SET waiting_since = $2, updated_at = $3, version = version + 1 WHERE id = $1`, h.ID, *since, db.Now()); err != nil {
		return fmt.Errorf("start the clock of a customer anew: %w", err)
	}
	system, err := s.system(ctx, tx)
	if err != nil {
		return err
	}
	return s.changed(ctx, tx, h, event.ConversationUpdated, system.ID, cause, map[string]any{"waiting_since": *since}, nil)
}

// unansweredWithin is how far back the message is looked for that waits for an answer.
const unansweredWithin = 200

// unansweredSince returns when the customer wrote first after the newest reply that was sent, a lost one left aside; nil if there
// is nothing to answer.
func unansweredSince(ctx context.Context, q db.Querier, conversationID, lost int64) (since *db.Time, err error) {
	answered := false
	err = db.Each(ctx, q, func(r db.Rows) error {
		var m messageHead
		var at db.Time
		if err := r.Scan(&m.ID, &m.Type, &m.Status, &m.SenderType, &m.Meta, &at); err != nil || answered {
			return err
		}
		switch {
		case m.Type == TypeIncoming && m.answers(): // no automatic one
			since = &at
		case m.Type == TypeOutgoing && m.ID != lost && m.Status == StatusSent && m.answers():
			answered = true
		}
		return nil
	}, `SELECT id, type, status, sender_type, meta, created_at FROM messages WHERE conversation_id = $1 AND NOT private AND type <> 'activity'
		ORDER BY id DESC LIMIT $2 + 0`, conversationID, unansweredWithin)
	if err != nil {
		return nil, fmt.Errorf("look what was not answered: %w", err)
	}
	return since, nil
}

// Retry lets a failed reply leave again, as the same mail: whoever wrote it may be away, so that everybody who may write in the
// conversation can. One that was taken back was not to reach the customer: its author may, and whoever manages users.
func (s *Service) Retry(ctx context.Context, p *agent.Principal, conversation, message string) error {
	return s.change(ctx, p, conversation, func(tx *db.Tx, h *head) error {
		m, err := lockMessage(ctx, tx, `uuid = $1 AND conversation_id = $2`, message, h.ID)
		if err != nil {
			return err
		}
		return s.retry(ctx, tx, p, h, m)
	})
}

// resendFailed lets the replies of a conversation that failed, and were not taken back, leave again, as far as p may; nil if
// there is none.
func (s *Service) resendFailed(ctx context.Context, tx *db.Tx, p *agent.Principal, h head) (*Earlier, error) {
	ids, err := db.Select[int64](ctx, tx, `SELECT message_id FROM outbox WHERE conversation_id = $1 AND shown = 'failed' ORDER BY message_id`, h.ID)
	if err != nil {
		return nil, fmt.Errorf("look for replies that failed: %w", err)
	}
	var done *Earlier
	var refused error
	for _, id := range ids {
		m, err := lockMessage(ctx, tx, `id = $1`, id)
		if err != nil {
			return nil, err
		}
		err = s.retry(ctx, tx, p, &h, m)
		switch {
		case err == nil:
			done = &Earlier{Type: ActResend}
		case fault.KindOf(err) == fault.Internal:
			return nil, err
		default:
			refused = err
		}
	}
	if done != nil {
		return done, nil
	}
	return nil, refused
}

// retry lets a failed reply leave again, in the caller's transaction.
func (s *Service) retry(ctx context.Context, tx *db.Tx, p *agent.Principal, h *head, m messageHead) error {
	if m.SenderType != SenderAgent || m.Status != StatusFailed {
		return fault.New(fault.Invalid, "error.retry_not_failed")
	}
	if m.SenderID != p.ID && !p.Can(role.UsersManage) {
		var cancelled bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM outbox WHERE message_id = $1 AND cancelled)`, m.ID).Scan(&cancelled); err != nil {
			return fmt.Errorf("look whether a reply was taken back: %w", err)
		}
		if cancelled {
			return fault.New(fault.Invalid, "error.retry_of_other")
		}
	}
	return s.ResendTx(ctx, tx, p, departure(*h, m))
}

// DeleteNote replaces a private note by a tombstone. Its author may, and whoever manages users; activity lines are the
// audit trail and stay. For a moment [Service.RestoreNote] takes it back. What the note said stays in the activity log, for administrators. It returns the tombstone, which is in the desk's language.
func (s *Service) DeleteNote(ctx context.Context, p *agent.Principal, conversation, message string) (string, error) {
	tombstone := s.say(ctx, "conversation.note_deleted")
	err := s.change(ctx, p, conversation, func(tx *db.Tx, h *head) error {
		m, err := lockMessage(ctx, tx, `uuid = $1 AND conversation_id = $2`, message, h.ID)
		if err != nil {
			return err
		}
		meta := metaOf(m.Meta)
		if !m.Private || m.Type == TypeActivity || meta["deleted_at"] != nil {
			return fault.Missing("note")
		}
		if m.SenderID != p.ID && !p.Can(role.UsersManage) {
			return fault.Denied()
		}
		was := struct {
			Text    string   `json:"text_content"`
			Content string   `json:"content,omitempty"`
			Files   []string `json:"attachments,omitempty"`
		}{}
		if err := tx.QueryRow(ctx, `SELECT text_content, content FROM messages WHERE id = $1`, m.ID).Scan(&was.Text, &was.Content); err != nil {
			return fmt.Errorf("read note: %w", err)
		}
		if was.Files, err = db.Select[string](ctx, tx, `SELECT filename FROM media WHERE model_type = 'messages' AND model_id = $1 ORDER BY id`, m.ID); err != nil {
			return fmt.Errorf("read the files of a note: %w", err)
		}
		now := db.Now()
		meta["deleted_at"] = now
		if err := s.keepNote(ctx, tx, p, m.ID, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE messages SET content = $2, text_content = $2, content_type = 'text', meta = $3, updated_at = $4 WHERE id = $1`,
			m.ID, tombstone, db.ToJSON(meta), now); err != nil {
			return fmt.Errorf("delete note: %w", err)
		}
		if err := s.files.Unlink(ctx, tx, m.ID); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, audit.Entry{Type: audit.DataDeleted, Actor: p.Audited(), Target: audit.Target{Model: "message", ID: m.ID}, Before: was, Whole: true, Note: fmt.Sprintf("private note in conversation %d", h.Reference)}); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE conversations SET last_message = $2, version = version + 1
			WHERE id = $1 AND $3 = (SELECT max(id) FROM messages WHERE conversation_id = $1)`, h.ID, tombstone, m.ID)
		if err != nil {
			return fmt.Errorf("refresh conversation: %w", err)
		}
		if n > 0 {
			if err := s.changed(ctx, tx, *h, event.ConversationUpdated, p.ID, "", map[string]any{"last_message": tombstone}, nil); err != nil {
				return err
			}
		}
		return s.messageChanged(ctx, tx, *h, m.UUID, p.ID, map[string]any{"content": tombstone, "text_content": tombstone, "meta": meta})
	})
	return tombstone, err
}
