package setting

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The states of the guide through the first set-up.
const (
	GuideOpen      = "open"
	GuideFinished  = "finished"
	GuideDismissed = "dismissed"
)

// guideSteps are what the guide leads through, in this order.
var guideSteps = []string{"desk", "account", "mailbox", "colleagues"}

// Guide is how far the administrators of a desk got with its first set-up.
type Guide struct {
	State string `json:"state" doc:"open, finished or dismissed"`
	Step  string `json:"step" doc:"Where it goes on: desk, account, mailbox or colleagues"`
}

const guideKey = "setup.guide"

// Guide returns how far the first set-up got; the state is empty when nobody began it.
func (s *Service) Guide(ctx context.Context) (Guide, error) {
	g := Guide{Step: guideSteps[0]}
	var value db.JSON
	err := s.db.QueryRow(ctx, `SELECT value FROM settings WHERE key = $1`, guideKey).Scan(&value)
	if errors.Is(err, db.ErrNoRows) {
		return g, nil
	}
	if err != nil {
		return g, fmt.Errorf("read how far the set-up got: %w", err)
	}
	_ = value.Decode(&g)
	if g.validate() != nil { // of another version
		return Guide{State: GuideFinished, Step: guideSteps[0]}, nil
	}
	return g, nil
}

// SetGuide notes how far the first set-up got, for every browser. An Invalid error names the field that is wrong.
func (s *Service) SetGuide(ctx context.Context, g Guide) error {
	if err := g.validate(); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, guideKey, db.ToJSON(g))
		return err
	})
	if err != nil {
		return fmt.Errorf("note how far the set-up got: %w", err)
	}
	return nil
}

func (g Guide) validate() error {
	if !slices.Contains([]string{GuideOpen, GuideFinished, GuideDismissed}, g.State) {
		return fault.Field("state", "error.unknown_value", "value", g.State)
	}
	if !slices.Contains(guideSteps, g.Step) {
		return fault.Field("step", "error.unknown_value", "value", g.Step)
	}
	return nil
}
