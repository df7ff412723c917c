package agent

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// APIKey is a primary key and its secret, which is shown once.
type APIKey struct {
	Key    string `json:"api_key"`
	Secret string `json:"api_secret"`
}

// NewKey gives an agent a primary API key in place of the one they have. Whoever gives it must hold every permission the
// agent has: a key is a way to act as that agent.
func (s *Service) NewKey(ctx context.Context, actor *Principal, id int64) (APIKey, error) {
	k := APIKey{Key: crypt.Token(32), Secret: crypt.Token(64)}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := s.human(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := MayActAs(actor, a); err != nil {
			return err
		}
		before, err := primaryKey(ctx, tx, id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO api_keys (user_id, is_primary, key, secret_hash, created_at, created_by) VALUES ($1, TRUE, $2, $3, $4, $5)
			ON CONFLICT (user_id) WHERE is_primary DO UPDATE SET key = excluded.key, secret_hash = excluded.secret_hash, created_at = excluded.created_at,
			created_by = excluded.created_by, last_used_at = NULL`, id, k.Key, crypt.Hash(k.Secret), db.Now(), actor.ID)
		if err != nil {
			return fmt.Errorf("keep API key: %w", err)
		}
		after, err := primaryKey(ctx, tx, id)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.KeyGenerated, Actor: actor.Audited(), Target: a.Audited(), Before: before, After: after})
	})
	if err != nil {
		return APIKey{}, err
	}
	s.dir.Changed(id)
	return k, nil
}

// primaryKey returns an agent's primary key for the activity log, nil if they have none.
func primaryKey(ctx context.Context, q db.Querier, id int64) (any, error) {
	keys, err := keysOf(ctx, q, `k.user_id = $1 AND k.is_primary`, id)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return keys[0], nil
}

// RevokeKey takes an agent's primary API key, if they have one.
func (s *Service) RevokeKey(ctx context.Context, actor *Principal, id int64) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := s.human(ctx, tx, id)
		if err != nil {
			return err
		}
		before, err := primaryKey(ctx, tx, id)
		if err != nil || before == nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM api_keys WHERE user_id = $1 AND is_primary`, id); err != nil {
			return fmt.Errorf("revoke API key: %w", err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.KeyRevoked, Actor: actor.Audited(), Target: a.Audited(), Before: before})
	})
	if err == nil {
		s.dir.Changed(id)
	}
	return err
}

// Key is an API key as it is shown: without its secret.
type Key struct {
	ID          int64             `json:"id"`
	Name        string            `json:"name"`
	Key         string            `json:"api_key"`
	Primary     bool              `json:"primary" doc:"The key that POST /agents/{id}/api-key makes"`
	Permissions []role.Permission `json:"permissions" nullable:"true" doc:"What the key is limited to; null for all that its agent may do"`
	CreatedAt   db.Time           `json:"created_at"`
	CreatedBy   *Maker            `json:"created_by"`
	ExpiresAt   *db.Time          `json:"expires_at"`
	LastUsedAt  *db.Time          `json:"last_used_at" doc:"To the minute"`
}

// Maker is who made a key.
type Maker struct {
	ID        int64  `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

// NewlyMade is a key with its secret, which is shown once.
type NewlyMade struct {
	Key
	Secret string `json:"api_secret"`
}

// KeyEdit is what a key is made of.
type KeyEdit struct {
	Name        string
	Permissions []string // empty for everything
	ExpiresAt   *time.Time
}

const maxKeys = 50 // of one agent

// Keys returns an agent's API keys, the primary one first. NotFound for an unknown agent.
func (s *Service) Keys(ctx context.Context, id int64) ([]Key, error) {
	if _, err := s.human(ctx, s.db, id); err != nil {
		return nil, err
	}
	return keysOf(ctx, s.db, `k.user_id = $1`, id)
}

func keysOf(ctx context.Context, q db.Querier, where string, args ...any) ([]Key, error) {
	out := []Key{}
	err := db.Each(ctx, q, func(r db.Rows) error {
		var k Key
		var perms *db.JSON
		var maker *int64
		var first, last *string
		if err := r.Scan(&k.ID, &k.Name, &k.Key, &k.Primary, &perms, &k.CreatedAt, &k.ExpiresAt, &k.LastUsedAt, &maker, &first, &last); err != nil {
			return err
		}
		if maker != nil {
			k.CreatedBy = &Maker{*maker, *first, *last}
		}
		out = append(out, k)
		if perms == nil {
			return nil
		}
		return perms.Decode(&out[len(out)-1].Permissions)
	}, `SELECT k.id, k.name, k.key, k.is_primary, k.permissions, k.created_at, k.expires_at, k.last_used_at, u.id, u.first_name, u.last_name
		FROM api_keys k LEFT JOIN users u ON u.id = k.created_by WHERE `+where+` ORDER BY k.is_primary DESC, k.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	return out, nil
}

func (e *KeyEdit) check(now time.Time) ([]role.Permission, error) {
	e.Name = strings.TrimSpace(strings.ReplaceAll(e.Name, "\x00", ""))
	switch {
	case e.Name == "":
		return nil, fault.Required("name")
	case utf8.RuneCountInString(e.Name) > 140:
		return nil, fault.Field("name", "error.too_long", "max", "140")
	case e.ExpiresAt != nil && !e.ExpiresAt.After(now):
		return nil, fault.Field("expires_at", "error.not_in_future")
	}
	var perms []role.Permission
	for _, p := range e.Permissions {
		if !role.Known(role.Permission(p)) {
			return nil, fault.Field("permissions", "error.unknown_value", "value", p)
		}
		if !slices.Contains(perms, role.Permission(p)) {
			perms = append(perms, role.Permission(p))
		}
	}
	return perms, nil
}

// AddKey gives an agent one more API key. The same rule holds as for [Service.NewKey], but a key that is limited needs no
// more of its giver than what it is limited to. Invalid names the field that is wrong; Conflict when there are too many.
func (s *Service) AddKey(ctx context.Context, actor *Principal, id int64, e KeyEdit) (NewlyMade, error) {
	now := db.Now()
	perms, err := e.check(now.Time)
	if err != nil {
		return NewlyMade{}, err
	}
	key, secret := crypt.Token(32), crypt.Token(64)
	var made []Key
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := s.human(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := mayGiveKey(actor, a, perms); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM api_keys WHERE user_id = $1`, id).Scan(&n); err != nil {
			return err
		}
		if n >= maxKeys {
			return fault.New(fault.Conflict, "error.too_many_keys", "max", strconv.Itoa(maxKeys))
		}
		var limited any
		if perms != nil {
			limited = db.ToJSON(perms)
		}
		var expires *db.Time
		if e.ExpiresAt != nil {
			at := db.At(*e.ExpiresAt)
			expires = &at
		}
		if _, err := tx.Exec(ctx, `INSERT INTO api_keys (user_id, name, key, secret_hash, permissions, expires_at, created_at, created_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, id, e.Name, key, crypt.Hash(secret), limited, expires, now, actor.ID); err != nil {
			return fmt.Errorf("keep API key: %w", err)
		}
		if made, err = keysOf(ctx, tx, `k.key = $1`, key); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.KeyGenerated, Actor: actor.Audited(), Target: a.Audited(), Note: e.Name, After: made[0]})
	})
	if err != nil {
		return NewlyMade{}, err
	}
	return NewlyMade{made[0], secret}, nil
}

// mayGiveKey refuses, as Forbidden, a key that could do what its giver cannot.
func mayGiveKey(actor *Principal, a *Agent, perms []role.Permission) error {
	if perms == nil {
		return MayActAs(actor, a)
	}
	for _, p := range perms {
		if actor.Method != ByProgram && !actor.Can(p) && slices.Contains(a.Permissions, p) {
			return fault.New(fault.Forbidden, "error.cannot_grant", "permission", string(p))
		}
	}
	return nil
}

// DropKey revokes one of an agent's API keys. NotFound if the agent has no such key.
func (s *Service) DropKey(ctx context.Context, actor *Principal, id, key int64) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := s.human(ctx, tx, id)
		if err != nil {
			return err
		}
		gone, err := keysOf(ctx, tx, `k.user_id = $1 AND k.id = $2`, id, key)
		if err != nil {
			return err
		}
		if len(gone) == 0 {
			return fault.Missing("api key")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM api_keys WHERE id = $1`, key); err != nil {
			return fmt.Errorf("revoke API key: %w", err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.KeyRevoked, Actor: actor.Audited(), Target: a.Audited(), Note: gone[0].Name, Before: gone[0]})
	})
	if err == nil {
		s.dir.Changed(id)
	}
	return err
}
