package api

import (
	"context"
	"errors"
	"net/http"
	"net/mail"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/flow/notify"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

type templateBody struct {
	Name      string  `json:"name,omitempty"`
	Type      string  `json:"type,omitempty" doc:"email_outgoing or email_notification"`
	Subject   *string `json:"subject,omitempty"`
	Body      string  `json:"body,omitempty" doc:"HTML with actions of Go's text/template"`
	IsDefault bool    `json:"is_default,omitempty" doc:"Makes it the layout that mail leaves in, in place of another"`
}

func (b templateBody) edit() template.Edit {
	return template.Edit{Type: b.Type, Name: b.Name, Subject: b.Subject, Body: b.Body, IsDefault: b.IsDefault}
}

// TemplateDraft is a template that need not be saved.
type TemplateDraft struct {
	Type         string `json:"type,omitempty" doc:"email_outgoing or email_notification"`
	Name         string `json:"name,omitempty" doc:"Of a built-in template: which variables there are"`
	Subject      string `json:"subject,omitempty"`
	Body         string `json:"body,omitempty"`
	Conversation string `json:"conversation_uuid,omitempty" doc:"Whose values are shown; samples unless given"`
	Lang         string `json:"lang,omitempty" doc:"Of texts that the template takes from the program; the desk's unless given"`
}

// Templates registers the routes of the texts of mails.
func Templates(a *API) {
	manage := need(role.TemplatesManage)
	s := a.Templates
	route(a, http.MethodGet, "/templates", "The templates of a type, the last changed first", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct {
			Type string `query:"type" doc:"email_outgoing or email_notification"`
		}) ([]template.Template, error) {
			return s.List(ctx, in.Type)
		})
	route(a, http.MethodPost, "/templates", "Create a template", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body templateBody }) (template.Template, error) {
			return s.Create(ctx, in.Body.edit())
		})
	route(a, http.MethodPost, "/templates/preview", "What a template looks like that need not be saved", manage, a.previewTemplate)
	route(a, http.MethodPost, "/templates/test", "Send a test mail of a template that need not be saved", manage, a.testTemplate)
	one := func(method, path, summary string, fn func(ctx context.Context, id int64) (template.Template, error)) {
		route(a, method, path, summary, manage, func(ctx context.Context, _ *agent.Principal, in *IDPath) (t template.Template, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return t, err
			}
			return fn(ctx, id)
		})
	}
	one(http.MethodGet, "/templates/{id}", "One template", s.Get)
	one(http.MethodPost, "/templates/{id}/reset", "Give a built-in template its original text again", s.Reset)
	route(a, http.MethodPut, "/templates/{id}", "Replace a template; a built-in one keeps its name and type", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct {
			IDPath
			Body templateBody
		}) (t template.Template, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return t, err
			}
			return s.Update(ctx, id, in.Body.edit())
		})
	route(a, http.MethodDelete, "/templates/{id}", "Delete a template that is not built in", manage,
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, s.Delete(ctx, id)
		})
}

func (a *API) previewTemplate(ctx context.Context, p *agent.Principal, in *struct{ Body TemplateDraft }) (template.Preview, error) {
	return a.preview(ctx, p, in.Body)
}

// preview renders a draft, with the values of a conversation that the caller may read if one is named.
func (a *API) preview(ctx context.Context, p *agent.Principal, in TemplateDraft) (out template.Preview, err error) {
	draft := template.Draft{Type: in.Type, Name: in.Name, Subject: in.Subject, Body: in.Body, Lang: in.Lang}
	if in.Conversation != "" {
		id, err := a.Conversations.ConversationIDOf(ctx, p, in.Conversation)
		if err != nil {
			return out, err
		}
		d, err := a.Conversations.Variables(ctx, a.DB, id, p.ID)
		if err != nil {
			return out, err
		}
		if in.Type == template.Notification {
			d.Recipient = template.Person{FirstName: p.FirstName, LastName: p.LastName, Email: p.Email}
		}
		draft.Data = &d
	}
	return a.Templates.Preview(ctx, draft)
}

func (a *API) testTemplate(ctx context.Context, p *agent.Principal, in *struct {
	Body struct {
		TemplateDraft
		To string `json:"to,omitempty" doc:"The caller's address unless given"`
	}
}) (out connectionTest, err error) {
	to := in.Body.To
	if to == "" {
		to = p.Email
	}
	address, err := mail.ParseAddress(to)
	if err != nil {
		return out, fault.Field("to", "error.address_invalid", "value", to)
	}
	made, err := a.preview(ctx, p, in.Body.TemplateDraft)
	if err != nil {
		return out, err
	}
	if err := a.Templates.Tested(ctx, in.Body.Name); err != nil {
		return out, err
	}
	err = a.SendOwn(ctx, address.Address, made.Subject, made.HTML)
	if errors.Is(err, notify.ErrNoSender) {
		return connectionTest{Message: a.say(ctx, "error.template_no_mail", nil)}, nil
	}
	if err != nil {
		return connectionTest{Message: a.say(ctx, "template.test_failed", nil), Detail: email.ExplainSMTP(err, inbox.SMTPServer{}).Detail}, nil
	}
	return connectionTest{OK: true, Message: a.say(ctx, "template.test_sent", map[string]string{"address": address.Address})}, nil
}
