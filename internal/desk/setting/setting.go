// Package setting owns the desk's settings: key and JSON value, with the defaults of a new desk.
package setting

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
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
	// TrashRetentionDays is after how many days in the trash a conversation is deleted for good; 0 keeps them. Foyer's addition.
	TrashRetentionDays int64 `json:"app.trash_retention_days"`
}

// Defaults are the settings of a new desk.
func Defaults(rootURL string) General {
	return General{SiteName: "Foyer", Lang: "en-US", RootURL: rootURL, LogoURL: DefaultPicture, FaviconURL: DefaultPicture, MaxFileUploadSize: 20,
		AllowedUploadExtensions: []string{"*"}, Timezone: "UTC", ShowConversationSubject: true}
}

// Location returns the time zone of the desk; UTC when none is set.
func (g General) Location() *time.Location {
	if loc, err := time.LoadLocation(g.Timezone); err == nil {
		return loc
	}
	return time.UTC
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
	begun   int // reads that were begun
	kept    int // the read that have is of: one begun earlier and ended later has older settings
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
	s.mu.Lock()
	s.begun++
	this := s.begun
	s.mu.Unlock()
	g, err := s.stored(ctx, s.db)
	return s.keep(this, g, err)
}

// keep puts what a read found in memory, unless a read that was begun after it is there already.
func (s *Service) keep(read int, g General, err error) General {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
	if read < s.kept {
		return s.have
	}
	if err != nil {
		if s.read.IsZero() {
			return s.fallback
		}
		return s.have
	}
	s.have, s.read, s.kept = g, time.Now(), read
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
		"app.timezone": &g.Timezone, "app.business_hours_id": &g.BusinessHoursID, "app.show_conversation_subject": &g.ShowConversationSubject, "app.trash_retention_days": &g.TrashRetentionDays}
}

// SetGeneral replaces the settings. An Invalid error names the field that is wrong.
func (s *Service) SetGeneral(ctx context.Context, g General) error {
	if err := g.validate(s.languages); err != nil {
		return err
	}
	return s.change(ctx, func(stored *General) { *stored = g })
}

// change stores what a change makes of the settings, and notes it in the activity log.
func (s *Service) change(ctx context.Context, apply func(*General)) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := s.stored(ctx, tx)
		if err != nil {
			return fmt.Errorf("read the settings: %w", err)
		}
		after := before
		apply(&after)
		fields := fieldsOf(&after)
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			_, err := tx.Exec(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, db.ToJSON(fields[key]))
			if err != nil {
				return fmt.Errorf("save setting %s: %w", key, err)
			}
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.GeneralSettingsChanged, Target: audit.Target{Model: "setting", Name: "app"}, Before: before, After: after})
	})
	if err == nil {
		s.refresh(ctx)
	}
	return err
}
