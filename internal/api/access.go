package api

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// The cookies and the header of a session, by the names that clients know.
const (
	sessionCookie = "libredesk_session"
	csrfCookie    = "csrf_token"
	csrfHeader    = "X-CSRFTOKEN"
)

// agentHeader names the agent whose page a request comes from. Tabs of a browser share their cookies: when somebody else
// signs in beside it, what a page asks for must not be done in their name.
const agentHeader = "X-Agent-ID"

// caller is what is known of a request before its route is: who asks, or why that is not known.
type caller struct {
	principal *agent.Principal
	err       error // of credentials that were given
	session   string
	ip        string
	userAgent string
	accepts   string // Accept-Language
}

// actor returns the caller as the activity log names who acts. Of somebody who is not known it has the address.
func (c *caller) actor() audit.Actor {
	if c.principal == nil {
		return audit.Actor{Name: "anonymous", IP: c.ip}
	}
	return audit.Actor{ID: c.principal.ID, Name: c.principal.Email, IP: c.ip, Via: string(c.principal.Method)}
}

// language returns the language to talk to the caller in: what the agent chose, for those who are not signed in what their
// browser asks for; "" for the desk's.
func (c *caller) language() string {
	if c.principal != nil {
		return c.principal.Language
	}
	return i18n.Match(c.accepts)
}

type callerKey struct{}

func callerOf(ctx context.Context) *caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return c
	}
	return &caller{}
}

func principalOf(ctx context.Context) *agent.Principal { return callerOf(ctx).principal }

// identify finds out who asks. A usable Authorization header wins over a cookie, even when it is wrong; one that cannot
// be used is an error rather than ignored.
func (a *API) identify(r *http.Request) *caller {
	c := &caller{ip: a.clientIP(r), userAgent: r.UserAgent(), accepts: r.Header.Get("Accept-Language")}
	if h := r.Header.Get("Authorization"); h != "" {
		key, secret, ok := parseAuthorization(h)
		if !ok {
			c.err = fault.New(fault.Unauthorized, "error.authorization_unusable")
			return c
		}
		c.principal, c.err = a.Principals.ByKey(r.Context(), key, secret)
		return c
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" {
		return c
	}
	c.session = cookie.Value
	c.principal, c.err = a.Principals.BySession(r.Context(), cookie.Value)
	return c
}

// parseAuthorization reads "Basic base64(key:secret)", "token key:secret" and "Bearer key:secret".
func parseAuthorization(h string) (key, secret string, ok bool) {
	scheme, value, found := strings.Cut(strings.TrimSpace(h), " ")
	if !found {
		return "", "", false
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(scheme) {
	case "basic":
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return "", "", false
		}
		value = string(raw)
	case "token", "bearer":
	default:
		return "", "", false
	}
	key, secret, found = strings.Cut(value, ":")
	return key, secret, found && key != "" && secret != ""
}

// guard is huma's middleware: it lets a request through to its handler if the route's access allows it.
func (a *API) guard(ctx huma.Context, next func(huma.Context)) {
	acc, _ := ctx.Operation().Metadata[accessK].(access)
	r, w := humago.Unwrap(ctx)
	if err := a.allow(w, ctx.Method(), r, acc); err != nil {
		a.writeProblem(w, r, err)
		return
	}
	next(ctx)
}

// allow checks, in the order that clients rely on: the CSRF token of a changing request that may come from a browser,
// then the session or key, then the permission.
func (a *API) allow(w http.ResponseWriter, method string, r *http.Request, acc access) error {
	c := callerOf(r.Context())
	if acc.signIn {
		if err := a.limits.check(w, c.ip, a.AuthPerMinute); err != nil {
			return err
		}
	}
	if acc.signIn && c.session != "" && !csrfMatches(r) {
		c.principal = nil // another site may have sent it: who is asking is not known
	}
	if acc.public {
		return nil
	}
	if r.Header.Get("Authorization") == "" && changes(method) && !csrfMatches(r) {
		return fault.New(fault.Forbidden, "error.csrf")
	}
	if c.err != nil {
		if c.session != "" {
			a.dropSession(w)
		}
		var f *fault.Error
		if errors.As(c.err, &f) && f.Kind == fault.Unauthorized && f.Key != "error.authorization_unusable" {
			return a.unauthorised(r.Context())
		}
		return c.err
	}
	if c.principal == nil || !comesFrom(r, c.principal.ID) {
		return a.unauthorised(r.Context())
	}
	if c.principal.MustEnrol && !acc.enrol {
		return fault.New(fault.Forbidden, "error.two_factor_setup_required")
	}
	if acc.perm != "" && !c.principal.Can(acc.perm) {
		return fault.Denied()
	}
	return nil
}

// comesFrom tells whether a request is of the agent's own page, or names none.
func comesFrom(r *http.Request, agentID int64) bool {
	of := r.Header.Get(agentHeader)
	return of == "" || of == strconv.FormatInt(agentID, 10)
}

func changes(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodDelete || method == http.MethodPatch
}

func csrfMatches(r *http.Request) bool {
	cookie, err := r.Cookie(csrfCookie)
	header := r.Header.Get(csrfHeader)
	return err == nil && header != "" && subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(header)) == 1
}

// cookie returns a cookie with the flags that all of ours have.
func (a *API) cookie(name, value string, httpOnly bool) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: httpOnly, Secure: !a.InsecureCookies, SameSite: http.SameSiteLaxMode}
}

// setSession gives the browser its session and, if it has none, a CSRF token.
func (a *API) setSession(w http.ResponseWriter, r *http.Request, token string, lifetime time.Duration) {
	c := a.cookie(sessionCookie, token, true)
	c.MaxAge = int(lifetime.Seconds())
	http.SetCookie(w, c)
	a.ensureCSRF(w, r)
}

func (a *API) dropSession(w http.ResponseWriter) {
	c := a.cookie(sessionCookie, "", true)
	c.MaxAge = -1
	http.SetCookie(w, c)
}

func (a *API) ensureCSRF(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(csrfCookie); err == nil && c.Value != "" {
		return
	}
	http.SetCookie(w, a.cookie(csrfCookie, base64.StdEncoding.EncodeToString([]byte(crypt.Token(32))), false))
}

// clientIP returns the address of who asks: the TCP peer, or, if that is a trusted proxy, the last address in
// X-Forwarded-For that is not one.
func (a *API) clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	ip = ip.Unmap()
	if !a.trusted(ip) {
		return ip.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if ip = hop.Unmap(); !a.trusted(ip) {
			break
		}
	}
	return ip.String()
}

func (a *API) trusted(ip netip.Addr) bool {
	for _, p := range a.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
