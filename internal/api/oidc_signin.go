package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/sso"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// oidcPath is the path below which the cookies of sign-ins under way are sent.
const oidcPath = Base + "/oidc/"

// ssoCookie is the cookie that binds a sign-in to the browser that began it. Each has its own, so that two tabs do not
// take each other's.
func ssoCookie(state string) string {
	if len(state) > 8 {
		state = state[:8]
	}
	return "foyer_sso_" + state
}

// oidcSignIn registers the two ends of a sign-in by hand: browsers go there, and are sent on.
func (a *API) oidcSignIn() {
	a.raw(http.MethodGet, oidcPath+"{id}/login", public, a.limited(a.oidcLogin))
	a.raw(http.MethodGet, oidcPath+"{id}/finish", public, a.limited(a.oidcFinish))
	id := &huma.Param{Name: "id", In: "path", Required: true, Description: "The provider's id", Schema: &huma.Schema{Type: huma.TypeString}}
	query := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	for _, op := range []*huma.Operation{
		{OperationID: "get-oidc-id-login", Path: oidcPath + "{id}/login", Summary: "Begin to sign in through an identity provider", Parameters: []*huma.Param{id,
			query("next", "The page to go to afterwards; a path of this desk")}},
		{OperationID: "get-oidc-id-finish", Path: oidcPath + "{id}/finish", Summary: "Finish it, when the provider sends the browser back", Parameters: []*huma.Param{id,
			query("state", "As it was sent"), query("code", "From the provider")}},
	} {
		op.Method, op.Tags = http.MethodGet, []string{"oidc"}
		op.Description = "For browsers. A sign-in that fails ends on the sign-in page, whose query says why: error=<code>."
		op.Responses = map[string]*huma.Response{"302": {Description: "Where the browser goes next"}}
		a.huma.OpenAPI().AddOperation(op)
	}
}

// limited counts a request against the limit of sign-in requests; beyond it, a browser is told so on the sign-in page.
func (a *API) limited(next http.HandlerFunc) func(http.ResponseWriter, *http.Request, *agent.Principal) {
	return func(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
		err := a.limits.check(w, callerOf(r.Context()).ip, a.AuthPerMinute)
		switch {
		case err == nil:
			next(w, r)
		case wantsPage(r):
			http.Redirect(w, r, "/?error=sso_busy", http.StatusFound)
		default:
			a.writeProblem(w, r, err)
		}
	}
}

// wantsPage reports whether it is a browser that asks, which shows a page to somebody.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

func (a *API) oidcLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	next := r.URL.Query().Get("next")
	if next != "" {
		next = localPath(next)
	}
	begun, err := withID(r.PathValue("id"), func(id int64) (*sso.Begun, error) { return a.SSO.Begin(r.Context(), id, next) })
	if err != nil {
		a.oidcFailed(w, r, err, next)
		return
	}
	c := a.cookie(ssoCookie(begun.State), begun.Secret, true)
	c.Path, c.MaxAge = oidcPath, int(sso.Patience().Seconds())
	http.SetCookie(w, c)
	http.Redirect(w, r, begun.URL, http.StatusFound)
}

func (a *API) oidcFinish(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds a code
	q := r.URL.Query()
	answer := sso.Answer{State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error"), ErrorDescription: q.Get("error_description"), Issuer: q.Get("iss")}
	if c, err := r.Cookie(ssoCookie(answer.State)); err == nil {
		answer.Secret = c.Value
	}
	who := callerOf(r.Context())
	from := agent.Browser{IP: who.ip, UserAgent: who.userAgent, Lifetime: a.SessionLifetime}
	done, err := withID(r.PathValue("id"), func(id int64) (*sso.Finished, error) { return a.SSO.Finish(r.Context(), id, answer, from) })
	if answer.Secret != "" && sso.CodeOf(err) != sso.CodeState { // otherwise its own answer is still to come
		over := a.cookie(ssoCookie(answer.State), "", true)
		over.Path, over.MaxAge = oidcPath, -1
		http.SetCookie(w, over)
	}
	if err != nil {
		a.oidcFailed(w, r, err, "")
		return
	}
	if done.Waiting != "" {
		a.setWaiting(w, done.Waiting)
		a.ensureCSRF(w, r)
		http.Redirect(w, r, "/?"+url.Values{"step": {"two-factor"}, "next": {done.Next}}.Encode(), http.StatusFound)
		return
	}
	a.setSession(w, r, done.Session, a.SessionLifetime)
	next := "/"
	if done.Next != "" {
		next = localPath(done.Next)
	}
	http.Redirect(w, r, next, http.StatusFound)
}

// oidcFailed sends a browser to the sign-in page, which says why in the reader's language: nothing that a provider wrote
// is shown. A program that brings an answer which is not its own gets the status that clients know, as it gets for a
// provider that does not exist.
func (a *API) oidcFailed(w http.ResponseWriter, r *http.Request, err error, next string) {
	code := sso.CodeOf(err)
	p := a.problem(r.Context(), err)
	if p.Code < http.StatusInternalServerError {
		a.Log.InfoContext(r.Context(), "single sign-on refused", "reason", code, "error", err)
	} else {
		a.Log.WarnContext(r.Context(), "single sign-on failed", "reason", code, "error", err)
	}
	if !wantsPage(r) {
		switch {
		case code == sso.CodeState || code == sso.CodeExpired:
			p.ErrorType = "GeneralException"
			a.writeProblem(w, r, p)
			return
		case code == sso.CodeProvider || fault.Is(err, fault.Invalid) && p.Field != nil:
			a.writeProblem(w, r, p)
			return
		}
	}
	to := url.Values{"error": {code}}
	if next != "" {
		to.Set("next", next)
	}
	http.Redirect(w, r, "/?"+to.Encode(), http.StatusFound)
}
