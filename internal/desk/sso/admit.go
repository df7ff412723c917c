package sso

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// admit finds the agent whom a person is, or makes them one where the provider may, and begins their session, or the
// wait for a second factor where their role wants one.
func (s *Service) admit(ctx context.Context, p Provider, who *person, from agent.Browser) (begun agent.Started, err error) {
	try := func() error {
		return s.DB.Tx(ctx, func(tx *db.Tx) error {
			id, err := s.match(ctx, tx, p, who)
			if err != nil {
				return err
			}
			begun, err = s.Agents.Begin(ctx, tx, id, agent.ByProvider, "through "+p.Name, from)
			if fault.Is(err, fault.Forbidden) {
				return refuse(fault.Forbidden, CodeDisabled)
			}
			return err
		})
	}
	err = try()
	if fault.Is(err, fault.Conflict) {
		err = try() // the same person came twice at once: the other one made the agent
	}
	if err != nil {
		return agent.Started{}, errors.Join(err, s.refused(ctx, p, who, from, err))
	}
	return begun, nil
}

// refused writes into the audit log who was not let in.
func (s *Service) refused(ctx context.Context, p Provider, who *person, from agent.Browser, why error) error {
	var f *fault.Error
	if !errors.As(why, &f) {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{Type: audit.LoginFailed, Actor: audit.Actor{Name: who.email, IP: from.IP},
			Note: fmt.Sprintf("through %s, %s", p.Name, strings.TrimPrefix(CodeOf(why), "sso_"))})
	})
}

// match returns the agent whom a person is: the one who came by this account before, or else the one with the address,
// who from then on comes by this account only. The System user is nobody's.
func (s *Service) match(ctx context.Context, tx *db.Tx, p Provider, who *person) (id int64, err error) {
	now := db.Now()
	err = tx.QueryRow(ctx, `UPDATE oidc_identities SET last_used_at = $3, email = $4 WHERE issuer = $1 AND subject = $2
		AND user_id IN (SELECT id FROM users WHERE type = 'agent' AND NOT is_system AND deleted_at IS NULL) RETURNING user_id`,
		who.issuer, who.subject, now, who.email).Scan(&id)
	if err == nil || !errors.Is(err, db.ErrNoRows) {
		return id, err
	}
	err = tx.QueryRow(ctx, `SELECT id FROM users WHERE email = $1 AND type = 'agent' AND NOT is_system AND deleted_at IS NULL`, who.email).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		id, err = s.provision(ctx, tx, p, who)
	}
	if err != nil {
		return 0, err
	}
	return id, link(ctx, tx, id, who, now)
}

// link remembers which account an agent comes by. An agent who comes by one account of the issuer does not become
// somebody else's because an address is given to a new person there.
func link(ctx context.Context, tx *db.Tx, id int64, who *person, now db.Time) error {
	n, err := tx.Exec(ctx, `INSERT INTO oidc_identities (issuer, subject, user_id, email, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (user_id, issuer) DO NOTHING`, who.issuer, who.subject, id, who.email, now)
	if unique, _ := db.IsUnique(err); unique {
		return fault.New(fault.Conflict, "error.exists").Because(err) // by the same person, a moment ago
	}
	if err != nil {
		return fmt.Errorf("link the account: %w", err)
	}
	if n == 0 {
		return refuse(fault.Forbidden, CodeLinked)
	}
	return nil
}

// provision makes an agent of a newcomer, if the provider is set up to and their address is of an allowed domain.
func (s *Service) provision(ctx context.Context, tx *db.Tx, p Provider, who *person) (int64, error) {
	domain := who.email[strings.LastIndexByte(who.email, '@')+1:]
	if !p.AutoProvision || p.DefaultRoleID == nil || !slices.Contains(p.AllowedDomains, domain) {
		return 0, refuse(fault.NotFound, CodeNoAgent)
	}
	name, _, err := roleOf(ctx, tx, *p.DefaultRoleID)
	if err != nil {
		return 0, fmt.Errorf("find the role of new agents: %w", err)
	}
	system := &agent.Principal{Email: agent.SystemLogin, IsSystem: true, Method: agent.ByProgram, Permissions: role.SetOf(role.All...)}
	if err := tx.QueryRow(ctx, `SELECT id FROM users WHERE is_system ORDER BY id LIMIT 1`).Scan(&system.ID); err != nil {
		return 0, fmt.Errorf("find the System user: %w", err)
	}
	a, err := s.Agents.CreateTx(ctx, tx, system, agent.Edit{FirstName: who.first, LastName: who.last, Email: who.email, Roles: []string{name}})
	if err != nil {
		return 0, err
	}
	return a.ID, nil
}

// Identity is an account of a provider by which an agent comes in.
type Identity struct {
	Issuer     string  `json:"issuer"`
	Email      string  `json:"email"`
	CreatedAt  db.Time `json:"created_at"`
	LastUsedAt db.Time `json:"last_used_at"`
}

// Identities returns the accounts by which an agent comes in.
func (s *Service) Identities(ctx context.Context, agentID int64) ([]Identity, error) {
	return db.Select[Identity](ctx, s.DB, `SELECT issuer, email, created_at, last_used_at FROM oidc_identities WHERE user_id = $1 ORDER BY issuer`, agentID)
}

// Unlink forgets the accounts by which an agent comes in; the next one with their address takes their place.
func (s *Service) Unlink(ctx context.Context, actor *agent.Principal, agentID int64) error {
	a, err := s.Agents.Get(ctx, agentID)
	if err != nil {
		return err
	}
	if err := agent.MayActAs(actor, a); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM oidc_identities WHERE user_id = $1`, agentID)
		if err != nil {
			return fmt.Errorf("unlink accounts: %w", err)
		}
		if n == 0 {
			return nil
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.IdentitiesUnlinked, Actor: actor.Audited(), Target: a.Audited()})
	})
}
