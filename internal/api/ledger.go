package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// MailPath names a mail in the ledger.
type MailPath struct {
	Mail string `path:"mail" doc:"The mail's id in the ledger"`
}

type mailsInput struct {
	InboxPath
	Mailbox  string `query:"mailbox" doc:"The mailbox's id"`
	State    string `query:"state" doc:"pending, filed, duplicate, ignored or quarantined; all unless given"`
	Rule     string `query:"rule" doc:"A rule by which mails are ignored or quarantined"`
	Before   string `query:"before" doc:"The next of the page before"`
	PageSize string `query:"page_size" doc:"Mails a page, 30 unless given, at most 100"`
}

// OpenedMail is a mail that was set aside, with what is in it.
type OpenedMail struct {
	email.OpenedMail
	Header *MailHeader `json:"header" doc:"null if the mail is not kept"`
}

type releaseInput struct {
	MailPath
	Body struct {
		As   string `json:"as,omitempty" doc:"usual, where it would have gone without the rule, or conversation, for one of its own; usual unless given"`
		From string `json:"from,omitempty" doc:"The sender of a mail that names none"`
	}
}

type sinceInput struct {
	InboxPath
	Mailbox string `path:"mailbox" doc:"The mailbox's id"`
	Body    struct {
		Since string `json:"since,omitempty" doc:"RFC 3339; empty for everything"`
	}
}

// Ledger registers the routes of what became of every mail.
func Ledger(a *API) {
	manage := need(role.InboxesManage)
	const of = "/mails/{mail}"
	route(a, http.MethodGet, "/inboxes/{id}/mails", "The mails of a mailbox and what became of them, the newest first", manage,
		func(ctx context.Context, _ *agent.Principal, in *mailsInput) (email.MailsPage, error) {
			q, err := in.query()
			if err != nil {
				return email.MailsPage{}, err
			}
			return a.Mail.Mails(ctx, q)
		})
	route(a, http.MethodGet, of, "What is in a mail that was ignored or quarantined", manage,
		func(ctx context.Context, _ *agent.Principal, in *MailPath) (out OpenedMail, err error) {
			id, err := pathID(in.Mail)
			if err != nil {
				return out, err
			}
			if out.OpenedMail, err = a.Mail.OpenMail(ctx, id); err == nil && out.OpenedMail.Header != nil {
				out.Header = headerOf(*out.OpenedMail.Header, out.Size)
			}
			return out, err
		})
	route(a, http.MethodPost, of+"/release", "File a mail that was ignored or quarantined", manage,
		func(ctx context.Context, _ *agent.Principal, in *releaseInput) (email.Mail, error) {
			id, err := pathID(in.Mail)
			if err != nil {
				return email.Mail{}, err
			}
			if as := in.Body.As; as != "" && as != "usual" && as != "conversation" {
				return email.Mail{}, fault.Field("as", "error.unknown_value", "value", as)
			}
			return a.Mail.Release(ctx, id, email.Release{Fresh: in.Body.As == "conversation", From: in.Body.From})
		})
	route(a, http.MethodPut, "/inboxes/{id}/mailboxes/{mailbox}/since", "Read a mailbox's older mail, too", manage,
		func(ctx context.Context, _ *agent.Principal, in *sinceInput) (done, error) {
			box, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			mailbox, err := pathID(in.Mailbox)
			if err != nil {
				return false, err
			}
			since := time.Unix(0, 0)
			if in.Body.Since != "" {
				if since, err = time.Parse(time.RFC3339, in.Body.Since); err != nil || since.Before(time.Unix(0, 0)) {
					return false, fault.Field("since", "error.unknown_value", "value", in.Body.Since)
				}
			}
			return true, a.Mail.ReadSince(ctx, box, mailbox, db.At(since))
		})
	route(a, http.MethodGet, "/mail-alarms", "Mailboxes that are not read, and inboxes that cannot send", manage,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]email.Alarm, error) {
			return a.Mail.Alarms(ctx)
		})
	a.file(of+"/source", role.InboxesManage, "A mail that was ignored or quarantined, as it came; with download=1 to be saved", "text/plain", a.setAsideSource)
}

func (in *mailsInput) query() (q email.MailsQuery, err error) {
	if q.InboxID, err = pathID(in.ID); err != nil {
		return q, err
	}
	mailbox, err := strconv.ParseInt(in.Mailbox, 10, 64)
	if in.Mailbox == "" {
		return q, fault.Required("mailbox")
	} else if err != nil {
		return q, fault.Field("mailbox", "error.unknown_value", "value", in.Mailbox)
	}
	if in.Before != "" {
		if q.Before, err = strconv.ParseInt(in.Before, 10, 64); err != nil || q.Before < 1 {
			return q, fault.Field("before", "error.unknown_value", "value", in.Before)
		}
	}
	q.MailboxID, q.State, q.Rule, q.Size = mailbox, in.State, in.Rule, min(positiveOr(in.PageSize, defaultPageSize), 100)
	return q, nil
}

func (a *API) setAsideSource(w http.ResponseWriter, r *http.Request, _ *agent.Principal) error {
	id, err := pathID(r.PathValue("mail"))
	if err != nil {
		return err
	}
	source, err := a.Mail.OpenSource(r.Context(), id)
	if err != nil {
		return err
	}
	return sendSource(w, r, source, fmt.Sprintf("mail-%d.eml", id))
}

// sendSource sends a mail as plain text and closes it: a browser shows it letter by letter and runs nothing of it.
func sendSource(w http.ResponseWriter, r *http.Request, source interface {
	io.ReadCloser
	Size() int64
}, name string) error {
	defer func() { _ = source.Close() }()
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.FormatInt(source.Size(), 10))
	h.Set("Content-Disposition", disposition(r.URL.Query().Get("download") != "1", name))
	if _, err := io.Copy(w, source); err != nil {
		return brokeOff{err}
	}
	return nil
}
