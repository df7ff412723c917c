package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// keepTheSystemAdmin refuses a change that took the Admin role from the System user.
func keepTheSystemAdmin(ctx context.Context, tx *db.Tx, before *Agent) error {
	if !before.IsSystem {
		return nil
	}
	names, _, err := rolesOf(ctx, tx, before.ID)
	if err == nil && !slices.Contains(names, role.Admin) {
		err = fault.Field("roles", "error.system_protected")
	}
	return err
}

// holdAdmins is countAdmins with the answer held until the transaction ends: of two administrators who remove each other
// at the same time, the second waits and then sees that they would be the last.
func holdAdmins(ctx context.Context, tx *db.Tx) (int, error) {
	if _, err := tx.Exec(ctx, `UPDATE roles SET updated_at = updated_at WHERE name = $1`, role.Admin); err != nil {
		return 0, fmt.Errorf("lock the administrators: %w", err)
	}
	return countAdmins(ctx, tx)
}

// countAdmins returns how many enabled agents besides System hold the Admin role.
func countAdmins(ctx context.Context, tx *db.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM users u WHERE u.type = 'agent' AND u.deleted_at IS NULL AND u.enabled AND NOT u.is_system
		AND EXISTS (SELECT 1 FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = u.id AND r.name = $1)`, role.Admin).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count administrators: %w", err)
	}
	return n, nil
}

// keepAnAdmin refuses a change after which only System could administer the desk, where somebody else could before.
func keepAnAdmin(ctx context.Context, tx *db.Tx, before int) error {
	now, err := countAdmins(ctx, tx)
	if err != nil {
		return err
	}
	if before > 0 && now == 0 {
		return fault.Field("roles", "error.last_admin")
	}
	return nil
}

// MayActAs refuses, as Forbidden, what would let the actor act as an agent who may do more: the right to manage agents is not a way to
// become an administrator.
func MayActAs(actor *Principal, a *Agent) error {
	if actor.Method == ByProgram {
		return nil
	}
	for _, p := range a.Permissions {
		if !actor.Can(p) {
			return fault.New(fault.Forbidden, "error.cannot_grant", "permission", string(p))
		}
	}
	return nil
}

// setRoles gives an agent the roles of an edit. Names that no role has are left out, as long as there is one that has; an
// id must be a role's. Whoever gives roles must hold every permission in them.
func setRoles(ctx context.Context, tx *db.Tx, actor *Principal, id int64, e Edit) error {
	had, _, err := rolesOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM user_roles WHERE user_id = $1`, id); err != nil {
		return fmt.Errorf("clear roles: %w", err)
	}
	for _, name := range e.Roles {
		if _, err := tx.Exec(ctx, `INSERT INTO user_roles (user_id, role_id) SELECT $1, id FROM roles WHERE name = $2 ON CONFLICT DO NOTHING`, id, name); err != nil {
			return fmt.Errorf("give role: %w", err)
		}
	}
	for _, roleID := range e.RoleIDs {
		if err := mustExist(ctx, tx, "roles", roleID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, roleID); err != nil {
			return fmt.Errorf("give role: %w", err)
		}
	}
	now, set, err := rolesOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if len(now) == 0 && len(e.Roles) > 0 {
		return fault.Field("roles", "error.unknown_value", "value", strings.Join(e.Roles, ", "))
	}
	if !slices.Equal(had, now) && set&^actor.Permissions != 0 {
		return fault.New(fault.Forbidden, "error.cannot_grant", "permission", strings.Join(now, ", "))
	}
	return nil
}

// setTeams makes an agent a member of the teams of an edit, and of no others. Names that no team has are left out; an id
// must be a team's.
func setTeams(ctx context.Context, tx *db.Tx, id int64, e Edit) error {
	if _, err := tx.Exec(ctx, `DELETE FROM team_members WHERE user_id = $1`, id); err != nil {
		return fmt.Errorf("clear teams: %w", err)
	}
	for _, name := range e.Teams {
		if _, err := tx.Exec(ctx, `INSERT INTO team_members (team_id, user_id) SELECT id, $1 FROM teams WHERE name = $2 ON CONFLICT DO NOTHING`, id, name); err != nil {
			return fmt.Errorf("join team: %w", err)
		}
	}
	for _, teamID := range e.TeamIDs {
		if err := mustExist(ctx, tx, "teams", teamID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO team_members (team_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, teamID, id); err != nil {
			return fmt.Errorf("join team: %w", err)
		}
	}
	return nil
}

// mustExist returns Invalid, naming the field that is called like the table, if a table has no row with an id.
func mustExist(ctx context.Context, tx *db.Tx, table string, id int64) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+table+` WHERE id = $1`, id).Scan(&n); err != nil {
		return fmt.Errorf("look for one of the %s: %w", table, err)
	}
	if n == 0 {
		return fault.Field(table, "error.unknown_value", "value", fmt.Sprint(id))
	}
	return nil
}
