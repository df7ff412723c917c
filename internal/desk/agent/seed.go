package agent

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Seed makes sure that a desk has its roles, statuses, priorities and System user. A password given for System is set
// if System has none yet. Where System still has none, it returns the token of a new set-up link.
func (s *Service) Seed(ctx context.Context, systemPassword string) (setupToken string, err error) {
	if systemPassword != "" {
		if err := CheckPassword("system_user_password", systemPassword); err != nil {
			return "", fmt.Errorf("the System user's password: %w", err)
		}
	}
	hash := hashPassword(systemPassword)
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := seedReference(ctx, tx); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		id, has, err := seedSystem(ctx, tx)
		if err != nil {
			return fmt.Errorf("seed the System user: %w", err)
		}
		setupToken = ""
		switch {
		case has:
			return nil
		case systemPassword != "":
			return setPassword(ctx, tx, id, hash)
		}
		setupToken = crypt.Token(linkSize)
		return newLink(ctx, tx, id, setupToken)
	})
	return setupToken, err
}

func seedReference(ctx context.Context, tx *db.Tx) error {
	now := db.Now()
	for i, r := range []struct {
		name, description string
		permissions       []role.Permission
	}{{role.Agent, "Answers conversations", role.AgentDefaults}, {role.Admin, "May do everything", role.All}} {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM roles WHERE id = $1 OR name = $2`, i+1, r.name).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO roles (created_at, updated_at, name, description, permissions) VALUES ($1, $1, $2, $3, $4)`,
			now, r.name, r.description, db.ToJSON(r.permissions)); err != nil {
			return err
		}
	}
	for _, s := range [][2]string{{"Open", "open"}, {"Snoozed", "waiting"}, {"Resolved", "resolved"}, {"Closed", "resolved"}} {
		if _, err := tx.Exec(ctx, `INSERT INTO statuses (created_at, name, category) SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM statuses WHERE name = $2)`, now, s[0], s[1]); err != nil {
			return err
		}
	}
	for _, p := range []string{"Low", "Medium", "High"} {
		if _, err := tx.Exec(ctx, `INSERT INTO priorities (created_at, name) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM priorities WHERE name = $2)`, now, p); err != nil {
			return err
		}
	}
	return nil
}

func seedSystem(ctx context.Context, tx *db.Tx) (id int64, hasPassword bool, err error) {
	now := db.Now()
	if _, err = tx.Exec(ctx, `INSERT INTO users (created_at, updated_at, type, is_system, email, first_name)
		SELECT $1, $1, 'agent', TRUE, $2, 'System' WHERE NOT EXISTS (SELECT 1 FROM users WHERE is_system)`, now, SystemLogin); err != nil {
		return 0, false, err
	}
	if err = tx.QueryRow(ctx, `SELECT id, password_hash IS NOT NULL FROM users WHERE is_system ORDER BY id LIMIT 1`).Scan(&id, &hasPassword); err != nil {
		return 0, false, err
	}
	return id, hasPassword, restoreSystem(ctx, tx, id)
}

// SetupRequired reports whether nobody has ever set the System user's password.
func (s *Service) SetupRequired(ctx context.Context) (bool, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT count(*) FROM users WHERE is_system AND password_hash IS NULL`).Scan(&n)
	return n > 0, err
}
