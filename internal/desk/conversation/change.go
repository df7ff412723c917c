package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// change runs fn on a locked conversation that p may read.
func (s *Service) change(ctx context.Context, p *agent.Principal, id string, fn func(tx *db.Tx, h *head) error) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		h, err := lock(ctx, tx, p, id)
		if err != nil {
			return err
		}
		return fn(tx, &h)
	})
}

// AssignAgent gives a conversation to an agent or an AI assistant; nil takes it away. The same again does nothing, and so
// does 0 for one that nobody has; for one that somebody has it is Invalid.
func (s *Service) AssignAgent(ctx context.Context, p *agent.Principal, id string, agentID *int64) error {
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error {
		switch {
		case agentID == nil || *agentID != 0:
			return s.assign(ctx, tx, h, p, "", agentID, h.AssignedTeamID)
		case h.AssignedUserID != nil:
			return fault.Required("assignee_id")
		}
		return nil
	})
}

// AssignTeam gives a conversation to a team, which takes it from its agent; nil takes it from the team. Invalid for a team
// that there is not, whoever may read the conversation.
func (s *Service) AssignTeam(ctx context.Context, p *agent.Principal, id string, teamID *int64) error {
	if teamID != nil {
		if *teamID == 0 {
			return fault.Required("assignee_id")
		}
		if _, err := teamName(ctx, s.db, *teamID); err != nil {
			return err
		}
	}
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error { return s.assignTeam(ctx, tx, h, p, "", teamID) })
}

func (s *Service) assignTeam(ctx context.Context, tx *db.Tx, h *head, actor *agent.Principal, cause string, teamID *int64) error {
	if same(h.AssignedTeamID, teamID) {
		return nil
	}
	user := h.AssignedUserID
	if teamID != nil {
		user = nil
	}
	return s.assign(ctx, tx, h, actor, cause, user, teamID)
}

func same(a, b *int64) bool { return a == b || (a != nil && b != nil && *a == *b) }

// assign moves a conversation to an agent and a team, with the activity lines and one event that names both.
func (s *Service) assign(ctx context.Context, tx *db.Tx, h *head, actor *agent.Principal, cause string, user, team *int64) error {
	userChanged, teamChanged := !same(h.AssignedUserID, user), !same(h.AssignedTeamID, team)
	if !userChanged && !teamChanged {
		return nil
	}
	var agentName, nameOfTeam string
	if userChanged && user != nil {
		err := tx.QueryRow(ctx, `SELECT first_name || CASE WHEN last_name = '' THEN '' ELSE ' ' || last_name END FROM users
			WHERE id = $1 AND type IN ('agent', 'ai_assistant') AND deleted_at IS NULL`, *user).Scan(&agentName)
		if errors.Is(err, db.ErrNoRows) {
			return fault.Field("assignee_id", "error.unknown_agent")
		} else if err != nil {
			return fmt.Errorf("read the agent: %w", err)
		}
	}
	if teamChanged && team != nil {
		var err error
		if nameOfTeam, err = teamName(ctx, tx, *team); err != nil {
			return err
		}
	}
	was := map[string]any{"assigned_user_id": h.AssignedUserID, "assigned_team_id": h.AssignedTeamID}
	from, to := placeOf(h.AssignedUserID, h.AssignedTeamID, h.StatusID), placeOf(user, team, h.StatusID)
	if err := move(ctx, tx, &from, &to); err != nil {
		return err
	}
	h.AssignedUserID, h.AssignedTeamID = user, team
	also := alongside{`assigned_user_id = ?, assigned_team_id = ?`, []any{user, team}}
	for _, line := range assignLines(actor, userChanged, teamChanged, user, team, agentName, nameOfTeam) {
		if err := s.activity(ctx, tx, *h, actor, cause, line.kind, line.params, also); err != nil {
			return err
		}
		also = alongside{}
	}
	return s.changed(ctx, tx, *h, event.ConversationAssigned, actor.ID, cause,
		map[string]any{"assigned_user_id": user, "assigned_team_id": team}, was)
}

// teamName returns the name of a team; Invalid if there is none with the id.
func teamName(ctx context.Context, q db.Querier, id int64) (name string, err error) {
	err = q.QueryRow(ctx, `SELECT name FROM teams WHERE id = $1`, id).Scan(&name)
	if errors.Is(err, db.ErrNoRows) {
		return "", fault.Field("assignee_id", "error.unknown_team")
	}
	if err != nil {
		return "", fmt.Errorf("read the team: %w", err)
	}
	return name, nil
}

type activityLine struct {
	kind   string
	params map[string]string
}

// assignLines are the activity lines of an assignment. A team that takes a conversation from its agent says so once.
func assignLines(actor *agent.Principal, userChanged, teamChanged bool, user, team *int64, agentName, teamName string) (out []activityLine) {
	if teamChanged {
		if team != nil {
			out = append(out, activityLine{"assigned_team_change", map[string]string{"team": teamName}})
		} else {
			out = append(out, activityLine{"unassigned_team", nil})
		}
	}
	switch {
	case !userChanged || (user == nil && teamChanged):
	case user == nil:
		out = append(out, activityLine{"unassigned_user", nil})
	case *user == actor.ID:
		out = append(out, activityLine{"self_assign", nil})
	default:
		out = append(out, activityLine{"assigned_user_change", map[string]string{"agent": agentName}})
	}
	return out
}

// SetStatus moves a conversation to a status by name. Snoozed needs a time to wake up, and may be repeated to move it;
// any other status again does nothing.
func (s *Service) SetStatus(ctx context.Context, p *agent.Principal, id, name string, until *db.Time) error {
	if name == "" {
		return fault.Required("status")
	}
	status, err := s.ref.status(ctx, s.db, name)
	if err != nil {
		return err
	}
	if name != Snoozed {
		until = nil
	} else if until == nil || !until.After(time.Now()) {
		return fault.Field("snoozed_until", "error.snooze_invalid")
	}
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error {
		if h.StatusID == status.ID && name != Snoozed {
			return nil
		}
		return s.setStatus(ctx, tx, h, p, "", status, until)
	})
}

// setStatus is the one way in which a status changes, whoever or whatever causes it.
func (s *Service) setStatus(ctx context.Context, tx *db.Tx, h *head, actor *agent.Principal, cause string, to Status, until *db.Time) error {
	before, err := s.ref.statusByID(ctx, tx, h.StatusID)
	if err != nil {
		return err
	}
	now := db.Now()
	set := map[string]any{"status": to.Name, "snoozed_until": until}
	resolved, closed := h.ResolvedAt, h.ClosedAt
	if to.Category == "resolved" && resolved == nil && !hidden(to.ID) {
		resolved = now.Ptr()
		set["resolved_at"] = now
	}
	if to.Name == Closed && closed == nil {
		closed = now.Ptr()
		set["closed_at"] = now
	}
	from, at := placeOf(h.AssignedUserID, h.AssignedTeamID, h.StatusID), placeOf(h.AssignedUserID, h.AssignedTeamID, to.ID)
	if err := move(ctx, tx, &from, &at); err != nil {
		return err
	}
	if err := noteResolution(ctx, tx, h, before, to, actor.ID, now); err != nil {
		return err
	}
	remember := h.hiding(to.ID, now)
	h.StatusID, h.ResolvedAt, h.ClosedAt, h.SnoozedUntil = to.ID, resolved, closed, until
	params := map[string]string{"status": to.Name}
	if until != nil {
		params["until"] = until.Format(time.RFC3339)
		if err := s.jobs.Insert(ctx, tx, WakeJob{ConversationID: h.ID, Until: until.UnixMicro()}, jobs.Options{At: until.Time}); err != nil {
			return err
		}
	}
	also := alongside{`status_id = ?, snoozed_until = ?, resolved_at = ?, closed_at = ?`, []any{to.ID, until, resolved, closed}}.with(remember)
	if err := s.activity(ctx, tx, *h, actor, cause, "status_change", params, also); err != nil {
		return err
	}
	return s.changed(ctx, tx, *h, event.ConversationStatus, actor.ID, cause, set, map[string]any{"status": before.Name})
}

// WakeJob opens a snoozed conversation at its time. Until is the time it was snoozed to, in microseconds since 1970,
// so that a job of an earlier snooze does nothing.
type WakeJob struct {
	ConversationID int64 `json:"conversation_id"`
	Until          int64 `json:"until"`
}

// Kind implements jobs.Args.
func (WakeJob) Kind() string { return "conversation.wake" }

// Wake runs a [WakeJob].
func (s *Service) Wake(ctx context.Context, job WakeJob) error {
	open, err := s.ref.status(ctx, s.db, Open)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		var due int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM conversations WHERE id = $1 AND snoozed_until = $2`, job.ConversationID, job.Until).Scan(&due)
		if err != nil || due == 0 {
			return err
		}
		h, err := lockID(ctx, tx, job.ConversationID)
		if err != nil {
			return err
		}
		system, err := s.system(ctx, tx)
		if err != nil {
			return err
		}
		return s.setStatus(ctx, tx, &h, system, "snooze", open, nil)
	})
}

// SetPriority gives a conversation a priority by name. The same again does nothing.
func (s *Service) SetPriority(ctx context.Context, p *agent.Principal, id, name string) error {
	if name == "" {
		return fault.Required("priority")
	}
	priority, err := s.ref.priority(ctx, s.db, name)
	if err != nil {
		return err
	}
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error { return s.setPriority(ctx, tx, h, p, "", &priority.ID) })
}

// RemovePriority leaves a conversation without a priority. The same again does nothing.
func (s *Service) RemovePriority(ctx context.Context, p *agent.Principal, id string) error {
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error { return s.setPriority(ctx, tx, h, p, "", nil) })
}

// setPriority gives a conversation a priority, nil for none.
func (s *Service) setPriority(ctx context.Context, tx *db.Tx, h *head, actor *agent.Principal, cause string, id *int64) error {
	if same(h.PriorityID, id) {
		return nil
	}
	before, err := s.ref.priorityName(ctx, tx, h.PriorityID)
	if err != nil {
		return err
	}
	name, err := s.ref.priorityName(ctx, tx, id)
	if err != nil {
		return err
	}
	kind, params := "priority_removed", map[string]string{}
	if name != nil {
		kind, params["priority"] = "priority_change", *name
	}
	h.PriorityID = id
	if err := s.activity(ctx, tx, *h, actor, cause, kind, params, alongside{`priority_id = ?`, []any{id}}); err != nil {
		return err
	}
	return s.changed(ctx, tx, *h, event.ConversationPriority, actor.ID, cause,
		map[string]any{"priority": name, "priority_id": id}, map[string]any{"priority": before})
}

// SetTags changes the tags of a conversation: action set_tags (also when empty) replaces them, add_tags and
// remove_tags do what they say. Names that are no tags are passed over.
func (s *Service) SetTags(ctx context.Context, p *agent.Principal, id, action string, names []string) error {
	if action == "" {
		action = "set_tags"
	}
	if !slices.Contains([]string{"set_tags", "add_tags", "remove_tags"}, action) {
		return fault.Field("action", "error.unknown_value", "value", action)
	}
	if err := checkTags(names); err != nil {
		return err
	}
	return s.change(ctx, p, id, func(tx *db.Tx, h *head) error { return s.setTags(ctx, tx, h, p, "", action, names) })
}

const maxTags = 100

func checkTags(names []string) error {
	if len(names) > maxTags {
		return fault.Field("tags", "error.too_many", "max", fmt.Sprint(maxTags))
	}
	return checkTexts("tags", maxName, names...)
}

func (s *Service) setTags(ctx context.Context, tx *db.Tx, h *head, actor *agent.Principal, cause, action string, names []string) error {
	before, err := tagNames(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	in, args := db.In(1, names)
	known, err := db.Select[string](ctx, tx, `SELECT name FROM tags WHERE name IN (`+in+`) ORDER BY name`, args...)
	if err != nil {
		return fmt.Errorf("read tags: %w", err)
	}
	var add, remove []string
	for _, name := range known {
		if action != "remove_tags" && !slices.Contains(before, name) {
			add = append(add, name)
		}
	}
	for _, name := range before {
		if has := slices.Contains(known, name); (action == "set_tags" && !has) || (action == "remove_tags" && has) {
			remove = append(remove, name)
		}
	}
	return s.retag(ctx, tx, h, actor, cause, before, add, remove)
}

func (s *Service) retag(ctx context.Context, tx *db.Tx, h *head, p *agent.Principal, cause string, before, add, remove []string) error {
	if len(add)+len(remove) == 0 {
		return nil
	}
	for _, step := range []struct {
		names           []string
		kind, statement string
	}{
		{remove, "tag_removed", `DELETE FROM conversation_tags WHERE conversation_id = $1 AND tag_id = (SELECT id FROM tags WHERE name = $2)`},
		{add, "tag_added", `INSERT INTO conversation_tags (conversation_id, tag_id) SELECT $1, id FROM tags WHERE name = $2`},
	} {
		for _, name := range step.names {
			if _, err := tx.Exec(ctx, step.statement, h.ID, name); err != nil {
				return fmt.Errorf("change tags: %w", err)
			}
			if err := s.activity(ctx, tx, *h, p, cause, step.kind, map[string]string{"tag": name}, alongside{}); err != nil {
				return err
			}
		}
	}
	after, err := tagNames(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	return s.changed(ctx, tx, *h, event.ConversationTags, p.ID, cause, map[string]any{"tags": after}, map[string]any{"tags": before})
}

// UnassignAll takes every conversation that is not resolved from an agent who leaves, in the caller's transaction.
func (s *Service) UnassignAll(ctx context.Context, tx *db.Tx, actor *agent.Principal, agentID int64) error {
	ids, err := db.Select[int64](ctx, tx, `SELECT c.id FROM conversations c JOIN statuses s ON s.id = c.status_id
		WHERE c.assigned_user_id = $1 AND s.category <> 'resolved' ORDER BY c.id`, agentID)
	if err != nil {
		return fmt.Errorf("find the agent's conversations: %w", err)
	}
	for _, id := range ids {
		h, err := lockID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.assign(ctx, tx, &h, actor, fmt.Sprintf("agent_deleted:%d", agentID), nil, h.AssignedTeamID); err != nil {
			return err
		}
	}
	return nil
}

// UnassignTeam returns what takes every conversation from a team that is deleted, for package team to call in its
// transaction.
func (s *Service) UnassignTeam(actor *agent.Principal) func(ctx context.Context, tx *db.Tx, teamID int64) error {
	return func(ctx context.Context, tx *db.Tx, teamID int64) error {
		ids, err := db.Select[int64](ctx, tx, `SELECT id FROM conversations WHERE assigned_team_id = $1 ORDER BY id`, teamID)
		if err != nil {
			return fmt.Errorf("find the team's conversations: %w", err)
		}
		for _, id := range ids {
			h, err := lockID(ctx, tx, id)
			if err != nil {
				return err
			}
			if err := s.assign(ctx, tx, &h, actor, fmt.Sprintf("team_deleted:%d", teamID), h.AssignedUserID, nil); err != nil {
				return err
			}
		}
		return nil
	}
}
