package notify

import (
	"context"
	"fmt"
	"html"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// PasswordMail is the job that sends an agent a link to set their password.
type PasswordMail struct {
	AgentID int64 `json:"agent_id"`
	Welcome bool  `json:"welcome"` // to a new agent, rather than to one who forgot
}

// Kind implements jobs.Args.
func (PasswordMail) Kind() string { return "notify.password" }

// PasswordLink queues the mail with a link for an agent. It reports false when the desk cannot send mail yet.
func (s *Service) PasswordLink(ctx context.Context, agentID int64, welcome bool) (bool, error) {
	ok, attempts, err := s.Sender.Available(ctx)
	if err != nil || !ok {
		return false, err
	}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := s.Agents.LinkAsked(ctx, tx, agentID); err != nil {
			return err
		}
		return s.Jobs.Insert(ctx, tx, PasswordMail{AgentID: agentID, Welcome: welcome}, jobs.Options{MaxAttempts: attempts})
	})
	return err == nil, err
}

// Inviter returns what queues the welcome of a new agent in the transaction that makes them; nil when the desk cannot
// send mail yet.
func (s *Service) Inviter(ctx context.Context) (func(ctx context.Context, tx *db.Tx, agentID int64) error, error) {
	ok, attempts, err := s.Sender.Available(ctx)
	if err != nil || !ok {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx, agentID int64) error {
		if err := s.Agents.LinkAsked(ctx, tx, agentID); err != nil {
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
	token, err := s.Agents.NewLink(ctx, job.AgentID)
	if err != nil {
		return err
	}
	g := s.Settings.General(ctx)
	lang := g.Lang
	if a.Language != nil {
		lang = *a.Language
	}
	link, kind := g.RootURL+"/set-password?token="+token, "reset"
	if job.Welcome {
		kind = "welcome"
	}
	say := func(part string) string {
		return i18n.T(lang, "mail."+kind+"."+part, map[string]string{"name": a.FirstName, "site": g.SiteName})
	}
	address := html.EscapeString(link)
	body := Letter(g, lang, html.EscapeString(say("hello")), html.EscapeString(say("text")), fmt.Sprintf(`<a href="%s">%s</a>`, address, address), html.EscapeString(say("end")))
	if err := s.Sender.SendOwn(ctx, *a.Email, say("subject"), body); err != nil {
		return fmt.Errorf("send %s a link: %w", *a.Email, err)
	}
	return nil
}
