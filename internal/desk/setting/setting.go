// Package setting owns the desk's settings: key and JSON value, with the defaults of a new desk.
package setting

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// General are the settings of the desk as a whole, by the names that clients know.
type General struct {
	SiteName                string   `json:"app.site_name"`
	Lang                    string   `json:"app.lang"`
	RootURL                 string   `json:"app.root_url"`
	LogoURL                 string   `json:"app.logo_url"`
	FaviconURL              string   `json:"app.favicon_url"`
	MaxFileUploadSize       int64    `json:"app.max_file_upload_size"` // MB
	AllowedUploadExtensions []string `json:"app.allowed_file_upload_extensions"`
	Timezone                string   `json:"app.timezone"`
	BusinessHoursID         string   `json:"app.business_hours_id"`
	ShowConversationSubject bool     `json:"app.show_conversation_subject"`
}

// Defaults are the settings of a new desk.
func Defaults(rootURL string) General {
	return General{SiteName: "Foyer", Lang: "en-US", RootURL: rootURL, FaviconURL: "/assets/favicon.svg", MaxFileUploadSize: 20,
		AllowedUploadExtensions: []string{"*"}, Timezone: "UTC", ShowConversationSubject: true}
}

// Location returns the time zone of the desk; UTC when none is set.
func (g General) Location() *time.Location {
	if loc, err := time.LoadLocation(g.Timezone); err == nil {
		return loc
	}
	return time.UTC
}

// maxText is the longest setting in bytes.
const maxText = 2000

func (g *General) validate(languages []string) error {
	for _, s := range []*string{&g.SiteName, &g.FaviconURL, &g.LogoURL, &g.RootURL, &g.Timezone} {
		*s = strings.TrimSpace(*s)
	}
	g.RootURL = strings.TrimRight(g.RootURL, "/")
	if u, err := url.Parse(g.RootURL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fault.Field("app.root_url", "error.url_invalid", "value", g.RootURL)
	}
	for field, v := range map[string]string{"app.logo_url": g.LogoURL, "app.favicon_url": g.FaviconURL} {
		if u, err := url.Parse(v); err != nil || (u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https") {
			return fault.Field(field, "error.url_invalid", "value", v)
		}
	}
	for field, texts := range map[string][]string{"app.site_name": {g.SiteName}, "app.business_hours_id": {g.BusinessHoursID}, "app.logo_url": {g.LogoURL},
		"app.favicon_url": {g.FaviconURL}, "app.root_url": {g.RootURL}, "app.allowed_file_upload_extensions": g.AllowedUploadExtensions} {
		for _, text := range texts {
			if strings.ContainsFunc(text, unicode.IsControl) {
				return fault.Field(field, "error.control_characters")
			}
			if len(text) > maxText {
				return fault.TooLong(field, maxText)
			}
		}
	}
	switch {
	case g.SiteName == "":
		return fault.Required("app.site_name")
	case len([]rune(g.SiteName)) > 140:
		return fault.TooLong("app.site_name", 140)
	case !slices.Contains(languages, g.Lang):
		return fault.Field("app.lang", "error.unknown_value", "value", g.Lang)
	case g.MaxFileUploadSize < 1 || g.MaxFileUploadSize > 500:
		return fault.Field("app.max_file_upload_size", "error.out_of_range", "min", "1", "max", "500")
	}
	if g.Timezone != "" {
		if _, err := time.LoadLocation(g.Timezone); err != nil || g.Timezone == "Local" {
			return fault.Field("app.timezone", "error.timezone", "value", g.Timezone)
		}
	}
	return nil
}

// Service is the settings of a desk. Reads come from memory.
type Service struct {
	db        *db.DB
	languages []string
	fallback  General

	mu      sync.Mutex
	read    time.Time
	reading bool
	have    General
}

// age is after how long settings are read again, for changes made on another node.
const age = 5 * time.Second

// New makes the service. rootURL is the address from the configuration, used until an admin sets another; languages
// are the codes that may be chosen.
func New(d *db.DB, rootURL string, languages []string) *Service {
	return &Service{db: d, languages: languages, fallback: Defaults(rootURL)}
}

// General returns the settings, from memory. When they are old they are read again behind the caller, who may hold a
// database connection and must not wait for another. What cannot be read is at its default: settings never keep a desk
// from starting.
func (s *Service) General(ctx context.Context) General {
	s.mu.Lock()
	first, stale := s.read.IsZero(), time.Since(s.read) > age && !s.reading
	if stale && !first {
		s.reading = true
	}
	have := s.have
	s.mu.Unlock()
	switch {
	case first:
		return s.refresh(ctx)
	case stale:
		go s.refresh(context.WithoutCancel(ctx))
	}
	return have
}

// refresh reads the settings.
func (s *Service) refresh(ctx context.Context) General {
	g, err := s.stored(ctx, s.db)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
	if err != nil {
		if s.read.IsZero() {
			return s.fallback
		}
		return s.have
	}
	s.have, s.read = g, time.Now()
	return g
}

// stored reads the settings with q; what is missing or cannot be read is at its default.
func (s *Service) stored(ctx context.Context, q db.Querier) (General, error) {
	g := s.fallback
	values := map[string]db.JSON{}
	err := db.Each(ctx, q, func(r db.Rows) error {
		var key string
		var value db.JSON
		err := r.Scan(&key, &value)
		values[key] = value
		return err
	}, `SELECT key, value FROM settings WHERE key LIKE 'app.%'`)
	for key, dest := range fieldsOf(&g) {
		_ = values[key].Decode(dest)
	}
	if !slices.Contains(s.languages, g.Lang) {
		g.Lang = "en-US"
	}
	return g, err
}

func fieldsOf(g *General) map[string]any {
	return map[string]any{"app.site_name": &g.SiteName, "app.lang": &g.Lang, "app.root_url": &g.RootURL, "app.logo_url": &g.LogoURL,
		"app.favicon_url": &g.FaviconURL, "app.max_file_upload_size": &g.MaxFileUploadSize, "app.allowed_file_upload_extensions": &g.AllowedUploadExtensions,
		"app.timezone": &g.Timezone, "app.business_hours_id": &g.BusinessHoursID, "app.show_conversation_subject": &g.ShowConversationSubject}
}

// SetGeneral replaces the settings.
func (s *Service) SetGeneral(ctx context.Context, g General) error {
	if err := g.validate(s.languages); err != nil {
		return err
	}
	fields := fieldsOf(&g)
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := s.stored(ctx, tx)
		if err != nil {
			return fmt.Errorf("read the settings: %w", err)
		}
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			_, err := tx.Exec(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, db.ToJSON(fields[key]))
			if err != nil {
				return fmt.Errorf("save setting %s: %w", key, err)
			}
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.GeneralSettingsChanged, Target: audit.Target{Model: "setting", Name: "app"}, Before: before, After: g})
	})
	if err == nil {
		s.refresh(ctx)
	}
	return err
}
