package conversation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// CanRead reports whether p may read a conversation with this agent and team.
func CanRead(p *agent.Principal, assignedUser, assignedTeam *int64) bool {
	if !p.Can(role.ConversationsRead) {
		return false
	}
	switch {
	case p.Can(role.ConversationsReadAll):
		return true
	case assignedUser != nil && *assignedUser == p.ID && p.Can(role.ConversationsReadAssigned):
		return true
	case assignedTeam != nil && p.InTeam(*assignedTeam):
		return p.Can(role.ConversationsReadTeamAll) || (assignedUser == nil && p.Can(role.ConversationsReadTeamInbox))
	}
	return assignedUser == nil && assignedTeam == nil && p.Can(role.ConversationsReadUnassigned)
}

func canReadAll(p *agent.Principal) bool {
	return p.Can(role.ConversationsRead) && p.Can(role.ConversationsReadAll)
}

// ReadableWhere is [CanRead] as an SQL condition on conversations c, with its arguments added to args.
func ReadableWhere(p *agent.Principal, args *filter.Args) string {
	if !p.Can(role.ConversationsRead) {
		return "FALSE"
	}
	if canReadAll(p) {
		return "TRUE"
	}
	any := []string{"FALSE"}
	if p.Can(role.ConversationsReadAssigned) {
		any = append(any, "c.assigned_user_id = "+args.Add(p.ID))
	}
	if len(p.TeamIDs) > 0 {
		if p.Can(role.ConversationsReadTeamAll) {
			any = append(any, "c.assigned_team_id IN ("+placeholders(p.TeamIDs, args)+")")
		} else if p.Can(role.ConversationsReadTeamInbox) {
			any = append(any, "(c.assigned_user_id IS NULL AND c.assigned_team_id IN ("+placeholders(p.TeamIDs, args)+"))")
		}
	}
	if p.Can(role.ConversationsReadUnassigned) {
		any = append(any, "(c.assigned_user_id IS NULL AND c.assigned_team_id IS NULL)")
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// head is the part of a conversation's row that rules look at.
type head struct {
	ID             int64
	UUID           string
	ContactID      int64
	InboxID        int64
	StatusID       int64
	PriorityID     *int64
	AssignedUserID *int64
	AssignedTeamID *int64
	Subject        string
	Reference      int64
	WaitingSince   *db.Time
	FirstReplyAt   *db.Time
	ResolvedAt     *db.Time
	ClosedAt       *db.Time
	SnoozedUntil   *db.Time
	StatusBefore   *int64   // of one in spam or trash: what it goes back to
	SnoozedBefore  *db.Time // and until when, if that is Snoozed
	Version        int64
}

const headColumns = `id, uuid, contact_id, inbox_id, status_id, priority_id, assigned_user_id, assigned_team_id,
	subject, reference_number, waiting_since, first_reply_at, resolved_at, closed_at,
	snoozed_until, status_before_hidden, snoozed_before_hidden, version`

func (h *head) scan(row db.Row) error {
	return row.Scan(&h.ID, &h.UUID, &h.ContactID, &h.InboxID, &h.StatusID, &h.PriorityID, &h.AssignedUserID, &h.AssignedTeamID,
		&h.Subject, &h.Reference, &h.WaitingSince, &h.FirstReplyAt, &h.ResolvedAt, &h.ClosedAt,
		&h.SnoozedUntil, &h.StatusBefore, &h.SnoozedBefore, &h.Version)
}

// readable returns the head of a conversation that p may read; NotFound or Forbidden otherwise. One that was merged into
// another leads to that.
func readable(ctx context.Context, q db.Querier, p *agent.Principal, id string) (head, error) {
	return readableWith(ctx, q, p, id, "")
}

// lock is readable with the row locked until the transaction ends.
func lock(ctx context.Context, tx *db.Tx, p *agent.Principal, id string) (head, error) {
	return readableWith(ctx, tx, p, id, forUpdate(tx))
}

func readableWith(ctx context.Context, q db.Querier, p *agent.Principal, id, suffix string) (h head, err error) {
	if err := checkUUID(id); err != nil {
		return h, err
	}
	err = h.scan(q.QueryRow(ctx, `SELECT `+headColumns+` FROM conversations WHERE uuid = $1`+suffix, id))
	if errors.Is(err, db.ErrNoRows) {
		return h, fault.Missing("conversation")
	}
	if err != nil {
		return h, fmt.Errorf("read conversation %s: %w", id, err)
	}
	if h, err = follow(ctx, q, h, suffix); err != nil {
		return h, err
	}
	if !CanRead(p, h.AssignedUserID, h.AssignedTeamID) {
		return h, fault.Denied()
	}
	return h, nil
}

// maxFollowed is through how many merges one after another a conversation is looked for.
const maxFollowed = 1000

// follow returns the conversation that one was merged into, itself if it was not.
func follow(ctx context.Context, q db.Querier, h head, suffix string) (head, error) {
	for range maxFollowed {
		if h.StatusID != mergedID {
			return h, nil
		}
		id := h.ID
		// If it was given back at this moment, it leads to itself.
		err := h.scan(q.QueryRow(ctx, `SELECT `+headColumns+` FROM conversations
			WHERE id = COALESCE((SELECT target_id FROM conversation_merges WHERE conversation_id = $1), $1)`+suffix, id))
		if err != nil {
			return h, fmt.Errorf("read what conversation %d was merged into: %w", id, err)
		}
	}
	return h, fmt.Errorf("conversation %d was merged too often", h.ID)
}

func checkUUID(id string) error {
	if _, err := uuid.Parse(id); err != nil || len(id) != 36 {
		return fault.Field("uuid", "error.uuid_invalid")
	}
	return nil
}

// lockID locks a conversation by its internal id, for Foyer's own work, without asking who acts.
func lockID(ctx context.Context, tx *db.Tx, id int64) (h head, err error) {
	err = h.scan(tx.QueryRow(ctx, `SELECT `+headColumns+` FROM conversations WHERE id = $1`+forUpdate(tx), id))
	if err != nil {
		return h, fmt.Errorf("lock conversation %d: %w", id, err)
	}
	return h, nil
}

// lockFollowing locks a conversation by its internal id, or what it was merged into meanwhile.
func lockFollowing(ctx context.Context, tx *db.Tx, id int64) (head, error) {
	h, err := lockID(ctx, tx, id)
	if err != nil {
		return h, err
	}
	return follow(ctx, tx, h, forUpdate(tx))
}

// lockHolding locks the conversation that holds a message.
func lockHolding(ctx context.Context, tx *db.Tx, messageID int64) (head, error) {
	const query = `SELECT conversation_id FROM messages WHERE id = $1`
	var id int64
	if err := tx.QueryRow(ctx, query, messageID).Scan(&id); err != nil {
		return head{}, fmt.Errorf("find the conversation of message %d: %w", messageID, err)
	}
	for {
		h, err := lockID(ctx, tx, id)
		if err != nil {
			return h, err
		}
		if err := tx.QueryRow(ctx, query, messageID).Scan(&id); err != nil || id == h.ID { // it may have moved while we waited
			return h, err
		}
	}
}

// forUpdate is the clause that locks rows read; SQLite has one writer and needs none.
func forUpdate(q db.Querier) string {
	if q.Engine() == db.Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// CheckAccess returns NotFound or Forbidden unless p may read the conversation.
func (s *Service) CheckAccess(ctx context.Context, p *agent.Principal, id string) error {
	_, err := readable(ctx, s.db, p, id)
	return err
}

// Assignment returns the agent and team of a conversation, which decide who may read it; see [CanRead]. Errors: NotFound;
// Invalid for what is no uuid.
func (s *Service) Assignment(ctx context.Context, id string) (user, team *int64, err error) {
	if err := checkUUID(id); err != nil {
		return nil, nil, err
	}
	err = s.db.QueryRow(ctx, `SELECT assigned_user_id, assigned_team_id FROM conversations WHERE uuid = $1`, id).Scan(&user, &team)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil, fault.Missing("conversation")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the assignment of conversation %s: %w", id, err)
	}
	return user, team, nil
}

// CheckMessageAccess returns NotFound or Forbidden unless p may read the conversation that holds a message.
func (s *Service) CheckMessageAccess(ctx context.Context, p *agent.Principal, messageID int64) error {
	var user, team *int64
	err := s.db.QueryRow(ctx, `SELECT c.assigned_user_id, c.assigned_team_id FROM messages m
		JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1`, messageID).Scan(&user, &team)
	if errors.Is(err, db.ErrNoRows) {
		return fault.Missing("message")
	}
	if err != nil {
		return fmt.Errorf("read the conversation of message %d: %w", messageID, err)
	}
	if !CanRead(p, user, team) {
		return fault.Denied()
	}
	return nil
}

// ConversationIDOf returns the internal id of a conversation that p may read.
func (s *Service) ConversationIDOf(ctx context.Context, p *agent.Principal, id string) (int64, error) {
	h, err := readable(ctx, s.db, p, id)
	return h.ID, err
}
