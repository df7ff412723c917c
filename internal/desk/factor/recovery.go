package factor

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const recoveryCodes = 10

// NewRecoveryCodes gives an agent who proves who they are ten codes in place of those they have. They are shown once.
func (s *Service) NewRecoveryCodes(ctx context.Context, p *agent.Principal, proof Proof) (codes []string, err error) {
	if err := s.prove(ctx, p, proof); err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if has, err := enrolled(ctx, tx, p.ID); err != nil || !has {
			return firstError(err, fault.New(fault.Conflict, "error.no_second_factor"))
		}
		if codes, err = s.newCodes(ctx, tx, p.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, p, audit.RecoveryCodesMade, "")
	})
	return codes, err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// firstCodes makes recovery codes for an agent who has none.
func (s *Service) firstCodes(ctx context.Context, tx *db.Tx, id int64) ([]string, error) {
	var has bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM agent_recovery_codes WHERE user_id = $1)`, id).Scan(&has); err != nil {
		return nil, fmt.Errorf("read recovery codes: %w", err)
	}
	if has {
		return []string{}, nil
	}
	return s.newCodes(ctx, tx, id)
}

func (s *Service) newCodes(ctx context.Context, tx *db.Tx, id int64) ([]string, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM agent_recovery_codes WHERE user_id = $1`, id); err != nil {
		return nil, fmt.Errorf("drop recovery codes: %w", err)
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		raw := make([]byte, 10) // 80 bits: 16 letters
		_, _ = rand.Read(raw)
		text := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
		codes[i] = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
		if _, err := tx.Exec(ctx, `INSERT INTO agent_recovery_codes (user_id, code_hash) VALUES ($1, $2)`, id, s.codeHash(id, codes[i])); err != nil {
			return nil, fmt.Errorf("keep recovery codes: %w", err)
		}
	}
	return codes, nil
}

// codeHash is how a code is kept: under the desk's key, so that a copy of the database does not allow to try codes.
func (s *Service) codeHash(id int64, code string) string {
	code = strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))
	return s.box.Sign("recovery code", strconv.FormatInt(id, 10)+":"+code)
}

// useRecoveryCode reports whether a code is one of an agent's, and uses it up.
func (s *Service) useRecoveryCode(ctx context.Context, tx *db.Tx, id int64, code string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM agent_recovery_codes WHERE user_id = $1 AND code_hash = $2`, id, s.codeHash(id, code))
	if err != nil {
		return false, fmt.Errorf("use a recovery code: %w", err)
	}
	return n == 1, nil
}

// dropCodesOfNothing removes recovery codes when there is nothing left to recover.
func dropCodesOfNothing(ctx context.Context, tx *db.Tx, id int64) error {
	has, err := enrolled(ctx, tx, id)
	if err != nil || has {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM agent_recovery_codes WHERE user_id = $1`, id); err != nil {
		return fmt.Errorf("drop recovery codes: %w", err)
	}
	return nil
}
