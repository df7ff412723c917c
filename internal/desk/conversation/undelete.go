package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// noteKept is how long a deleted note can be restored: a little longer than the notice is there that offers it.
const noteKept = 15 * time.Second

// ForgetNoteJob forgets for good what a deleted note said.
type ForgetNoteJob struct {
	MessageID int64 `json:"message_id"`
}

// Kind implements jobs.Args.
func (ForgetNoteJob) Kind() string { return "conversation.forget_note" }

// ForgetNote runs a [ForgetNoteJob].
func (s *Service) ForgetNote(ctx context.Context, job ForgetNoteJob) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM deleted_notes WHERE message_id = $1`, job.MessageID); err != nil {
			return fmt.Errorf("forget a deleted note: %w", err)
		}
		return nil
	})
}

// keepNote keeps what a note says that is about to be deleted, until it is forgotten.
func (s *Service) keepNote(ctx context.Context, tx *db.Tx, p *agent.Principal, messageID int64, now db.Time) error {
	files, err := db.Select[int64](ctx, tx, `SELECT id FROM media WHERE model_type = 'messages' AND model_id = $1 ORDER BY id`, messageID)
	if err != nil {
		return fmt.Errorf("read the files of a note: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO deleted_notes (message_id, deleted_by, deleted_at, content, text_content, content_type, meta, files)
		SELECT id, $2, $3, content, text_content, content_type, CAST(meta AS TEXT), $4 FROM messages WHERE id = $1`,
		messageID, p.ID, now, db.ToJSON(files)); err != nil {
		return fmt.Errorf("keep a note that is deleted: %w", err)
	}
	return s.jobs.Insert(ctx, tx, ForgetNoteJob{messageID}, jobs.Options{At: now.Add(noteKept)})
}

// RestoreNote takes the deleting of a note back, with its files, for whoever deleted it a moment ago. Errors: NotFound for what is
// no deleted note; Forbidden if somebody else deleted it; Conflict once it is forgotten.
func (s *Service) RestoreNote(ctx context.Context, p *agent.Principal, conversation, message string) (*Message, error) {
	var h head
	err := s.change(ctx, p, conversation, func(tx *db.Tx, locked *head) error {
		h = *locked
		m, err := lockMessage(ctx, tx, `uuid = $1 AND conversation_id = $2`, message, h.ID)
		if err != nil {
			return err
		}
		if !m.Private || m.Type == TypeActivity || metaOf(m.Meta)["deleted_at"] == nil {
			return fault.Missing("note")
		}
		return s.restoreNote(ctx, tx, p, h, m)
	})
	if err != nil {
		return nil, err
	}
	return s.message(ctx, s.db, h, message)
}

func (s *Service) restoreNote(ctx context.Context, tx *db.Tx, p *agent.Principal, h head, m messageHead) error {
	var by int64
	var at db.Time
	var content, text, contentType string
	var meta, raw db.JSON
	err := tx.QueryRow(ctx, `SELECT deleted_by, deleted_at, content, text_content, content_type, meta, files FROM deleted_notes WHERE message_id = $1`, m.ID).
		Scan(&by, &at, &content, &text, &contentType, &meta, &raw)
	switch {
	case errors.Is(err, db.ErrNoRows) || err == nil && time.Since(at.Time) > noteKept:
		return fault.New(fault.Conflict, "error.note_forgotten")
	case err != nil:
		return fmt.Errorf("read a deleted note: %w", err)
	case by != p.ID:
		return fault.Denied()
	}
	var files []int64
	if err := raw.Decode(&files); err != nil {
		return err
	}
	now := db.Now()
	if _, err := tx.Exec(ctx, `UPDATE messages SET content = $2, text_content = $3, content_type = $4, meta = $5, updated_at = $6 WHERE id = $1`,
		m.ID, content, text, contentType, meta, now); err != nil {
		return fmt.Errorf("restore note: %w", err)
	}
	if len(files) > 0 {
		in, args := db.In(3, files)
		if _, err := tx.Exec(ctx, `UPDATE media SET model_id = $1, updated_at = $2 WHERE model_id IS NULL AND id IN (`+in+`)`, append([]any{m.ID, now}, args...)...); err != nil {
			return fmt.Errorf("restore the files of a note: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM deleted_notes WHERE message_id = $1`, m.ID); err != nil {
		return fmt.Errorf("forget a deleted note: %w", err)
	}
	if err := audit.Record(ctx, tx, audit.Entry{Type: audit.NoteRestored, Actor: p.Audited(), Target: audit.Target{Model: "message", ID: m.ID},
		Note: fmt.Sprintf("private note in conversation %d", h.Reference)}); err != nil {
		return err
	}
	preview, err := s.previewOf(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE conversations SET last_message = $2, version = version + 1
		WHERE id = $1 AND $3 = (SELECT max(id) FROM messages WHERE conversation_id = $1)`, h.ID, preview, m.ID)
	if err != nil {
		return fmt.Errorf("refresh conversation: %w", err)
	}
	if n > 0 {
		if err := s.changed(ctx, tx, h, event.ConversationUpdated, p.ID, "", map[string]any{"last_message": preview}, nil); err != nil {
			return err
		}
	}
	return s.messageChanged(ctx, tx, h, m.UUID, p.ID, map[string]any{"content": content, "text_content": text, "meta": metaOf(meta)})
}
