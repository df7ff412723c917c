package notify

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// Mails of notifications leave by the desk's own server only, never by an inbox that customers know. An agent gets one
// about a conversation, after a moment in which they may see it in the desk, and the next after a while: what comes
// meanwhile is in it. A mail may come twice when a node dies between sending it and noting that.

// The usual times of [Options].
const (
	mailAfter = 30 * time.Second
	mailEvery = 5 * time.Minute
	// forgotten is after how long a job that was to send a mail is taken for lost: longer than it is tried.
	forgotten = 12 * time.Hour
)

// mailJob is the job that mails an agent what they have not read about a conversation.
type mailJob struct {
	UserID         int64 `json:"user_id"`
	ConversationID int64 `json:"conversation_id"`
}

// Kind implements jobs.Args.
func (mailJob) Kind() string { return "notify.mail" }

func mailable(p *agent.Principal) bool { return strings.Contains(p.Email, "@") }

// queueMail makes sure that a job will look what to mail an agent about a conversation.
func (s *Service) queueMail(ctx context.Context, tx *db.Tx, agentID, conversationID int64, choices Preferences) error {
	now := db.Now()
	var last db.Time
	err := tx.QueryRow(ctx, `INSERT INTO notification_mails (user_id, conversation_id, queued_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, conversation_id) DO UPDATE SET queued_at = excluded.queued_at
		WHERE notification_mails.queued_at IS NULL OR notification_mails.queued_at < $4 RETURNING sent_at`,
		agentID, conversationID, now, db.At(now.Add(-forgotten))).Scan(&last)
	if errors.Is(err, db.ErrNoRows) {
		return nil // there is one
	}
	if err != nil {
		return fmt.Errorf("queue the mail of a notification: %w", err)
	}
	at := now.Add(s.MailAfter)
	if next := last.Add(s.MailEvery); next.After(at) {
		at = next
	}
	return s.insertMail(ctx, tx, agentID, mailJob{agentID, conversationID}, at, choices.QuietHours)
}

// insertMail queues the job of a mail to an agent for a time, or for the end of the quiet hours in which it is.
func (s *Service) insertMail(ctx context.Context, tx *db.Tx, agentID int64, job jobs.Args, at time.Time, hours QuietHours) error {
	end, quiet, err := s.quiet(ctx, tx, agentID, hours, at)
	if err != nil {
		return err
	}
	if quiet {
		at = end
	}
	_, attempts, err := s.mailSettings(ctx, tx)
	if err != nil {
		return err
	}
	return s.Jobs.Insert(ctx, tx, job, jobs.Options{At: at, MaxAttempts: attempts})
}

// mailSettings reports whether the desk has a server of its own, and how often a mail is to be tried by it.
func (s *Service) mailSettings(ctx context.Context, q db.Querier) (on bool, attempts int, err error) {
	on, retries, err := s.Own.Enabled(ctx, q)
	return on, 1 + retries, err
}

// notice is what a mail about a conversation is made of.
type notice struct {
	agent   *agent.Principal
	about   []Notification // oldest first
	data    template.Data
	subject subject
}

// last is the newest notification in it.
func (n *notice) last() int64 { return n.about[len(n.about)-1].ID }

// mail runs a [mailJob].
func (s *Service) mail(ctx context.Context, job mailJob) error {
	var n *notice
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		if n, err = s.notice(ctx, tx, job); err == nil && n == nil {
			err = s.mailed(ctx, tx, job, 0)
		}
		return err
	})
	if err != nil || n == nil {
		return err
	}
	subject, body, err := s.write(ctx, n)
	if err != nil {
		return err
	}
	err = s.Sender.SendNotice(ctx, Letter{To: n.agent.Email, Subject: subject, HTML: body, AgentID: n.agent.ID, ConversationID: n.subject.ID,
		Answers: i18n.T(s.language(ctx, n.agent), "mail.notification.answers", nil)})
	if err != nil {
		return fmt.Errorf("mail notifications to %s: %w", n.agent.Email, err)
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error { return s.mailed(ctx, tx, job, n.last()) })
}

const waitingQuery = `WHERE NOT n.is_read AND n.user_id = $1 AND n.conversation_id = $2 AND n.mail`

// notice gathers what an agent has not read yet; nil when there is nothing to send, or nothing any more.
func (s *Service) notice(ctx context.Context, tx *db.Tx, job mailJob) (*notice, error) {
	p, err := agent.PrincipalIn(ctx, tx, job.UserID)
	if err != nil || p == nil || !mailable(p) {
		return nil, err
	}
	c, err := readSubject(ctx, tx, job.ConversationID)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil || !conversation.CanRead(p, c.AssignedUser, c.AssignedTeam) {
		return nil, err
	}
	choices, err := preferences(ctx, tx, job.UserID)
	if err != nil {
		return nil, err
	}
	if on, _, err := s.mailSettings(ctx, tx); err != nil || !on {
		return nil, err
	}
	var waiting []Notification
	err = db.Each(ctx, tx, func(r db.Rows) error {
		var n Notification
		err := n.scan(r)
		if choices.Events[n.NotificationType].Mail {
			waiting = append(waiting, n)
		}
		return err
	}, notificationQuery+waitingQuery+` ORDER BY n.id LIMIT 20`, job.UserID, job.ConversationID)
	if err != nil {
		return nil, fmt.Errorf("read what to mail: %w", err)
	}
	if len(waiting) == 0 {
		return nil, nil
	}
	n := &notice{agent: p, about: waiting, subject: c}
	if n.data, err = s.Conversations.Variables(ctx, tx, c.ID, 0); err != nil {
		return nil, err
	}
	n.data.Recipient = template.Person{FirstName: p.FirstName, LastName: p.LastName, Email: p.Email}
	return n, nil
}

// templates are the stored templates of mails about one thing.
var templates = map[Type]string{Assignment: template.Assigned, Mention: template.Mentioned}

// write words the mail: by the template of what it is about, or as a list of several things. What customers and agents
// wrote is data in it.
func (s *Service) write(ctx context.Context, n *notice) (subject, body string, err error) {
	lang, first := s.language(ctx, n.agent), n.about[0]
	if name := templates[first.NotificationType]; name != "" && len(n.about) == 1 {
		n.data.More = single(first)
		return s.Templates.Notice(ctx, lang, name, n.data)
	}
	var list []any
	for _, one := range n.about {
		list = append(list, map[string]any{"Title": one.Title, "Body": said(one)})
	}
	n.data.More = map[string]any{"Notifications": list, "Path": Path(&first)}
	if _, body, err = s.Templates.Own(ctx, lang, template.Digest, n.data); err != nil {
		return "", "", err
	}
	var m meta
	_ = first.Meta.Decode(&m)
	kind := string(first.NotificationType)
	if len(n.about) > 1 {
		kind = "several"
	}
	return i18n.T(lang, "mail.notification.subject."+kind, map[string]string{"reference": n.data.Conversation.ReferenceNumber, "subject": oneLine(n.subject.Subject),
		"actor": oneLine(m.Actor), "count": strconv.Itoa(len(n.about))}), body, nil
}

// single are the variables of a mail about one thing.
func single(n Notification) map[string]any {
	var actor template.Person
	var m meta
	if _ = n.Meta.Decode(&m); m.Actor != "" {
		actor = template.Person{FirstName: value(n.ActorFirstName), LastName: value(n.ActorLastName)}
	}
	return map[string]any{"AssignedBy": actor, "MentionedBy": actor, "Message": map[string]any{"UUID": value(n.MessageUUID), "Content": said(n)}}
}

// said is what a notification says besides its title, as HTML.
func said(n Notification) template.HTML {
	return template.HTML(strings.ReplaceAll(html.EscapeString(value(n.Body)), "\n", "<br>"))
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Path returns where the web app shows what a notification is about; empty for nowhere.
func Path(n *Notification) string {
	if n.NotificationType == InboxOutage {
		return outagePath(n)
	}
	if n.ConversationUUID == nil {
		return ""
	}
	list := map[Type]string{Mention: "mentioned", NewConversation: "all"}[n.NotificationType]
	if list == "" {
		list = "assigned"
	}
	path := "/inboxes/" + list + "/conversation/" + url.PathEscape(*n.ConversationUUID)
	if n.MessageUUID != nil {
		path += "?scrollTo=" + url.QueryEscape(*n.MessageUUID)
	}
	return path
}

// oneLine makes what somebody wrote fit for the subject of a mail.
func oneLine(text string) string {
	return clip(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == ' ' || r == 0x7f }), " "), 150)
}

// mailed notes that the notifications up to one need no mail any more, all of them when it is 0, and queues the next mail if
// others came while this one was sent.
func (s *Service) mailed(ctx context.Context, tx *db.Tx, job mailJob, last int64) error {
	sent := `queued_at = NULL`
	args := []any{job.UserID, job.ConversationID}
	if last > 0 {
		sent, args = sent+`, sent_at = $3`, append(args, db.Now())
	}
	// First of all, so that who stores a notification now waits and then queues its mail, or has stored it and is seen here.
	if _, err := tx.Exec(ctx, `UPDATE notification_mails SET `+sent+` WHERE user_id = $1 AND conversation_id = $2`, args...); err != nil {
		return fmt.Errorf("note that a mail has left: %w", err)
	}
	upTo, args := ``, []any{job.UserID, job.ConversationID}
	if last > 0 {
		upTo, args = ` AND id <= $3`, append(args, last)
	}
	if _, err := tx.Exec(ctx, `UPDATE user_notifications SET mail = FALSE WHERE user_id = $1 AND conversation_id = $2 AND NOT is_read AND mail`+upTo, args...); err != nil {
		return fmt.Errorf("note what was mailed: %w", err)
	}
	if last == 0 {
		return nil
	}
	var more bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM user_notifications n `+waitingQuery+`)`, job.UserID, job.ConversationID).Scan(&more); err != nil || !more {
		return err
	}
	choices, err := preferences(ctx, tx, job.UserID)
	if err != nil {
		return err
	}
	return s.queueMail(ctx, tx, job.UserID, job.ConversationID, choices)
}
