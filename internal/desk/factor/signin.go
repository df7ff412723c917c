package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// waiting is what is kept of a sign-in that has given its first proof.
type waiting struct {
	By       agent.Proof `json:"by"`
	Password string      `json:"password"` // hash of the password's hash: a new password ends the wait
	Failures int         `json:"failures"`
}

// wait begins to wait for a second factor if one is wanted: always after a password of an agent who has one, after an
// identity provider only if their role requires it.
func (s *Service) wait(ctx context.Context, tx *db.Tx, id int64, by agent.Proof) (string, error) {
	has, err := enrolled(ctx, tx, id)
	if err != nil || !has {
		return "", err
	}
	if by == agent.ByProvider {
		var required bool
		if err := tx.QueryRow(ctx, agent.RequiresFactor, id).Scan(&required); err != nil {
			return "", fmt.Errorf("read whether agent %d needs a factor: %w", id, err)
		}
		if !required {
			return "", nil
		}
	}
	print, err := passwordPrint(ctx, tx, id)
	if err != nil {
		return "", err
	}
	return s.ask(ctx, tx, forSignIn, id, waiting{By: by, Password: print})
}

func passwordPrint(ctx context.Context, tx *db.Tx, id int64) (string, error) {
	var hash string
	if err := tx.QueryRow(ctx, `SELECT COALESCE(password_hash, '') FROM users WHERE id = $1`, id).Scan(&hash); err != nil {
		return "", fmt.Errorf("read agent %d: %w", id, err)
	}
	return crypt.Hash(hash), nil
}

// Waiting is a sign-in that waits for a second factor.
type Waiting struct {
	Required bool     `json:"two_factor_required"`
	Methods  []string `json:"methods" enum:"totp,passkey,recovery_code" doc:"How to go on. A passkey signs in by itself."`
}

// Waiting returns how a sign-in can go on; nothing is required, and nothing can be done, when it is over.
func (s *Service) Waiting(ctx context.Context, token string) (w Waiting, err error) {
	var id int64
	err = s.db.QueryRow(ctx, `SELECT user_id FROM agent_challenges WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3`,
		crypt.Hash(token), forSignIn, s.at()).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return Waiting{Methods: []string{}}, nil
	}
	if err != nil {
		return w, fmt.Errorf("read a waiting sign-in: %w", err)
	}
	w.Required = true
	w.Methods, err = methods(ctx, s.db, id)
	return w, err
}

// Finish finishes a waiting sign-in by a code of the app or a recovery code and returns the agent's id and the session's
// token. Errors: Invalid for a wrong code, naming it, and for a sign-in that is over, which does not; RateLimited.
func (s *Service) Finish(ctx context.Context, token, code, recovery string, from agent.Browser) (id int64, session string, err error) {
	if code == "" && recovery == "" {
		return 0, "", fault.Required("code")
	}
	var refused error
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		refused = nil
		var w waiting
		if id, w, err = s.waitingFor(ctx, tx, token); err != nil {
			return err
		}
		refused, err = s.guess(ctx, tx, id, func() (bool, error) { return s.useCode(ctx, tx, id, code, recovery) })
		if err != nil {
			return err
		}
		if refused != nil {
			return s.countFailure(ctx, tx, id, token, w, from, refused)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM agent_challenges WHERE token_hash = $1`, crypt.Hash(token)); err != nil {
			return fmt.Errorf("end a waiting sign-in: %w", err)
		}
		how := "with a code"
		if code == "" {
			how = "with a recovery code"
		}
		if code == "" {
			if err := audit.Record(ctx, tx, audit.Entry{Type: audit.RecoveryCodeUsed, Actor: audit.Actor{ID: id, IP: from.IP}}); err != nil {
				return err
			}
		}
		session, err = s.agents.BeginSession(ctx, tx, id, how, from)
		return err
	})
	if err = errors.Join(err, refused); err != nil {
		return 0, "", err
	}
	return id, session, nil
}

// waitingFor finds and locks a waiting sign-in.
func (s *Service) waitingFor(ctx context.Context, tx *db.Tx, token string) (id int64, w waiting, err error) {
	var data db.JSON
	err = tx.QueryRow(ctx, `UPDATE agent_challenges SET purpose = purpose WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING user_id, data`,
		crypt.Hash(token), forSignIn, s.at()).Scan(&id, &data)
	if errors.Is(err, db.ErrNoRows) {
		return 0, w, over()
	}
	if err != nil {
		return 0, w, fmt.Errorf("read a waiting sign-in: %w", err)
	}
	if err := data.Decode(&w); err != nil {
		return 0, w, err
	}
	print, err := passwordPrint(ctx, tx, id)
	if err != nil {
		return 0, w, err
	}
	if print != w.Password {
		return 0, w, over()
	}
	return id, w, nil
}

// countFailure counts a wrong code of a waiting sign-in, which ends after too many.
func (s *Service) countFailure(ctx context.Context, tx *db.Tx, id int64, token string, w waiting, from agent.Browser, why error) error {
	if fault.Is(why, fault.RateLimited) {
		return nil // nothing was tried
	}
	query, args := `DELETE FROM agent_challenges WHERE token_hash = $1`, []any{crypt.Hash(token)}
	if w.Failures++; w.Failures < maxFailures {
		query, args = `UPDATE agent_challenges SET data = $2 WHERE token_hash = $1`, append(args, db.ToJSON(w))
	}
	if _, err := tx.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("count a wrong code: %w", err)
	}
	return audit.Record(ctx, tx, audit.Entry{Type: audit.LoginFailed, Actor: audit.Actor{ID: id, IP: from.IP}, Note: "wrong second factor"})
}

// useCode reports whether a code of the app, or else a recovery code, is right, and uses it up.
func (s *Service) useCode(ctx context.Context, tx *db.Tx, id int64, code, recovery string) (bool, error) {
	if code != "" {
		return s.useTOTP(ctx, tx, id, code, true)
	}
	return s.useRecoveryCode(ctx, tx, id, recovery)
}

// freshFor is how long after signing in a factor may be added without more proof.
const freshFor = 10 * time.Minute

// Proof is what a signed-in agent shows to change their factors: one of these.
type Proof struct {
	Password string        `json:"password,omitempty"`
	Code     string        `json:"code,omitempty" doc:"Of the authenticator app"`
	Recovery string        `json:"recovery_code,omitempty"`
	Passkey  *SignedAnswer `json:"passkey,omitempty" doc:"The answer to the options of agents/me/two-factor/proof"`
}

// needsSession refuses API keys: a key that leaks must not become a way to sign in.
func needsSession(p *agent.Principal) error {
	if p.Method != agent.BySession {
		return fault.New(fault.Invalid, "error.needs_session")
	}
	return nil
}

// mayAdd lets a factor be added in a session that has just begun, or by proof.
func (s *Service) mayAdd(ctx context.Context, p *agent.Principal, session string, proof Proof) error {
	if err := needsSession(p); err != nil {
		return err
	}
	if proof != (Proof{}) {
		return s.prove(ctx, p, proof)
	}
	var begun db.Time
	err := s.db.QueryRow(ctx, `SELECT created_at FROM sessions WHERE token_hash = $1`, crypt.Hash(session)).Scan(&begun)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return fmt.Errorf("read a session: %w", err)
	}
	if err != nil || s.Now().Sub(begun.Time) > freshFor {
		return fault.Field("password", "error.proof_required")
	}
	return nil
}

// prove confirms that whoever uses a session is its agent: by the password, or a fresh factor.
func (s *Service) prove(ctx context.Context, p *agent.Principal, proof Proof) (err error) {
	if err := needsSession(p); err != nil {
		return err
	}
	switch {
	case proof.Passkey != nil:
		return s.provePasskey(ctx, p, *proof.Passkey)
	case proof.Code != "" || proof.Recovery != "":
		var refused error
		err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
			refused, err = s.guess(ctx, tx, p.ID, func() (bool, error) { return s.useCode(ctx, tx, p.ID, proof.Code, proof.Recovery) })
			return err
		})
		return errors.Join(err, refused)
	case proof.Password != "":
		ok, err := s.agents.ConfirmPassword(ctx, p, proof.Password)
		if err == nil && !ok {
			err = fault.Field("password", "error.password_wrong")
		}
		return err
	}
	return fault.Field("password", "error.proof_required")
}
