// Package team owns teams: groups of agents to which conversations can be assigned.
package team

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Team is a group of agents.
type Team struct {
	ID                           int64   `json:"id"`
	CreatedAt                    db.Time `json:"created_at"`
	UpdatedAt                    db.Time `json:"updated_at"`
	Emoji                        *string `json:"emoji"`
	Name                         string  `json:"name"`
	ConversationAssignmentType   string  `json:"conversation_assignment_type"`
	Timezone                     string  `json:"timezone"`
	BusinessHoursID              *int64  `json:"business_hours_id"`
	SLAPolicyID                  *int64  `json:"sla_policy_id" db:"sla_policy_id"`
	MaxAutoAssignedConversations int64   `json:"max_auto_assigned_conversations"`
}

// Compact is a team as pickers show it.
type Compact struct {
	ID    int64   `json:"id"`
	Name  string  `json:"name"`
	Emoji *string `json:"emoji"`
}

// Member is an agent of a team.
type Member struct {
	ID                 int64   `json:"id"`
	FirstName          string  `json:"first_name"`
	LastName           string  `json:"last_name"`
	AvatarURL          *string `json:"avatar_url"`
	AvailabilityStatus string  `json:"availability_status"`
}

// Edit is what a team is made or changed to.
type Edit struct {
	Name                         string
	Emoji                        *string
	Timezone                     string
	ConversationAssignmentType   string
	BusinessHoursID              *int64
	SLAPolicyID                  *int64
	MaxAutoAssignedConversations int64
}

// The ways in which a team's conversations find an agent.
const (
	RoundRobin = "Round robin"
	Manual     = "Manual"
)

func (e *Edit) validate() error {
	e.Name, e.Timezone = strings.TrimSpace(e.Name), strings.TrimSpace(e.Timezone)
	switch {
	case e.Name == "":
		return fault.Required("name")
	case len([]rune(e.Name)) > 140:
		return fault.TooLong("name", 140)
	case e.Emoji != nil && len([]rune(*e.Emoji)) > 50:
		return fault.TooLong("emoji", 50)
	case strings.ContainsRune(e.Name, 0):
		return fault.Field("name", "error.control_characters")
	case e.Emoji != nil && strings.ContainsRune(*e.Emoji, 0):
		return fault.Field("emoji", "error.control_characters")
	case e.ConversationAssignmentType != RoundRobin && e.ConversationAssignmentType != Manual:
		return fault.Field("conversation_assignment_type", "error.unknown_value", "value", e.ConversationAssignmentType)
	case e.MaxAutoAssignedConversations < 0:
		return fault.Field("max_auto_assigned_conversations", "error.not_negative")
	case e.BusinessHoursID != nil:
		return fault.Field("business_hours_id", "error.unknown_value", "value", fmt.Sprint(*e.BusinessHoursID))
	case e.SLAPolicyID != nil:
		return fault.Field("sla_policy_id", "error.unknown_value", "value", fmt.Sprint(*e.SLAPolicyID))
	}
	if e.Timezone != "" {
		if _, err := time.LoadLocation(e.Timezone); err != nil || e.Timezone == "Local" {
			return fault.Field("timezone", "error.timezone", "value", e.Timezone)
		}
	}
	return nil
}

// Service is the teams of a desk.
type Service struct {
	db *db.DB
	// Changed is called after the commit of a change with the team's agents.
	Changed func(agents []int64)
}

// New makes the service.
func New(d *db.DB) *Service { return &Service{db: d, Changed: func([]int64) {}} }

const columns = `id, created_at, updated_at, emoji, name, conversation_assignment_type, timezone, business_hours_id, sla_policy_id, max_auto_assigned_conversations`

// List returns all teams, the last changed first.
func (s *Service) List(ctx context.Context) ([]Team, error) {
	return db.Select[Team](ctx, s.db, `SELECT `+columns+` FROM teams ORDER BY updated_at DESC, id DESC`)
}

// Compact returns all teams by name.
func (s *Service) Compact(ctx context.Context) ([]Compact, error) {
	return db.Select[Compact](ctx, s.db, `SELECT id, name, emoji FROM teams ORDER BY name`)
}

// Of returns the teams of an agent.
func (s *Service) Of(ctx context.Context, agentID int64) ([]Team, error) {
	return db.Select[Team](ctx, s.db, `SELECT `+columns+` FROM teams WHERE id IN (SELECT team_id FROM team_members WHERE user_id = $1) ORDER BY name`, agentID)
}

// Get returns a team; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (Team, error) { return get(ctx, s.db, id) }

// target returns the team as the activity log names it.
func (t Team) target() audit.Target { return audit.Target{Model: "team", ID: t.ID, Name: t.Name} }

func get(ctx context.Context, q db.Querier, id int64) (Team, error) {
	t, err := db.Get[Team](ctx, q, `SELECT `+columns+` FROM teams WHERE id = $1`, id)
	if errors.Is(err, db.ErrNoRows) {
		return t, fault.Missing("team")
	}
	return t, err
}

// Members returns the agents of a team by name.
func (s *Service) Members(ctx context.Context, id int64) ([]Member, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return db.Select[Member](ctx, s.db, `SELECT u.id, u.first_name, u.last_name, u.avatar_url, u.availability_status
		FROM team_members tm JOIN users u ON u.id = tm.user_id WHERE tm.team_id = $1 AND u.deleted_at IS NULL ORDER BY u.first_name, u.id`, id)
}

// Create makes a team.
func (s *Service) Create(ctx context.Context, e Edit) (Team, error) {
	return s.save(ctx, e, 0, `INSERT INTO teams (created_at, updated_at, name, emoji, timezone, conversation_assignment_type, max_auto_assigned_conversations)
		VALUES ($1, $1, $2, $3, $4, $5, $6) RETURNING `+columns)
}

// Update replaces what a team is; NotFound if there is none.
func (s *Service) Update(ctx context.Context, id int64, e Edit) (Team, error) {
	t, err := s.save(ctx, e, id, `UPDATE teams SET updated_at = $1, name = $2, emoji = $3, timezone = $4, conversation_assignment_type = $5,
		max_auto_assigned_conversations = $6 WHERE id = $7 RETURNING `+columns, id)
	if err == nil {
		s.changed(ctx, id)
	}
	return t, err
}

// save writes a team by a statement that returns it; id is that of the team that is replaced, 0 for a new one.
func (s *Service) save(ctx context.Context, e Edit, id int64, statement string, more ...any) (t Team, err error) {
	if err := e.validate(); err != nil {
		return t, err
	}
	emoji := ""
	if e.Emoji != nil {
		emoji = *e.Emoji
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		entry := audit.Entry{Type: audit.TeamCreated}
		if id != 0 {
			before, err := get(ctx, tx, id)
			if err != nil {
				return err
			}
			entry = audit.Entry{Type: audit.TeamUpdated, Before: before}
		}
		t, err = db.Get[Team](ctx, tx, statement, append([]any{db.Now(), e.Name, emoji, e.Timezone, e.ConversationAssignmentType, e.MaxAutoAssignedConversations}, more...)...)
		if unique, _ := db.IsUnique(err); unique {
			return fault.Duplicate("name", e.Name)
		}
		if err != nil {
			return fmt.Errorf("save team: %w", err)
		}
		entry.Target, entry.After = t.target(), t
		return audit.Record(ctx, tx, entry)
	})
	return t, err
}

// Delete removes a team; its conversations keep their agents and lose the team. unassign takes it off them and keeps
// the counts, in the same transaction.
func (s *Service) Delete(ctx context.Context, id int64, unassign func(ctx context.Context, tx *db.Tx, teamID int64) error) error {
	agents, err := s.agents(ctx, id)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		t, err := get(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unassign(ctx, tx, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM teams WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete team %d: %w", id, err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.TeamDeleted, Target: t.target(), Before: t})
	})
	if err == nil {
		s.Changed(agents)
	}
	return err
}

func (s *Service) agents(ctx context.Context, id int64) ([]int64, error) {
	return db.Select[int64](ctx, s.db, `SELECT user_id FROM team_members WHERE team_id = $1`, id)
}

func (s *Service) changed(ctx context.Context, id int64) {
	if agents, err := s.agents(ctx, id); err == nil {
		s.Changed(agents)
	}
}
