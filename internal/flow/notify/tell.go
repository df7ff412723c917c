package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// subject is the conversation that agents are told of.
type subject struct {
	ID           int64
	Reference    int64
	Subject      string
	AssignedUser *int64
	AssignedTeam *int64
}

func readSubject(ctx context.Context, q db.Querier, id int64) (c subject, err error) {
	c.ID = id
	err = q.QueryRow(ctx, `SELECT reference_number, subject, assigned_user_id, assigned_team_id FROM conversations WHERE id = $1`, id).
		Scan(&c.Reference, &c.Subject, &c.AssignedUser, &c.AssignedTeam)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		err = fmt.Errorf("read conversation %d: %w", id, err)
	}
	return c, err
}

// news is what somebody is to be told.
type news struct {
	Type      Type
	About     subject
	MessageID int64 // 0 for none
	ActorID   int64
	Actor     string // their name
	System    bool   // the actor is the System user
	Body      string
	Outage    *inbox.Outage // for that type, in place of About
}

// readableBy reports whether an agent may know of it.
func (n news) readableBy(p *agent.Principal) bool {
	if n.Type == InboxOutage {
		return p.Can(role.InboxesManage)
	}
	return conversation.CanRead(p, n.About.AssignedUser, n.About.AssignedTeam)
}

// maxBody is the longest body in characters.
const maxBody = 2000

// meta is what the title is made of, so that a client can word it in its own language.
type meta struct {
	Reference string `json:"reference_number,omitempty"`
	Actor     string `json:"actor,omitempty"`
	Count     int    `json:"count,omitempty"`
	outageMeta
}

func title(lang string, t Type, m meta) string {
	key := "notification.title." + string(t)
	switch {
	case t == Reply:
		return i18n.T(lang, key, map[string]string{"reference": m.Reference, "actor": m.Actor, "count": strconv.Itoa(max(1, m.Count))})
	case t == Assignment && m.Actor != "":
		key += "_by"
	case t == InboxOutage:
		return m.outageMeta.title(lang)
	}
	return i18n.T(lang, key, map[string]string{"reference": m.Reference, "actor": m.Actor})
}

// Alert is how the agent is told at once, beside the bell, as of the moment of the notification.
type Alert struct {
	Bell    bool   `json:"bell"`
	Sound   bool   `json:"sound"`
	Desktop bool   `json:"desktop"`
	Push    bool   `json:"push"` // devices are told: one that shows it needs not be told twice
	Volume  int    `json:"volume"`
	Tone    string `json:"tone"`
}

// Created is the payload of the event that an agent is to be told of something.
type Created struct {
	ID     int64 `json:"id"`
	UserID int64 `json:"user_id"`
	Alert  Alert `json:"alert"`
}

// tell stores a notification in the ways the agent has chosen, unless they may not read the conversation.
func (s *Service) tell(ctx context.Context, tx *db.Tx, agentID int64, n news) error {
	p, err := agent.PrincipalIn(ctx, tx, agentID)
	if err != nil || p == nil || !n.readableBy(p) {
		return err
	}
	choices, err := preferences(ctx, tx, agentID)
	if err != nil {
		return err
	}
	by := choices.Events[n.Type]
	if by.Mail = by.Mail && mailable(p); by.Mail {
		if by.Mail, _, err = s.mailSettings(ctx, tx); err != nil {
			return err
		}
	}
	if !by.any() {
		return nil
	}
	id, err := s.store(ctx, tx, p, n, by)
	if err != nil || id == 0 {
		return err
	}
	if by.Mail {
		if n.Type == InboxOutage {
			err = s.queueOutageMail(ctx, tx, agentID, id, choices)
		} else {
			err = s.queueMail(ctx, tx, agentID, n.About.ID, choices)
		}
		if err != nil {
			return err
		}
	}
	_, quiet, err := s.quiet(ctx, tx, agentID, choices.QuietHours, time.Now())
	if err != nil {
		return err
	}
	pushes := by.Push && !quiet
	if pushes {
		if pushes, err = s.queuePush(ctx, tx, agentID, id); err != nil {
			return err
		}
	}
	alert := Alert{Bell: by.Bell, Sound: by.Sound && !quiet, Desktop: by.Desktop && !quiet, Push: pushes, Volume: choices.Volume, Tone: choices.Tone}
	if !alert.Bell && !alert.Sound && !alert.Desktop {
		return nil
	}
	return s.Events.Append(ctx, tx, event.New{Type: event.NotificationCreated, ActorID: n.ActorID, Payload: Created{ID: id, UserID: agentID, Alert: alert}})
}

// store inserts the row; 0 when the agent has been told before.
func (s *Service) store(ctx context.Context, tx *db.Tx, p *agent.Principal, n news, by Channels) (id int64, err error) {
	m := meta{Reference: strconv.FormatInt(n.About.Reference, 10), Actor: n.Actor}
	about, actor, place := &n.About.ID, &n.ActorID, (*int64)(nil)
	switch {
	case n.Type == InboxOutage:
		m, about, actor, place = meta{outageMeta: outageMetaOf(*n.Outage)}, nil, nil, &n.Outage.InboxID
	case n.System && n.Type == Assignment:
		m.Actor, actor = "", nil // it is the desk's doing rather than somebody's
	}
	if n.Type == Reply {
		if m.Count, n.MessageID, err = s.gatherReplies(ctx, tx, p.ID, n); err != nil {
			return 0, err
		}
	}
	var message *int64
	if n.MessageID != 0 {
		message = &n.MessageID
	}
	now := db.Now()
	err = tx.QueryRow(ctx, `INSERT INTO user_notifications (created_at, updated_at, user_id, notification_type, title, body, bell, mail,
		conversation_id, message_id, actor_id, meta, inbox_id) VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id`,
		now, p.ID, string(n.Type), title(s.language(ctx, p), n.Type, m), clip(n.Body, maxBody), by.Bell, by.Mail, about, message, actor, db.ToJSON(m), place).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("store a notification: %w", err)
	}
	return id, nil
}

// gatherReplies takes away what told the agent of earlier replies in the conversation that they have not read, so that
// one line stands for a burst. It returns how many messages the new one stands for, and the first of them.
func (s *Service) gatherReplies(ctx context.Context, tx *db.Tx, agentID int64, n news) (count int, first int64, err error) {
	count, first = 1, n.MessageID
	var gone []int64
	err = db.Each(ctx, tx, func(r db.Rows) error {
		var id int64
		var message *int64
		var raw db.JSON
		if err := r.Scan(&id, &message, &raw); err != nil {
			return err
		}
		var m meta
		_ = raw.Decode(&m)
		if gone, count = append(gone, id), count+max(1, m.Count); message != nil && *message < first {
			first = *message
		}
		return nil
	}, `DELETE FROM user_notifications WHERE NOT is_read AND user_id = $1 AND conversation_id = $2 AND notification_type = 'reply' RETURNING id, message_id, meta`,
		agentID, n.About.ID)
	if err != nil {
		return 0, 0, fmt.Errorf("gather unread replies: %w", err)
	}
	if len(gone) > 0 {
		err = s.changed(ctx, tx, n.ActorID, Changed{agentID, Deleted, gone})
	}
	return count, first, err
}

// language is that of an agent's notifications.
func (s *Service) language(ctx context.Context, p *agent.Principal) string {
	return cmp.Or(p.Language, s.Settings.General(ctx).Lang)
}

func clip(text string, most int) string {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
