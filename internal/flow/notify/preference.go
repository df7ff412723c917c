package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Channels are the ways in which an agent is told of something.
type Channels struct {
	Bell    bool `json:"bell"`
	Sound   bool `json:"sound"`
	Desktop bool `json:"desktop"`
	Push    bool `json:"push" doc:"On the agent's devices, while the desk is closed there"`
	Mail    bool `json:"mail"`
}

func (c Channels) any() bool { return c != Channels{} }

// QuietHours are the hours of the day in which nothing sounds or pops up and mails wait. They may pass midnight.
type QuietHours struct {
	Enabled bool   `json:"enabled"`
	From    string `json:"from" doc:"Such as 22:00, by the clock of the agent's time zone"`
	To      string `json:"to" doc:"Such as 07:00"`
}

// Preferences say of what an agent is told, and how.
type Preferences struct {
	Events     map[Type]Channels `json:"events" doc:"By type of notification"`
	Volume     int               `json:"volume" doc:"Of sounds, 0 to 100"`
	Tone       string            `json:"tone" enum:"chime,bell,drop,knock" doc:"Which sound"`
	QuietHours QuietHours        `json:"quiet_hours"`
}

// tones are the values of Preferences.Tone, the default first.
var tones = []string{"chime", "bell", "drop", "knock"}

// DefaultPreferences are those of an agent who has chosen nothing: everything that is about them, and mail for what
// somebody asks of them. What customers write all day is not mailed, and what is nobody's yet disturbs nobody.
func DefaultPreferences() Preferences {
	asked := Channels{Bell: true, Sound: true, Desktop: true, Push: true, Mail: true}
	return Preferences{
		Events: map[Type]Channels{Mention: asked, Assignment: asked, ReplyStopped: asked, Reply: {Bell: true, Sound: true, Desktop: true, Push: true},
			NewConversation: {}, InboxOutage: asked},
		Volume:     50,
		Tone:       tones[0],
		QuietHours: QuietHours{From: "22:00", To: "07:00"},
	}
}

// PreferenceChange replaces what is given; the rest stays as it is.
type PreferenceChange struct {
	Events     map[Type]Channels
	Volume     *int
	Tone       *string
	QuietHours *QuietHours
}

func (c PreferenceChange) apply(p *Preferences) error {
	for _, t := range slices.Sorted(maps.Keys(c.Events)) {
		if _, known := p.Events[t]; !known {
			return fault.Field("events", "error.unknown_value", "value", string(t))
		}
		p.Events[t] = c.Events[t]
	}
	if c.Volume != nil {
		if p.Volume = *c.Volume; p.Volume < 0 || p.Volume > 100 {
			return fault.Field("volume", "error.number_range", "min", "0", "max", "100")
		}
	}
	if c.Tone != nil {
		if p.Tone = *c.Tone; !slices.Contains(tones, p.Tone) {
			return fault.Field("tone", "error.unknown_value", "value", p.Tone)
		}
	}
	if c.QuietHours != nil {
		p.QuietHours = *c.QuietHours
		return p.QuietHours.validate()
	}
	return nil
}

func (q QuietHours) validate() error {
	for _, f := range []struct{ name, value string }{{"quiet_hours.from", q.From}, {"quiet_hours.to", q.To}} {
		if _, ok := minutes(f.value); !ok {
			return fault.Field(f.name, "error.clock_invalid", "value", f.value)
		}
	}
	if q.From == q.To {
		return fault.Field("quiet_hours.to", "error.quiet_hours_empty")
	}
	return nil
}

// minutes reads a time of the day such as "07:30" as minutes since midnight.
func minutes(clock string) (int, bool) {
	t, err := time.Parse("15:04", clock)
	return t.Hour()*60 + t.Minute(), err == nil && len(clock) == len("15:04")
}

// until returns when the quiet hours end in which t is by the clock of a place; false outside of them.
func (q QuietHours) until(t time.Time, loc *time.Location) (time.Time, bool) {
	from, okFrom := minutes(q.From)
	to, okTo := minutes(q.To)
	if !q.Enabled || !okFrom || !okTo {
		return time.Time{}, false
	}
	local := t.In(loc)
	now := local.Hour()*60 + local.Minute()
	within, day := from <= now && now < to, local.Day()
	if from > to {
		within = now >= from || now < to
		if now >= from {
			day++
		}
	}
	return time.Date(local.Year(), local.Month(), day, to/60, to%60, 0, 0, loc), within
}

// quiet is [QuietHours.until] by the clock of an agent: in the time zone they chose, else in the desk's.
func (s *Service) quiet(ctx context.Context, q db.Querier, agentID int64, hours QuietHours, t time.Time) (time.Time, bool, error) {
	if !hours.Enabled {
		return time.Time{}, false, nil
	}
	var zone string
	if err := q.QueryRow(ctx, `SELECT COALESCE(timezone, '') FROM users WHERE id = $1`, agentID).Scan(&zone); err != nil {
		return time.Time{}, false, fmt.Errorf("read the time zone of agent %d: %w", agentID, err)
	}
	loc := s.Settings.General(ctx).Location()
	if l, err := time.LoadLocation(zone); err == nil && zone != "" {
		loc = l
	}
	end, is := hours.until(t, loc)
	return end, is, nil
}

const preferenceQuery = `SELECT choices FROM notification_preferences WHERE user_id = $1`

func preferences(ctx context.Context, q db.Querier, agentID int64) (Preferences, error) {
	p := DefaultPreferences()
	var stored db.JSON
	err := q.QueryRow(ctx, preferenceQuery, agentID).Scan(&stored)
	if errors.Is(err, db.ErrNoRows) {
		return p, nil
	}
	if err == nil {
		err = stored.Decode(&p) // over the defaults, which types have that were unknown when they were stored
	}
	if err != nil {
		return p, fmt.Errorf("read the notification preferences of agent %d: %w", agentID, err)
	}
	return p, nil
}

// Preferences returns what an agent has chosen, or the defaults.
func (s *Service) Preferences(ctx context.Context, p *agent.Principal) (Preferences, error) {
	return preferences(ctx, s.DB, p.ID)
}

// SetPreferences changes what an agent has chosen and returns all of it. An Invalid error names the field.
func (s *Service) SetPreferences(ctx context.Context, p *agent.Principal, c PreferenceChange) (out Preferences, err error) {
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		if out, err = preferences(ctx, tx, p.ID); err != nil {
			return err
		}
		if err := c.apply(&out); err != nil {
			return err
		}
		return storePreferences(ctx, tx, p.ID, out)
	})
	return out, err
}

func storePreferences(ctx context.Context, tx *db.Tx, agentID int64, p Preferences) error {
	_, err := tx.Exec(ctx, `INSERT INTO notification_preferences (user_id, updated_at, watches, choices) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id) DO UPDATE SET updated_at = excluded.updated_at, watches = excluded.watches, choices = excluded.choices`,
		agentID, db.Now(), p.Events[NewConversation].any(), db.ToJSON(p))
	if err != nil {
		return fmt.Errorf("save notification preferences: %w", err)
	}
	return nil
}
