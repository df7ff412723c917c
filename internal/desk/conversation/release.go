package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Why a held reply did not leave at its time.
const (
	stoppedAnswered  = "answered"  // others wrote first
	stoppedForbidden = "forbidden" // its writer is gone or may not write in the conversation any more
	stoppedHidden    = "hidden"    // the conversation is in spam or in the trash
	stoppedInbox     = "inbox"     // the inbox is gone, disabled or cannot send
	stoppedRefused   = "refused"   // anything else, such as a file that is gone
)

// errAnswered says that others wrote before a held reply that was to leave only otherwise.
var errAnswered = fault.New(fault.Conflict, "error.newer_messages")

// Release runs a [ReleaseJob]: the reply leaves, once, or is stopped with the reason. Trouble that passes is an error, and
// the job is run again.
func (s *Service) Release(ctx context.Context, job ReleaseJob) error {
	r, err := readHeld(ctx, s.db, `id = $1 AND send_at = $2 AND stopped = ''`, job.HeldID, job.SendAt)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.leave(ctx, r, r.request.UnlessAnswered)
	if reason := stopReason(err); reason != "" {
		return s.stop(ctx, r, reason)
	}
	return err
}

// stopReason is why an error stops a reply for good; "" for none and for trouble that passes.
func stopReason(err error) string {
	var f *fault.Error
	switch {
	case !errors.As(err, &f) || f.Kind == fault.Internal:
		return ""
	case errors.Is(err, errAnswered):
		return stoppedAnswered
	case f.Kind == fault.Forbidden:
		return stoppedForbidden
	case f.Key == "error.conversation_hidden":
		return stoppedHidden
	case f.Field == "inbox_id":
		return stoppedInbox
	}
	return stoppedRefused
}

// leave makes a held reply the message it is to be, in the name of its writer, and returns its uuid. It is "" if the reply
// was gone or changed by then.
func (s *Service) leave(ctx context.Context, r held, unlessAnswered bool) (id string, err error) {
	var p *agent.Principal
	var h head
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if p, err = agent.PrincipalIn(ctx, tx, r.SenderID); err != nil {
			return err
		}
		h, err = lockFollowing(ctx, tx, r.ConversationID)
		return err
	})
	if err != nil {
		return "", err
	}
	if p == nil || !p.Can(role.MessagesWrite) {
		return "", fault.Denied()
	}
	in := r.request.Send
	if err := s.forward(ctx, p, h.UUID, &in); err != nil {
		return "", err
	}
	w := s.write(in.Message)
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		id = ""
		if h, err = lock(ctx, tx, p, h.UUID); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM held_replies WHERE id = $1 AND send_at = $2`, r.ID, r.SendAt)
		if err != nil || n == 0 {
			return err
		}
		if unlessAnswered {
			newer, err := s.written(ctx, tx, h, p, r.Known, in.SeenHeld)
			if err != nil {
				return err
			}
			if len(newer) > 0 {
				return errAnswered
			}
		}
		inbox, err := readInbox(ctx, tx, h.InboxID)
		if err != nil {
			return err
		}
		in.uuid = r.UUID
		if id, err = s.reply(ctx, tx, h, p, inbox, in, w); err != nil {
			return err
		}
		return s.thenStatus(ctx, tx, &h, p, in.Status)
	})
	return id, err
}

// stop keeps a reply that could not leave at its time, for its writer to decide.
func (s *Service) stop(ctx context.Context, r held, reason string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		h, err := lockFollowing(ctx, tx, r.ConversationID)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE held_replies SET stopped = $3 WHERE id = $1 AND send_at = $2 AND stopped = ''`, r.ID, r.SendAt, reason)
		if err != nil || n == 0 {
			return err
		}
		return s.announceHeld(ctx, tx, h, r.SenderID, HeldPayload{UUID: r.UUID, State: HeldStopped, SenderID: r.SenderID, Reason: reason})
	})
}

// ownHeld reads a held reply of p's own. Errors: Conflict if it has left; NotFound if it was taken back or never was;
// Forbidden if it is somebody else's.
func ownHeld(ctx context.Context, q db.Querier, h head, p *agent.Principal, id string) (held, error) {
	r, err := anyHeld(ctx, q, h, id)
	if err == nil && r.SenderID != p.ID {
		return r, fault.New(fault.Forbidden, "error.held_by_other")
	}
	return r, err
}

func anyHeld(ctx context.Context, q db.Querier, h head, id string) (held, error) {
	if err := checkUUID(id); err != nil {
		return held{}, err
	}
	r, err := readHeld(ctx, q, `uuid = $1 AND conversation_id = $2`, id, h.ID)
	if !errors.Is(err, db.ErrNoRows) {
		return r, err
	}
	var left int
	if err := q.QueryRow(ctx, `SELECT count(*) FROM messages WHERE uuid = $1 AND conversation_id = $2`, id, h.ID).Scan(&left); err != nil {
		return r, fmt.Errorf("look whether a held reply has left: %w", err)
	}
	if left > 0 {
		return r, fault.New(fault.Conflict, "error.held_left")
	}
	return r, fault.Missing("message")
}

// SendHeld lets a held reply of p's own leave now, whatever others wrote since. Errors as for [Service.SendMessage];
// Conflict if it has left already.
func (s *Service) SendHeld(ctx context.Context, p *agent.Principal, conversation, id string) (*Message, error) {
	h, err := readable(ctx, s.db, p, conversation)
	if err != nil {
		return nil, err
	}
	r, err := ownHeld(ctx, s.db, h, p, id)
	if err != nil {
		return nil, err
	}
	sent, err := s.leave(ctx, r, false)
	if err != nil {
		return nil, err
	}
	if sent == "" { // it left, was moved or taken back at this moment
		if _, err := ownHeld(ctx, s.db, h, p, id); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Conflict, "error.held_changed")
	}
	return s.message(ctx, s.db, h, sent)
}

// MoveHeld changes the time of a held reply of p's own, which is a scheduled one from then on. Errors: Invalid; Forbidden;
// NotFound; Conflict if it has left.
func (s *Service) MoveHeld(ctx context.Context, p *agent.Principal, conversation, id string, at db.Time) (*Message, error) {
	if err := (&Send{SendAt: &at}).validateHold(); err != nil {
		return nil, err
	}
	var h head
	err := s.change(ctx, p, conversation, func(tx *db.Tx, locked *head) error {
		h = *locked
		r, err := ownHeld(ctx, tx, h, p, id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE held_replies SET send_at = $2, kind = 'scheduled', stopped = '',
			known = (SELECT COALESCE(max(id), 0) FROM messages WHERE conversation_id = $3) WHERE id = $1`, r.ID, at, h.ID)
		if err != nil {
			return fmt.Errorf("move held reply: %w", err)
		}
		if err := s.releaseAt(ctx, tx, r.ID, at); err != nil {
			return err
		}
		return s.heldChanged(ctx, tx, h, p.ID, r.UUID, r.SenderID, HeldChanged)
	})
	if err != nil {
		return nil, err
	}
	return s.heldMessage(ctx, p, h, id)
}

// Withdraw takes a held reply back: nothing leaves, and what was written becomes its writer's draft, with recipients and
// files. Anybody who may write messages in the conversation may; the draft of a writer who is gone is theirs then. It
// returns the draft if it is p's, else nil. Errors: NotFound; Conflict if it has left.
func (s *Service) Withdraw(ctx context.Context, p *agent.Principal, conversation, id string) (*Draft, error) {
	var d draftRow
	err := s.change(ctx, p, conversation, func(tx *db.Tx, h *head) error {
		r, err := anyHeld(ctx, tx, *h, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM held_replies WHERE id = $1`, r.ID); err != nil {
			return fmt.Errorf("withdraw held reply: %w", err)
		}
		owner := p
		if r.SenderID != p.ID {
			if owner, err = agent.PrincipalIn(ctx, tx, r.SenderID); err != nil {
				return err
			}
			if owner == nil {
				owner = p
			}
		}
		d = draftRow{Draft: Draft{ConversationUUID: h.UUID, UserID: owner.ID, Type: DraftReply, ConversationID: h.ID},
			AssignedUserID: h.AssignedUserID, AssignedTeamID: h.AssignedTeamID}
		if d.Meta, err = s.draftMetaOf(ctx, tx, r.request.Send); err != nil {
			return err
		}
		if d.Content, err = withoutSignatures(ctx, tx, r.request.Message); err != nil {
			return err
		}
		if err := s.putDraft(ctx, tx, owner, &d, false, db.Time{}); err != nil {
			return err
		}
		return s.heldChanged(ctx, tx, *h, p.ID, r.UUID, r.SenderID, HeldWithdrawn)
	})
	if err != nil || d.UserID != p.ID {
		return nil, err
	}
	drafts, err := s.resolveDrafts(ctx, p, []draftRow{d})
	if err != nil {
		return nil, err
	}
	return &drafts[0], nil
}

// draftMetaOf is the meta of the draft that a reply was, as the web app keeps it.
func (s *Service) draftMetaOf(ctx context.Context, q db.Querier, in Send) (db.JSON, error) {
	files, err := s.files.Known(ctx, q, in.Attachments)
	if err != nil && !fault.Is(err, fault.Invalid) {
		return nil, err
	}
	attachments := []map[string]any{}
	for _, f := range files {
		attachments = append(attachments, map[string]any{"id": f.ID, "uuid": f.UUID, "filename": f.Filename, "size": f.Size,
			"content_type": f.ContentType, "url": f.URL, "disposition": "attachment"})
	}
	meta := map[string]any{"to": notNil(in.To), "cc": notNil(in.CC), "bcc": notNil(in.BCC), "attachments": attachments}
	if in.Forward != nil {
		meta["forward"] = map[string]any{"message": in.Forward.Message, "subject": in.Subject, "files": notNil(in.Forward.Files)}
	}
	if in.Unsigned {
		meta["unsigned"] = true
	}
	return db.ToJSON(meta), nil
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
