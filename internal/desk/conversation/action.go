package conversation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// ActionType names a change of a conversation that can be made to many at once.
type ActionType string

// The actions.
const (
	ActStatus     ActionType = "status"
	ActSnooze     ActionType = "snooze"
	ActAssignUser ActionType = "assign_user"
	ActAssignTeam ActionType = "assign_team"
	ActPriority   ActionType = "priority"
	ActAddTags    ActionType = "add_tags"
	ActRemoveTags ActionType = "remove_tags"
	ActRead       ActionType = "read"
	ActUnread     ActionType = "unread"
	ActSpam       ActionType = "spam"
	ActTrash      ActionType = "trash"
	ActRestore    ActionType = "restore"
	ActResend     ActionType = "resend" // its replies that failed
	ActDelete     ActionType = "delete"
)

var actionPermissions = map[ActionType]role.Permission{
	ActStatus: role.ConversationsUpdateStatus, ActSnooze: role.ConversationsUpdateStatus,
	ActAssignUser: role.ConversationsUpdateUserAssignee, ActAssignTeam: role.ConversationsUpdateTeamAssignee,
	ActPriority: role.ConversationsUpdatePriority, ActAddTags: role.ConversationsUpdateTags, ActRemoveTags: role.ConversationsUpdateTags,
	ActRead: role.ConversationsRead, ActUnread: role.ConversationsRead,
	ActSpam: role.ConversationsUpdateStatus, ActTrash: role.ConversationsUpdateStatus, ActRestore: role.ConversationsUpdateStatus,
	ActResend: role.MessagesWrite, ActDelete: role.ConversationsDelete,
}

// Action is a change with its values: of each the one that its type speaks of.
type Action struct {
	Type     ActionType `json:"type"`
	Status   string     `json:"status,omitempty"`
	Until    *db.Time   `json:"until,omitempty"`    // of snooze
	Assignee *int64     `json:"assignee,omitempty"` // of assign_user and assign_team; nil takes it away
	Priority string     `json:"priority,omitempty"`
	Tags     []string   `json:"tags,omitempty"`
	Block    bool       `json:"block,omitempty"` // of spam: the contact, too
}

// Check returns Invalid for an action that could not be done to any conversation, Forbidden if p may not do it.
func (s *Service) Check(ctx context.Context, p *agent.Principal, a Action) error {
	perm, known := actionPermissions[a.Type]
	if !known {
		return fault.Field("action.type", "error.unknown_value", "value", string(a.Type))
	}
	if !p.Can(perm) || (a.Block && !p.Can(role.ContactsBlock)) {
		return fault.Denied()
	}
	switch a.Type {
	case ActStatus:
		if a.Status == Snoozed {
			return fault.Field("action.status", "error.unknown_value", "value", a.Status)
		}
		_, err := s.ref.status(ctx, s.db, a.Status)
		return err
	case ActSnooze:
		if a.Until == nil || !a.Until.After(time.Now()) {
			return fault.Field("action.snoozed_until", "error.snooze_invalid")
		}
	case ActPriority:
		_, err := s.ref.priority(ctx, s.db, a.Priority)
		return err
	case ActAddTags, ActRemoveTags:
		if len(a.Tags) == 0 {
			return fault.Required("action.tags")
		}
		return checkTags(a.Tags)
	}
	return nil
}

// Earlier is what a conversation was before an action: what is needed to go back to it. Version or SeenAfter is what the
// action left, by which a later change is noticed.
type Earlier struct {
	Type          ActionType `json:"type"`
	StatusID      int64      `json:"status_id,omitempty"`
	SnoozedUntil  *db.Time   `json:"snoozed_until,omitempty"`
	StatusBefore  *int64     `json:"status_before,omitempty"`
	SnoozedBefore *db.Time   `json:"snoozed_before,omitempty"`
	ResolvedAt    *db.Time   `json:"resolved_at,omitempty"`
	ClosedAt      *db.Time   `json:"closed_at,omitempty"`
	UserID        *int64     `json:"user_id,omitempty"`
	TeamID        *int64     `json:"team_id,omitempty"`
	PriorityID    *int64     `json:"priority_id,omitempty"`
	Tags          []string   `json:"tags,omitempty"`
	Seen          *db.Time   `json:"seen,omitempty"`
	SeenAfter     *db.Time   `json:"seen_after,omitempty"`
	Version       int64      `json:"version,omitempty"`
}

// ActTx does an action to a conversation in the caller's transaction, if p may at this moment. It returns what it was
// before; nil if nothing was changed, or there is no way back.
func (s *Service) ActTx(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64, a Action, cause string) (*Earlier, error) {
	h, err := s.lockFor(ctx, tx, p, id, a.Type)
	if err != nil {
		return nil, err
	}
	was := &Earlier{Type: a.Type, StatusID: h.StatusID, SnoozedUntil: h.SnoozedUntil, StatusBefore: h.StatusBefore, SnoozedBefore: h.SnoozedBefore, ResolvedAt: h.ResolvedAt,
		ClosedAt: h.ClosedAt, UserID: h.AssignedUserID, TeamID: h.AssignedTeamID, PriorityID: h.PriorityID}
	switch a.Type {
	case ActRead, ActUnread:
		return s.markTx(ctx, tx, p, h.ID, a.Type)
	case ActResend:
		return s.resendFailed(ctx, tx, p, h)
	case ActAddTags, ActRemoveTags:
		if was.Tags, err = tagNames(ctx, tx, h.ID); err != nil {
			return nil, err
		}
	}
	if err := s.act(ctx, tx, &h, p, a, cause); err != nil {
		return nil, err
	}
	if a.Type == ActDelete {
		return nil, nil
	}
	if err := tx.QueryRow(ctx, `SELECT version FROM conversations WHERE id = $1`, id).Scan(&was.Version); err != nil {
		return nil, fmt.Errorf("read the version of conversation %d: %w", id, err)
	}
	if was.Version == h.Version {
		return nil, nil
	}
	return was, nil
}

// lockFor locks a conversation that p may read, for an action that p may do.
func (s *Service) lockFor(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64, t ActionType) (head, error) {
	h, err := lockID(ctx, tx, id)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return h, fault.Missing("conversation")
	case err != nil:
		return h, err
	case !CanRead(p, h.AssignedUserID, h.AssignedTeamID) || !p.Can(actionPermissions[t]):
		return h, fault.Denied()
	case h.StatusID == mergedID:
		return h, fault.New(fault.Conflict, "error.conversation_merged", "reference", fmt.Sprint(h.Reference))
	}
	return h, nil
}

func (s *Service) act(ctx context.Context, tx *db.Tx, h *head, p *agent.Principal, a Action, cause string) error {
	switch a.Type {
	case ActStatus, ActSnooze:
		return s.actStatus(ctx, tx, h, p, a, cause)
	case ActAssignUser:
		return s.assign(ctx, tx, h, p, cause, a.Assignee, h.AssignedTeamID)
	case ActAssignTeam:
		return s.assignTeam(ctx, tx, h, p, cause, a.Assignee)
	case ActPriority:
		priority, err := s.ref.priority(ctx, tx, a.Priority)
		if err != nil {
			return err
		}
		return s.setPriority(ctx, tx, h, p, cause, &priority.ID)
	case ActAddTags, ActRemoveTags:
		return s.setTags(ctx, tx, h, p, cause, string(a.Type), a.Tags)
	case ActSpam:
		if a.Block {
			if err := s.blockContact(ctx, tx, h, p); err != nil {
				return err
			}
		}
		return s.hide(ctx, tx, h, p, cause, spamID)
	case ActTrash:
		return s.hide(ctx, tx, h, p, cause, trashID)
	case ActRestore:
		return s.restore(ctx, tx, h, p, cause)
	case ActDelete:
		return s.purge(ctx, tx, h, p, cause)
	}
	return fmt.Errorf("unknown action %q", a.Type)
}

func (s *Service) actStatus(ctx context.Context, tx *db.Tx, h *head, p *agent.Principal, a Action, cause string) error {
	name, until := a.Status, (*db.Time)(nil)
	if a.Type == ActSnooze {
		if name, until = Snoozed, a.Until; !until.After(time.Now()) {
			return fault.Field("snoozed_until", "error.snooze_invalid")
		}
	}
	status, err := s.ref.status(ctx, tx, name)
	if err != nil || (h.StatusID == status.ID && until == nil) {
		return err
	}
	return s.setStatus(ctx, tx, h, p, cause, status, until)
}

// markTx marks a conversation as read or unread for p.
func (s *Service) markTx(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64, t ActionType) (*Earlier, error) {
	was, err := seen(ctx, tx, p, id)
	if err != nil {
		return nil, err
	}
	if t == ActRead {
		now := db.Now()
		return &Earlier{Type: t, Seen: was, SeenAfter: &now}, s.read(ctx, tx, p, id, now)
	}
	at, err := unreadFrom(ctx, tx, p, id)
	if at == nil || err != nil {
		return nil, err
	}
	return &Earlier{Type: t, Seen: was, SeenAfter: at}, seenAt(ctx, tx, p, id, *at)
}

// seen returns p's mark in a conversation, nil if there is none.
func seen(ctx context.Context, q db.Querier, p *agent.Principal, id int64) (*db.Time, error) {
	var at db.Time
	err := q.QueryRow(ctx, `SELECT last_seen_at FROM conversation_last_seen WHERE user_id = $1 AND conversation_id = $2`, p.ID, id).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the read mark: %w", err)
	}
	return &at, nil
}

// UndoTx takes back what ActTx did to a conversation, in the caller's transaction. Conflict if it was changed since.
func (s *Service) UndoTx(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64, was Earlier, cause string) error {
	h, err := s.lockFor(ctx, tx, p, id, was.Type)
	if err != nil {
		return err
	}
	changed := fault.New(fault.Conflict, "error.changed_since")
	if was.Type == ActRead || was.Type == ActUnread {
		now, err := seen(ctx, tx, p, id)
		if err != nil {
			return err
		}
		if now == nil || !now.Equal(was.SeenAfter.Time) {
			return changed
		}
		if was.Seen != nil {
			return seenAt(ctx, tx, p, id, *was.Seen)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM conversation_last_seen WHERE user_id = $1 AND conversation_id = $2`, p.ID, id); err != nil {
			return fmt.Errorf("take the read mark away: %w", err)
		}
		return nil
	}
	if h.Version != was.Version {
		return changed
	}
	switch was.Type {
	case ActAssignUser, ActAssignTeam:
		return s.assign(ctx, tx, &h, p, cause, was.UserID, was.TeamID)
	case ActPriority:
		return s.setPriority(ctx, tx, &h, p, cause, was.PriorityID)
	case ActAddTags, ActRemoveTags:
		return s.setTags(ctx, tx, &h, p, cause, "set_tags", was.Tags)
	}
	return s.undoStatus(ctx, tx, &h, p, was, cause)
}

// undoStatus goes back to a status, hidden or not. Who has slept over the time of a snooze is open.
func (s *Service) undoStatus(ctx context.Context, tx *db.Tx, h *head, p *agent.Principal, was Earlier, cause string) error {
	h.ResolvedAt, h.ClosedAt = was.ResolvedAt, was.ClosedAt
	if hidden(was.StatusID) {
		if err := s.hide(ctx, tx, h, p, cause, was.StatusID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE conversations SET status_before_hidden = $2, snoozed_before_hidden = $3 WHERE id = $1`,
			h.ID, was.StatusBefore, was.SnoozedBefore); err != nil {
			return fmt.Errorf("remember what conversation %d goes back to: %w", h.ID, err)
		}
		return nil
	}
	to, until := was.StatusID, was.SnoozedUntil
	if until != nil && !until.After(time.Now()) {
		open, err := s.ref.status(ctx, tx, Open)
		if err != nil {
			return err
		}
		to, until = open.ID, nil
	}
	status, err := s.ref.statusByID(ctx, tx, to)
	if err != nil {
		return err
	}
	return s.setStatus(ctx, tx, h, p, cause, status, until)
}

// Chosen is the statement of the ids and uuids of all conversations of a list that p may see, but for those excluded by
// their uuid, with its arguments; at most so many rows. Its columns are id and uuid.
func (s *Service) Chosen(ctx context.Context, p *agent.Principal, q ListQuery, exclude []string, most int) (query string, args []any, err error) {
	if err := q.may(p); err != nil {
		return "", nil, err
	}
	a := &filter.Args{}
	tree, err := q.tree()
	if err != nil {
		return "", nil, err
	}
	where, err := s.listWhere(ctx, p, q, tree, nil, a)
	if err != nil {
		return "", nil, err
	}
	for _, id := range exclude {
		if err := checkUUID(id); err != nil {
			return "", nil, fault.Field("list.exclude", "error.uuid_invalid")
		}
	}
	if len(exclude) > 0 {
		out := make([]string, len(exclude))
		for i, id := range exclude {
			out[i] = a.Add(strings.ToLower(id))
		}
		where = and(where, `c.uuid NOT IN (`+strings.Join(out, ", ")+`)`)
	}
	if where == "" {
		where = "TRUE"
	}
	return fmt.Sprintf(`SELECT c.id, c.uuid FROM conversations c WHERE %s LIMIT %d`, where, most), a.Values(), nil
}

// may returns Forbidden unless p may see a list at all.
func (q ListQuery) may(p *agent.Principal) error {
	need := map[Scope]role.Permission{All: role.ConversationsReadAll, Unassigned: role.ConversationsReadUnassigned,
		Assigned: role.ConversationsReadAssigned, TeamInbox: role.ConversationsReadTeamInbox}[q.Scope]
	if !p.Can(role.ConversationsRead) || (need != "" && !p.Can(need)) || (q.Scope == TeamInbox && !p.InTeam(q.TeamID)) {
		return fault.Denied()
	}
	return nil
}
