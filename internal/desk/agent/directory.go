package agent

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Directory knows who asks and what they may do, from memory. An answer is used for a few seconds at most and dropped
// at once when this node, or another that tells of it, changes it.
type Directory struct {
	db       *db.DB
	log      *slog.Logger
	throttle throttle
	// Announce is called after the commit of a change that concerns an agent's access.
	Announce func(agentID int64)
	// Enrolled reports whether an agent has a second factor.
	Enrolled func(ctx context.Context, agentID int64) (bool, error)
	// Idle is after how long without a request a session is over; 0 for never before its lifetime ends.
	Idle time.Duration

	mu       sync.RWMutex
	people   map[int64]person
	sessions map[string]credential // by hash of the token
	keys     map[string]credential // by key
	epoch    int64                 // counts invalidations, so that an answer being read is not kept past one
	used     map[use]time.Time     // last use of sessions and API keys, as far as it is written down
}

// use names a session or key by its table and id.
type use struct {
	table string
	id    int64
}

type person struct {
	p       *Principal
	enabled bool
	until   time.Time
}

type credential struct {
	id      int64
	agentID int64
	secret  string    // hash, of keys
	limit   *role.Set // of keys that may not do all that their agent may
	expires time.Time // zero for never
	until   time.Time // of what is remembered
}

func (c credential) over(now time.Time) bool { return !c.expires.IsZero() && !now.Before(c.expires) }

// memory is for how long an answer is used without asking again.
const memory = 20 * time.Second

// NewDirectory makes the directory.
func NewDirectory(d *db.DB, log *slog.Logger) *Directory {
	return &Directory{db: d, log: log, throttle: throttle{db: d}, Announce: func(int64) {}, Enrolled: func(context.Context, int64) (bool, error) { return true, nil }, people: map[int64]person{}, sessions: map[string]credential{},
		keys: map[string]credential{}, used: map[use]time.Time{}}
}

// LimitFailures lets an address cause at most so many failed sign-ins in a minute, on all nodes together; 0 for any number.
// Call it before the first sign-in.
func (d *Directory) LimitFailures(perMinute int) { d.throttle.perAddress = perMinute }

// Changed drops what is remembered of an agent and announces it.
func (d *Directory) Changed(agentID int64) {
	d.Invalidate(agentID)
	d.Announce(agentID)
}

// Invalidate drops what is remembered of an agent.
func (d *Directory) Invalidate(agentID int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
	delete(d.people, agentID)
	for _, m := range []map[string]credential{d.sessions, d.keys} {
		for k, c := range m {
			if c.agentID == agentID {
				delete(m, k)
			}
		}
	}
}

// InvalidateAll drops everything.
func (d *Directory) InvalidateAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
	clear(d.people)
	clear(d.sessions)
	clear(d.keys)
}

func (d *Directory) forget(tokenHash string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
	delete(d.sessions, tokenHash)
}

// BySession returns the principal of a session's token. Unauthorized if it is unknown or over, Forbidden if the agent
// is disabled.
func (d *Directory) BySession(ctx context.Context, token string) (*Principal, error) {
	hash := crypt.Hash(token)
	now := time.Now()
	d.mu.RLock()
	c, ok := d.sessions[hash]
	epoch := d.epoch
	d.mu.RUnlock()
	if !ok || now.After(c.until) {
		var err error
		if c, err = d.session(ctx, hash, now); err != nil {
			return nil, err
		}
		d.keep(epoch, func() { d.sessions[hash] = c })
	}
	p, err := d.principal(ctx, c.agentID)
	if fault.Is(err, fault.Forbidden) {
		return nil, errors.Join(err, d.end(ctx, hash)) // told once; the next request is nobody's
	}
	if err != nil {
		return nil, err
	}
	if c.over(now) {
		return nil, fault.New(fault.Unauthorized, "error.not_signed_in")
	}
	d.noteUse(use{"sessions", c.id}, now)
	known := *p
	known.SessionID, known.Until = c.id, d.endOf(c.expires, now)
	return &known, nil
}

// endOf returns when a session that was used at a time ends unless it is used again.
func (d *Directory) endOf(expires, used time.Time) time.Time {
	if idle := used.Add(d.Idle); d.Idle > 0 && idle.Before(expires) {
		return idle
	}
	return expires
}

// SessionEnds returns when a session ends unless it is used before, the zero time if there is none any more. It asks the
// database: any node may have seen it used.
func (d *Directory) SessionEnds(ctx context.Context, id int64) (time.Time, error) {
	var expires, seen db.Time
	err := d.db.QueryRow(ctx, `SELECT expires_at, last_seen_at FROM sessions WHERE id = $1`, id).Scan(&expires, &seen)
	if errors.Is(err, db.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read session %d: %w", id, err)
	}
	return d.endOf(expires.Time, seen.Time), nil
}

// session reads a session; Unauthorized if there is none or it was not used for too long.
func (d *Directory) session(ctx context.Context, hash string, now time.Time) (c credential, err error) {
	var expires, seen db.Time
	err = d.db.QueryRow(ctx, `SELECT id, user_id, expires_at, last_seen_at FROM sessions WHERE token_hash = $1`, hash).Scan(&c.id, &c.agentID, &expires, &seen)
	if errors.Is(err, db.ErrNoRows) {
		return c, fault.New(fault.Unauthorized, "error.not_signed_in")
	}
	if err != nil {
		return c, fmt.Errorf("read session: %w", err)
	}
	c.expires, c.until = expires.Time, now.Add(memory)
	if d.Idle > 0 && now.Sub(seen.Time) > d.Idle {
		return c, errors.Join(fault.New(fault.Unauthorized, "error.not_signed_in"), d.end(ctx, hash))
	}
	if ends := d.endOf(c.expires, seen.Time); ends.Before(c.until) {
		c.until = ends // by then another use may have been noted, or not
	}
	return c, nil
}

// end deletes a session.
func (d *Directory) end(ctx context.Context, tokenHash string) error {
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, tokenHash)
		return err
	})
	d.forget(tokenHash)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// ByKey returns the principal of an API key and its secret; Unauthorized otherwise.
func (d *Directory) ByKey(ctx context.Context, key, secret string) (*Principal, error) {
	refused := fault.New(fault.Unauthorized, "error.key_refused")
	if len(key) > 200 || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return nil, refused // no key looks like this, and PostgreSQL would not even compare it
	}
	now := time.Now()
	d.mu.RLock()
	c, ok := d.keys[key]
	epoch := d.epoch
	d.mu.RUnlock()
	if !ok || now.After(c.until) {
		var err error
		if c, err = d.key(ctx, key); err != nil {
			return nil, err
		}
		c.until = now.Add(memory)
		d.keep(epoch, func() { d.keys[key] = c })
	}
	if subtle.ConstantTimeCompare([]byte(c.secret), []byte(crypt.Hash(secret))) != 1 || c.over(now) {
		return nil, refused
	}
	p, err := d.principal(ctx, c.agentID)
	if fault.Is(err, fault.Forbidden) {
		return nil, refused // a disabled agent's key is worth nothing
	}
	if err != nil {
		return nil, err
	}
	d.noteUse(use{"api_keys", c.id}, now)
	known := *p
	known.Method, known.Until, known.MustEnrol = ByAPIKey, c.expires, false
	return known.Within(c.limit), nil
}

// key reads an API key; Unauthorized if there is none.
func (d *Directory) key(ctx context.Context, key string) (c credential, err error) {
	var expires *db.Time
	var perms *db.JSON
	err = d.db.QueryRow(ctx, `SELECT id, user_id, secret_hash, permissions, expires_at FROM api_keys WHERE key = $1`, key).
		Scan(&c.id, &c.agentID, &c.secret, &perms, &expires)
	if errors.Is(err, db.ErrNoRows) {
		return c, fault.New(fault.Unauthorized, "error.key_refused")
	}
	if err != nil {
		return c, fmt.Errorf("read API key: %w", err)
	}
	if expires != nil {
		c.expires = expires.Time
	}
	if perms != nil {
		var limit []role.Permission
		if err := perms.Decode(&limit); err != nil {
			return c, fmt.Errorf("read the permissions of an API key: %w", err)
		}
		set := role.SetOf(limit...)
		c.limit = &set
	}
	return c, nil
}

// keep remembers an answer unless something was invalidated while it was read.
func (d *Directory) keep(epoch int64, remember func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.epoch == epoch {
		remember()
	}
}

// noteUse writes down the use of a session or key once a minute, behind the request.
func (d *Directory) noteUse(u use, now time.Time) {
	d.mu.RLock()
	last := d.used[u]
	d.mu.RUnlock()
	if now.Sub(last) < noteEvery {
		return
	}
	d.mu.Lock()
	if len(d.used) > maxUsed { // of credentials that are long gone, most of them
		clear(d.used)
	}
	d.used[u] = now
	d.mu.Unlock()
	column := map[string]string{"sessions": "last_seen_at", "api_keys": "last_used_at"}[u.table]
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := d.db.Tx(ctx, func(tx *db.Tx) error {
			// Another node may have noted a later use meanwhile.
			_, err := tx.Exec(ctx, `UPDATE `+u.table+` SET `+column+` = $2 WHERE id = $1 AND COALESCE(`+column+`, 0) < $2`, u.id, db.At(now))
			return err
		})
		if err != nil && !errors.Is(err, db.ErrClosed) {
			d.log.Warn("could not note a use", "of", u.table, "id", u.id, "error", err)
		}
	}()
}

const (
	noteEvery = time.Minute
	maxUsed   = 50_000
)

// ByID returns an agent's principal; Unauthorized if they are gone, Forbidden if they are disabled.
func (d *Directory) ByID(ctx context.Context, id int64) (*Principal, error) {
	return d.principal(ctx, id)
}

func (d *Directory) principal(ctx context.Context, id int64) (*Principal, error) {
	d.mu.RLock()
	known, ok := d.people[id]
	epoch := d.epoch
	d.mu.RUnlock()
	if !ok || time.Now().After(known.until) {
		p, enabled, err := d.read(ctx, id)
		if err != nil {
			return nil, err
		}
		known = person{p, enabled, time.Now().Add(memory)}
		d.keep(epoch, func() { d.people[id] = known })
	}
	if !known.enabled {
		return nil, fault.New(fault.Forbidden, "error.account_disabled")
	}
	return known.p, nil
}

// PrincipalIn returns what an agent may do as a transaction sees it, without asking for a second factor; nil if they are
// gone or disabled. It is for what happens within a transaction, which must not wait for another connection.
func PrincipalIn(ctx context.Context, tx *db.Tx, id int64) (*Principal, error) {
	p, enabled, err := readPrincipal(ctx, tx, id)
	if fault.Is(err, fault.Unauthorized) || (err == nil && !enabled) {
		return nil, nil
	}
	return p, err
}

func (d *Directory) read(ctx context.Context, id int64) (*Principal, bool, error) {
	p, enabled, err := readPrincipal(ctx, d.db, id)
	if err != nil {
		return nil, false, err
	}
	var required bool
	if err := d.db.QueryRow(ctx, RequiresFactor, id).Scan(&required); err != nil {
		return nil, false, fmt.Errorf("read whether agent %d needs a second factor: %w", id, err)
	}
	if required {
		has, err := d.Enrolled(ctx, id)
		if err != nil {
			return nil, false, err
		}
		p.MustEnrol = !has
	}
	return p, enabled, nil
}

func readPrincipal(ctx context.Context, q db.Querier, id int64) (*Principal, bool, error) {
	p := &Principal{Method: BySession}
	var enabled bool
	err := q.QueryRow(ctx, `SELECT id, COALESCE(email, ''), first_name, last_name, is_system, enabled, COALESCE(language, '') FROM users
		WHERE id = $1 AND type = 'agent' AND deleted_at IS NULL`, id).Scan(&p.ID, &p.Email, &p.FirstName, &p.LastName, &p.IsSystem, &enabled, &p.Language)
	if errors.Is(err, db.ErrNoRows) {
		return nil, false, fault.New(fault.Unauthorized, "error.not_signed_in")
	}
	if err != nil {
		return nil, false, fmt.Errorf("read agent %d: %w", id, err)
	}
	if _, p.Permissions, err = rolesOf(ctx, q, id); err != nil {
		return nil, false, err
	}
	p.TeamIDs, err = db.Select[int64](ctx, q, `SELECT team_id FROM team_members WHERE user_id = $1 ORDER BY team_id`, id)
	return p, enabled, err
}

// RequiresFactor is the query that says whether a role of the agent $1 asks for a second factor.
const RequiresFactor = `SELECT EXISTS (SELECT 1 FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = $1 AND r.require_two_factor)`
