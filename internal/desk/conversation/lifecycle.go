package conversation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The names of the two hidden statuses. A conversation comes to them by [Service.MarkSpam] and [Service.MoveToTrash]
// only, and is in no list but theirs.
const (
	Spam  = "Spam"
	Trash = "Trash"
)

// The ids of the hidden statuses are below zero, and no other's is. What has one of them has a time since when, and nothing else has:
// by that the indexes of lists know what is shown, which a change between other statuses thus leaves alone.
const (
	spamID   = -1
	trashID  = -2
	mergedID = -3
	shown    = `c.hidden_at IS NULL`
)

func hidden(statusID int64) bool { return statusID < 0 }

// ShownWhere is the SQL condition on conversations c that are in neither spam nor trash.
func ShownWhere() string { return shown }

// MarkSpam moves a conversation to spam; with block its contact is blocked too, for which p needs the permission. In
// spam already, it stays as it is.
func (s *Service) MarkSpam(ctx context.Context, p *agent.Principal, id string, block bool) error {
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error {
		if block {
			if err := s.blockContact(ctx, tx, h, p); err != nil {
				return err
			}
		}
		return s.hide(ctx, tx, h, p, "", spamID)
	})
}

// MoveToTrash moves a conversation to the trash. In the trash already, it stays as it is.
func (s *Service) MoveToTrash(ctx context.Context, p *agent.Principal, id string) error {
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error { return s.hide(ctx, tx, h, p, "", trashID) })
}

func (s *Service) hide(ctx context.Context, tx *db.Tx, h *head, actor *agent.Principal, cause string, to int64) error {
	if h.StatusID == to {
		return nil
	}
	status, err := s.ref.statusByID(ctx, tx, to)
	if err != nil {
		return err
	}
	return s.setStatus(ctx, tx, h, actor, cause, status, nil)
}

// blockContact blocks the contact of a conversation, if p may. One who was erased cannot write as it is.
func (s *Service) blockContact(ctx context.Context, tx *db.Tx, h *head, p *agent.Principal) error {
	if !p.Can(role.ContactsBlock) {
		return fault.Denied()
	}
	_, err := contact.SetEnabledTx(ctx, tx, s.events, p, h.ContactID, false)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Restore takes a conversation out of spam or trash, back to the status it had; one that has slept over its time is
// opened. What is not hidden stays as it is.
func (s *Service) Restore(ctx context.Context, p *agent.Principal, id string) error {
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error { return s.restore(ctx, tx, h, p, "") })
}

func (s *Service) restore(ctx context.Context, tx *db.Tx, h *head, actor *agent.Principal, cause string) error {
	if !hidden(h.StatusID) {
		return nil
	}
	to, until, err := s.before(ctx, tx, h)
	if err != nil {
		return err
	}
	return s.setStatus(ctx, tx, h, actor, cause, to, until)
}

// before returns the status that a hidden conversation goes back to. A status that was deleted meanwhile is Open.
func (s *Service) before(ctx context.Context, tx *db.Tx, h *head) (to Status, until *db.Time, err error) {
	if h.StatusBefore != nil {
		was, err := find(ctx, tx, &s.ref, onlyStatuses, func(st Status) bool { return st.ID == *h.StatusBefore })
		if err != nil {
			return to, nil, err
		}
		if was != nil && was.Name != Snoozed {
			return *was, nil, nil
		}
		if was != nil && h.SnoozedBefore != nil && h.SnoozedBefore.After(time.Now()) {
			return *was, h.SnoozedBefore, nil
		}
	}
	to, err = s.ref.status(ctx, tx, Open)
	return to, nil, err
}

// hiding are the columns that remember what a conversation goes back to, as a move to a status leaves them: none for a move between
// statuses that are not hidden.
func (h *head) hiding(to int64, now db.Time) alongside {
	const set = `status_before_hidden = ?, snoozed_before_hidden = ?, hidden_at = ?`
	switch {
	case !hidden(to) && !hidden(h.StatusID):
		return alongside{}
	case !hidden(to):
		h.StatusBefore, h.SnoozedBefore = nil, nil
		return alongside{set, []any{nil, nil, nil}}
	case !hidden(h.StatusID):
		was := h.StatusID
		h.StatusBefore, h.SnoozedBefore = &was, h.SnoozedUntil
	}
	return alongside{set, []any{h.StatusBefore, h.SnoozedBefore, now}}
}

// SetSubject gives a conversation another subject, for agents who may change its status. The same again does nothing.
func (s *Service) SetSubject(ctx context.Context, p *agent.Principal, id, subject string) error {
	if subject = strings.TrimSpace(subject); subject == "" {
		return fault.Required("subject")
	}
	if err := checkTexts("subject", maxSubject, subject); err != nil {
		return err
	}
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error {
		if h.Subject == subject {
			return nil
		}
		was := h.Subject
		h.Subject = subject
		params := map[string]string{"subject": subject, "was": was}
		if err := s.activity(ctx, tx, *h, p, "", "subject_change", params, alongside{`subject = ?`, []any{subject}}); err != nil {
			return err
		}
		return s.changed(ctx, tx, *h, event.ConversationUpdated, p.ID, "", map[string]any{"subject": subject}, map[string]any{"subject": was})
	})
}

// Resolution is one time that a conversation was resolved.
type Resolution struct {
	ResolvedAt db.Time  `json:"resolved_at"`
	ResolvedBy int64    `json:"resolved_by"`
	ReopenedAt *db.Time `json:"reopened_at"`
}

// noteResolution keeps the history of a move between statuses: resolved_at names the first time only.
func noteResolution(ctx context.Context, tx *db.Tx, h *head, from, to Status, actor int64, now db.Time) error {
	was, is := from.Category == "resolved" && !hidden(from.ID), to.Category == "resolved" && !hidden(to.ID)
	if hidden(to.ID) || was == is {
		return nil
	}
	if is { // again the same, if it comes back from where it was hidden
		return tx.Later(ctx, "remember the resolution", `INSERT INTO conversation_resolutions (conversation_id, resolved_at, resolved_by)
			SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT)
			WHERE NOT EXISTS (SELECT 1 FROM conversation_resolutions WHERE conversation_id = $1 AND reopened_at IS NULL)`, h.ID, now, actor)
	}
	return tx.Later(ctx, "close the resolution", `UPDATE conversation_resolutions SET reopened_at = $2 WHERE conversation_id = $1 AND reopened_at IS NULL`, h.ID, now)
}

func resolutions(ctx context.Context, q db.Querier, id int64) ([]Resolution, error) {
	out, err := db.Select[Resolution](ctx, q, `SELECT resolved_at, resolved_by, reopened_at FROM conversation_resolutions
		WHERE conversation_id = $1 ORDER BY id DESC LIMIT 50`, id)
	if err != nil {
		return nil, fmt.Errorf("read resolutions: %w", err)
	}
	return out, nil
}
