package notify

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// PasswordMail is the job that sends an agent a link to set their password.
type PasswordMail struct {
	AgentID int64 `json:"agent_id"`
	Welcome bool  `json:"welcome"` // to a new agent, rather than to one who forgot
}

// Kind implements jobs.Args.
func (PasswordMail) Kind() string { return "notify.password" }

// PasswordLink queues the mail with a link for an agent who forgot their password. It reports false when the desk cannot
// send mail yet.
func (s *Service) PasswordLink(ctx context.Context, agentID int64) (bool, error) {
	ok, attempts, err := s.Sender.Available(ctx)
	if err != nil || !ok {
		return false, err
	}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := s.Agents.LinkAsked(ctx, tx, agentID); err != nil {
			return err
		}
		return s.Jobs.Insert(ctx, tx, PasswordMail{AgentID: agentID}, jobs.Options{MaxAttempts: attempts})
	})
	return err == nil, err
}

// Invite queues the mail that invites an agent. It reports false when the desk cannot send mail yet; errors are those of
// [agent.Service.Invited].
func (s *Service) Invite(ctx context.Context, agentID int64) (bool, error) {
	invite, err := s.Inviter(ctx)
	if err != nil || invite == nil {
		return false, err
	}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error { return invite(ctx, tx, agentID) })
	return err == nil, err
}

// Inviter returns what invites agents in the caller's transaction; nil when the desk cannot send mail yet.
func (s *Service) Inviter(ctx context.Context) (func(ctx context.Context, tx *db.Tx, agentID int64) error, error) {
	ok, attempts, err := s.Sender.Available(ctx)
	if err != nil || !ok {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx, agentID int64) error {
		if err := s.Agents.Invited(ctx, tx, agentID); err != nil {
			return err
		}
		return s.Jobs.Insert(ctx, tx, PasswordMail{AgentID: agentID, Welcome: true}, jobs.Options{MaxAttempts: attempts})
	}, nil
}

func (s *Service) send(ctx context.Context, job PasswordMail) error {
	a, err := s.Agents.Get(ctx, job.AgentID)
	if fault.Is(err, fault.NotFound) || (err == nil && (!a.Enabled || a.Email == nil)) {
		return nil // gone or disabled meanwhile
	}
	if err != nil {
		return err
	}
	body, subject, err := s.letter(ctx, a, job.Welcome)
	if err != nil {
		return err
	}
	if err := s.Sender.SendOwn(ctx, *a.Email, subject, body); err != nil {
		return fmt.Errorf("send %s a link: %w", *a.Email, err)
	}
	return nil
}

// letter writes the mail. An invitation leads to the sign-in page where single sign-on is the only way in, and to the
// choice of a password everywhere else.
func (s *Service) letter(ctx context.Context, a *agent.Agent, welcome bool) (body, subject string, err error) {
	g := s.Settings.General(ctx)
	lang, text, link := g.Lang, template.ResetPassword, g.RootURL
	if a.Language != nil {
		lang = *a.Language
	}
	if welcome {
		text = template.Welcome
	}
	err = s.Agents.PasswordAllowed(ctx)
	switch {
	case welcome && fault.Is(err, fault.Forbidden):
		text = template.WelcomeSSO
	case err != nil && !fault.Is(err, fault.Forbidden):
		return "", "", err
	default:
		token, err := s.Agents.NewLink(ctx, a.ID)
		if err != nil {
			return "", "", err
		}
		link += "/set-password?token=" + token
	}
	subject, body, err = s.Templates.Plain(ctx, lang, text, template.Data{
		Recipient: template.Person{FirstName: a.FirstName, LastName: a.LastName, Email: *a.Email}, More: map[string]any{"Link": link}})
	return body, subject, err
}
