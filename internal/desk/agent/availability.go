package agent

import (
	"context"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

var availabilities = []string{"online", "away", "away_manual", "offline", "away_and_reassigning"}

// SetAvailability changes whether an agent is there. source "idle" is a browser that noticed, or no longer notices,
// its agent; it never changes a state that a person chose.
func (s *Service) SetAvailability(ctx context.Context, p *Principal, status, source string) (*Agent, error) {
	if !slices.Contains(availabilities, status) {
		return nil, fault.Field("status", "error.unknown_value", "value", status)
	}
	var a *Agent
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if a, err = get(ctx, tx, p.ID); err != nil {
			return err
		}
		now := a.AvailabilityStatus
		if now == status || (source == "idle" && (now == "away_manual" || now == "away_and_reassigning")) {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET availability_status = $2 WHERE id = $1`, p.ID, status); err != nil {
			return fmt.Errorf("set availability: %w", err)
		}
		a.AvailabilityStatus = status
		if err := auditAvailability(ctx, tx, p, a.Audited(), now, status); err != nil {
			return err
		}
		return s.Available(ctx, tx, p.ID, p.ID, status)
	})
	return a, err
}

// Alive notes that an agent's client is there; it brings an agent who was offline back online.
func (s *Service) Alive(ctx context.Context, id int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		var status string
		var active *db.Time
		if err := tx.QueryRow(ctx, `SELECT availability_status, last_active_at FROM users WHERE id = $1`, id).Scan(&status, &active); err != nil {
			return err
		}
		now := db.Now()
		if status == "online" && active != nil && now.Sub(active.Time) < aliveEvery {
			return nil
		}
		if status == "offline" {
			status = "online"
		}
		_, err := tx.Exec(ctx, `UPDATE users SET last_active_at = $2, availability_status = $3 WHERE id = $1`, id, now, status)
		return err
	})
}

// Sweep sets agents offline whose clients have not been heard of for a while. It returns how many.
func (s *Service) Sweep(ctx context.Context) (n int, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		ids, err := db.Select[int64](ctx, tx, `UPDATE users SET availability_status = 'offline' WHERE type = 'agent' AND deleted_at IS NULL
			AND availability_status IN ('online', 'away') AND COALESCE(last_active_at, 0) < $1 RETURNING id`, db.At(db.Now().Add(-silentFor)))
		if err != nil {
			return fmt.Errorf("sweep availability: %w", err)
		}
		n = len(ids)
		for _, id := range ids {
			if err := s.Available(ctx, tx, id, id, "offline"); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// auditAvailability notes what a person chose, for themselves or for another; what a browser noticed is not worth an entry.
func auditAvailability(ctx context.Context, tx *db.Tx, actor *Principal, target audit.Target, before, now string) error {
	kind := map[string]audit.Type{"online": audit.Online, "away_manual": audit.Away, "away_and_reassigning": audit.AwayReassigned}[now]
	if kind == "" || (now == "online" && before == "away") {
		return nil
	}
	type availability struct {
		Status string `json:"availability_status"`
	}
	return audit.Record(ctx, tx, audit.Entry{Type: kind, Actor: actor.Audited(), Target: target, Before: availability{before}, After: availability{now}})
}
