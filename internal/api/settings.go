package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/desk/sso"
)

// generalSettings is the general settings with what the program says of itself.
type generalSettings struct {
	setting.General
	Update          *struct{} `json:"app.update"`
	Version         string    `json:"app.version"`
	RestartRequired bool      `json:"app.restart_required"`
}

// publicConfig is what a browser needs before anybody is signed in.
type publicConfig struct {
	Lang          string       `json:"app.lang"`
	Timezone      string       `json:"app.timezone"`
	FaviconURL    string       `json:"app.favicon_url"`
	LogoURL       string       `json:"app.logo_url"`
	SiteName      string       `json:"app.site_name"`
	SSOProviders  []sso.Public `json:"app.sso_providers"`
	SSOOnly       bool         `json:"app.sso_only"`
	SetupRequired bool         `json:"app.setup_required"`
}

// generalBody is the request that replaces the general settings; what is left out becomes empty, but for what clients of the
// reference do not know: that stays as it is.
type generalBody struct {
	SiteName                string   `json:"app.site_name,omitempty"`
	Lang                    string   `json:"app.lang,omitempty"`
	RootURL                 string   `json:"app.root_url,omitempty"`
	LogoURL                 string   `json:"app.logo_url,omitempty"`
	FaviconURL              string   `json:"app.favicon_url,omitempty"`
	MaxFileUploadSize       int64    `json:"app.max_file_upload_size,omitempty"`
	AllowedUploadExtensions []string `json:"app.allowed_file_upload_extensions,omitempty"`
	Timezone                string   `json:"app.timezone,omitempty"`
	BusinessHoursID         string   `json:"app.business_hours_id,omitempty"`
	ShowConversationSubject bool     `json:"app.show_conversation_subject,omitempty"`
	TrashRetentionDays      *int64   `json:"app.trash_retention_days,omitempty" doc:"Days after which the trash is deleted for good; 0 for never"`
}

func (b generalBody) settings(stored setting.General) setting.General {
	g := setting.General{SiteName: b.SiteName, Lang: b.Lang, RootURL: b.RootURL, LogoURL: b.LogoURL, FaviconURL: b.FaviconURL,
		MaxFileUploadSize: b.MaxFileUploadSize, AllowedUploadExtensions: b.AllowedUploadExtensions, Timezone: b.Timezone,
		BusinessHoursID: b.BusinessHoursID, ShowConversationSubject: b.ShowConversationSubject, TrashRetentionDays: stored.TrashRetentionDays}
	if b.TrashRetentionDays != nil {
		g.TrashRetentionDays = *b.TrashRetentionDays
	}
	return g
}

// Settings registers the routes of the desk's settings and the public configuration.
func Settings(a *API) {
	route(a, http.MethodGet, "/config", "What a browser needs before sign-in", public,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) (publicConfig, error) {
			g := a.Settings.General(ctx)
			c := publicConfig{Lang: g.Lang, Timezone: g.Timezone, FaviconURL: g.FaviconURL, LogoURL: g.LogoURL, SiteName: g.SiteName}
			var err, err2, err3 error
			c.SetupRequired, err = a.Agents.SetupRequired(ctx)
			c.SSOProviders, err2 = a.SSO.Public(ctx)
			c.SSOOnly, err3 = a.SSO.Only(ctx)
			return c, errors.Join(err, err2, err3)
		})
	route(a, http.MethodGet, "/settings/general", "The desk's settings", anyone,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) (generalSettings, error) {
			return generalSettings{General: a.Settings.General(ctx), Version: a.Version}, nil
		})
	route(a, http.MethodPut, "/settings/general", "Replace the desk's settings", need(role.GeneralSettingsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body generalBody }) (done, error) {
			return true, a.Settings.SetGeneral(ctx, in.Body.settings(a.Settings.General(ctx)))
		})
	route(a, http.MethodGet, "/settings/guide", "How far the first set-up got", need(role.GeneralSettingsManage),
		func(ctx context.Context, p *agent.Principal, _ *struct{}) (setting.Guide, error) {
			return a.guide(ctx, p)
		})
	route(a, http.MethodPut, "/settings/guide", "Note how far the first set-up got", need(role.GeneralSettingsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body guideBody }) (setting.Guide, error) {
			g := setting.Guide(in.Body)
			return g, a.Settings.SetGuide(ctx, g)
		})
}

type guideBody struct {
	State string `json:"state,omitempty" doc:"open, finished or dismissed"`
	Step  string `json:"step,omitempty" doc:"desk, account, mailbox or colleagues"`
}

// guide returns how far the first set-up got. A desk that has an inbox although nobody began the guide was set up without
// it.
func (a *API) guide(ctx context.Context, p *agent.Principal) (setting.Guide, error) {
	g, err := a.Settings.Guide(ctx)
	if err != nil || g.State != "" {
		return g, err
	}
	inboxes, err := a.Inboxes.List(ctx, p)
	if err != nil {
		return g, err
	}
	g.State = setting.GuideOpen
	if len(inboxes) > 0 {
		g.State = setting.GuideFinished
	}
	return g, nil
}
