package agent

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Compact is an agent as pickers show them.
type Compact struct {
	ID                 int64   `json:"id"`
	Type               string  `json:"type"`
	FirstName          string  `json:"first_name"`
	LastName           string  `json:"last_name"`
	Email              *string `json:"email"`
	Enabled            bool    `json:"enabled"`
	AvatarURL          *string `json:"avatar_url"`
	ExternalUserID     *string `json:"external_user_id"`
	AvailabilityStatus string  `json:"availability_status"`
	CreatedAt          db.Time `json:"created_at"`
	UpdatedAt          db.Time `json:"updated_at"`
}

// Listed is an agent as the list of those who manage agents shows them.
type Listed struct {
	Compact
	LastLoginAt      *db.Time `json:"last_login_at"`
	InvitedAt        *db.Time `json:"invited_at" doc:"When the last invitation was sent"`
	Roles            []string `json:"roles" doc:"Names of roles, in alphabetical order"`
	TwoFactorEnabled bool     `json:"two_factor_enabled" doc:"The password alone does not sign in"`
}

const (
	compactColumns = `id, type, first_name, last_name, email, enabled, avatar_url, external_user_id, availability_status, created_at, updated_at`
	listQuery      = `SELECT ` + compactColumns + `, last_login_at, invited_at FROM users
		WHERE type = 'agent' AND deleted_at IS NULL AND NOT is_system AND email IS NOT NULL ORDER BY updated_at DESC, id DESC`
	compactQuery = `SELECT ` + compactColumns + ` FROM users
		WHERE type IN ('agent', 'ai_assistant') AND deleted_at IS NULL AND NOT is_system ORDER BY first_name, last_name, id`
)

// List returns all agents but System, the last changed first. However many there are, it takes three queries.
func (s *Service) List(ctx context.Context) ([]Listed, error) {
	out, err := db.Select[Listed](ctx, s.db, listQuery)
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	at := make(map[int64]*Listed, len(out))
	for i := range out {
		out[i].Roles = []string{}
		at[out[i].ID] = &out[i]
	}
	err = db.Each(ctx, s.db, func(r db.Rows) error {
		var id int64
		var name string
		if err := r.Scan(&id, &name); err != nil {
			return err
		}
		if a := at[id]; a != nil {
			a.Roles = append(a.Roles, name)
		}
		return nil
	}, `SELECT ur.user_id, r.name FROM user_roles ur JOIN roles r ON r.id = ur.role_id ORDER BY r.name`)
	if err != nil {
		return nil, fmt.Errorf("list the roles of agents: %w", err)
	}
	enrolled, err := s.Enrolled(ctx)
	for id, a := range at {
		a.TwoFactorEnabled = enrolled[id]
	}
	return out, err
}

// Compact returns all agents but System, and the AI assistants, by name.
func (s *Service) Compact(ctx context.Context) ([]Compact, error) {
	return db.Select[Compact](ctx, s.db, compactQuery)
}
