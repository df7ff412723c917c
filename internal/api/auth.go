package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Auth registers signing in and out, and the links by which passwords are set.
func Auth(a *API) {
	a.signInRoute()
	a.raw(http.MethodGet, "/logout", public, a.logoutPage)
	a.raw(http.MethodPost, Base+"/auth/logout", enrolling, func(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
		if err := a.signOut(w, r, p); err != nil {
			a.writeProblem(w, r, err)
			return
		}
		writeData(w, true)
	})
	route(a, http.MethodPost, "/agents/reset-password", "Ask for a link to set a new password", signIn,
		func(ctx context.Context, p *agent.Principal, in *struct {
			Body struct {
				Email string `json:"email,omitempty"`
			}
		}) (done, error) {
			if p != nil {
				return false, fault.New(fault.Invalid, "error.signed_in_already")
			}
			if in.Body.Email == "" {
				return false, fault.Required("email")
			}
			return true, a.forgotPassword(ctx, in.Body.Email)
		})
	type linkInput struct {
		Body struct {
			Token    string `json:"token,omitempty"`
			Password string `json:"password,omitempty"`
		}
	}
	useLink := func(ctx context.Context, p *agent.Principal, in *linkInput) (done, error) {
		switch {
		case p != nil:
			return false, fault.New(fault.Invalid, "error.signed_in_already")
		case in.Body.Token == "":
			return false, fault.Required("token")
		case in.Body.Password == "":
			return false, fault.Required("password")
		}
		_, err := a.Agents.UseLink(ctx, in.Body.Token, in.Body.Password)
		return err == nil, err
	}
	route(a, http.MethodPost, "/agents/set-password", "Set a password by a one-time link", signIn, useLink)
	route(a, http.MethodPost, "/setup", "Set the System user's first password by the set-up link", signIn, useLink)
}

// signInRoute is registered by hand because its answer sets cookies.
func (a *API) signInRoute() {
	type input struct {
		Body struct {
			Email    string `json:"email,omitempty" doc:"The agent's address, or System"`
			Password string `json:"password,omitempty"`
		}
	}
	a.raw(http.MethodPost, Base+"/auth/login", signIn, func(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
		var in input
		if err := readBody(r, &in.Body); err != nil {
			a.writeProblem(w, r, err)
			return
		}
		c := callerOf(r.Context())
		who, begun, err := a.Agents.SignIn(r.Context(), in.Body.Email, in.Body.Password, c.ip, c.userAgent, a.SessionLifetime)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		a.answerStarted(w, r, who, begun)
	})
	op := huma.Operation{OperationID: "post-auth-login", Method: http.MethodPost, Path: Base + "/auth/login", Summary: "Sign in with a password",
		Description: "Sets the session cookie and, if absent, csrf_token. For an agent with a second factor there is no session yet: data is two_factor_required and methods, " +
			"and POST auth/two-factor goes on.", Tags: []string{"auth"}, Responses: map[string]*huma.Response{"200": {Description: "The agent"}}}
	a.huma.OpenAPI().AddOperation(&op)
}

// readBody decodes a request's body as huma would: JSON unless it says that it is a form.
func readBody(r *http.Request, v any) error {
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	decode := unmarshalJSON
	if isForm(r.Header.Get("Content-Type")) {
		decode = unmarshalForm
	}
	if err := decode(raw, v); err != nil {
		return fault.New(fault.Invalid, "error.body_unreadable").Because(err)
	}
	return nil
}

// logoutPage ends the session of a browser that follows a link of ours. A link on another site only leads to the start
// page: it must not sign anybody out. Who brings no session at all is told so; one that is over is cleared away.
func (a *API) logoutPage(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
	if p == nil && callerOf(r.Context()).session == "" {
		a.writeProblem(w, r, a.unauthorised(r.Context()))
		return
	}
	if p == nil {
		a.dropSession(w)
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	if !sameSite(r) {
		http.Redirect(w, r, home, http.StatusFound)
		return
	}
	if err := a.signOut(w, r, p); err != nil {
		a.writeProblem(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/", http.StatusFound)
}

// sameSite reports whether a navigation began on this site or in the address bar.
func sameSite(r *http.Request) bool {
	if s := r.Header.Get("Sec-Fetch-Site"); s != "" {
		return s == "same-origin" || s == "none"
	}
	ref, err := url.Parse(r.Referer())
	return err == nil && (ref.Host == "" || ref.Host == r.Host)
}

func (a *API) signOut(w http.ResponseWriter, r *http.Request, p *agent.Principal) error {
	c := callerOf(r.Context())
	if c.session == "" {
		return nil // an API key has no session
	}
	if err := a.Agents.SignOut(r.Context(), p, c.session, c.ip); err != nil {
		return err
	}
	a.dropSession(w)
	return nil
}

// forgotPassword sends a link to an address that an agent has. The answer is the same for every address. While the desk
// cannot send mail, the link is in the log, for the operator to pass on.
func (a *API) forgotPassword(ctx context.Context, email string) error {
	id, err := a.Agents.FindEnabled(ctx, email)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if a.PasswordLink != nil {
		if sent, err := a.PasswordLink(ctx, id); sent || err != nil {
			return err
		}
	}
	return a.logLink(ctx, id, email)
}

// logLink writes a link to set an agent's password to the log of a desk that cannot send mail.
func (a *API) logLink(ctx context.Context, id int64, email string) error {
	if err := a.DB.Tx(ctx, func(tx *db.Tx) error { return a.Agents.LinkAsked(ctx, tx, id) }); err != nil {
		return err
	}
	token, err := a.Agents.NewLink(ctx, id)
	if err != nil {
		return err
	}
	a.Log.WarnContext(ctx, "an agent needs a link to set a password and the desk cannot send mail yet; pass it on to them", "email", email,
		"link", a.Settings.General(ctx).RootURL+"/set-password?token="+token)
	return nil
}
