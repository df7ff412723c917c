package api

import (
	"context"
	"io"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// MailHeader is the header of the mail that a message was made of.
type MailHeader struct {
	Fields         []MailField     `json:"fields" doc:"In the order of the mail, unfolded and decoded"`
	Size           int64           `json:"size" doc:"Of the whole mail, in bytes"`
	Authentication *Authentication `json:"authentication" doc:"null if no server noted what it found out of the sender"`
}

// MailField is one field of a mail's header.
type MailField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Authentication is what a mail server noted of the sender of a mail.
type Authentication struct {
	Server    string                `json:"server" doc:"By the name it gives itself; may be empty"`
	Confirmed bool                  `json:"confirmed" doc:"The mail was taken in by that server last; otherwise the sender may have written this"`
	Checks    []AuthenticationCheck `json:"checks"`
}

// AuthenticationCheck is the result of one check.
type AuthenticationCheck struct {
	Method string `json:"method" enum:"spf,dkim,dmarc"`
	Result string `json:"result" enum:"pass,fail,softfail,neutral,none,policy,temperror,permerror"`
	Domain string `json:"domain" doc:"That was checked; may be empty"`
	Policy string `json:"policy,omitempty" enum:"none,quarantine,reject" doc:"How the server dealt with a mail that failed DMARC, or what its domain asks for"`
}

const (
	// maxHeader is how many bytes of a mail are read for its header.
	maxHeader = 256 << 10
	// maxFields is how many fields of it are shown.
	maxFields = 500
)

// sourceRoutes show what a message was made of, and its files.
func sourceRoutes(a *API) {
	const of = "/conversations/{uuid}/messages/{message}"
	route(a, http.MethodGet, of+"/headers", "The header of the mail a message was made of", need(role.MessagesRead),
		func(ctx context.Context, p *agent.Principal, in *messagePath) (*MailHeader, error) {
			return a.mailHeader(ctx, p, in.Conversation, in.Message)
		})
	a.file(of+"/source", role.MessagesRead, "The mail a message was made of, as it came; with download=1 to be saved", "text/plain", a.mailSource)
	a.file(of+"/attachments", role.MessagesRead, "The attachments of a message as one zip archive", "application/zip", a.attachmentsArchive)
}

func (a *API) mailHeader(ctx context.Context, p *agent.Principal, conversation, message string) (*MailHeader, error) {
	id, err := a.Conversations.MessageID(ctx, p, conversation, message)
	if err != nil {
		return nil, err
	}
	source, err := a.MailSource(ctx, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }()
	raw, err := io.ReadAll(io.LimitReader(source, maxHeader))
	if err != nil {
		return nil, err
	}
	return headerOf(mail.ReadHeader(raw, mail.Limits{MaxHeaderBytes: maxHeader}), source.Size()), nil
}

// headerOf shows the header of a mail of a size in bytes.
func headerOf(h mail.Header, size int64) *MailHeader {
	fields := h.Fields()
	out := &MailHeader{Fields: []MailField{}, Size: size}
	for _, f := range fields[:min(len(fields), maxFields)] {
		out.Fields = append(out.Fields, MailField(f))
	}
	if r := h.AuthResults(); r != nil {
		out.Authentication = &Authentication{Server: r.Server, Confirmed: r.Confirmed}
		for _, c := range r.Checks {
			out.Authentication.Checks = append(out.Authentication.Checks, AuthenticationCheck(c))
		}
	}
	return out
}

func (a *API) mailSource(w http.ResponseWriter, r *http.Request, p *agent.Principal) error {
	message := r.PathValue("message")
	id, err := a.Conversations.MessageID(r.Context(), p, r.PathValue("uuid"), message)
	if err != nil {
		return err
	}
	source, err := a.MailSource(r.Context(), id)
	if err != nil {
		return err
	}
	return sendSource(w, r, source, "message-"+message+".eml")
}

func (a *API) attachmentsArchive(w http.ResponseWriter, r *http.Request, p *agent.Principal) error {
	message := r.PathValue("message")
	files, err := a.Conversations.Attached(r.Context(), p, r.PathValue("uuid"), message)
	if err != nil {
		return err
	}
	begun := false
	err = a.Deps.Media.WriteArchive(r.Context(), w, files, func() {
		begun = true
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", disposition(false, "attachments-"+message[:8]+".zip"))
	})
	if err != nil && begun {
		return brokeOff{err}
	}
	return err
}
