// Package view owns views: filters over the list of conversations that were given a name. A personal view belongs to the
// agent who made it, a shared one is seen by a team or by everybody. What a view shows is decided for each who looks, by
// package conversation.
//
// The package uses its siblings agent, audit and event.
package view

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Who sees a view.
const (
	ForUser = "user" // who made it
	ForTeam = "team"
	ForAll  = "all"
)

// View is a filter with a name. Filters are kept as they were sent.
type View struct {
	ID         int64   `json:"id"`
	CreatedAt  db.Time `json:"created_at"`
	UpdatedAt  db.Time `json:"updated_at"`
	Name       string  `json:"name"`
	Filters    db.JSON `json:"filters"`
	Visibility string  `json:"visibility"`
	UserID     *int64  `json:"user_id,omitempty"`
	TeamID     *int64  `json:"team_id,omitempty"`
}

func (v View) target() audit.Target { return audit.Target{Model: "view", ID: v.ID, Name: v.Name} }

// Edit is what a view is made or changed to. Visibility and TeamID are for shared views only.
type Edit struct {
	Name       string
	Filters    db.JSON
	Visibility string
	TeamID     int64
}

const (
	maxName    = 140 // characters
	maxFilters = 64 << 10
	maxOwn     = 200 // views of one agent
)

// Service is the views of a desk.
type Service struct {
	db     *db.DB
	events *event.Log
	check  func(ctx context.Context, filters string) error
}

// New makes the service. check returns Invalid for filters that the lists do not have.
func New(d *db.DB, events *event.Log, check func(ctx context.Context, filters string) error) *Service {
	return &Service{db: d, events: events, check: check}
}

const columns = `id, created_at, updated_at, name, filters, visibility, user_id, team_id`

// Own returns an agent's personal views by name.
func (s *Service) Own(ctx context.Context, p *agent.Principal) ([]View, error) {
	return s.list(ctx, `user_id = $1 ORDER BY name, id`, p.ID)
}

// Shared returns the views that are shared with an agent, by name.
func (s *Service) Shared(ctx context.Context, p *agent.Principal) ([]View, error) {
	teams, args := db.In(1, p.TeamIDs)
	return s.list(ctx, `visibility = 'all' OR team_id IN (`+teams+`) ORDER BY name, id`, args...)
}

// AllShared returns every shared view, the last changed first.
func (s *Service) AllShared(ctx context.Context) ([]View, error) {
	return s.list(ctx, `visibility <> 'user' ORDER BY updated_at DESC, id DESC`)
}

func (s *Service) list(ctx context.Context, where string, args ...any) ([]View, error) {
	views, err := db.Select[View](ctx, s.db, `SELECT `+columns+` FROM views WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read views: %w", err)
	}
	return views, nil
}

// Visible returns a view that an agent may look at: NotFound if there is none, Forbidden if it is not for them.
func (s *Service) Visible(ctx context.Context, p *agent.Principal, id int64) (View, error) {
	v, err := get(ctx, s.db, id)
	switch {
	case err != nil:
		return v, err
	case v.Visibility == ForAll, v.UserID != nil && *v.UserID == p.ID, v.TeamID != nil && p.InTeam(*v.TeamID):
		return v, nil
	}
	return v, fault.Denied()
}

// GetShared returns a shared view; NotFound if there is none, or it is personal.
func (s *Service) GetShared(ctx context.Context, id int64) (View, error) {
	return shared(ctx, s.db, id)
}

func shared(ctx context.Context, q db.Querier, id int64) (View, error) {
	v, err := get(ctx, q, id)
	if err == nil && v.Visibility == ForUser {
		return v, fault.Missing("view")
	}
	return v, err
}

func own(ctx context.Context, q db.Querier, p *agent.Principal, id int64) (View, error) {
	v, err := get(ctx, q, id)
	if err == nil && (v.UserID == nil || *v.UserID != p.ID) {
		return v, fault.Denied()
	}
	return v, err
}

func get(ctx context.Context, q db.Querier, id int64) (View, error) {
	v, err := db.Get[View](ctx, q, `SELECT `+columns+` FROM views WHERE id = $1`, id)
	if errors.Is(err, db.ErrNoRows) {
		return v, fault.Missing("view")
	}
	if err != nil {
		return v, fmt.Errorf("read view %d: %w", id, err)
	}
	return v, nil
}

func (s *Service) validate(ctx context.Context, e *Edit) error {
	e.Name = strings.TrimSpace(e.Name)
	switch {
	case e.Name == "":
		return fault.Required("name")
	case len([]rune(e.Name)) > maxName:
		return fault.TooLong("name", maxName)
	case strings.ContainsFunc(e.Name, unicode.IsControl):
		return fault.Field("name", "error.control_characters")
	case len(e.Filters) == 0:
		return fault.Required("filters")
	case len(e.Filters) > maxFilters:
		return fault.TooLong("filters", maxFilters)
	case !slices.Contains([]string{ForUser, ForTeam, ForAll}, e.Visibility):
		return fault.Field("visibility", "error.unknown_value", "value", e.Visibility)
	case e.Visibility == ForTeam && e.TeamID <= 0:
		return fault.Required("team_id")
	}
	return s.check(ctx, string(e.Filters))
}

// CreateOwn makes a personal view of an agent's.
func (s *Service) CreateOwn(ctx context.Context, p *agent.Principal, e Edit) (v View, err error) {
	e.Visibility = ForUser
	if err := s.validate(ctx, &e); err != nil {
		return v, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM views WHERE user_id = $1`, p.ID).Scan(&n); err != nil {
			return fmt.Errorf("count views: %w", err)
		}
		if n >= maxOwn {
			return fault.Field("name", "error.too_many", "max", fmt.Sprint(maxOwn))
		}
		v, err = insert(ctx, tx, e, &p.ID)
		return err
	})
	return v, err
}

// UpdateOwn replaces the name and filters of a personal view: NotFound if there is none, Forbidden if it is another's.
func (s *Service) UpdateOwn(ctx context.Context, p *agent.Principal, id int64, e Edit) (v View, err error) {
	e.Visibility = ForUser
	if err := s.validate(ctx, &e); err != nil {
		return v, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := own(ctx, tx, p, id); err != nil {
			return err
		}
		v, err = update(ctx, tx, id, e)
		return err
	})
	return v, err
}

// DeleteOwn removes a personal view: NotFound if there is none, Forbidden if it is another's.
func (s *Service) DeleteOwn(ctx context.Context, p *agent.Principal, id int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := own(ctx, tx, p, id); err != nil {
			return err
		}
		return remove(ctx, tx, id)
	})
}

// CreateShared makes a view for a team or for all.
func (s *Service) CreateShared(ctx context.Context, e Edit) (View, error) {
	return s.saveShared(ctx, e, func(tx *db.Tx, e Edit) (audit.Entry, error) {
		v, err := insert(ctx, tx, e, nil)
		return audit.Entry{Type: audit.SharedViewCreated, Target: v.target(), After: v}, err
	})
}

// UpdateShared replaces a shared view; NotFound if there is none.
func (s *Service) UpdateShared(ctx context.Context, id int64, e Edit) (View, error) {
	return s.saveShared(ctx, e, func(tx *db.Tx, e Edit) (audit.Entry, error) {
		before, err := shared(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		v, err := update(ctx, tx, id, e)
		return audit.Entry{Type: audit.SharedViewUpdated, Target: v.target(), Before: before, After: v}, err
	})
}

// saveShared validates and saves a shared view, which is what save's entry has after it.
func (s *Service) saveShared(ctx context.Context, e Edit, save func(tx *db.Tx, e Edit) (audit.Entry, error)) (v View, err error) {
	if e.Visibility == ForUser {
		return v, fault.Field("visibility", "error.unknown_value", "value", e.Visibility)
	}
	if err := s.validate(ctx, &e); err != nil {
		return v, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := checkTeam(ctx, tx, e); err != nil {
			return err
		}
		entry, err := save(tx, e)
		if err != nil {
			return err
		}
		v, _ = entry.After.(View)
		return s.events.ReferenceChanged(ctx, tx, "views", entry)
	})
	return v, err
}

// DeleteShared removes a shared view; NotFound if there is none.
func (s *Service) DeleteShared(ctx context.Context, id int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		v, err := shared(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := remove(ctx, tx, id); err != nil {
			return err
		}
		return s.events.ReferenceChanged(ctx, tx, "views", audit.Entry{Type: audit.SharedViewDeleted, Target: v.target(), Before: v})
	})
}

func checkTeam(ctx context.Context, q db.Querier, e Edit) error {
	if e.Visibility != ForTeam {
		return nil
	}
	var there bool
	if err := q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM teams WHERE id = $1)`, e.TeamID).Scan(&there); err != nil {
		return fmt.Errorf("look for team %d: %w", e.TeamID, err)
	}
	if !there {
		return fault.Field("team_id", "error.unknown_team")
	}
	return nil
}

// team is what a row keeps of whom a view is for.
func (e Edit) team() *int64 {
	if e.Visibility != ForTeam {
		return nil
	}
	return &e.TeamID
}

func insert(ctx context.Context, tx *db.Tx, e Edit, userID *int64) (View, error) {
	v, err := db.Get[View](ctx, tx, `INSERT INTO views (created_at, updated_at, name, filters, visibility, user_id, team_id)
		VALUES ($1, $1, $2, $3, $4, $5, $6) RETURNING `+columns, db.Now(), e.Name, e.Filters, e.Visibility, userID, e.team())
	if err != nil {
		return v, fmt.Errorf("save a view: %w", err)
	}
	return v, nil
}

func update(ctx context.Context, tx *db.Tx, id int64, e Edit) (View, error) {
	v, err := db.Get[View](ctx, tx, `UPDATE views SET updated_at = $1, name = $2, filters = $3, visibility = $4, team_id = $5
		WHERE id = $6 RETURNING `+columns, db.Now(), e.Name, e.Filters, e.Visibility, e.team(), id)
	if err != nil {
		return v, fmt.Errorf("save view %d: %w", id, err)
	}
	return v, nil
}

func remove(ctx context.Context, tx *db.Tx, id int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM views WHERE id = $1`, id); err != nil {
		return fmt.Errorf("delete view %d: %w", id, err)
	}
	return nil
}
