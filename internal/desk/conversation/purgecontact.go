package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// PurgeContactJob deletes for good the conversations of a contact who was erased.
type PurgeContactJob struct {
	ContactID int64       `json:"contact_id"`
	AgentID   int64       `json:"agent_id"`
	Actor     audit.Actor `json:"actor"`
}

// Kind implements jobs.Args.
func (PurgeContactJob) Kind() string { return "conversation.purge_contact" }

// DeleteOfContact implements [contact.Conversations].
func (s *Service) DeleteOfContact(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64) error {
	actor := audit.ActorOf(ctx)
	if actor.ID == 0 {
		actor = p.Audited()
	}
	return s.jobs.Insert(ctx, tx, PurgeContactJob{ContactID: id, AgentID: p.ID, Actor: actor}, jobs.Options{})
}

// PurgeContact runs a [PurgeContactJob]: it deletes the next conversations, each in a transaction of its own, and leaves the
// rest to another job. A conversation of which a reply is being sent at this moment is an error in the end, and the job is
// run again.
func (s *Service) PurgeContact(ctx context.Context, job PurgeContactJob) error {
	ctx = audit.As(ctx, job.Actor)
	ids, err := db.Select[int64](ctx, s.db, fmt.Sprintf(`SELECT id FROM conversations WHERE contact_id = $1 ORDER BY created_at DESC LIMIT %d`, atOncePurged),
		job.ContactID)
	if err != nil {
		return fmt.Errorf("read the conversations of contact %d: %w", job.ContactID, err)
	}
	var later error
	for _, id := range ids {
		err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.discard(ctx, tx, id, job.AgentID) })
		switch {
		case fault.Is(err, fault.Conflict):
			later = errors.Join(later, fmt.Errorf("conversation %d: %w", id, err))
		case err != nil && !errors.Is(err, db.ErrNoRows): // another node was first
			return err
		}
	}
	if later != nil || len(ids) < atOncePurged {
		return later
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return s.jobs.Insert(ctx, tx, job, jobs.Options{}) })
}

// discard moves a conversation to the trash, unless it is there, and deletes it from it.
func (s *Service) discard(ctx context.Context, tx *db.Tx, id, agentID int64) error {
	h, err := lockID(ctx, tx, id)
	if err != nil {
		return err
	}
	actor, err := agent.PrincipalIn(ctx, tx, agentID)
	if err != nil {
		return err
	}
	if actor == nil { // who asked is gone by now
		if actor, err = s.system(ctx, tx); err != nil {
			return err
		}
	}
	// What was theirs in conversations of others goes with them, what is others' in theirs stays.
	if err := s.part(ctx, tx, &h); err != nil {
		return err
	}
	if err := s.partAll(ctx, tx, actor, &h); err != nil {
		return err
	}
	const cause = "contact_erased"
	if err := s.hide(ctx, tx, &h, actor, cause, trashID); err != nil {
		return err
	}
	return s.purge(ctx, tx, &h, actor, cause)
}
