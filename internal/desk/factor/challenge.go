package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	// Patience is how long a sign-in waits for its second factor, and a passkey for its owner.
	Patience  = 10 * time.Minute
	tokenSize = 43 // characters: 256 bits

	// freeFailures wrong codes cost nothing; each further one doubles the wait, up to longestWait.
	freeFailures = 5
	longestWait  = 15 * time.Minute
	// maxFailures wrong codes end a waiting sign-in: the password is asked again.
	maxFailures = 10
)

// The purposes of challenges. A token for one is worth nothing for another.
const (
	forSignIn  = "sign_in"        // a first proof was given
	forPasskey = "passkey"        // to sign in by a passkey alone
	forAdding  = "passkey_add"    //
	forProof   = "passkey_proves" // to confirm who is signed in
)

type challenge struct {
	UserID *int64
	Data   db.JSON
}

// ask keeps a challenge and returns its token. userID is 0 while it is not known whose it is.
func (s *Service) ask(ctx context.Context, tx *db.Tx, purpose string, userID int64, data any) (token string, err error) {
	token = crypt.Token(tokenSize)
	now := s.at()
	var owner *int64
	if userID != 0 {
		owner = &userID
	}
	if _, err := tx.Exec(ctx, `DELETE FROM agent_challenges WHERE expires_at < $1`, now); err != nil {
		return "", fmt.Errorf("clear challenges: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO agent_challenges (token_hash, purpose, user_id, data, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		crypt.Hash(token), purpose, owner, db.ToJSON(data), db.At(now.Add(Patience)))
	if err != nil {
		return "", fmt.Errorf("keep challenge: %w", err)
	}
	return token, nil
}

func over() error { return fault.New(fault.Invalid, "error.challenge_over") }

// take returns a challenge and removes it, in a transaction of its own: an answer is good for one try.
func (s *Service) take(ctx context.Context, purpose, token string) (c challenge, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		err := tx.QueryRow(ctx, `DELETE FROM agent_challenges WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING user_id, data`,
			crypt.Hash(token), purpose, s.at()).Scan(&c.UserID, &c.Data)
		if errors.Is(err, db.ErrNoRows) {
			return over()
		}
		return err
	})
	return c, err
}

// guess checks a code in tx under the lock of its account, which all nodes share. Wrong codes are counted; after a few
// the account waits. A refusal is returned as refused, beside err, so that the caller commits the count.
func (s *Service) guess(ctx context.Context, tx *db.Tx, id int64, check func() (bool, error)) (refused, err error) {
	var failures int64
	var until db.Time
	err = tx.QueryRow(ctx, `INSERT INTO agent_code_failures (user_id) VALUES ($1)
		ON CONFLICT (user_id) DO UPDATE SET failures = agent_code_failures.failures RETURNING failures, blocked_until`, id).Scan(&failures, &until)
	if err != nil {
		return nil, fmt.Errorf("count wrong codes: %w", err)
	}
	now := s.Now()
	if now.Before(until.Time) {
		return fault.New(fault.RateLimited, "error.account_throttled"), nil
	}
	ok, err := check()
	if err != nil {
		return nil, err
	}
	if ok {
		_, err = tx.Exec(ctx, `DELETE FROM agent_code_failures WHERE user_id = $1`, id)
		return nil, err
	}
	failures++
	if failures > freeFailures {
		until = db.At(now.Add(min(longestWait, time.Second<<min(failures-freeFailures+1, 12))))
	}
	if _, err = tx.Exec(ctx, `UPDATE agent_code_failures SET failures = $2, blocked_until = $3 WHERE user_id = $1`, id, failures, until); err != nil {
		return nil, fmt.Errorf("count wrong codes: %w", err)
	}
	return fault.Field("code", "error.code_wrong"), nil
}
