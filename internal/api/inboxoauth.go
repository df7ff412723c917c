package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/mailauth"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

type oauthInput struct {
	Provider string `path:"provider" doc:"google or microsoft"`
	Body     struct {
		ClientID     string `json:"client_id,omitempty"`
		ClientSecret string `json:"client_secret,omitempty" doc:"For a reconnection with the same client, an empty or masked one is the stored one"`
		TenantID     string `json:"tenant_id,omitempty" doc:"Of Microsoft; empty for accounts of any organisation"`
		FlowType     string `json:"flow_type,omitempty" doc:"new_inbox or reconnect; anything else is new_inbox"`
		InboxID      int64  `json:"inbox_id,omitempty" doc:"The inbox to reconnect"`
	}
}

// inboxOAuth registers connecting mailboxes to providers that want OAuth 2.0.
func (a *API) inboxOAuth() {
	s, manage := a.MailAuth, need(role.InboxesManage)
	route(a, http.MethodGet, "/inboxes/oauth", "The addresses to register at the providers of mailboxes", manage,
		func(context.Context, *agent.Principal, *struct{}) ([]mailauth.Callback, error) {
			return s.Callbacks(), nil
		})
	route(a, http.MethodPost, "/inboxes/oauth/{provider}/authorize", "Begin to connect a mailbox: where the browser has to go", manage.showsSecret(),
		func(ctx context.Context, p *agent.Principal, in *oauthInput) (string, error) {
			b := in.Body
			return s.Begin(ctx, p, in.Provider, mailauth.Wish{ClientID: b.ClientID, ClientSecret: b.ClientSecret, TenantID: b.TenantID, Flow: b.FlowType, InboxID: b.InboxID})
		})
	route(a, http.MethodGet, "/inboxes/{id}/oauth", "How an inbox is connected to its provider", manage,
		func(ctx context.Context, _ *agent.Principal, in *InboxPath) (mailauth.State, error) {
			return withID(in.ID, func(id int64) (mailauth.State, error) {
				st, err := s.State(ctx, id)
				if err == nil && st.Failure != "" {
					st.Message = a.say(ctx, "email.problem.oauth_"+st.Failure, nil)
				}
				return st, err
			})
		})
	const path = Base + "/inboxes/oauth/{provider}/callback"
	a.raw(http.MethodGet, path, manage, a.inboxCallback)
	query := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	a.huma.OpenAPI().AddOperation(&huma.Operation{OperationID: "get-inboxes-oauth-provider-callback", Method: http.MethodGet, Path: path, Tags: []string{"inboxes"},
		Summary:     "Finish to connect a mailbox, when the provider sends the browser back",
		Description: "Needs permission " + string(role.InboxesManage) + ". For browsers: it ends on the list of inboxes, whose query says how: success=<code> or error=<code>.",
		Parameters: []*huma.Param{{Name: "provider", In: "path", Required: true, Description: "google or microsoft", Schema: &huma.Schema{Type: huma.TypeString}},
			query("state", "As it was sent"), query("code", "From the provider"), query("error", "Why there is no code"), query("error_description", "The same in words")},
		Responses: map[string]*huma.Response{"302": {Description: "To the list of inboxes"}}})
}

// inboxCallback is where a provider sends the browser back to.
func (a *API) inboxCallback(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds a code
	q := r.URL.Query()
	outcome, err := a.MailAuth.Finish(r.Context(), p, r.PathValue("provider"), mailauth.Answer{State: q.Get("state"), Code: q.Get("code")})
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	if outcome == mailauth.Denied {
		a.Log.InfoContext(r.Context(), "a mailbox was not connected: the provider sent no code", "reason", q.Get("error"), "description", q.Get("error_description"))
	}
	how := "error"
	if outcome == mailauth.Connected || outcome == mailauth.Reconnected {
		how = "success"
	}
	http.Redirect(w, r, origin(r)+"/admin/inboxes?"+url.Values{how: {outcome}}.Encode(), http.StatusFound)
}

// origin returns the address by which the browser that asks reached the desk.
func origin(r *http.Request) string {
	scheme := r.Header.Get("X-Forwarded-Proto")
	switch {
	case scheme == "http" || scheme == "https":
	case r.TLS != nil:
		scheme = "https"
	default:
		scheme = "http"
	}
	return scheme + "://" + r.Host
}
