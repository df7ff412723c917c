package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mileusna/useragent"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Browser is where an agent signs in from, and how long that lasts.
type Browser struct {
	IP, UserAgent string
	Lifetime      time.Duration
}

// BeginSession begins a session of an agent who has just proved who they are, and returns its token. Every way to sign
// in ends here. how says in the audit log by which way they came, as in "through Acme login"; it may be empty. Forbidden
// for a disabled agent, Unauthorized for one who is gone.
func (s *Service) BeginSession(ctx context.Context, tx *db.Tx, id int64, how string, from Browser) (token string, err error) {
	var login string
	var enabled bool
	err = tx.QueryRow(ctx, `SELECT email, enabled FROM users WHERE id = $1 AND type = 'agent' AND deleted_at IS NULL`, id).Scan(&login, &enabled)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return "", fault.New(fault.Unauthorized, "error.not_signed_in")
	case err != nil:
		return "", fmt.Errorf("find agent %d: %w", id, err)
	case !enabled:
		return "", fault.New(fault.Forbidden, "error.account_disabled")
	}
	token = crypt.Token(tokenSize)
	now := db.Now()
	if _, err := tx.Exec(ctx, `UPDATE users SET last_login_at = $2, updated_at = $2 WHERE id = $1`, id, now); err != nil {
		return "", fmt.Errorf("note the sign-in: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE expires_at < $1`, now); err != nil {
		return "", fmt.Errorf("clear sessions: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO sessions (token_hash, user_id, created_at, expires_at, last_seen_at, ip, user_agent) VALUES ($1, $2, $3, $4, $3, $5, $6)`,
		crypt.Hash(token), id, now, db.At(now.Add(from.Lifetime)), from.IP, clip(strings.ReplaceAll(from.UserAgent, "\x00", ""), 300)); err != nil {
		return "", fmt.Errorf("begin session: %w", err)
	}
	return token, audit.Record(ctx, tx, audit.Entry{Type: audit.Login, Actor: audit.Actor{ID: id, Name: login, IP: from.IP}, Note: how})
}

func clip(s string, n int) string {
	if r := []rune(strings.ToValidUTF8(s, "")); len(r) > n {
		return string(r[:n])
	}
	return strings.ToValidUTF8(s, "")
}

// SignOut ends one session.
func (s *Service) SignOut(ctx context.Context, p *Principal, token, ip string) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, crypt.Hash(token)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.Logout, Actor: audit.Actor{ID: p.ID, Name: p.Email, IP: ip, Via: string(p.Method)}})
	})
	s.dir.forget(crypt.Hash(token))
	if err == nil {
		s.dir.Changed(p.ID) // other nodes remember the session too, and sockets that it opened must not live on
	}
	return err
}

// EndSessions signs an agent out everywhere. The caller tells the directory after the commit.
func (s *Service) EndSessions(ctx context.Context, tx *db.Tx, id int64) error {
	return endSessions(ctx, tx, id)
}

func endSessions(ctx context.Context, tx *db.Tx, id int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = $1`, id); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// expireSessions ends the sessions of an agent who is disabled. Their rows stay until they are used once more, so that
// the agent is told why (see Directory.BySession); enabling the agent again does not revive them.
func expireSessions(ctx context.Context, tx *db.Tx, id int64) error {
	now := db.Now()
	if _, err := tx.Exec(ctx, `UPDATE sessions SET expires_at = $2 WHERE user_id = $1 AND expires_at > $2`, id, now); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// Session is a sign-in that lasts.
type Session struct {
	ID         int64   `json:"id"`
	Current    bool    `json:"current" doc:"The session that asks"`
	Device     string  `json:"device" doc:"Browser and system, as in Firefox on Linux; empty when the browser did not say"`
	Kind       string  `json:"kind" enum:"desktop,phone,tablet,other"`
	IP         string  `json:"ip"`
	CreatedAt  db.Time `json:"created_at"`
	LastSeenAt db.Time `json:"last_seen_at" doc:"To the minute"`
	ExpiresAt  db.Time `json:"expires_at"`
}

// Sessions returns an agent's sessions that are not over, the one used last first. NotFound for an unknown agent.
func (s *Service) Sessions(ctx context.Context, id, current int64) ([]Session, error) {
	if _, err := s.human(ctx, s.db, id); err != nil {
		return nil, err
	}
	out := []Session{}
	now := db.Now()
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var one Session
		var userAgent string
		if err := r.Scan(&one.ID, &userAgent, &one.IP, &one.CreatedAt, &one.LastSeenAt, &one.ExpiresAt); err != nil {
			return err
		}
		one.Current = one.ID == current
		one.Device, one.Kind = device(userAgent)
		if s.dir.Idle == 0 || one.LastSeenAt.Add(s.dir.Idle).After(now.Time) {
			out = append(out, one)
		}
		return nil
	}, `SELECT id, user_agent, ip, created_at, last_seen_at, expires_at FROM sessions WHERE user_id = $1 AND expires_at > $2
		ORDER BY last_seen_at DESC, id DESC LIMIT 200`, id, now)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out, nil
}

// DeviceName says in words which browser and system sent a User-Agent header; empty when it did not say.
func DeviceName(userAgent string) string {
	name, _ := device(userAgent)
	return name
}

// device says in words what a User-Agent header (RFC 9110, section 10.1.5) stands for.
func device(header string) (name, kind string) {
	ua := useragent.Parse(header)
	switch {
	case ua.Tablet:
		kind = "tablet"
	case ua.Mobile:
		kind = "phone"
	case ua.Desktop:
		kind = "desktop"
	default:
		kind = "other"
	}
	if ua.Name != "" && ua.OS != "" {
		return clip(ua.Name+" on "+ua.OS, 100), kind
	}
	return clip(ua.Name+ua.OS, 100), kind
}

// EndSession signs an agent out where one session was begun. NotFound if the agent has no such session.
func (s *Service) EndSession(ctx context.Context, actor *Principal, id, session int64) error {
	n, err := s.endSessions(ctx, actor, id, `id = $2`, session)
	if err == nil && n == 0 {
		return fault.Missing("session")
	}
	return err
}

// EndOtherSessions signs an agent out everywhere but in one session, 0 for everywhere.
func (s *Service) EndOtherSessions(ctx context.Context, actor *Principal, id, keep int64) error {
	_, err := s.endSessions(ctx, actor, id, `id <> $2`, keep)
	return err
}

func (s *Service) endSessions(ctx context.Context, actor *Principal, id int64, which string, session int64) (n int64, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := s.human(ctx, tx, id)
		if err != nil {
			return err
		}
		if n, err = tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = $1 AND `+which, id, session); err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.SessionsRevoked, Actor: actor.Audited(), Target: a.Audited()})
	})
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	if n > 0 {
		s.dir.Changed(id)
	}
	return n, nil
}

// human returns an agent who is a person; NotFound otherwise.
func (s *Service) human(ctx context.Context, q db.Querier, id int64) (*Agent, error) {
	a, err := get(ctx, q, id)
	if err == nil && a.Type != "agent" {
		return nil, fault.Missing("agent")
	}
	return a, err
}
