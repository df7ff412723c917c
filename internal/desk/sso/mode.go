package sso

import (
	"context"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// onlyKey is the setting that makes providers the only way in.
const onlyKey = "signin.sso_only"

// Only reports whether agents must sign in through a provider. The System user may use its password all the same: it is
// the way in when the provider is away.
func (s *Service) Only(ctx context.Context) (bool, error) { return only(ctx, s.DB) }

func only(ctx context.Context, q db.Querier) (on bool, err error) {
	var raw db.JSON
	err = q.QueryRow(ctx, `SELECT value FROM settings WHERE key = $1`, onlyKey).Scan(&raw)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read whether single sign-on is the only way in: %w", err)
	}
	return on, raw.Decode(&on)
}

// PasswordAllowed returns Forbidden while providers are the only way in.
func (s *Service) PasswordAllowed(ctx context.Context) error {
	on, err := s.Only(ctx)
	if err == nil && on {
		err = fault.New(fault.Forbidden, "error.sso_only")
	}
	return err
}

// SetOnly makes providers the only way in, or allows passwords again. It is Invalid to turn it on while no provider is
// enabled.
func (s *Service) SetOnly(ctx context.Context, actor *agent.Principal, on bool) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		was, err := only(ctx, tx)
		if err != nil || was == on {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, onlyKey, db.ToJSON(on))
		if err != nil {
			return fmt.Errorf("save how agents sign in: %w", err)
		}
		if err := keepAWayIn(ctx, tx); err != nil {
			return err
		}
		kind := audit.SSOOnlyEnabled
		if !on {
			kind = audit.SSOOnlyDisabled
		}
		return audit.Record(ctx, tx, audit.Entry{Type: kind, Actor: actor.Audited(), Target: audit.Target{Model: "setting", Name: onlyKey}})
	})
}

// keepAWayIn refuses a change after which agents could sign in neither through a provider nor by a password. It holds the
// setting until the transaction ends, so that of two who each disable one of the last providers the second is refused.
func keepAWayIn(ctx context.Context, tx *db.Tx) error {
	var on bool
	var raw db.JSON
	err := tx.QueryRow(ctx, `UPDATE settings SET value = value WHERE key = $1 RETURNING value`, onlyKey).Scan(&raw)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = raw.Decode(&on)
	}
	if err != nil {
		return fmt.Errorf("hold how agents sign in: %w", err)
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM oidc_providers WHERE enabled`).Scan(&n); err != nil {
		return fmt.Errorf("count identity providers: %w", err)
	}
	if on && n == 0 {
		return fault.Field("enabled", "error.sso_last_provider")
	}
	return nil
}
