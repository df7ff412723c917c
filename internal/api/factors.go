package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/factor"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// waitCookie holds the token of a sign-in that waits for its second factor. It goes only to the routes that finish it,
// and is no session: nothing else takes it.
const waitCookie = "foyer_two_factor"

const authPath = Base + "/auth"

// setWaiting gives the browser the token of a sign-in that waits, in place of any session it has.
func (a *API) setWaiting(w http.ResponseWriter, token string) {
	c := a.cookie(waitCookie, token, true)
	c.Path, c.MaxAge = authPath, int(factor.Patience.Seconds())
	http.SetCookie(w, c)
}

func (a *API) dropWaiting(w http.ResponseWriter) {
	c := a.cookie(waitCookie, "", true)
	c.Path, c.MaxAge = authPath, -1
	http.SetCookie(w, c)
}

func waitingOf(r *http.Request) string {
	if c, err := r.Cookie(waitCookie); err == nil {
		return c.Value
	}
	return ""
}

// answerStarted answers for a sign-in that got as far as begun says.
func (a *API) answerStarted(w http.ResponseWriter, r *http.Request, who *agent.Agent, begun agent.Started) {
	if begun.Waiting != "" {
		state, err := a.Factors.Waiting(r.Context(), begun.Waiting)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		a.setWaiting(w, begun.Waiting)
		a.ensureCSRF(w, r)
		writeData(w, state)
		return
	}
	p, err := a.Principals.BySession(r.Context(), begun.Session)
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	who.TwoFactorSetupRequired = p.MustEnrol
	a.dropWaiting(w)
	a.setSession(w, r, begun.Session, a.SessionLifetime)
	writeData(w, who)
}

// factorSignIn registers by hand the routes that finish a sign-in, because their answers set cookies.
func (a *API) factorSignIn() {
	a.raw(http.MethodGet, authPath+"/two-factor", signIn, func(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
		state, err := a.Factors.Waiting(r.Context(), waitingOf(r))
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		writeData(w, state)
	})
	a.raw(http.MethodPost, authPath+"/two-factor", signIn, a.finishSignIn)
	a.raw(http.MethodPost, authPath+"/passkey", signIn, a.passkeySignIn)
	op := func(method, path, summary, description, answer string) {
		a.huma.OpenAPI().AddOperation(&huma.Operation{OperationID: operationID(method, path), Method: method, Path: Base + path, Summary: summary,
			Description: description, Tags: []string{"auth"}, Responses: map[string]*huma.Response{"200": {Description: answer}}})
	}
	op(http.MethodGet, "/auth/two-factor", "How a sign-in that waits for a second factor can go on", "Known by the cookie that the first step set. two_factor_required is false when none waits.",
		"two_factor_required and methods")
	op(http.MethodPost, "/auth/two-factor", "Finish a sign-in by a second factor",
		"Body: code of the authenticator app, or recovery_code. Sets the session cookie. A wrong code names the field code; a sign-in that is over names none.", "The agent")
	op(http.MethodPost, "/auth/passkey", "Sign in by a passkey", "Body: token and credential, the answer to the options of auth/passkey/options. Sets the session cookie.", "The agent")
	route(a, http.MethodPost, "/auth/passkey/options", "Ask the browser for a passkey of this desk", signIn,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) (factor.Question, error) {
			return a.Factors.AskPasskey(ctx)
		})
}

func (a *API) browserOf(r *http.Request) agent.Browser {
	c := callerOf(r.Context())
	return agent.Browser{IP: c.ip, UserAgent: c.userAgent, Lifetime: a.SessionLifetime}
}

func (a *API) finishSignIn(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	var in struct {
		Code     string `json:"code"`
		Recovery string `json:"recovery_code"`
	}
	if err := readBody(r, &in); err != nil {
		a.writeProblem(w, r, err)
		return
	}
	id, session, err := a.Factors.Finish(r.Context(), waitingOf(r), in.Code, in.Recovery, a.browserOf(r))
	a.answerSession(w, r, id, session, err)
}

func (a *API) passkeySignIn(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	var in factor.SignedAnswer
	if err := readBody(r, &in); err != nil {
		a.writeProblem(w, r, err)
		return
	}
	id, session, err := a.Factors.SignIn(r.Context(), in, waitingOf(r), a.browserOf(r))
	a.answerSession(w, r, id, session, err)
}

func (a *API) answerSession(w http.ResponseWriter, r *http.Request, id int64, session string, err error) {
	var who *agent.Agent
	if err == nil {
		who, err = a.Agents.Get(r.Context(), id)
	}
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	a.answerStarted(w, r, who, agent.Started{Session: session})
}

type proofBody struct {
	Password string            `json:"password,omitempty"`
	Code     string            `json:"code,omitempty" doc:"Of the authenticator app"`
	Recovery string            `json:"recovery_code,omitempty"`
	Passkey  *credentialAnswer `json:"passkey,omitempty" doc:"The answer to the options of agents/me/two-factor/proof"`
}

// credentialAnswer is what an authenticator said.
type credentialAnswer struct {
	Token      string `json:"token,omitempty"`
	Credential any    `json:"credential,omitempty" doc:"PublicKeyCredential.toJSON()"`
}

func (b credentialAnswer) answer() factor.SignedAnswer {
	raw, err := json.Marshal(b.Credential)
	if err != nil {
		raw = nil // it came from JSON; what cannot be written again is refused as no credential
	}
	return factor.SignedAnswer{Token: b.Token, Credential: raw}
}

func (b proofBody) proof() factor.Proof {
	p := factor.Proof{Password: b.Password, Code: b.Code, Recovery: b.Recovery}
	if b.Passkey != nil {
		answer := b.Passkey.answer()
		p.Passkey = &answer
	}
	return p
}

type newCodes struct {
	RecoveryCodes []string `json:"recovery_codes" doc:"To be kept by the agent; they are shown only now. Empty if the agent has some already."`
}

// Factors registers the second factors: signing in by them, setting them up, and resetting an agent's.
func Factors(a *API) {
	s := a.Factors
	a.factorSignIn()
	route(a, http.MethodGet, "/agents/me/two-factor", "One's second factors", enrolling,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (factor.Status, error) {
			return s.Status(ctx, p.ID)
		})
	route(a, http.MethodPost, "/agents/me/two-factor/proof", "Ask for one of one's passkeys as proof of who one is", enrolling,
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (factor.Question, error) {
			return s.AskProof(ctx, p)
		})
	route(a, http.MethodPost, "/agents/me/two-factor/totp", "Begin to set up an authenticator app", enrolling.showsSecret(),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body proofBody }) (factor.NewTOTP, error) {
			return s.BeginTOTP(ctx, p, callerOf(ctx).session, in.Body.proof())
		})
	route(a, http.MethodPost, "/agents/me/two-factor/totp/confirm", "Finish it by a code of the app", enrolling.showsSecret(),
		func(ctx context.Context, p *agent.Principal, in *struct {
			Body struct {
				Code string `json:"code,omitempty"`
			}
		}) (newCodes, error) {
			if in.Body.Code == "" {
				return newCodes{}, fault.Required("code")
			}
			codes, err := s.ConfirmTOTP(ctx, p, in.Body.Code)
			return newCodes{codes}, err
		})
	route(a, http.MethodPost, "/agents/me/two-factor/totp/remove", "Remove the authenticator app", enrolling,
		func(ctx context.Context, p *agent.Principal, in *struct{ Body proofBody }) (done, error) {
			return true, s.RemoveTOTP(ctx, p, in.Body.proof())
		})
	route(a, http.MethodPost, "/agents/me/two-factor/recovery-codes", "New recovery codes in place of those there are", enrolling.showsSecret(),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body proofBody }) (newCodes, error) {
			codes, err := s.NewRecoveryCodes(ctx, p, in.Body.proof())
			return newCodes{codes}, err
		})
	passkeyRoutes(a)
	route(a, http.MethodGet, "/agents/{id}/two-factor", "An agent's second factors", need(role.UsersManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (factor.Status, error) {
			return withID(in.ID, func(id int64) (factor.Status, error) { return s.Status(ctx, id) })
		})
	route(a, http.MethodDelete, "/agents/{id}/two-factor", "Take away an agent's second factors and sign them out", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			return withID(in.ID, func(id int64) (done, error) { return true, s.Reset(ctx, p, id) })
		})
	route(a, http.MethodPut, "/roles/{id}/two-factor", "Say whether those who hold a role need a second factor", need(role.RolesManage),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body struct {
				Required bool `json:"require_two_factor,omitempty"`
			}
		}) (r role.Role, err error) {
			id, err := roleID(in.ID)
			if err != nil {
				return r, err
			}
			return a.Roles.SetRequireTwoFactor(ctx, p.ID, id, in.Body.Required)
		})
}

func passkeyRoutes(a *API) {
	s := a.Factors
	route(a, http.MethodPost, "/agents/me/passkeys/options", "Ask the browser for a new passkey", enrolling,
		func(ctx context.Context, p *agent.Principal, in *struct{ Body proofBody }) (factor.Question, error) {
			return s.BeginPasskey(ctx, p, callerOf(ctx).session, in.Body.proof())
		})
	route(a, http.MethodPost, "/agents/me/passkeys", "Keep the passkey that the browser made", enrolling.showsSecret(),
		func(ctx context.Context, p *agent.Principal, in *struct {
			Body struct {
				Name       string `json:"name,omitempty"`
				Token      string `json:"token,omitempty"`
				Credential any    `json:"credential,omitempty" doc:"PublicKeyCredential.toJSON()"`
			}
		}) (addedPasskey, error) {
			k, codes, err := s.AddPasskey(ctx, p, in.Body.Name, credentialAnswer{in.Body.Token, in.Body.Credential}.answer())
			return addedPasskey{k, codes}, err
		})
	route(a, http.MethodPut, "/agents/me/passkeys/{id}", "Rename a passkey", enrolling,
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body struct {
				Name string `json:"name,omitempty"`
			}
		}) (factor.Passkey, error) {
			return withID(in.ID, func(id int64) (factor.Passkey, error) { return s.RenamePasskey(ctx, p, id, in.Body.Name) })
		})
	route(a, http.MethodPost, "/agents/me/passkeys/{id}/remove", "Remove a passkey", enrolling,
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body proofBody
		}) (done, error) {
			return withID(in.ID, func(id int64) (done, error) { return true, s.RemovePasskey(ctx, p, id, in.Body.proof()) })
		})
}

type addedPasskey struct {
	Passkey       factor.Passkey `json:"passkey"`
	RecoveryCodes []string       `json:"recovery_codes" doc:"Shown only now. Empty if the agent has some already."`
}
