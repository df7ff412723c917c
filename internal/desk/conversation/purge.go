package conversation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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

// DeletedPayload announces that a conversation was deleted for good, with who could read it.
type DeletedPayload struct {
	ConversationUUID string `json:"conversation_uuid"`
	AssignedUserID   *int64 `json:"assigned_user_id"`
	AssignedTeamID   *int64 `json:"assigned_team_id"`
}

// PurgeFunc lets a channel forget what it keeps of a conversation that is deleted, in the transaction that deletes it. It
// returns the names of its blobs that nothing refers to any more.
type PurgeFunc func(ctx context.Context, tx *db.Tx, conversationID int64) (blobs []string, err error)

// OnPurge registers what a channel forgets when a conversation is deleted for good.
func (s *Service) OnPurge(fn PurgeFunc) { s.onPurge = append(s.onPurge, fn) }

// DiscardJob deletes blobs that nothing refers to any more.
type DiscardJob struct {
	Blobs []string `json:"blobs"`
}

// Kind implements jobs.Args.
func (DiscardJob) Kind() string { return "conversation.discard" }

// DiscardTx lets blobs be deleted once the caller's transaction is committed.
func (s *Service) DiscardTx(ctx context.Context, tx *db.Tx, blobs []string) error {
	if len(blobs) == 0 {
		return nil
	}
	return s.jobs.Insert(ctx, tx, DiscardJob{blobs}, jobs.Options{})
}

// Purge deletes a conversation in the trash for good, with its messages, files and raw mails. What remains are hashes of
// the mails' Message-IDs, so that no mailbox brings them back, and an entry in the activity log. Conflict if it is not
// in the trash, or a reply of it is being sent at this moment.
func (s *Service) Purge(ctx context.Context, p *agent.Principal, id string) error {
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error { return s.purge(ctx, tx, h, p, "") })
}

func (s *Service) purge(ctx context.Context, tx *db.Tx, h *head, actor *agent.Principal, cause string) error {
	if h.StatusID != trashID {
		return fault.New(fault.Conflict, "error.not_in_trash")
	}
	var sending, messages int64
	err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM outbox WHERE conversation_id = $1 AND state = 'sending'),
		(SELECT count(*) FROM messages WHERE conversation_id = $1 AND type <> 'activity')`, h.ID).Scan(&sending, &messages)
	if err != nil {
		return fmt.Errorf("look at what is to be deleted: %w", err)
	}
	if sending > 0 {
		return fault.New(fault.Conflict, "error.being_sent")
	}
	if err := rememberSources(ctx, tx, h.ID); err != nil {
		return err
	}
	blobs, err := s.files.Discard(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	for _, forget := range s.onPurge {
		more, err := forget(ctx, tx, h.ID)
		if err != nil {
			return err
		}
		blobs = append(blobs, more...)
	}
	if err := s.DiscardTx(ctx, tx, blobs); err != nil {
		return err
	}
	if err := s.deleteMerged(ctx, tx, h.ID); err != nil {
		return err
	}
	if err := s.deleteRow(ctx, tx, *h); err != nil {
		return err
	}
	if err := s.append(ctx, tx, event.New{Type: event.ConversationDeleted, ConversationID: h.ID, ActorID: actor.ID, Cause: cause,
		Payload: DeletedPayload{h.UUID, h.AssignedUserID, h.AssignedTeamID}}); err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{Type: audit.ConversationDeleted,
		Target: audit.Target{Model: "conversation", ID: h.ID, Name: fmt.Sprintf("#%d", h.Reference)},
		Before: map[string]any{"uuid": h.UUID, "reference_number": h.Reference, "contact_id": h.ContactID, "inbox_id": h.InboxID, "messages": messages}})
}

// deleteRow deletes a conversation, counts it no longer and lets its events tell nothing of it.
func (s *Service) deleteRow(ctx context.Context, tx *db.Tx, h head) error {
	from := placeOf(h.AssignedUserID, h.AssignedTeamID, h.StatusID)
	if err := move(ctx, tx, &from, nil); err != nil {
		return err
	}
	var since db.Time
	if err := tx.QueryRow(ctx, `DELETE FROM conversations WHERE id = $1 RETURNING created_at`, h.ID).Scan(&since); err != nil {
		return fmt.Errorf("delete conversation %d: %w", h.ID, err)
	}
	return s.events.Erase(ctx, tx, h.ID, since, ChangedPayload{ConversationUUID: h.UUID})
}

// deleteMerged deletes what was merged into a conversation, and into that: what was said there goes with it.
func (s *Service) deleteMerged(ctx context.Context, tx *db.Tx, target int64) error {
	ids, err := db.Select[int64](ctx, tx, `SELECT conversation_id FROM conversation_merges WHERE target_id = $1`, target)
	if err != nil {
		return fmt.Errorf("read what was merged: %w", err)
	}
	for _, id := range ids {
		if err := s.deleteMerged(ctx, tx, id); err != nil {
			return err
		}
		h, err := lockID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.deleteRow(ctx, tx, h); err != nil {
			return err
		}
	}
	return nil
}

// rememberSources keeps the hashes of the Message-IDs of a conversation that is deleted.
func rememberSources(ctx context.Context, tx *db.Tx, id int64) error {
	type source struct {
		InboxID  int64
		SourceID string
	}
	sources, err := db.Select[source](ctx, tx, `SELECT inbox_id, source_id FROM messages WHERE conversation_id = $1 AND source_id IS NOT NULL`, id)
	if err != nil {
		return fmt.Errorf("read the sources of a conversation: %w", err)
	}
	for _, m := range sources {
		if _, err := tx.Exec(ctx, `INSERT INTO purged_sources (inbox_id, source_hash, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			m.InboxID, sourceHash(m.SourceID), db.Now()); err != nil {
			return fmt.Errorf("remember a deleted mail: %w", err)
		}
	}
	return nil
}

func sourceHash(sourceID string) string {
	sum := sha256.Sum256([]byte(sourceID))
	return hex.EncodeToString(sum[:])
}

// Purged reports whether a message with a Message-ID was deleted for good from an inbox.
func (s *Service) Purged(ctx context.Context, q db.Querier, inboxID int64, sourceID string) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM purged_sources WHERE inbox_id = $1 AND source_hash = $2`, inboxID, sourceHash(sourceID)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for a deleted mail: %w", err)
	}
	return n > 0, nil
}

// atOncePurged is how many conversations one run of PurgeTrash deletes at most.
const atOncePurged = 500

// PurgeTrash deletes for good what has been in the trash for so many days, the oldest first and at most 500, and returns
// how many. It deletes nothing if days is not positive.
func (s *Service) PurgeTrash(ctx context.Context, days int) (n int, err error) {
	if days <= 0 {
		return 0, nil
	}
	old := db.At(time.Now().AddDate(0, 0, -days))
	ids, err := db.Select[int64](ctx, s.db, fmt.Sprintf(`SELECT id FROM conversations WHERE status_id = -2 AND hidden_at < $1
		ORDER BY hidden_at, id LIMIT %d`, atOncePurged), old)
	if err != nil {
		return 0, fmt.Errorf("look through the trash: %w", err)
	}
	for _, id := range ids {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			h, err := lockID(ctx, tx, id)
			if err != nil {
				return err
			}
			system, err := s.system(ctx, tx)
			if err != nil {
				return err
			}
			return s.purge(ctx, tx, &h, system, "trash")
		})
		switch {
		case err == nil:
			n++
		case !fault.Is(err, fault.Conflict) && !errors.Is(err, db.ErrNoRows): // it was restored, or another node was first
			return n, err
		}
	}
	return n, nil
}
