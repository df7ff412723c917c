package notify

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Type says what a notification is about.
type Type string

// The types of notifications. Those of service levels are reserved for them.
const (
	Mention         Type = "mention"
	Assignment      Type = "assignment"
	SLAWarning      Type = "sla_warning"
	SLABreach       Type = "sla_breach"
	Reply           Type = "reply"            // a customer wrote in a conversation of the agent; Foyer's addition
	ReplyStopped    Type = "reply_stopped"    // a reply of the agent did not leave or arrive; Foyer's addition
	NewConversation Type = "new_conversation" // nobody's yet, in a team of the agent or in none; Foyer's addition
	InboxOutage     Type = "inbox_outage"     // an inbox is not read or cannot send, or does so again; Foyer's addition
)

// Notification is one thing an agent is told, as they may see it now: of a conversation that they may no longer read
// there is no body.
type Notification struct {
	ID               int64   `json:"id"`
	CreatedAt        db.Time `json:"created_at"`
	UpdatedAt        db.Time `json:"updated_at"`
	UserID           int64   `json:"user_id"`
	NotificationType Type    `json:"notification_type"`
	Title            string  `json:"title"`
	Body             *string `json:"body"`
	IsRead           bool    `json:"is_read"`
	ConversationID   *int64  `json:"conversation_id"`
	MessageID        *int64  `json:"message_id"`
	ActorID          *int64  `json:"actor_id"`
	Meta             db.JSON `json:"meta" doc:"What the title is made of: reference_number, actor, and count of unread replies; of an inbox its inbox_id, inbox_name, part, mailbox and over"`
	ActorFirstName   *string `json:"actor_first_name"`
	ActorLastName    *string `json:"actor_last_name"`
	ActorAvatarURL   *string `json:"actor_avatar_url"`
	ConversationUUID *string `json:"conversation_uuid"`
	MessageUUID      *string `json:"message_uuid"`
	Bell             bool    `json:"-"` // it is in the list
	assignedUser     *int64  // of the conversation, now
	assignedTeam     *int64
}

// ReadableBy reports whether an agent may read what the notification is about.
func (n *Notification) ReadableBy(p *agent.Principal) bool {
	if n.NotificationType == InboxOutage {
		return p.Can(role.InboxesManage)
	}
	return n.ConversationID == nil || conversation.CanRead(p, n.assignedUser, n.assignedTeam)
}

const notificationQuery = `SELECT n.id, n.created_at, n.updated_at, n.user_id, n.notification_type, n.title, n.body, n.is_read, n.bell,
	n.conversation_id, n.message_id, n.actor_id, n.meta, a.first_name, a.last_name, a.avatar_url, c.uuid, m.uuid, c.assigned_user_id, c.assigned_team_id
	FROM user_notifications n
	LEFT JOIN users a ON a.id = n.actor_id
	LEFT JOIN conversations c ON c.id = n.conversation_id
	LEFT JOIN messages m ON m.id = n.message_id `

func (n *Notification) scan(r db.Row) error {
	return r.Scan(&n.ID, &n.CreatedAt, &n.UpdatedAt, &n.UserID, &n.NotificationType, &n.Title, &n.Body, &n.IsRead, &n.Bell,
		&n.ConversationID, &n.MessageID, &n.ActorID, &n.Meta, &n.ActorFirstName, &n.ActorLastName, &n.ActorAvatarURL,
		&n.ConversationUUID, &n.MessageUUID, &n.assignedUser, &n.assignedTeam)
}

const listTail = `WHERE n.user_id = $1 AND n.bell ORDER BY n.id DESC LIMIT $2 + 0 OFFSET $3 + 0`

// List returns an agent's notifications, the newest first.
func (s *Service) List(ctx context.Context, p *agent.Principal, limit, offset int) ([]Notification, error) {
	out := make([]Notification, 0, limit)
	err := db.Each(ctx, s.DB, func(r db.Rows) error {
		var n Notification
		err := n.scan(r)
		if !n.ReadableBy(p) {
			n.Body, n.MessageID, n.MessageUUID = nil, nil, nil
		}
		out = append(out, n)
		return err
	}, notificationQuery+listTail, p.ID, limit, offset)
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	return out, nil
}

// Notification returns one by its id, [db.ErrNoRows] when it is gone.
func (s *Service) Notification(ctx context.Context, id int64) (*Notification, error) {
	var n Notification
	if err := n.scan(s.DB.QueryRow(ctx, notificationQuery+`WHERE n.id = $1`, id)); err != nil {
		return nil, err
	}
	return &n, nil
}

// Stats are an agent's numbers of notifications, exact up to [MaxCounted].
type Stats struct {
	UnreadCount int64 `json:"unread_count"`
	TotalCount  int64 `json:"total_count"`
}

// MaxCounted is the greatest number that [Service.Stats] counts to.
const MaxCounted = 1000

const (
	countUnread = `SELECT count(*) FROM (SELECT 1 FROM user_notifications WHERE user_id = $1 AND bell AND NOT is_read LIMIT $2 + 0) AS counted`
	countAll    = `SELECT count(*) FROM (SELECT 1 FROM user_notifications WHERE user_id = $1 AND bell LIMIT $2 + 0) AS counted`
)

// Stats counts an agent's notifications.
func (s *Service) Stats(ctx context.Context, agentID int64) (out Stats, err error) {
	if err = s.DB.QueryRow(ctx, countUnread, agentID, MaxCounted).Scan(&out.UnreadCount); err == nil {
		err = s.DB.QueryRow(ctx, countAll, agentID, MaxCounted).Scan(&out.TotalCount)
	}
	if err != nil {
		return out, fmt.Errorf("count notifications: %w", err)
	}
	return out, nil
}

// The ways in which notifications change.
const (
	Read    = "read"
	Deleted = "deleted"
)

// Changed is the payload of the event that notifications of an agent were read or deleted: those with the ids, or all
// when there are none.
type Changed struct {
	UserID int64   `json:"user_id"`
	Action string  `json:"action"`
	IDs    []int64 `json:"ids"`
}

const markRead = `UPDATE user_notifications SET is_read = TRUE, updated_at = $1 WHERE NOT is_read AND user_id = $2`

// MarkRead marks one of an agent's notifications as read. One that is not there, or not theirs, changes nothing.
func (s *Service) MarkRead(ctx context.Context, p *agent.Principal, id int64) error {
	return s.changeOwn(ctx, p, Changed{p.ID, Read, []int64{id}}, markRead+` AND id = $3`, db.Now(), p.ID, id)
}

// MarkAllRead marks all notifications of an agent as read.
func (s *Service) MarkAllRead(ctx context.Context, p *agent.Principal) error {
	return s.changeOwn(ctx, p, Changed{p.ID, Read, nil}, markRead, db.Now(), p.ID)
}

// Delete deletes one of an agent's notifications. One that is not there, or not theirs, changes nothing.
func (s *Service) Delete(ctx context.Context, p *agent.Principal, id int64) error {
	return s.changeOwn(ctx, p, Changed{p.ID, Deleted, []int64{id}}, `DELETE FROM user_notifications WHERE user_id = $1 AND id = $2`, p.ID, id)
}

// DeleteAll deletes all notifications of an agent.
func (s *Service) DeleteAll(ctx context.Context, p *agent.Principal) error {
	return s.changeOwn(ctx, p, Changed{p.ID, Deleted, nil}, `DELETE FROM user_notifications WHERE user_id = $1`, p.ID)
}

// changeOwn runs a statement on an agent's notifications and tells their tabs if it changed any.
func (s *Service) changeOwn(ctx context.Context, p *agent.Principal, c Changed, statement string, args ...any) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, statement, args...)
		if err != nil {
			return fmt.Errorf("change notifications: %w", err)
		}
		if n == 0 {
			return nil
		}
		return s.changed(ctx, tx, p.ID, c)
	})
}

func (s *Service) changed(ctx context.Context, tx *db.Tx, actorID int64, c Changed) error {
	return s.Events.Append(ctx, tx, event.New{Type: event.NotificationsChanged, ActorID: actorID, Payload: c})
}

const (
	settleSeen    = markRead + ` AND conversation_id = $3 AND notification_type IN ('reply', 'new_conversation')`
	settleStopped = markRead + ` AND conversation_id = $3 AND notification_type = 'reply_stopped'`
	// An assignment is settled by its assignee alone.
	settleAnswered = markRead + ` AND conversation_id = $3 AND (notification_type IN ('reply', 'new_conversation', 'reply_stopped') OR (notification_type = 'assignment'
		AND EXISTS (SELECT 1 FROM conversations WHERE id = $3 AND assigned_user_id = $2)))`
)

// Seen marks as read what told an agent of messages that they have now seen.
func (s *Service) Seen(ctx context.Context, tx *db.Tx, agentID, conversationID int64) error {
	return s.settle(ctx, tx, settleSeen, agentID, conversationID)
}

func (s *Service) settle(ctx context.Context, tx *db.Tx, statement string, agentID, conversationID int64) error {
	now := db.Now()
	n, err := tx.Exec(ctx, statement, now, agentID, conversationID)
	if err != nil {
		return fmt.Errorf("mark notifications of a conversation as read: %w", err)
	}
	if n == 0 { // as most of the time
		return nil
	}
	ids, err := db.Select[int64](ctx, tx, `SELECT id FROM user_notifications
		WHERE is_read AND user_id = $1 AND conversation_id = $2 AND updated_at = $3 ORDER BY id`, agentID, conversationID, now)
	if err != nil {
		return fmt.Errorf("read which notifications were marked: %w", err)
	}
	return s.changed(ctx, tx, agentID, Changed{agentID, Read, ids})
}
