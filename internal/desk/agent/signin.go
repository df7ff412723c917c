package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	aliveEvery = 30 * time.Second // how often a sign of life is written down
	silentFor  = 5 * time.Minute  // after which an agent is offline
	linkLife   = 24 * time.Hour   // of a welcome or forgotten-password link
	tokenSize  = 43               // characters of a session token: 256 bits
	linkSize   = 32
)

// SignIn checks a password and begins a session, or the wait for a second factor. It returns the agent as they were
// before. Errors: Invalid, the same for an unknown address and a wrong password; RateLimited after too many of
// them; Forbidden for a disabled agent.
func (s *Service) SignIn(ctx context.Context, email, password, ip, userAgent string, lifetime time.Duration) (*Agent, Started, error) {
	switch {
	case email == "":
		return nil, Started{}, fault.Required("email")
	case password == "":
		return nil, Started{}, fault.Required("password")
	}
	if !strings.EqualFold(email, SystemLogin) {
		email = strings.ToLower(strings.TrimSpace(email))
	} else {
		email = SystemLogin
	}
	if err := s.dir.throttle.check(ctx, email, ip); err != nil {
		return nil, Started{}, err
	}
	if email != SystemLogin {
		if err := s.PasswordAllowed(ctx); err != nil {
			return nil, Started{}, err
		}
	}
	known := strings.ToValidUTF8(strings.ReplaceAll(email, "\x00", ""), "") // PostgreSQL's texts have no NUL
	var id int64
	var hash *string
	var enabled bool
	err := s.db.QueryRow(ctx, `SELECT id, password_hash, enabled FROM users WHERE email = $1 AND type = 'agent' AND deleted_at IS NULL`, known).Scan(&id, &hash, &enabled)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return nil, Started{}, fmt.Errorf("find agent: %w", err)
	}
	compare := dummyHash()
	if hash != nil {
		compare = *hash
	}
	ok := matchesPassword(compare, password) && hash != nil
	if err := s.dir.throttle.record(ctx, email, ip, ok); err != nil {
		return nil, Started{}, err
	}
	if !ok {
		// Written for unknown addresses too (with no agent's id): the time it takes must not tell who has an account.
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			return audit.Record(ctx, tx, audit.Entry{Type: audit.LoginFailed, Actor: audit.Actor{ID: id, Name: clip(known, 320), IP: ip}})
		})
		if err != nil {
			return nil, Started{}, err
		}
		return nil, Started{}, fault.New(fault.Invalid, "error.sign_in")
	}
	if !enabled {
		return nil, Started{}, fault.New(fault.Forbidden, "error.account_disabled")
	}
	a, err := s.Get(ctx, id)
	if err != nil {
		return nil, Started{}, err
	}
	var begun Started
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		begun, err = s.Begin(ctx, tx, id, ByPassword, "", Browser{IP: ip, UserAgent: userAgent, Lifetime: lifetime})
		return err
	})
	if err != nil {
		return nil, Started{}, err
	}
	return a, begun, nil
}

// Proof is what an agent has shown of themselves so far.
type Proof string

// The proofs after which a second one may be wanted.
const (
	ByPassword Proof = "password"
	ByProvider Proof = "provider" // an identity provider vouches for them
)

// Started is a session, or a sign-in that waits for a second factor: one of the two is set.
type Started struct {
	Session string // the session's token
	Waiting string // the token by which the sign-in is finished
}

// Begin goes on with an agent who gave a first proof: with a session, or, where a second factor is wanted, without one.
// Errors as of BeginSession.
func (s *Service) Begin(ctx context.Context, tx *db.Tx, id int64, by Proof, how string, from Browser) (begun Started, err error) {
	if begun.Waiting, err = s.SecondFactor(ctx, tx, id, by); err != nil || begun.Waiting != "" {
		return begun, err
	}
	begun.Session, err = s.BeginSession(ctx, tx, id, how, from)
	return begun, err
}

// ConfirmPassword reports whether a password is an agent's. Guesses count as those at the sign-in page: RateLimited
// after too many.
func (s *Service) ConfirmPassword(ctx context.Context, p *Principal, password string) (bool, error) {
	if err := s.dir.throttle.check(ctx, p.Email, ""); err != nil {
		return false, err
	}
	var hash *string
	if err := s.db.QueryRow(ctx, `SELECT password_hash FROM users WHERE id = $1`, p.ID).Scan(&hash); err != nil {
		return false, fmt.Errorf("read agent %d: %w", p.ID, err)
	}
	ok := hash != nil && matchesPassword(*hash, password)
	return ok, s.dir.throttle.record(ctx, p.Email, "", ok)
}

// setPassword keeps a new password's hash and ends every session that the old one began.
func setPassword(ctx context.Context, tx *db.Tx, id int64, hash string) error {
	if _, err := tx.Exec(ctx, `UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1`, id, hash, db.Now()); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM password_tokens WHERE user_id = $1`, id); err != nil {
		return fmt.Errorf("end links: %w", err)
	}
	return endSessions(ctx, tx, id)
}

// NewLink makes the one-time token by which an agent sets a password; it takes the place of an earlier one.
func (s *Service) NewLink(ctx context.Context, id int64) (token string, err error) {
	token = crypt.Token(linkSize)
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return newLink(ctx, tx, id, token) })
	return token, err
}

// LinkAsked notes in the activity log that a link to set an agent's password was asked for, by them or for them.
func (s *Service) LinkAsked(ctx context.Context, tx *db.Tx, id int64) error {
	a, err := get(ctx, tx, id)
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{Type: audit.PasswordLinkAsked, Target: a.Audited()})
}

func newLink(ctx context.Context, tx *db.Tx, id int64, token string) error {
	now := db.Now()
	_, err := tx.Exec(ctx, `INSERT INTO password_tokens (user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		id, crypt.Hash(token), now, db.At(now.Add(linkLife)))
	if err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	return nil
}

// FindEnabled returns the id of the enabled agent with an address; NotFound if there is none.
func (s *Service) FindEnabled(ctx context.Context, email string) (id int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT id FROM users WHERE email = $1 AND type = 'agent' AND enabled AND deleted_at IS NULL`,
		strings.ReplaceAll(strings.ToLower(strings.TrimSpace(email)), "\x00", "")).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return 0, fault.Missing("agent")
	}
	if err != nil {
		return 0, fmt.Errorf("find agent: %w", err)
	}
	return id, nil
}

// ForgotPassword returns a new link's token for an address, "" if no enabled agent has it.
func (s *Service) ForgotPassword(ctx context.Context, email string) (token string, err error) {
	id, err := s.FindEnabled(ctx, email)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return s.NewLink(ctx, id)
}

// UseLink sets a password by a one-time token. Invalid if the token is unknown, used or over, or its agent is disabled.
func (s *Service) UseLink(ctx context.Context, token, password string) (id int64, err error) {
	if err := CheckPassword("password", password); err != nil {
		return 0, err
	}
	hash := hashPassword(password)
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		var login string
		err := tx.QueryRow(ctx, `SELECT u.id, u.email FROM password_tokens t JOIN users u ON u.id = t.user_id
			WHERE t.token_hash = $1 AND t.expires_at > $2 AND u.enabled AND u.deleted_at IS NULL`, crypt.Hash(token), db.Now()).Scan(&id, &login)
		if errors.Is(err, db.ErrNoRows) {
			return fault.Field("token", "error.link_over")
		}
		if err != nil {
			return err
		}
		if err := setPassword(ctx, tx, id, hash); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.PasswordReset, Actor: audit.Actor{ID: id, Name: login}})
	})
	if err == nil {
		s.dir.Changed(id)
	}
	return id, err
}

// SetPassword sets an agent's password by their login, for the command line; System is enabled and made Admin again.
func (s *Service) SetPassword(ctx context.Context, email, password string) error {
	if err := CheckPassword("password", password); err != nil {
		return err
	}
	var id int64
	hash := hashPassword(password)
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var system bool
		err := tx.QueryRow(ctx, `SELECT id, is_system FROM users WHERE email = $1 AND type = 'agent' AND deleted_at IS NULL`, email).Scan(&id, &system)
		if errors.Is(err, db.ErrNoRows) {
			return fault.Missing("agent")
		}
		if err != nil {
			return err
		}
		if system {
			if err := restoreSystem(ctx, tx, id); err != nil {
				return err
			}
		}
		if err := setPassword(ctx, tx, id, hash); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.PasswordSet, Target: audit.Target{Model: "user", ID: id, Name: email}, Note: "on the command line"})
	})
	if err == nil {
		s.dir.Changed(id)
	}
	return err
}

func restoreSystem(ctx context.Context, tx *db.Tx, id int64) error {
	if _, err := tx.Exec(ctx, `UPDATE users SET enabled = TRUE WHERE id = $1`, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO user_roles (user_id, role_id) SELECT $1, id FROM roles WHERE name = 'Admin' ON CONFLICT DO NOTHING`, id)
	return err
}
