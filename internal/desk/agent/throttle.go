package agent

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
	freeFailures  = 10               // of an account, after which each further one makes it wait
	longestWait   = 15 * time.Minute // of an account
	failureMemory = 24 * time.Hour   // after which an account's failures are forgotten
	addressWindow = time.Minute      // in which an address's failures are counted
)

// throttle slows down guessing: at one account, from wherever it comes, and by one address, at whatever accounts. The
// counts are in the database, so that several nodes count together and a restart forgets nothing. Unknown accounts are
// counted like those there are.
type throttle struct {
	db *db.DB
	// perAddress is how many failures an address may cause in a minute; 0 for any number.
	perAddress int
}

// subjects name what is counted. They are hashed because people type passwords where their address should be.
func accountSubject(account string) string { return crypt.Hash("account " + account) }
func addressSubject(ip string) string      { return crypt.Hash("address " + ip) }

// check returns RateLimited while an account has to wait, or an address has failed too often in the last minute.
func (t *throttle) check(ctx context.Context, account, ip string) error {
	now := db.Now()
	n, _, last, err := t.failures(ctx, accountSubject(account))
	if err != nil {
		return err
	}
	if now.Before(last.Add(wait(n))) {
		return fault.New(fault.RateLimited, "error.account_throttled")
	}
	if t.perAddress == 0 || ip == "" {
		return nil
	}
	n, first, _, err := t.failures(ctx, addressSubject(ip))
	if err != nil {
		return err
	}
	if n >= t.perAddress && now.Before(first.Add(addressWindow)) {
		return fault.New(fault.RateLimited, "error.rate_limited")
	}
	return nil
}

// wait returns how long an account rests after its nth failure.
func wait(n int) time.Duration {
	if n <= freeFailures {
		return 0
	}
	return min(longestWait, time.Second<<min(n-freeFailures, 12))
}

func (t *throttle) failures(ctx context.Context, subject string) (n int, first, last db.Time, err error) {
	err = t.db.QueryRow(ctx, `SELECT failures, first_at, last_at FROM sign_in_failures WHERE subject = $1`, subject).Scan(&n, &first, &last)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, first, last, fmt.Errorf("read failed sign-ins: %w", err)
	}
	return n, first, last, nil
}

// record counts a failure, or forgets an account's failures after a success. What is older than any rule looks back is
// cleared away on the occasion.
func (t *throttle) record(ctx context.Context, account, ip string, ok bool) error {
	if ok {
		n, _, _, err := t.failures(ctx, accountSubject(account))
		if err != nil || n == 0 {
			return err
		}
	}
	now := db.Now()
	err := t.db.Tx(ctx, func(tx *db.Tx) error {
		if ok {
			_, err := tx.Exec(ctx, `DELETE FROM sign_in_failures WHERE subject = $1`, accountSubject(account))
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM sign_in_failures WHERE last_at < $1`, db.At(now.Add(-failureMemory))); err != nil {
			return err
		}
		if err := count(ctx, tx, accountSubject(account), now, failureMemory); err != nil || ip == "" {
			return err
		}
		return count(ctx, tx, addressSubject(ip), now, addressWindow)
	})
	if err != nil {
		return fmt.Errorf("count failed sign-ins: %w", err)
	}
	return nil
}

// count adds a failure to those in a window that begins with the first of them.
func count(ctx context.Context, tx *db.Tx, subject string, now db.Time, window time.Duration) error {
	_, err := tx.Exec(ctx, `INSERT INTO sign_in_failures (subject, failures, first_at, last_at) VALUES ($1, 1, $2, $2)
		ON CONFLICT (subject) DO UPDATE SET last_at = excluded.last_at,
			failures = CASE WHEN sign_in_failures.first_at < $3 THEN 1 ELSE sign_in_failures.failures + 1 END,
			first_at = CASE WHEN sign_in_failures.first_at < $3 THEN excluded.first_at ELSE sign_in_failures.first_at END`,
		subject, now, db.At(now.Add(-window)))
	return err
}
