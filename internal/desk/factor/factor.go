// Package factor owns the second factors of agents: an authenticator app (TOTP, RFC 6238), recovery codes, and passkeys
// (WebAuthn Level 3). It imports its sibling package agent, which begins sessions.
//
// The rules in short:
//
//   - As soon as an agent has a factor, their password alone begins no session: the sign-in waits, for ten minutes and
//     in the database, so that any node can finish it. A passkey verifies its user, so it signs in by itself.
//   - A sign-in through an identity provider waits only if a role of the agent requires a second factor.
//   - Whoever lacks a required factor gets a session that can set one up and do nothing else (agent.Principal.MustEnrol).
//   - Every code, challenge and waiting sign-in is good for one use, whatever comes of it; only a waiting sign-in
//     survives wrong codes, which are slowed down by account on all nodes alike.
//   - To add a factor the session must be a few minutes old at most or its owner be confirmed; to take one away they
//     are always confirmed: by the password, a code or a passkey. API keys can do neither.
package factor

import (
	"context"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Service is the second factors of a desk's agents.
type Service struct {
	db      *db.DB
	box     *crypt.Box
	agents  *agent.Service
	dir     *agent.Directory
	rootURL func() string
	site    func() string
	// Now is the clock of codes and deadlines.
	Now func() time.Time
}

// New makes the service and has the agents' sign-in ask it. rootURL is where browsers reach the desk: passkeys are bound
// to its host. site is what authenticator apps call the desk.
func New(d *db.DB, box *crypt.Box, agents *agent.Service, dir *agent.Directory, rootURL, site func() string) *Service {
	s := &Service{db: d, box: box, agents: agents, dir: dir, rootURL: rootURL, site: site, Now: time.Now}
	agents.SecondFactor = s.wait
	agents.Enrolled = s.allEnrolled
	dir.Enrolled = func(ctx context.Context, id int64) (bool, error) { return enrolled(ctx, d, id) }
	return s
}

// The ways to prove oneself a second time.
const (
	MethodTOTP     = "totp"
	MethodPasskey  = "passkey"
	MethodRecovery = "recovery_code"
)

// Status is which second factors an agent has.
type Status struct {
	Enabled           bool      `json:"enabled" doc:"The password alone does not sign in"`
	Required          bool      `json:"required" doc:"A role of the agent asks for a second factor"`
	TOTP              bool      `json:"totp" doc:"An authenticator app is set up"`
	TOTPSince         *db.Time  `json:"totp_since"`
	RecoveryCodesLeft int64     `json:"recovery_codes_left"`
	Passkeys          []Passkey `json:"passkeys"`
}

// Status returns which factors an agent has; NotFound if there is no such agent.
func (s *Service) Status(ctx context.Context, id int64) (st Status, err error) {
	if _, err := s.agents.Get(ctx, id); err != nil {
		return st, err
	}
	err = s.db.QueryRow(ctx, `SELECT (SELECT confirmed_at FROM agent_totp WHERE user_id = $1), (SELECT count(*) FROM agent_recovery_codes WHERE user_id = $1)`, id).
		Scan(&st.TOTPSince, &st.RecoveryCodesLeft)
	if err != nil {
		return st, fmt.Errorf("read the factors of agent %d: %w", id, err)
	}
	if err := s.db.QueryRow(ctx, agent.RequiresFactor, id).Scan(&st.Required); err != nil {
		return st, fmt.Errorf("read whether agent %d needs a factor: %w", id, err)
	}
	st.Passkeys, err = db.Select[Passkey](ctx, s.db, passkeyQuery+` WHERE user_id = $1 ORDER BY id`, id)
	st.Passkeys = append([]Passkey{}, st.Passkeys...)
	st.TOTP = st.TOTPSince != nil
	st.Enabled = st.TOTP || len(st.Passkeys) > 0
	return st, err
}

func enrolled(ctx context.Context, q db.Querier, id int64) (has bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM agent_totp WHERE user_id = $1 AND confirmed_at IS NOT NULL)
		OR EXISTS (SELECT 1 FROM agent_passkeys WHERE user_id = $1)`, id).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("read whether agent %d has a second factor: %w", id, err)
	}
	return has, nil
}

// allEnrolled returns the agents that have a second factor.
func (s *Service) allEnrolled(ctx context.Context) (map[int64]bool, error) {
	ids, err := db.Select[int64](ctx, s.db, `SELECT user_id FROM agent_totp WHERE confirmed_at IS NOT NULL UNION SELECT user_id FROM agent_passkeys`)
	if err != nil {
		return nil, fmt.Errorf("list who has a second factor: %w", err)
	}
	out := make(map[int64]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}

// methods returns the ways in which an agent can prove themselves a second time.
func methods(ctx context.Context, q db.Querier, id int64) ([]string, error) {
	var totp, passkey, recovery bool
	err := q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM agent_totp WHERE user_id = $1 AND confirmed_at IS NOT NULL),
		EXISTS (SELECT 1 FROM agent_passkeys WHERE user_id = $1), EXISTS (SELECT 1 FROM agent_recovery_codes WHERE user_id = $1)`, id).Scan(&totp, &passkey, &recovery)
	if err != nil {
		return nil, fmt.Errorf("read the factors of agent %d: %w", id, err)
	}
	out := []string{}
	for _, m := range []struct {
		has  bool
		name string
	}{{totp, MethodTOTP}, {passkey, MethodPasskey}, {recovery, MethodRecovery}} {
		if m.has {
			out = append(out, m.name)
		}
	}
	return out, nil
}

// Reset takes away all factors of an agent who lost them, on behalf of one who may act as them, and signs them out.
func (s *Service) Reset(ctx context.Context, actor *agent.Principal, id int64) error {
	a, err := s.agents.Get(ctx, id)
	if err != nil {
		return err
	}
	if a.Type != "agent" {
		return fault.Missing("agent")
	}
	if err := agent.MayActAs(actor, a); err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		for _, table := range []string{"agent_totp", "agent_recovery_codes", "agent_passkeys", "agent_challenges", "agent_code_failures"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE user_id = $1`, id); err != nil {
				return fmt.Errorf("reset the factors of agent %d: %w", id, err)
			}
		}
		if err := s.agents.EndSessions(ctx, tx, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.TwoFactorDisabled, Actor: actor.Audited(), Target: a.Audited(), Note: "reset"})
	})
	if err == nil {
		s.dir.Changed(id)
	}
	return err
}

// record writes into the audit log what an agent did with their own factors.
func (s *Service) record(ctx context.Context, tx *db.Tx, p *agent.Principal, kind audit.Type, note string) error {
	return audit.Record(ctx, tx, audit.Entry{Type: kind, Actor: p.Audited(), Note: note})
}

func (s *Service) at() db.Time { return db.At(s.Now()) }
