// Package api is the REST face of the desk: one file a resource, each handler thin — read the request, one call into
// the desk, answer. Everything that all handlers share is in this file and its neighbours: the envelope (envelope.go),
// who asks and what they may (access.go), limits (limit.go), and the web app's files (web.go).
//
// A route is registered with [route], which is the only way to do it: a route names the permission it needs, and the
// test of all routes walks what was registered. Paths, names, statuses and error types are the contract of the
// specification; the OpenAPI document is generated from the handlers' types.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/desk/bulk"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/factor"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/mailauth"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/organization"
	"github.com/foyerdesk/foyer/internal/desk/remote"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/roster"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/desk/sso"
	"github.com/foyerdesk/foyer/internal/desk/tag"
	"github.com/foyerdesk/foyer/internal/desk/team"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/desk/view"
	"github.com/foyerdesk/foyer/internal/flow/notify"
	"github.com/foyerdesk/foyer/internal/flow/search"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Base is the path below which the API lives.
const Base = "/api/v1"

// Principals finds out who asks. Both methods answer from memory in the usual case.
type Principals interface {
	// BySession returns the principal of a session's token; Unauthorized if it is unknown or over, Forbidden if the
	// agent is disabled.
	BySession(ctx context.Context, token string) (*agent.Principal, error)
	// ByKey returns the principal of an API key and secret; Unauthorized otherwise.
	ByKey(ctx context.Context, key, secret string) (*agent.Principal, error)
}

// Deps is what the API is wired to. Fields are added with the resources that need them.
type Deps struct {
	DB            *db.DB
	Log           *slog.Logger
	Version       string
	Principals    Principals
	Agents        *agent.Service
	Roles         *role.Service
	Teams         *team.Service
	Roster        *roster.Service
	Settings      *setting.Service
	EmailSettings *setting.EmailService
	Media         *media.Service
	Pictures      *remote.Pictures
	Inboxes       *inbox.Service
	Contacts      *contact.Service
	Conversations *conversation.Service
	Tags          *tag.Service
	Organizations *organization.Service
	Attributes    *attribute.Service
	Views         *view.Service
	Templates     *template.Service
	Bulk          *bulk.Service
	Search        *search.Service
	Notifications *notify.Service
	Factors       *factor.Service
	SSO           *sso.Service
	MailAuth      *mailauth.Service
	// PasswordLink sends an agent a link to set their password; false when the desk cannot send mail yet.
	PasswordLink func(ctx context.Context, agentID int64) (bool, error)
	// Invite sends an agent their invitation; false when the desk cannot send mail yet.
	Invite func(ctx context.Context, agentID int64) (bool, error)
	// SessionLifetime is how long a sign-in lasts.
	SessionLifetime time.Duration
	// SendOwn sends a mail of the desk itself; it returns when a server has taken it.
	SendOwn func(ctx context.Context, to, subject, html string) error
	// NewestEvent returns the id of the newest event that this node knows; nil leaves it out of answers.
	NewestEvent func() int64
	// Mail is the mail channel, for what became of mails on their way.
	Mail *email.Channel
	// MailSource opens the mail that a message was made of; NotFound if it was made of none.
	MailSource func(ctx context.Context, messageID int64) (blob.Content, error)
	// Translate returns the catalogue's sentence for a key in a language, "" for the desk's.
	Translate func(lang, key string, params map[string]string) string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// InsecureCookies leaves out the Secure flag, for a desk reached by plain HTTP.
	InsecureCookies bool
	// HSTS is for how long browsers shall ask for this desk by HTTPS only; 0 says nothing to them.
	HSTS time.Duration
	// MaxBody is the largest request body in bytes.
	MaxBody int64
	// AuthPerMinute is how many sign-in requests an address may make in a minute.
	AuthPerMinute int
}

// API is the handler of everything under one root: the REST API, the web app, health.
type API struct {
	Deps
	mux    *http.ServeMux
	huma   huma.API
	limits *limiter
	routes []RouteInfo
	outer  http.Handler
}

// RouteInfo is a registered route, for tests and documentation.
type RouteInfo struct {
	Method, Path string
	Public       bool
	Permission   role.Permission // empty: any signed-in agent
	ShowsSecret  bool            // the answer is never kept
}

// New makes the API with the routes given by register functions of this package and of others (the live face).
func New(d Deps, register ...func(*API)) *API {
	if d.MaxBody == 0 {
		d.MaxBody = 100 << 20
	}
	if d.AuthPerMinute == 0 {
		d.AuthPerMinute = 30
	}
	a := &API{Deps: d, mux: http.NewServeMux(), limits: newLimiter()}
	cfg := huma.DefaultConfig("Foyer", d.Version)
	cfg.Info.Description = "The API of Foyer, a customer support desk. Every answer is an envelope: " +
		"status success with data, or status error with message and error_type."
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "/api/openapi", "", ""
	cfg.CreateHooks, cfg.Transformers = nil, nil
	cfg.AllowAdditionalPropertiesByDefault, cfg.FieldsOptionalByDefault = true, false
	cfg.Formats = formats
	cfg.Components.Schemas = newSchemas()
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie},
		"key":     {Type: "http", Scheme: "basic", Description: "API key and secret; \"Authorization: token key:secret\" works too"},
	}
	a.huma = humago.New(a.mux, cfg)
	a.huma.UseMiddleware(a.guard)
	a.registerHealth()
	for _, r := range register {
		r(a)
	}
	sharpen(a.huma.OpenAPI())
	a.mux.HandleFunc("/", a.unknown)
	a.outer = a.wrap(a.mux)
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.outer.ServeHTTP(w, r) }

// Routes returns every route registered with [route].
func (a *API) Routes() []RouteInfo { return a.routes }

// OpenAPI returns the document of the API.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// access says who may call a route.
type access struct {
	public bool
	signIn bool // counts against the limit of sign-in requests
	enrol  bool // open to agents who must set up a second factor first
	secret bool // answers with a secret that is shown only this once
	perm   role.Permission
}

var (
	public = access{public: true}
	signIn = access{public: true, signIn: true}
	anyone = access{} // any signed-in agent
	// enrolling is for any signed-in agent, even one who must set up a second factor first.
	enrolling = access{enrol: true}
	accessK   = "access"
)

// need is the access of agents with a permission.
func need(p role.Permission) access { return access{perm: p} }

// showsSecret is the access of a route whose answer holds a secret: it is not kept for requests that are repeated.
func (a access) showsSecret() access {
	a.secret = true
	return a
}

// route registers a handler. in's fields are filled from path, query and body as huma's tags say; p is nil on public
// routes when nobody is signed in. What the handler returns is put into the envelope.
func route[I, O any](a *API, method, path, summary string, acc access, fn func(ctx context.Context, p *agent.Principal, in *I) (O, error)) {
	mustBeRead(reflect.TypeFor[I](), path)
	op := huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: Base + path, Summary: summary,
		Tags: []string{tagOf(path)}, Metadata: map[string]any{accessK: acc}, DefaultStatus: http.StatusOK,
		MaxBodyBytes: -1, BodyReadTimeout: -1, // wrap limits every body
	}
	if !acc.public {
		op.Security = []map[string][]string{{"session": {}}, {"key": {}}}
	}
	if acc.perm != "" {
		op.Description = "Needs permission " + string(acc.perm) + "."
	}
	if body := bodyOf(reflect.TypeFor[I]()); body != nil {
		op.Middlewares = huma.Middlewares{a.takeForms(body)}
	}
	a.routes = append(a.routes, RouteInfo{method, op.Path, acc.public, acc.perm, acc.secret})
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*reply[O], error) {
		data, err := fn(ctx, principalOf(ctx), in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &reply[O]{Body: envelope[O]{Status: "success", Data: data}}, nil
	})
}

// mustBeRead panics for an input with an embedded struct that huma would silently leave empty, being unexported.
func mustBeRead(t reflect.Type, path string) {
	if t.Kind() != reflect.Struct {
		return
	}
	for f := range t.Fields() {
		if f.Anonymous && !f.IsExported() {
			panic("the input of " + path + " embeds " + f.Type.String() + ", which is not exported")
		}
		if f.Anonymous {
			mustBeRead(f.Type, path)
		}
	}
}

// raw registers a handler that writes its own answer (files, pages, sockets), behind the same access rules.
func (a *API) raw(method, path string, acc access, fn func(w http.ResponseWriter, r *http.Request, p *agent.Principal)) {
	a.routes = append(a.routes, RouteInfo{method, path, acc.public, acc.perm, acc.secret})
	a.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) {
		if err := a.allow(w, r.Method, r, acc); err != nil {
			a.writeProblem(w, r, err)
			return
		}
		fn(w, r, principalOf(r.Context()))
	})
}

func operationID(method, path string) string {
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '-' || r == '_' || r == '{' || r == '}' })
	return strings.ToLower(method) + "-" + strings.Join(words, "-")
}

func tagOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}
