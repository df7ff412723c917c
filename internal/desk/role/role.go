// Package role owns roles and the catalogue of permissions. A role is a named set of permissions; an agent may do what
// any of their roles allows. The Admin role has every permission, whatever is stored.
package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The names of the two seeded roles.
const (
	Admin = "Admin"
	Agent = "Agent"
)

// Role is a named set of permissions.
type Role struct {
	ID          int64        `json:"id"`
	CreatedAt   db.Time      `json:"created_at"`
	UpdatedAt   db.Time      `json:"updated_at"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Permissions []Permission `json:"permissions"`
	// RequireTwoFactor keeps those who hold the role from everything but setting up a second factor until they have one.
	RequireTwoFactor bool `json:"require_two_factor"`
}

// Edit is what a role is made or changed to.
type Edit struct {
	Name        string
	Description string
	Permissions []string
}

const (
	maxName        = 50
	maxDescription = 300
)

// validate returns the known permissions of the edit. Unknown ones are dropped; one must be left.
func (e *Edit) validate() ([]Permission, error) {
	e.Name = strings.TrimSpace(e.Name)
	switch {
	case e.Name == "":
		return nil, fault.Required("name")
	case len([]rune(e.Name)) > maxName:
		return nil, fault.TooLong("name", maxName)
	case len([]rune(e.Description)) > maxDescription:
		return nil, fault.TooLong("description", maxDescription)
	case strings.ContainsRune(e.Name, 0):
		return nil, fault.Field("name", "error.control_characters")
	case strings.ContainsRune(e.Description, 0):
		return nil, fault.Field("description", "error.control_characters")
	}
	var known []Permission
	for _, p := range e.Permissions {
		if p := Permission(p); Known(p) && !slices.Contains(known, p) {
			known = append(known, p)
		}
	}
	if len(known) == 0 {
		return nil, fault.Field("permissions", "error.no_permission")
	}
	return known, nil
}

// Service is the roles of a desk.
type Service struct {
	db *db.DB
	// Changed is called after the commit of a change with the agents who hold the role.
	Changed func(agents []int64)
}

// New makes the service.
func New(d *db.DB) *Service { return &Service{db: d, Changed: func([]int64) {}} }

const columns = `id, created_at, updated_at, name, description, permissions, require_two_factor`

func scan(row db.Row) (r Role, err error) {
	var perms db.JSON
	if err = row.Scan(&r.ID, &r.CreatedAt, &r.UpdatedAt, &r.Name, &r.Description, &perms, &r.RequireTwoFactor); err != nil {
		return r, err
	}
	r.Permissions = []Permission{}
	if r.Name == Admin {
		r.Permissions = All
		return r, nil
	}
	return r, perms.Decode(&r.Permissions)
}

// List returns all roles by name.
func (s *Service) List(ctx context.Context) ([]Role, error) {
	out := []Role{}
	err := db.Each(ctx, s.db, func(rows db.Rows) error {
		r, err := scan(rows)
		out = append(out, r)
		return err
	}, `SELECT `+columns+` FROM roles ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	return out, nil
}

// Get returns a role; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (Role, error) { return get(ctx, s.db, id) }

func get(ctx context.Context, q db.Querier, id int64) (Role, error) {
	r, err := scan(q.QueryRow(ctx, `SELECT `+columns+` FROM roles WHERE id = $1`, id))
	if errors.Is(err, db.ErrNoRows) {
		return r, fault.Missing("role")
	}
	if err != nil {
		return r, fmt.Errorf("read role %d: %w", id, err)
	}
	return r, nil
}

// Create makes a role. Whoever makes it can only give permissions they hold themselves, unless they hold them all.
func (s *Service) Create(ctx context.Context, holder Set, e Edit) (r Role, err error) {
	perms, err := e.validate()
	if err != nil {
		return r, err
	}
	if err := mayGrant(holder, perms); err != nil {
		return r, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		var err error
		r, err = scan(tx.QueryRow(ctx, `INSERT INTO roles (created_at, updated_at, name, description, permissions) VALUES ($1, $1, $2, $3, $4) RETURNING `+columns,
			db.Now(), e.Name, e.Description, db.ToJSON(perms)))
		if err != nil {
			return duplicate(err, e.Name)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.RoleCreated, Target: r.target(), After: r})
	})
	return r, err
}

func (r Role) target() audit.Target { return audit.Target{Model: "role", ID: r.ID, Name: r.Name} }

// changeOf says in words which permissions a change added and removed.
func changeOf(added, removed []Permission) string {
	var parts []string
	for _, c := range []struct {
		verb  string
		perms []Permission
	}{{"added", added}, {"removed", removed}} {
		if len(c.perms) > 0 {
			parts = append(parts, c.verb+" "+strings.Join(texts(c.perms), ", "))
		}
	}
	return strings.Join(parts, "; ")
}

func texts(perms []Permission) []string {
	out := make([]string, len(perms))
	for i, p := range perms {
		out[i] = string(p)
	}
	return out
}

// Update changes a role on behalf of an agent, who can only add permissions they hold; the Admin role cannot be changed.
// Those who hold the role are told when what they may do has changed, and the audit log has what was added and removed.
func (s *Service) Update(ctx context.Context, actorID int64, holder Set, id int64, e Edit) (r Role, err error) {
	perms, err := e.validate()
	if err != nil {
		return r, err
	}
	var holders []int64
	var changed bool
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Name == Admin {
			return fault.Field("name", "error.role_protected")
		}
		added, removed := missing(before.Permissions, perms), missing(perms, before.Permissions)
		if err := mayGrant(holder, added); err != nil {
			return err
		}
		if holders, err = holdersOf(ctx, tx, id); err != nil {
			return err
		}
		r, err = scan(tx.QueryRow(ctx, `UPDATE roles SET updated_at = $2, name = $3, description = $4, permissions = $5 WHERE id = $1 RETURNING `+columns,
			id, db.Now(), e.Name, e.Description, db.ToJSON(perms)))
		if err != nil {
			return duplicate(err, e.Name)
		}
		if changed = len(added)+len(removed) > 0; !changed {
			return audit.Record(ctx, tx, audit.Entry{Type: audit.RoleUpdated, Actor: audit.Actor{ID: actorID}, Target: r.target(), Before: before, After: r})
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.PermissionsChanged, Actor: audit.Actor{ID: actorID}, Target: r.target(), Before: before, After: r,
			Note: changeOf(added, removed)})
	})
	if err == nil && changed {
		s.Changed(holders)
	}
	return r, err
}

// Delete removes a role from everybody who holds it; the seeded roles stay.
func (s *Service) Delete(ctx context.Context, id int64) error {
	var holders []int64
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		r, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.Name == Admin || r.Name == Agent {
			return fault.Field("id", "error.role_protected")
		}
		if holders, err = holdersOf(ctx, tx, id); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `DELETE FROM roles WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete role %d: %w", id, err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.RoleDeleted, Target: r.target(), Before: r})
	})
	if err == nil {
		s.Changed(holders)
	}
	return err
}

func holdersOf(ctx context.Context, q db.Querier, id int64) ([]int64, error) {
	return db.Select[int64](ctx, q, `SELECT user_id FROM user_roles WHERE role_id = $1`, id)
}

// missing returns the permissions of want that have lacks.
func missing(have, want []Permission) (out []Permission) {
	for _, p := range want {
		if !slices.Contains(have, p) {
			out = append(out, p)
		}
	}
	return out
}

// mayGrant refuses to hand out more than one holds: managing roles is not a way to become an administrator.
func mayGrant(holder Set, perms []Permission) error {
	for _, p := range perms {
		if !holder.Has(p) {
			return fault.New(fault.Forbidden, "error.cannot_grant", "permission", string(p))
		}
	}
	return nil
}

func duplicate(err error, name string) error {
	if unique, _ := db.IsUnique(err); unique {
		return fault.Duplicate("name", name)
	}
	return err
}
