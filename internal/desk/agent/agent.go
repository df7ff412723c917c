// Package agent owns the people who work at the desk: agents, how they prove who they are (passwords, sessions, API
// keys, one-time links), what they may do (through package role), whether they are there, and the System user that acts
// for Foyer itself.
//
// [Directory] answers "who asks, and what may they do" from memory for every request; everything in this package that
// changes an answer drops it there and announces the change, so that other nodes and open sockets learn of it.
package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// SystemLogin is the name by which the System user signs in; it is no address.
const SystemLogin = "System"

// Agent is an agent in full.
type Agent struct {
	ID                     int64             `json:"id"`
	CreatedAt              db.Time           `json:"created_at"`
	UpdatedAt              db.Time           `json:"updated_at"`
	FirstName              string            `json:"first_name"`
	LastName               string            `json:"last_name"`
	Email                  *string           `json:"email"`
	Type                   string            `json:"type"`
	AvailabilityStatus     string            `json:"availability_status"`
	PhoneNumberCountryCode *string           `json:"phone_number_country_code"`
	PhoneNumber            *string           `json:"phone_number"`
	AvatarURL              *string           `json:"avatar_url"`
	Enabled                bool              `json:"enabled"`
	LastActiveAt           *db.Time          `json:"last_active_at"`
	LastLoginAt            *db.Time          `json:"last_login_at"`
	Roles                  []string          `json:"roles"`
	Permissions            []role.Permission `json:"permissions"`
	Country                *string           `json:"country"`
	Meta                   db.JSON           `json:"meta"`
	CustomAttributes       db.JSON           `json:"custom_attributes"`
	ExternalUserID         *string           `json:"external_user_id"`
	Teams                  []TeamOf          `json:"teams"`
	APIKey                 *string           `json:"api_key"`
	APIKeyLastUsedAt       *db.Time          `json:"api_key_last_used_at"`
	Language               *string           `json:"language"` // nil for the desk's
	Timezone               *string           `json:"timezone"` // nil for the desk's

	// TwoFactorSetupRequired is only there when it is so: a role asks for a second factor and the agent has none yet.
	TwoFactorSetupRequired bool `json:"two_factor_setup_required,omitempty"`

	// InvitedAt is when the last invitation was sent; left out if none was.
	InvitedAt *db.Time `json:"invited_at,omitempty"`

	IsSystem bool `json:"-"`
}

// TeamOf is a team an agent is in.
type TeamOf struct {
	ID    int64   `json:"id"`
	Name  string  `json:"name"`
	Emoji *string `json:"emoji"`
}

// Edit is what an agent is made or changed to. Roles and teams are given by name, by id, or both; neither names nor ids
// of roles are an error.
type Edit struct {
	FirstName, LastName, Email string
	Roles, Teams               []string
	RoleIDs, TeamIDs           []int64
	Enabled                    bool
	Availability               string
	NewPassword                string
}

func (e *Edit) validate() error {
	e.FirstName, e.LastName = strings.TrimSpace(e.FirstName), strings.TrimSpace(e.LastName)
	e.Email = strings.ToLower(strings.TrimSpace(e.Email))
	switch {
	case e.Email == "":
		return fault.Required("email")
	case len([]rune(e.Email)) > 320:
		return fault.TooLong("email", 320)
	case e.FirstName == "":
		return fault.Required("first_name")
	case len([]rune(e.FirstName)) > 140:
		return fault.TooLong("first_name", 140)
	case len([]rune(e.LastName)) > 140:
		return fault.TooLong("last_name", 140)
	case e.Roles == nil && e.RoleIDs == nil:
		return fault.Required("roles")
	}
	for field, texts := range map[string][]string{"first_name": {e.FirstName}, "last_name": {e.LastName}, "email": {e.Email}, "roles": e.Roles, "teams": e.Teams} {
		if strings.ContainsRune(strings.Join(texts, ""), 0) { // which PostgreSQL cannot keep
			return fault.Field(field, "error.control_characters")
		}
	}
	return nil
}

// Service is the agents of a desk.
type Service struct {
	db  *db.DB
	dir *Directory
	// Unassign takes the open conversations from an agent who is deleted, in the same transaction.
	Unassign func(ctx context.Context, tx *db.Tx, actor *Principal, agentID int64) error
	// SecondFactor returns the token of a sign-in that waits for a second factor, "" if none is wanted.
	SecondFactor func(ctx context.Context, tx *db.Tx, id int64, by Proof) (waiting string, err error)
	// Enrolled returns which agents have a second factor.
	Enrolled func(ctx context.Context) (map[int64]bool, error)
	// Available is called, in the transaction, when an agent's availability changes.
	Available func(ctx context.Context, tx *db.Tx, actorID, agentID int64, status string) error
	// PasswordAllowed returns an error while agents may not sign in by a password. System is not asked for.
	PasswordAllowed func(ctx context.Context) error
}

// New makes the service.
func New(d *db.DB, dir *Directory) *Service {
	return &Service{db: d, dir: dir,
		SecondFactor:    func(context.Context, *db.Tx, int64, Proof) (string, error) { return "", nil },
		Enrolled:        func(context.Context) (map[int64]bool, error) { return nil, nil },
		Unassign:        func(context.Context, *db.Tx, *Principal, int64) error { return nil },
		Available:       func(context.Context, *db.Tx, int64, int64, string) error { return nil },
		PasswordAllowed: func(context.Context) error { return nil }}
}

// Get returns an agent or AI assistant; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (*Agent, error) { return get(ctx, s.db, id) }

func get(ctx context.Context, q db.Querier, id int64) (*Agent, error) {
	var a Agent
	err := q.QueryRow(ctx, `SELECT u.id, u.created_at, u.updated_at, u.first_name, u.last_name, u.email, u.type, u.availability_status,
		u.phone_number_country_code, u.phone_number, u.avatar_url, u.enabled, u.last_active_at, u.last_login_at, u.invited_at, u.country, u.is_system, u.language, u.timezone,
		k.key, k.last_used_at
		FROM users u LEFT JOIN api_keys k ON k.user_id = u.id AND k.is_primary
		WHERE u.id = $1 AND u.type IN ('agent', 'ai_assistant') AND u.deleted_at IS NULL`, id).Scan(&a.ID, &a.CreatedAt, &a.UpdatedAt, &a.FirstName,
		&a.LastName, &a.Email, &a.Type, &a.AvailabilityStatus, &a.PhoneNumberCountryCode, &a.PhoneNumber, &a.AvatarURL, &a.Enabled, &a.LastActiveAt,
		&a.LastLoginAt, &a.InvitedAt, &a.Country, &a.IsSystem, &a.Language, &a.Timezone, &a.APIKey, &a.APIKeyLastUsedAt)
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.Missing("agent")
	}
	if err != nil {
		return nil, fmt.Errorf("read agent %d: %w", id, err)
	}
	var set role.Set
	a.Roles, set, err = rolesOf(ctx, q, id)
	if err != nil {
		return nil, err
	}
	for _, p := range role.All {
		if set.Has(p) {
			a.Permissions = append(a.Permissions, p)
		}
	}
	slices.Sort(a.Permissions)
	a.Teams, err = db.Select[TeamOf](ctx, q, `SELECT t.id, t.name, t.emoji FROM team_members tm JOIN teams t ON t.id = tm.team_id WHERE tm.user_id = $1 ORDER BY t.name`, id)
	return &a, err
}

// rolesOf returns the names of an agent's roles, nil when they have none, and the union of their permissions.
func rolesOf(ctx context.Context, q db.Querier, id int64) (names []string, set role.Set, err error) {
	err = db.Each(ctx, q, func(r db.Rows) error {
		var name string
		var raw db.JSON
		if err := r.Scan(&name, &raw); err != nil {
			return err
		}
		var perms []role.Permission
		if err := raw.Decode(&perms); err != nil {
			return err
		}
		if name == role.Admin {
			perms = role.All
		}
		names, set = append(names, name), set|role.SetOf(perms...)
		return nil
	}, `SELECT r.name, r.permissions FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = $1 ORDER BY r.name`, id)
	if err != nil {
		return nil, 0, fmt.Errorf("read roles: %w", err)
	}
	return names, set, nil
}

// Create makes an agent with a password that nobody knows: they come in by a link, or by a password an admin sets.
func (s *Service) Create(ctx context.Context, actor *Principal, e Edit) (*Agent, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	if err := CheckAddress(e.Email); err != nil {
		return nil, err
	}
	if len(e.Roles)+len(e.RoleIDs) == 0 {
		return nil, fault.Required("roles")
	}
	if e.NewPassword != "" {
		if err := CheckPassword("new_password", e.NewPassword); err != nil {
			return nil, err
		}
	}
	var hash *string
	if e.NewPassword != "" { // hashed here, for it is slow and a transaction keeps others waiting
		h := hashPassword(e.NewPassword)
		hash = &h
	}
	var a *Agent
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		a, err = create(ctx, tx, actor, e, hash)
		return err
	})
	return a, err
}

// CreateTx makes an agent without a password in the caller's transaction, for those who come in another way. Errors are
// those of Create.
func (s *Service) CreateTx(ctx context.Context, tx *db.Tx, actor *Principal, e Edit) (*Agent, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	if err := CheckAddress(e.Email); err != nil {
		return nil, err
	}
	return create(ctx, tx, actor, e, nil)
}

func create(ctx context.Context, tx *db.Tx, actor *Principal, e Edit, hash *string) (*Agent, error) {
	var id int64
	now := db.Now()
	err := tx.QueryRow(ctx, `INSERT INTO users (created_at, updated_at, type, email, first_name, last_name, password_hash)
		VALUES ($1, $1, 'agent', $2, $3, $4, $5) RETURNING id`, now, e.Email, e.FirstName, e.LastName, hash).Scan(&id)
	if unique, _ := db.IsUnique(err); unique {
		return nil, fault.Duplicate("email", e.Email)
	}
	if err != nil {
		return nil, fmt.Errorf("create agent: %w", err)
	}
	if err := setRoles(ctx, tx, actor, id, e); err != nil {
		return nil, err
	}
	if err := setTeams(ctx, tx, id, e); err != nil {
		return nil, err
	}
	a, err := get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return a, audit.Record(ctx, tx, audit.Entry{Type: audit.AgentCreated, Actor: actor.Audited(), Target: a.Audited(), After: a.record()})
}

// Update replaces what an agent is. The System user keeps its name, stays enabled and keeps the Admin role; so does
// the last enabled administrator.
func (s *Service) Update(ctx context.Context, actor *Principal, id int64, e Edit) (*Agent, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	if !slices.Contains(availabilities, e.Availability) {
		return nil, fault.Field("availability_status", "error.unknown_value", "value", e.Availability)
	}
	if e.NewPassword != "" {
		if err := CheckPassword("new_password", e.NewPassword); err != nil {
			return nil, err
		}
	}
	var hash string
	if e.NewPassword != "" {
		hash = hashPassword(e.NewPassword)
	}
	var a *Agent
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Type != "agent" {
			return fault.Missing("agent")
		}
		if err := protect(before, &e); err != nil {
			return err
		}
		if hash != "" || before.Email == nil || *before.Email != e.Email { // either lets one sign in as them
			if err := MayActAs(actor, before); err != nil {
				return err
			}
		}
		admins, err := holdAdmins(ctx, tx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE users SET updated_at = $2, first_name = $3, last_name = $4, email = $5, enabled = $6, availability_status = $7 WHERE id = $1`,
			id, db.Now(), e.FirstName, e.LastName, e.Email, e.Enabled, e.Availability)
		if unique, _ := db.IsUnique(err); unique {
			return fault.Duplicate("email", e.Email)
		}
		if err != nil {
			return fmt.Errorf("update agent: %w", err)
		}
		if err := setRoles(ctx, tx, actor, id, e); err != nil {
			return err
		}
		if err := setTeams(ctx, tx, id, e); err != nil {
			return err
		}
		if err := keepTheSystemAdmin(ctx, tx, before); err != nil {
			return err
		}
		if err := keepAnAdmin(ctx, tx, admins); err != nil {
			return err
		}
		if hash != "" {
			if err := setPassword(ctx, tx, id, hash); err != nil {
				return err
			}
			if err := audit.Record(ctx, tx, audit.Entry{Type: audit.PasswordSet, Actor: actor.Audited(), Target: before.Audited()}); err != nil {
				return err
			}
		}
		if before.Enabled && !e.Enabled {
			if err := expireSessions(ctx, tx, id); err != nil {
				return err
			}
		}
		if before.AvailabilityStatus != e.Availability {
			if err := auditAvailability(ctx, tx, actor, before.Audited(), before.AvailabilityStatus, e.Availability); err != nil {
				return err
			}
			if err := s.Available(ctx, tx, actor.ID, id, e.Availability); err != nil {
				return err
			}
		}
		if a, err = get(ctx, tx, id); err != nil {
			return err
		}
		return auditUpdate(ctx, tx, actor, before, a)
	})
	if err == nil {
		s.dir.Changed(id)
	}
	return a, err
}

// protect keeps the System user what it is.
func protect(before *Agent, e *Edit) error {
	if !before.IsSystem {
		return CheckAddress(e.Email)
	}
	switch {
	case !strings.EqualFold(e.Email, SystemLogin):
		return fault.Field("email", "error.system_protected")
	case !e.Enabled:
		return fault.Field("enabled", "error.system_protected")
	}
	e.Email = SystemLogin
	return nil
}

// Delete takes an agent off the desk: their open conversations lose them, their sessions and keys end, their address is
// free again. Nobody deletes themselves or System.
func (s *Service) Delete(ctx context.Context, actor *Principal, id int64) error {
	if id == actor.ID {
		return fault.Field("id", "error.delete_self")
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var system bool
		var deleted *db.Time
		err := tx.QueryRow(ctx, `SELECT is_system, deleted_at FROM users WHERE id = $1 AND type = 'agent'`, id).Scan(&system, &deleted)
		switch {
		case errors.Is(err, db.ErrNoRows):
			return fault.Missing("agent")
		case err != nil || deleted != nil:
			return err
		case system:
			return fault.Field("id", "error.system_protected")
		}
		admins, err := holdAdmins(ctx, tx)
		if err != nil {
			return err
		}
		gone, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.Unassign(ctx, tx, actor, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET deleted_at = $2, updated_at = $2 WHERE id = $1`, id, db.Now()); err != nil {
			return fmt.Errorf("delete agent: %w", err)
		}
		for _, table := range []string{"user_roles", "team_members", "sessions", "api_keys", "password_tokens", "oidc_identities"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE user_id = $1`, id); err != nil {
				return fmt.Errorf("delete agent: %w", err)
			}
		}
		if err := keepAnAdmin(ctx, tx, admins); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.AgentDeleted, Actor: actor.Audited(), Target: gone.Audited(), Before: gone.record()})
	})
	if err == nil {
		s.dir.Changed(id)
	}
	return err
}
