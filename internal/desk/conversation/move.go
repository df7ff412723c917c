package conversation

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// MoveFunc lets whoever keeps rows of conversations move theirs with messages that go to another conversation, in the
// transaction that moves them. It is called after the messages were moved.
type MoveFunc func(ctx context.Context, tx *db.Tx, m Move) error

// OnMove registers what else goes with messages that are moved.
func (s *Service) OnMove(fn MoveFunc) { s.onMove = append(s.onMove, fn) }

// Move is the way of messages, and of what belongs to them, from one conversation to another.
type Move struct {
	From, To int64
	kind     moveKind
}

type moveKind int

const (
	merging  moveKind = iota // everything goes, and what went is noted
	parting                  // what was noted comes back
	dividing                 // some messages go, with what belongs to them
)

// Moved is a table whose rows belong to a conversation by their conversation_id. Message is the column with the message that a
// row belongs to, "" if it belongs to none; Where is a condition on rows that may leave for conversation $2 with a merge, ""
// for all.
type Moved struct{ Table, Key, Message, Where string }

// Rows moves the rows of a table: all when conversations are merged, those that went when that is taken back, and those of
// the messages that went when a conversation is split.
func (m Move) Rows(ctx context.Context, tx *db.Tx, t Moved) error {
	where := ""
	args := []any{m.From, m.To}
	switch {
	case m.kind == parting:
		where = ` AND ` + t.Key + ` IN (SELECT row_id FROM conversation_merge_rows WHERE conversation_id = $2 AND kind = $3)`
		args = append(args, t.Table)
	case m.kind == dividing && t.Message == "":
		return nil
	case m.kind == dividing:
		where = ` AND ` + t.Message + ` IN (SELECT id FROM messages WHERE conversation_id = $2)`
	default:
		if t.Where != "" {
			where = ` AND (` + t.Where + `)`
		}
		if _, err := tx.Exec(ctx, `INSERT INTO conversation_merge_rows (conversation_id, kind, row_id)
			SELECT conversation_id, '`+t.Table+`', `+t.Key+` FROM `+t.Table+` WHERE conversation_id = $1 AND conversation_id <> $2`+where, args...); err != nil {
			return fmt.Errorf("note what moves of %s: %w", t.Table, err)
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE `+t.Table+` SET conversation_id = $2 WHERE conversation_id = $1`+where, args...); err != nil {
		return fmt.Errorf("move %s: %w", t.Table, err)
	}
	return nil
}

// echoKept frees the echo ids that both conversations know of one sender: they are unique in a conversation.
func echoKept(ctx context.Context, tx *db.Tx, from, to int64) error {
	for _, table := range []string{"messages", "held_replies"} {
		if _, err := tx.Exec(ctx, `UPDATE `+table+` SET echo_id = NULL WHERE conversation_id = $1 AND echo_id IS NOT NULL AND EXISTS (
			SELECT 1 FROM `+table+` o WHERE o.conversation_id = $2 AND o.sender_id = `+table+`.sender_id AND o.echo_id = `+table+`.echo_id)`, from, to); err != nil {
			return fmt.Errorf("free echo ids of %s: %w", table, err)
		}
	}
	return nil
}

// moveAll moves messages and all that goes with them.
func (s *Service) moveAll(ctx context.Context, tx *db.Tx, m Move) error {
	if err := echoKept(ctx, tx, m.From, m.To); err != nil {
		return err
	}
	for _, t := range []Moved{
		{Table: "messages", Key: "id", Message: "id"}, // first: what belongs to messages is found by them
		{Table: "mentions", Key: "id", Message: "message_id"},
		{Table: "held_replies", Key: "id"},
		{Table: "draft_versions", Key: "id"},
		{Table: "drafts", Key: "id", Where: `NOT EXISTS (SELECT 1 FROM drafts o WHERE o.conversation_id = $2 AND o.user_id = drafts.user_id AND o.type = drafts.type)`},
	} {
		if m.kind == dividing && t.Table == "messages" {
			continue // those that go were chosen and moved by the caller
		}
		if err := m.Rows(ctx, tx, t); err != nil {
			return err
		}
	}
	for _, also := range s.onMove {
		if err := also(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}
