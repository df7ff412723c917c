package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/remote"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

// Pictures registers the routes by which mails show pictures of other servers without asking those servers.
func Pictures(a *API) {
	route(a, http.MethodGet, "/conversations/{uuid}/messages/{message}/pictures", "The pictures that a message shows from other servers", need(role.MessagesRead),
		func(ctx context.Context, p *agent.Principal, in *messagePath) ([]remote.Picture, error) {
			m, err := a.Conversations.Message(ctx, p, in.Conversation, in.Message)
			if err != nil || m.ContentType != "html" {
				return []remote.Picture{}, err
			}
			return a.Deps.Pictures.In(m.Content), nil
		})
	route(a, http.MethodGet, "/mails/{mail}/pictures", "The pictures that a mail which was set aside shows from other servers", need(role.InboxesManage),
		func(ctx context.Context, _ *agent.Principal, in *MailPath) ([]remote.Picture, error) {
			id, err := pathID(in.Mail)
			if err != nil {
				return nil, err
			}
			m, err := a.Mail.OpenMail(ctx, id)
			if err != nil {
				return nil, err
			}
			return a.Deps.Pictures.In(m.HTML), nil
		})
	a.raw(http.MethodGet, remote.Path, anyone, a.servePicture)
	describePicture(a.OpenAPI())
}

// servePicture sends a picture of another server to a signed-in agent who was given its address.
func (a *API) servePicture(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	q := r.URL.Query()
	file, err := a.Deps.Pictures.Open(r.Context(), q.Get("address"), q.Get("sig"), q.Get("exp"))
	if err != nil {
		w.Header().Set("Cache-Control", "no-store")
		a.writeProblem(w, r, err)
		return
	}
	defer func() { _ = file.Close() }()
	h := w.Header()
	h.Set("Content-Type", file.ContentType)
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // the address is signed
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, max-age=86400")
	h.Set("Vary", "Cookie, Authorization")
	http.ServeContent(w, r, "", file.ModTime(), file)
}

// describePicture documents the route that answers with bytes.
func describePicture(doc *huma.OpenAPI) {
	text := func(about string) *huma.Schema { return &huma.Schema{Type: "string", Description: about} }
	doc.AddOperation(&huma.Operation{
		OperationID: "get-uploads-remote", Method: http.MethodGet, Path: remote.Path, Tags: []string{"media"},
		Security: []map[string][]string{{"session": {}}, {"key": {}}}, Summary: "A picture that a mail shows from another server",
		Description: "Fetched by the desk, so that the other server does not learn who reads. 404 if it cannot be had or is no raster picture.",
		Parameters: []*huma.Param{
			{Name: "address", In: "query", Required: true, Schema: text("As it stands in the mail")},
			{Name: "sig", In: "query", Required: true, Schema: text("Signature")},
			{Name: "exp", In: "query", Required: true, Schema: text("When the signature ends, in seconds since 1970")},
		},
		Responses: map[string]*huma.Response{"200": {Description: "The bytes", Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}},
	})
}
