package api

import (
	"context"
	"net/http"
	"net/mail"
	"strconv"
	"sync"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// InboxPath is the path of an inbox.
type InboxPath struct {
	ID string `path:"id" doc:"The inbox's id"`
}

type inboxBody struct {
	Name               string  `json:"name,omitempty"`
	Channel            string  `json:"channel,omitempty" doc:"email"`
	Enabled            bool    `json:"enabled,omitempty"`
	CSATEnabled        bool    `json:"csat_enabled,omitempty"`
	PromptTagsOnReply  bool    `json:"prompt_tags_on_reply,omitempty"`
	From               string  `json:"from,omitempty" doc:"A mailbox such as Acme Help <help@acme.test>"`
	FromNameTemplate   string  `json:"from_name_template,omitempty"`
	Config             db.JSON `json:"config,omitempty" doc:"Servers and addresses. A secret that is empty, left out or masked stays as it is; null removes it"`
	Secret             *string `json:"secret,omitempty" nullable:"true"`
	LinkedEmailInboxID *int64  `json:"linked_email_inbox_id,omitempty" nullable:"true"`
}

func (b inboxBody) input() inbox.Input {
	return inbox.Input{Name: b.Name, Channel: b.Channel, Enabled: b.Enabled, CSATEnabled: b.CSATEnabled, PromptTagsOnReply: b.PromptTagsOnReply,
		From: b.From, FromNameTemplate: b.FromNameTemplate, Config: b.Config, Secret: b.Secret, LinkedEmailInboxID: b.LinkedEmailInboxID}
}

// Inboxes registers the routes of inboxes.
func Inboxes(a *API) {
	s, manage := a.Inboxes, need(role.InboxesManage)
	route(a, http.MethodGet, "/inboxes", "Inboxes; their settings only for those who manage them", anyone,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) ([]inbox.Inbox, error) {
			return s.List(ctx, p)
		})
	route(a, http.MethodPost, "/inboxes", "Create an inbox", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body inboxBody }) (inbox.Inbox, error) {
			return s.Create(ctx, in.Body.input())
		})
	route(a, http.MethodGet, "/inboxes/{id}", "One inbox, secrets masked", manage,
		func(ctx context.Context, _ *agent.Principal, in *InboxPath) (inbox.Inbox, error) {
			return withID(in.ID, func(id int64) (inbox.Inbox, error) { return s.Get(ctx, id) })
		})
	route(a, http.MethodPut, "/inboxes/{id}", "Replace an inbox's settings", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct {
			InboxPath
			Body inboxBody
		}) (inbox.Inbox, error) {
			return withID(in.ID, func(id int64) (inbox.Inbox, error) { return s.Update(ctx, id, in.Body.input()) })
		})
	route(a, http.MethodPut, "/inboxes/{id}/toggle", "Enable or disable an inbox", manage,
		func(ctx context.Context, _ *agent.Principal, in *InboxPath) (inbox.Inbox, error) {
			return withID(in.ID, func(id int64) (inbox.Inbox, error) { return s.Toggle(ctx, id) })
		})
	route(a, http.MethodDelete, "/inboxes/{id}", "Delete an inbox; its conversations stay", manage,
		func(ctx context.Context, _ *agent.Principal, in *InboxPath) (done, error) {
			return withID(in.ID, func(id int64) (done, error) {
				err := s.Delete(ctx, id)
				return err == nil, err
			})
		})
	route(a, http.MethodGet, "/inboxes/{id}/health", "How an inbox's mailboxes and outgoing mail fare", manage,
		func(ctx context.Context, _ *agent.Principal, in *InboxPath) (email.Health, error) {
			return withID(in.ID, func(id int64) (email.Health, error) {
				box, err := s.Get(ctx, id)
				if err != nil {
					return email.Health{}, err
				}
				h, err := email.ReadHealth(ctx, a.DB, box)
				for i, m := range h.Mailboxes {
					if p, ok := m.Explained(); ok {
						h.Mailboxes[i].Problem = a.say(ctx, p.Key, p.Params)
					}
				}
				if p, ok := h.Sending.Explained(); ok {
					h.Sending.Problem = a.say(ctx, p.Key, p.Params)
				}
				return h, err
			})
		})
	a.inboxOAuth()
	route(a, http.MethodPost, "/inboxes/test", "Try an inbox's connections without saving anything, and send a test mail if it is said to whom", manage, a.testInbox)
}

// withID calls fn with the number in a path; anything else is an Invalid error.
func withID[T any](text string, fn func(id int64) (T, error)) (T, error) {
	id, err := pathID(text)
	if err != nil {
		var none T
		return none, err
	}
	return fn(id)
}

type inboxTestInput struct {
	Body struct {
		inboxBody
		ID *int64 `json:"id,omitempty" nullable:"true" doc:"An inbox whose stored secrets stand for those left out"`
		To string `json:"to,omitempty" doc:"An address to which a test mail is sent through each outgoing server; none is sent unless given"`
	}
}

// connectionTest is how one server answered, in plain words, and in its own.
type connectionTest struct {
	OK       bool         `json:"ok"`
	Message  string       `json:"message"`
	Detail   string       `json:"detail"`
	Dialogue []email.Line `json:"dialogue,omitempty" doc:"What the desk and a server for outgoing mail said to each other, secrets masked"`
}

type inboxTest struct {
	IMAP []connectionTest `json:"imap"`
	SMTP []connectionTest `json:"smtp"`
}

// testInbox connects to every server of the settings, all at the same time.
func (a *API) testInbox(ctx context.Context, p *agent.Principal, in *inboxTestInput) (inboxTest, error) {
	cfg, err := a.Inboxes.Draft(ctx, value(in.Body.ID), in.Body.input())
	if err != nil {
		return inboxTest{}, err
	}
	letter, err := a.inboxTestMail(ctx, p, in)
	if err != nil {
		return inboxTest{}, err
	}
	var tokens email.Tokens
	if cfg.AuthType == inbox.AuthOAuth2 {
		email.NameAccount(&cfg)
		tokens = func(ctx context.Context, refused string) (string, error) {
			return a.MailAuth.Token(ctx, value(in.Body.ID), refused)
		}
	}
	out := inboxTest{IMAP: make([]connectionTest, len(cfg.IMAP)), SMTP: make([]connectionTest, len(cfg.SMTP))}
	var wg sync.WaitGroup
	for i, server := range cfg.IMAP {
		wg.Go(func() { out.IMAP[i] = a.testIMAP(ctx, server, tokens) })
	}
	for i, server := range cfg.SMTP {
		wg.Go(func() { out.SMTP[i] = a.testSMTP(ctx, server, tokens, letter(server)) })
	}
	wg.Wait()
	return out, nil
}

func (a *API) testIMAP(ctx context.Context, server inbox.IMAPServer, tokens email.Tokens) connectionTest {
	state, err := email.ProbeIMAP(ctx, server, tokens)
	if err != nil {
		return a.failedTest(ctx, email.ExplainIMAP(err, server))
	}
	key := "email.ok.imap_polling"
	if state.Idle {
		key = "email.ok.imap_idle"
	}
	interval := server.ReadInterval
	if interval == "" {
		interval = "5m"
	}
	return connectionTest{OK: true, Message: a.say(ctx, key, map[string]string{
		"count": strconv.FormatUint(uint64(state.Messages), 10), "interval": interval})}
}

// inboxTestMail returns what makes the mail that goes through a server; it makes none if it is not said to whom.
func (a *API) inboxTestMail(ctx context.Context, p *agent.Principal, in *inboxTestInput) (func(inbox.SMTPServer) *email.TestMail, error) {
	if in.Body.To == "" {
		return func(inbox.SMTPServer) *email.TestMail { return nil }, nil
	}
	to, err := mail.ParseAddress(in.Body.To)
	if err != nil {
		return nil, fault.Field("to", "error.address_invalid", "value", in.Body.To)
	}
	if err := a.Inboxes.Tested(ctx, value(in.Body.ID), in.Body.Name, to.Address); err != nil {
		return nil, err
	}
	return func(s inbox.SMTPServer) *email.TestMail {
		names := map[string]string{"site": in.Body.Name, "host": s.Host}
		return &email.TestMail{From: in.Body.From, To: to.Address, Subject: a.say(ctx, "mail.test.subject", names),
			HTML: a.testText(ctx, p, a.say(ctx, "mail.test.inbox", names))}
	}, nil
}

// testSMTP tries a server, with a mail if there is one.
func (a *API) testSMTP(ctx context.Context, server inbox.SMTPServer, tokens email.Tokens, m *email.TestMail) connectionTest {
	trial := email.Try(ctx, server, tokens, m)
	out := connectionTest{OK: true, Message: a.say(ctx, "email.ok.smtp", nil)}
	switch {
	case trial.Err != nil:
		out = a.failedTest(ctx, email.ExplainSMTP(trial.Err, server))
	case m != nil:
		out.Message = a.say(ctx, "email.ok.test_sent", map[string]string{"address": m.To, "host": server.Host})
	case tokens == nil && (server.AuthProtocol == "" || server.AuthProtocol == "none"):
		out.Message = a.say(ctx, "email.ok.smtp_no_auth", nil)
	}
	out.Dialogue = trial.Dialogue
	return out
}

func (a *API) failedTest(ctx context.Context, p email.Problem) connectionTest {
	return connectionTest{Message: a.say(ctx, p.Key, p.Params), Detail: p.Detail}
}
