// Package notify tells agents what concerns them: behind the bell, at once in their browsers, and by mail. It also sends
// the links by which they set their passwords.
//
// A notification is stored in the transaction of the change that it tells of ([event.Log.React]), for those who may read
// the conversation, in the ways they have chosen ([Preferences]). Their open tabs hear of it by the event log. Every mail
// is a job, so that it survives a restart and is tried again; what it says is looked up when it is sent.
package notify

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// ErrNoSender is returned by a [Sender] when the desk has nothing to send its own mail by.
var ErrNoSender = errors.New("no e-mail inbox can send the desk's own mail")

// Sender delivers one mail of the desk.
type Sender interface {
	// Available reports whether there is anything to send by, and how often a mail is to be tried.
	Available(ctx context.Context) (ok bool, attempts int, err error)
	// SendOwn sends a mail; it returns when a server has taken it.
	SendOwn(ctx context.Context, to, subject, html string) error
	// SendNotice sends the mail of a notification; it returns when a server has taken it.
	SendNotice(ctx context.Context, l Letter) error
}

// Letter is the mail of a notification to an agent.
type Letter struct {
	To, Subject, HTML string
	AgentID           int64
	ConversationID    int64 // whose private note an answer becomes; 0 for none
	// Answers says in the agent's language what becomes of an answer.
	Answers string
}

// Options wire a service.
type Options struct {
	DB       *db.DB
	Jobs     *jobs.Runner
	Events   *event.Log
	Agents   *agent.Service
	Settings *setting.Service
	Own      *setting.EmailService // of the server by which mails of notifications leave
	Sender   Sender
	// Conversations and Templates are what mails are worded by.
	Conversations *conversation.Service
	Templates     *template.Service
	Box           *crypt.Box // seals the key by which push services know the desk
	// PushClient calls push services, which browsers name.
	PushClient *http.Client
	// MailAfter is how long a notification waits for being read before it is mailed, MailEvery the least time between two
	// mails to an agent about one conversation; zero values are the usual ones.
	MailAfter, MailEvery time.Duration
}

// Service sends notifications.
type Service struct{ Options }

// New makes the service, registers its jobs and lets it react to events.
func New(o Options) *Service {
	if o.MailAfter == 0 {
		o.MailAfter = mailAfter
	}
	if o.MailEvery == 0 {
		o.MailEvery = mailEvery
	}
	s := &Service{o}
	jobs.Handle(o.Jobs, s.send)
	jobs.Handle(o.Jobs, s.tellWatchers)
	jobs.Handle(o.Jobs, s.mail)
	jobs.Handle(o.Jobs, s.mailOutage)
	jobs.Handle(o.Jobs, s.push)
	jobs.Handle(o.Jobs, func(ctx context.Context, _ cleanJob) error { return s.Clean(ctx, time.Now().Add(-Kept)) })
	o.Jobs.Every(24*time.Hour, cleanJob{})
	o.Events.React(s.react)
	o.Conversations.OnMove(s.move)
	return s
}
