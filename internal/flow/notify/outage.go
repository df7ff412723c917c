package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// outageMeta is what the title of an outage is made of.
type outageMeta struct {
	InboxID   int64      `json:"inbox_id,omitempty"`
	InboxName string     `json:"inbox_name,omitempty"`
	Part      inbox.Part `json:"part,omitempty"`
	Mailbox   string     `json:"mailbox,omitempty"`
	Over      bool       `json:"over,omitempty"`
}

func outageMetaOf(o inbox.Outage) outageMeta {
	return outageMeta{InboxID: o.InboxID, InboxName: o.InboxName, Part: o.Part, Mailbox: o.Mailbox, Over: o.State == inbox.OutageOver}
}

func (m outageMeta) title(lang string) string {
	key := "notification.title.inbox_outage." + string(m.Part)
	if m.Over {
		key += "_over"
	}
	return i18n.T(lang, key, map[string]string{"name": m.InboxName})
}

// pushKey names the text for devices on which nothing of what it is about may be shown.
func (m outageMeta) pushKey() string {
	if m.Over {
		return "push.title.inbox_outage_over"
	}
	return "push.title.inbox_outage"
}

// outagePath is where administrators see what is wrong.
func outagePath(n *Notification) string {
	var m meta
	_ = n.Meta.Decode(&m)
	switch {
	case m.InboxID == 0:
		return ""
	case m.Part == inbox.Mailbox:
		return fmt.Sprintf("/admin/inboxes/%d/mail", m.InboxID)
	}
	return fmt.Sprintf("/admin/inboxes/%d/edit", m.InboxID)
}

// managers are the agents who may manage inboxes; System only where somebody signs in as it.
const managers = `SELECT u.id FROM users u WHERE u.type = 'agent' AND u.enabled AND u.deleted_at IS NULL AND (NOT u.is_system OR u.password_hash IS NOT NULL)
	AND EXISTS (SELECT 1 FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = u.id AND CAST(r.permissions AS TEXT) LIKE '%"inboxes:manage"%') ORDER BY u.id`

// outage tells those who manage inboxes that one does not work or works again. What told them that it does not is settled by
// its end, so that nobody looks for what is mended.
func (s *Service) outage(ctx context.Context, tx *db.Tx, e event.Event) error {
	var o inbox.Outage
	if err := e.Payload.Decode(&o); err != nil {
		return err
	}
	if o.State != inbox.OutageBegan {
		if err := s.settleOutage(ctx, tx, e.ActorID, o); err != nil || o.State == inbox.OutageMoot {
			return err
		}
	}
	people, err := db.Select[int64](ctx, tx, managers)
	if err != nil {
		return fmt.Errorf("read who manages inboxes: %w", err)
	}
	for _, id := range people {
		p, err := agent.PrincipalIn(ctx, tx, id)
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		n := news{Type: InboxOutage, ActorID: e.ActorID, System: true, Outage: &o}
		if o.Problem != "" {
			n.Body = i18n.T(s.language(ctx, p), o.Problem, o.Params)
		}
		if err := s.tell(ctx, tx, id, n); err != nil {
			return err
		}
	}
	return nil
}

// settleOutage marks as read what told of the beginning of an outage.
func (s *Service) settleOutage(ctx context.Context, tx *db.Tx, actorID int64, o inbox.Outage) error {
	ended := map[int64][]int64{}
	err := db.Each(ctx, tx, func(r db.Rows) error {
		var id, agentID int64
		var raw db.JSON
		if err := r.Scan(&id, &agentID, &raw); err != nil {
			return err
		}
		var m meta
		if raw.Decode(&m) == nil && m.Part == o.Part && m.Mailbox == o.Mailbox {
			ended[agentID] = append(ended[agentID], id)
		}
		return nil
	}, `SELECT id, user_id, meta FROM user_notifications WHERE inbox_id = $1 AND NOT is_read ORDER BY user_id, id`, o.InboxID)
	if err != nil {
		return fmt.Errorf("read what was told of inbox %d: %w", o.InboxID, err)
	}
	for agentID, ids := range ended {
		in, args := db.In(3, ids)
		if _, err := tx.Exec(ctx, markRead+` AND id IN (`+in+`)`, append([]any{db.Now(), agentID}, args...)...); err != nil {
			return fmt.Errorf("settle what was told of inbox %d: %w", o.InboxID, err)
		}
		if err := s.changed(ctx, tx, actorID, Changed{agentID, Read, ids}); err != nil {
			return err
		}
	}
	return nil
}

// outageMailJob is the job that mails an agent one notification of an inbox.
type outageMailJob struct {
	NotificationID int64 `json:"notification_id"`
}

// Kind implements jobs.Args.
func (outageMailJob) Kind() string { return "notify.mail_outage" }

func (s *Service) queueOutageMail(ctx context.Context, tx *db.Tx, agentID, id int64, choices Preferences) error {
	return s.insertMail(ctx, tx, agentID, outageMailJob{id}, time.Now().Add(s.MailAfter), choices.QuietHours)
}

// mailOutage runs an [outageMailJob]: nothing leaves if the agent has read it, may not know of it any more, or wants no mail.
func (s *Service) mailOutage(ctx context.Context, job outageMailJob) error {
	n, err := s.Notification(ctx, job.NotificationID)
	if errors.Is(err, db.ErrNoRows) || (err == nil && n.IsRead) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a notification: %w", err)
	}
	var p *agent.Principal
	on := false
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		if p, err = agent.PrincipalIn(ctx, tx, n.UserID); err != nil {
			return err
		}
		choices, err := preferences(ctx, tx, n.UserID)
		if err != nil {
			return err
		}
		on, _, err = s.mailSettings(ctx, tx)
		on = on && choices.Events[InboxOutage].Mail
		return err
	})
	if err != nil || !on || p == nil || !mailable(p) || !n.ReadableBy(p) {
		return err
	}
	var m meta
	_ = n.Meta.Decode(&m)
	data := template.Data{Recipient: template.Person{FirstName: p.FirstName, LastName: p.LastName, Email: p.Email},
		More: map[string]any{"Title": n.Title, "Body": said(*n), "Path": Path(n)}}
	subject, body, err := s.Templates.Own(ctx, s.language(ctx, p), template.Outage, data)
	if err != nil {
		return err
	}
	if err := s.Sender.SendNotice(ctx, Letter{To: p.Email, Subject: oneLine(subject), HTML: body, AgentID: p.ID}); err != nil {
		return fmt.Errorf("mail a notification to %s: %w", p.Email, err)
	}
	return nil
}
