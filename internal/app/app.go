// Package app puts the desk together and runs it: it is the only package that knows all the others. [Start] wires and
// starts a node, [App.Stop] takes it down in the opposite order; the command line is in cli.go.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/desk/bulk"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
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
	"github.com/foyerdesk/foyer/internal/live"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
	"github.com/foyerdesk/foyer/web"
)

// Version is this program's version; the build sets it.
var Version = "dev"

// App is a running node.
type App struct {
	cfg config.Config
	log *slog.Logger

	DB            *db.DB
	Directory     *agent.Directory
	Agents        *agent.Service
	Roles         *role.Service
	Teams         *team.Service
	Settings      *setting.Service
	emailSettings *setting.EmailService
	Media         *media.Service
	pictures      *remote.Pictures
	Inboxes       *inbox.Service
	mailAuth      *mailauth.Service
	Contacts      *contact.Service
	Conversations *conversation.Service
	Bulk          *bulk.Service
	Search        *search.Service
	Notifications *notify.Service
	Templates     *template.Service
	SSO           *sso.Service
	Factors       *factor.Service
	API           *api.API
	// SetupLink is where the System user's first password is set, "" once it is.
	SetupLink string

	blobs    blob.Store
	box      *crypt.Box
	bus      bus.Bus
	events   *event.Log
	jobs     *jobs.Runner
	hub      *live.Hub
	mail     *email.Channel
	locks    []*dataLock
	node     string
	listener net.Listener
	server   *http.Server
	metrics  *http.Server

	background sync.WaitGroup
	halt       context.CancelFunc // ends background work
	haltMail   context.CancelFunc
}

// Open wires a node on its database, migrated and seeded, without starting anything. Close it with [App.Close], or
// start it with [App.Serve] and stop it with [App.Stop].
func Open(ctx context.Context, cfg config.Config, log *slog.Logger) (a *App, err error) {
	a = &App{cfg: cfg, log: log}
	defer func() {
		if err != nil {
			_ = a.Close()
		}
	}()
	if err := i18n.Load(); err != nil {
		return a, fmt.Errorf("load texts: %w", err)
	}
	if err := a.hold(filepath.Join(cfg.DataDir, "data.lock"), "the data folder "+cfg.DataDir); err != nil {
		return a, err
	}
	if a.node, err = nodeID(cfg.DataDir); err != nil {
		return a, err
	}
	if a.box, err = openBox(cfg); err != nil {
		return a, err
	}
	if a.DB, err = db.Open(ctx, cfg.DatabaseURL); err != nil {
		return a, err
	}
	if a.DB.Engine() == db.SQLite {
		// One process writes a SQLite desk; a second one would send mail twice.
		path := strings.TrimPrefix(cfg.DatabaseURL, "sqlite:")
		if err := a.hold(path+".lock", "the database "+path); err != nil {
			return a, err
		}
	}
	if _, err = a.DB.Migrate(ctx); err != nil {
		return a, err
	}
	if err = jobs.Migrate(ctx, a.DB); err != nil {
		return a, err
	}
	if err = a.wire(ctx); err != nil {
		return a, err
	}
	token, err := a.Agents.Seed(ctx, cfg.SystemUserPassword)
	if err != nil {
		return a, err
	}
	if token != "" {
		a.SetupLink = a.Settings.General(ctx).RootURL + "/setup?token=" + token
	}
	return a, nil
}

// hold takes a lock for as long as the node is open.
func (a *App) hold(path, what string) error {
	l, err := lockData(path, what)
	if err == nil {
		a.locks = append(a.locks, l)
	}
	return err
}

// wire makes the parts and ties them together.
func (a *App) wire(ctx context.Context) (err error) {
	if a.blobs, err = openBlobs(ctx, a.cfg); err != nil {
		return err
	}
	a.bus = bus.Local{}
	if a.DB.Engine() == db.Postgres {
		a.bus = bus.NewPostgres(a.DB.Pool(), a.log)
	}
	if a.jobs, err = jobs.New(a.DB, a.node, a.log); err != nil {
		return err
	}
	var languages []string
	for _, l := range i18n.Languages() {
		languages = append(languages, l.Code)
	}
	a.events = event.NewLog(a.DB, a.bus, a.log)
	a.Settings = setting.New(a.DB, a.cfg.RootURL, languages)
	a.Settings.General(ctx) // from now on it answers from memory
	rootURL := func() string { return a.Settings.General(context.Background()).RootURL }
	a.Directory = agent.NewDirectory(a.DB, a.log)
	a.Directory.LimitFailures(a.cfg.AuthPerMinute)
	a.Directory.Idle = a.cfg.SessionIdle
	a.Agents = agent.New(a.DB, a.Directory)
	a.Factors = factor.New(a.DB, a.box, a.Agents, a.Directory, rootURL, func() string { return a.Settings.General(context.Background()).SiteName })
	a.Roles, a.Teams = role.New(a.DB), team.New(a.DB)
	allowed, err := config.Prefixes(a.cfg.OutboundAllow)
	if err != nil {
		return err
	}
	a.SSO = sso.New(sso.Options{DB: a.DB, Box: a.box, Agents: a.Agents, Guard: netguard.New(allowed), RootURL: rootURL})
	a.Media = media.New(a.DB, a.blobs, a.box, func(ctx context.Context) (media.Limits, error) {
		g := a.Settings.General(ctx)
		return media.Limits{MaxBytes: g.MaxFileUploadSize << 20, Extensions: g.AllowedUploadExtensions}, nil
	}, rootURL)
	a.pictures = remote.New(remote.Options{DB: a.DB, Blobs: a.blobs, Box: a.box, Log: a.log, Guard: netguard.New(allowed), RootURL: rootURL, Limits: remote.DefaultLimits()})
	a.Contacts = contact.New(a.DB, a.events, a.Media)
	a.Conversations = conversation.New(a.DB, a.events, a.jobs, a.Media)
	a.Conversations.SubjectRef = a.cfg.SubjectRefFormat
	a.Bulk = bulk.New(bulk.Options{DB: a.DB, Jobs: a.jobs, Events: a.events, Log: a.log, Conversations: a.Conversations, Principal: a.Directory.ByID})
	a.Inboxes = inbox.New(a.DB, a.box)
	a.mailAuth = mailauth.New(mailauth.Options{DB: a.DB, Box: a.box, Log: a.log, Inboxes: a.Inboxes, Guard: netguard.New(allowed), RootURL: rootURL,
		GoogleURL: a.cfg.OAuthGoogleURL, MicrosoftURL: a.cfg.OAuthMicrosoftURL})
	a.emailSettings = setting.NewEmail(a.DB, a.box)
	a.Templates = template.New(a.DB, a.Settings)
	a.Search = search.New(a.DB, a.log, a.node)
	a.mail = email.New(email.Options{Node: a.node, DB: a.DB, Log: a.log, Blobs: a.blobs, Inboxes: a.Inboxes, Conversations: a.Conversations, Events: a.events, Media: a.Media, Templates: a.Templates, Own: a.emailSettings, Box: a.box, Jobs: a.jobs, Token: a.mailAuth.Token, IMAPTimeout: a.cfg.IMAPTimeout, AlarmAfter: a.cfg.MailAlarmAfter, RootURL: rootURL,
		Voice: func(ctx context.Context) (string, *time.Location) {
			g := a.Settings.General(ctx)
			return g.Lang, g.Location()
		}})
	overlap := int64(0)
	if a.DB.Engine() == db.Postgres {
		overlap = 200
	}
	a.Notifications = notify.New(notify.Options{DB: a.DB, Jobs: a.jobs, Events: a.events, Agents: a.Agents, Settings: a.Settings, Own: a.emailSettings, Sender: a.mail,
		Conversations: a.Conversations, Templates: a.Templates,
		Box: a.box, PushClient: netguard.New(allowed).Client(netguard.Limits{})})
	a.hub = live.New(live.Options{Events: a.events, Conversations: a.Conversations, Contacts: a.Contacts, Notifications: a.Notifications, Bus: a.bus, Log: a.log, Principal: a.Directory.ByID, SessionEnds: a.Directory.SessionEnds, Overlap: overlap,
		Origins: a.cfg.SocketOrigins,
		Alive: func(ctx context.Context, id int64) {
			if err := a.Agents.Alive(ctx, id); err != nil {
				a.log.Warn("could not note a sign of life", "agent", id, "error", err)
			}
		}})
	a.react()
	a.schedule()
	return a.face(ctx)
}

// face makes the HTTP handler.
func (a *App) face(ctx context.Context) error {
	proxies, err := config.Prefixes(a.cfg.TrustedProxies)
	if err != nil {
		return err
	}
	a.API = api.New(api.Deps{
		DB: a.DB, Log: a.log, Version: Version, NewestEvent: a.events.Newest, Principals: a.Directory, Agents: a.Agents, Roles: a.Roles, Teams: a.Teams, Settings: a.Settings,
		Media: a.Media, Pictures: a.pictures, Inboxes: a.Inboxes, Contacts: a.Contacts, Conversations: a.Conversations, Bulk: a.Bulk, Search: a.Search, SSO: a.SSO, MailAuth: a.mailAuth,
		Tags: tag.New(a.DB, a.events), Organizations: organization.New(a.DB, a.events, a.Contacts), Attributes: attribute.New(a.DB, a.events), Views: view.New(a.DB, a.events, a.Conversations.CheckFilters),
		Factors: a.Factors, Templates: a.Templates, EmailSettings: a.emailSettings, SendOwn: a.mail.SendOwn, SessionLifetime: a.cfg.SessionLifetime,
		PasswordLink: a.Notifications.PasswordLink, Invite: a.Notifications.Invite, Notifications: a.Notifications,
		Roster: roster.New(roster.Options{DB: a.DB, Jobs: a.jobs, Log: a.log, Agents: a.Agents, Roles: a.Roles, Teams: a.Teams,
			Principal: a.Directory.ByID, Inviter: a.Notifications.Inviter}),
		Mail: a.mail, MailSource: a.mail.Source,
		Translate: func(lang, key string, params map[string]string) string {
			return i18n.T(cmp.Or(lang, a.Settings.General(ctx).Lang), key, params)
		},
		TrustedProxies: proxies, InsecureCookies: a.cfg.InsecureCookies, AuthPerMinute: a.cfg.AuthPerMinute,
	}, api.Auth, api.Factors, api.Agents, api.AgentImport, api.Credentials, api.Teams, api.Roles, api.Settings, api.Branding, api.Conversations, api.Bulk, api.Contacts, api.Organizations, api.Search, api.Media, api.Pictures, api.Drafts, api.Reference, api.Tags, api.Attributes, api.Views, api.Inboxes, api.Ledger, api.Outbox, api.OIDC, api.Activity, api.NotificationSettings, api.Notifications, api.Push, api.Templates,
		api.Docs, api.Web(web.Desk()), func(f *api.API) { f.Socket("/ws", a.hub.Serve) })
	a.API.HSTS = a.cfg.HSTS
	return nil
}

// Start opens a node and serves it.
func Start(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	a, err := Open(context.WithoutCancel(ctx), cfg, log)
	if err != nil {
		return nil, err
	}
	if err := a.Serve(context.WithoutCancel(ctx)); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Serve starts the background work and listens for HTTP.
func (a *App) Serve(ctx context.Context) (err error) {
	if a.listener, err = net.Listen("tcp", a.cfg.Address); err != nil {
		return fmt.Errorf("listen on %s: %w", a.cfg.Address, err)
	}
	var bctx, mctx context.Context
	bctx, a.halt = context.WithCancel(ctx)
	mctx, a.haltMail = context.WithCancel(ctx)
	if b, ok := a.bus.(*bus.Postgres); ok {
		a.background.Go(func() { b.Run(bctx) })
	}
	a.background.Go(func() { a.events.Run(bctx) })
	a.background.Go(func() { a.hub.Run(bctx) })
	a.background.Go(func() { a.Search.Run(bctx) })
	a.background.Go(func() { a.mail.Run(mctx) })
	if err := a.jobs.Start(ctx); err != nil {
		return err
	}
	// Bodies and uploads may take long on slow lines; a client that sends no headers may not. The API refuses large headers
	// by an envelope; what is larger still is refused before it is read whole.
	a.server = &http.Server{Handler: a.API, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 4 * api.MaxHeader,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
	a.background.Go(func() { _ = a.server.Serve(a.listener) })
	// Starting needs more memory than serving: migrations, expressions, the API's description.
	debug.FreeOSMemory()
	return a.serveMetrics()
}

func (a *App) serveMetrics() error {
	if a.cfg.MetricsAddress == "" {
		return nil
	}
	l, err := net.Listen("tcp", a.cfg.MetricsAddress)
	if err != nil {
		return fmt.Errorf("listen for metrics on %s: %w", a.cfg.MetricsAddress, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.Handler())
	a.metrics = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	a.background.Go(func() { _ = a.metrics.Serve(l) })
	return nil
}

// Addr returns where HTTP is served.
func (a *App) Addr() string { return a.listener.Addr().String() }

// URL returns the address of the node itself, by the loopback interface where it listens on all.
func (a *App) URL() string {
	host, port, _ := net.SplitHostPort(a.Addr())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Stop takes the node down: no more mail is taken in, requests and jobs that run finish, sockets close with a hint to
// come back. What is not done when ctx ends is broken off; it is done after the next start.
func (a *App) Stop(ctx context.Context) error {
	a.haltMail()
	err := a.server.Shutdown(ctx)
	if a.metrics != nil {
		err = errors.Join(err, a.metrics.Shutdown(ctx))
	}
	err = errors.Join(err, a.jobs.Stop(ctx))
	a.halt()
	finished := make(chan struct{})
	go func() { a.background.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("stop: %w", ctx.Err()))
	}
	return errors.Join(err, a.Close())
}

// Close closes the database and gives the data folder free.
func (a *App) Close() error {
	var err error
	if a.DB != nil {
		err = a.DB.Close()
	}
	for _, l := range a.locks {
		err = errors.Join(err, l.release())
	}
	return err
}
