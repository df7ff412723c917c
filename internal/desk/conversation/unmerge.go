package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// Unmerge separates conversations again that were merged into another: each gets back what came from it and is what it was.
// What was written since stays where it is. All or none; errors as of [Service.Merge], and Conflict for one that was not
// merged into this one.
func (s *Service) Unmerge(ctx context.Context, p *agent.Principal, from string, ids []string) error {
	ids, err := mergeable(from, ids)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		locked, err := lockAll(ctx, tx, p, append([]string{from}, ids...))
		if err != nil {
			return err
		}
		target := locked[0]
		if target.StatusID == mergedID {
			return fault.New(fault.Conflict, "error.conversation_merged", "reference", fmt.Sprint(target.Reference))
		}
		// The last that came goes first, so that each finds the target as it left it.
		for i := len(locked) - 1; i > 0; i-- {
			if err := s.unmerge(ctx, tx, p, target, locked[i]); err != nil {
				return err
			}
		}
		return s.merged(ctx, tx, p, target)
	})
}

// unmerge gives a conversation back what came from it. It and the target are locked.
func (s *Service) unmerge(ctx context.Context, tx *db.Tx, p *agent.Principal, t, h *head) error {
	var u united
	var raw db.JSON
	var last bool
	err := tx.QueryRow(ctx, `SELECT was, NOT EXISTS (SELECT 1 FROM conversation_merges o WHERE o.target_id = m.target_id AND o.created_at > m.created_at)
		FROM conversation_merges m WHERE conversation_id = $1 AND target_id = $2`, h.ID, t.ID).Scan(&raw, &last)
	if errors.Is(err, db.ErrNoRows) {
		return fault.New(fault.Conflict, "error.not_merged", "reference", fmt.Sprint(h.Reference))
	}
	if err == nil {
		err = raw.Decode(&u)
	}
	if err != nil {
		return fmt.Errorf("read what merging conversation %d changed: %w", h.ID, err)
	}
	if err := s.moveAll(ctx, tx, Move{From: t.ID, To: h.ID, kind: parting}); err != nil {
		return err
	}
	if err := s.separateDrafts(ctx, tx, u.Drafts); err != nil {
		return err
	}
	if err := s.draftsMoved(ctx, tx, t.UUID, h); err != nil {
		return err
	}
	if err := s.separateRows(ctx, tx, t, h, u); err != nil {
		return err
	}
	if err := s.separateClocks(ctx, tx, p, t, u, last); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM conversation_merges WHERE conversation_id = $1`, h.ID); err != nil {
		return fmt.Errorf("forget a merge: %w", err)
	}
	if err := s.reappear(ctx, tx, p, t, h); err != nil {
		return err
	}
	params := map[string]string{"reference": fmt.Sprint(h.Reference), "uuid": h.UUID, "subject": h.Subject}
	if err := s.activity(ctx, tx, *t, p, "", "unmerged_from", params, alongside{}); err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{Type: audit.ConversationUnmerged, Actor: p.Audited(),
		Target: audit.Target{Model: "conversation", ID: h.ID, Name: fmt.Sprintf("#%d", h.Reference)},
		Before: map[string]any{"merged_into": t.Reference}})
}

// separateRows takes from the target the tags, the people and the read marks that a merge gave it. What a later merge would have
// given it too is that merge's from now on; people who wrote stay.
func (s *Service) separateRows(ctx context.Context, tx *db.Tx, t, h *head, u united) error {
	later, err := mergedLater(ctx, tx, t, h)
	if err != nil {
		return err
	}
	for _, id := range u.Tags {
		if heir := later.heir(func(m *laterMerge) []int64 { return m.tags }, id); heir != nil {
			heir.was.Tags = append(heir.was.Tags, id)
		} else if _, err := tx.Exec(ctx, `DELETE FROM conversation_tags WHERE conversation_id = $1 AND tag_id = $2`, t.ID, id); err != nil {
			return fmt.Errorf("separate tags: %w", err)
		}
	}
	for _, id := range u.Participants {
		if heir := later.heir(func(m *laterMerge) []int64 { return m.people }, id); heir != nil {
			heir.was.Participants = append(heir.was.Participants, id)
		} else if _, err := tx.Exec(ctx, `DELETE FROM conversation_participants WHERE conversation_id = $1 AND user_id = $2
			AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = $1 AND sender_id = $2)`, t.ID, id); err != nil {
			return fmt.Errorf("separate participants: %w", err)
		}
	}
	if err := later.save(ctx, tx); err != nil {
		return err
	}
	for _, m := range u.Seen {
		query, args := `DELETE FROM conversation_last_seen WHERE user_id = $1 AND conversation_id = $2 AND last_seen_at = $3`, []any{m.UserID, t.ID, m.After}
		if m.Before != nil {
			query, args = `UPDATE conversation_last_seen SET last_seen_at = $4 WHERE user_id = $1 AND conversation_id = $2 AND last_seen_at = $3`, append(args, *m.Before)
		}
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return fmt.Errorf("separate read marks: %w", err)
		}
	}
	return nil
}

// separateClocks sets the clocks of the target back; by its messages if others were merged into it later, or if the customer
// wrote since. If the merge had opened it and nobody wrote since, it gets its status back.
func (s *Service) separateClocks(ctx context.Context, tx *db.Tx, p *agent.Principal, t *head, u united, last bool) error {
	var wrote int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM messages WHERE conversation_id = $1 AND id > $2 AND type = 'incoming'`, t.ID, u.Newest).Scan(&wrote); err != nil {
		return fmt.Errorf("look whether the customer wrote since: %w", err)
	}
	now, err := readClocks(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	if last && wrote == 0 {
		now = now.back(u.Before, u.After)
	} else if now, err = s.clocksOf(ctx, tx, t.ID); err != nil {
		return err
	}
	if err := writeClocks(ctx, tx, t.ID, now); err != nil {
		return err
	}
	t.WaitingSince, t.FirstReplyAt = now.WaitingSince, now.FirstReplyAt
	open, err := s.ref.status(ctx, tx, Open)
	if err != nil || u.Status == nil || !last || wrote > 0 || t.StatusID != open.ID {
		return err
	}
	return s.undoStatus(ctx, tx, t, p, *u.Status, "")
}

// reappear makes a signpost the conversation again that it was.
func (s *Service) reappear(ctx context.Context, tx *db.Tx, p *agent.Principal, t, h *head) error {
	to, until, err := s.before(ctx, tx, h)
	if err != nil {
		return err
	}
	from, at := placeOf(h.AssignedUserID, h.AssignedTeamID, h.StatusID), placeOf(h.AssignedUserID, h.AssignedTeamID, to.ID)
	if err := move(ctx, tx, &from, &at); err != nil {
		return err
	}
	remember := h.hiding(to.ID, db.Now())
	h.StatusID, h.SnoozedUntil = to.ID, until
	if until != nil {
		if err := s.jobs.Insert(ctx, tx, WakeJob{ConversationID: h.ID, Until: until.UnixMicro()}, jobs.Options{At: until.Time}); err != nil {
			return err
		}
	}
	also := alongside{`status_id = ?, snoozed_until = ?, ` + remember.set, append([]any{to.ID, until}, remember.args...)}
	params := map[string]string{"reference": fmt.Sprint(t.Reference), "uuid": t.UUID}
	if err := s.activity(ctx, tx, *h, p, "", "unmerged_into", params, also); err != nil {
		return err
	}
	return s.changed(ctx, tx, *h, event.ConversationStatus, p.ID, "",
		map[string]any{"status": to.Name, "snoozed_until": until, "merged_into_uuid": nil}, map[string]any{"status": mergedName})
}

// partAll gives everything back that was merged into a conversation from conversations of other contacts, for one that is
// erased with its contact.
func (s *Service) partAll(ctx context.Context, tx *db.Tx, p *agent.Principal, t *head) error {
	ids, err := db.Select[int64](ctx, tx, `SELECT m.conversation_id FROM conversation_merges m JOIN conversations c ON c.id = m.conversation_id
		WHERE m.target_id = $1 AND c.contact_id <> $2 ORDER BY m.created_at DESC`, t.ID, t.ContactID)
	if err != nil {
		return fmt.Errorf("read what was merged: %w", err)
	}
	for _, id := range ids {
		h, err := lockID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.unmerge(ctx, tx, p, t, &h); err != nil {
			return err
		}
	}
	return nil
}

// part makes a signpost that is to be erased a conversation of its own again, with all it gave away, wherever that is by now.
func (s *Service) part(ctx context.Context, tx *db.Tx, h *head) error {
	if h.StatusID != mergedID {
		return nil
	}
	t, err := follow(ctx, tx, *h, forUpdate(tx))
	if err != nil {
		return err
	}
	if err := s.moveAll(ctx, tx, Move{From: t.ID, To: h.ID, kind: parting}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM conversation_merges WHERE conversation_id = $1`, h.ID); err != nil {
		return fmt.Errorf("forget a merge: %w", err)
	}
	c, err := s.clocksOf(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	return writeClocks(ctx, tx, t.ID, c)
}
