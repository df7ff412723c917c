package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Preferences is what an agent chooses for themselves. nil leaves a choice as it is, "" gives it back to the desk.
type Preferences struct {
	Language *string // the code of a catalogue
	Timezone *string // a name of the IANA time zone database
}

// Validate returns an error, which names the field, for a language that Foyer does not speak and a zone that there is not.
func (p Preferences) Validate() error {
	if l := p.Language; l != nil && *l != "" && !i18n.Known(*l) {
		return fault.Field("language", "error.unknown_value", "value", *l)
	}
	if z := p.Timezone; z != nil && *z != "" {
		if _, err := time.LoadLocation(*z); err != nil || *z == "Local" {
			return fault.Field("timezone", "error.timezone", "value", *z)
		}
	}
	return nil
}

// SetPreferences changes what an agent chose. Errors are those of [Preferences.Validate].
func (s *Service) SetPreferences(ctx context.Context, id int64, p Preferences) error {
	if err := p.Validate(); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE users SET updated_at = $2,
			language = CASE WHEN $3 THEN NULLIF($4, '') ELSE language END, timezone = CASE WHEN $5 THEN NULLIF($6, '') ELSE timezone END WHERE id = $1`,
			id, db.Now(), p.Language != nil, deref(p.Language), p.Timezone != nil, deref(p.Timezone))
		return err
	})
	if err != nil {
		return fmt.Errorf("change the preferences of agent %d: %w", id, err)
	}
	s.dir.Invalidate(id) // not announced: sockets need not notice, and other nodes read anew within seconds
	return nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
