package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// builtIn are the statuses that rules refer to by name, which nobody renames or deletes.
var builtIn = []string{Open, Snoozed, Resolved, Closed, Spam, Trash, mergedName}

// maxStatusName is the longest name of a status in characters.
const maxStatusName = 25

func (s Status) target() audit.Target {
	return audit.Target{Model: "status", ID: s.ID, Name: s.Name}
}

const statusColumns = `id, created_at, name, category`

func checkStatus(name, category string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", fault.Required("name")
	case len([]rune(name)) > maxStatusName:
		return "", fault.TooLong("name", maxStatusName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", fault.Field("name", "error.control_characters")
	case category == "":
		return "", fault.Required("category")
	case !slices.Contains([]string{"open", "waiting", "resolved"}, category):
		return "", fault.Field("category", "error.unknown_value", "value", category)
	}
	return name, nil
}

// CreateStatus makes a status; Conflict if there is one of that name.
func (s *Service) CreateStatus(ctx context.Context, name, category string) (st Status, err error) {
	if name, err = checkStatus(name, category); err != nil {
		return st, err
	}
	err = s.changeStatuses(ctx, func(tx *db.Tx) (audit.Entry, error) {
		st, err = db.Get[Status](ctx, tx, `INSERT INTO statuses (created_at, name, category) VALUES ($1, $2, $3) RETURNING `+statusColumns, db.Now(), name, category)
		return audit.Entry{Type: audit.StatusCreated, Target: st.target(), After: st}, savingStatus(err, name)
	})
	return st, err
}

// UpdateStatus gives a status another name and category, for all conversations that have it. NotFound if there is none,
// Invalid for a built-in one, Conflict if another has the name.
func (s *Service) UpdateStatus(ctx context.Context, id int64, name, category string) (st Status, err error) {
	if name, err = checkStatus(name, category); err != nil {
		return st, err
	}
	err = s.changeStatuses(ctx, func(tx *db.Tx) (audit.Entry, error) {
		before, err := ownStatus(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		st, err = db.Get[Status](ctx, tx, `UPDATE statuses SET name = $1, category = $2 WHERE id = $3 RETURNING `+statusColumns, name, category, id)
		return audit.Entry{Type: audit.StatusUpdated, Target: before.target(), Before: before, After: st}, savingStatus(err, name)
	})
	return st, err
}

// DeleteStatus removes a status that no conversation has. NotFound if there is none, Invalid for a built-in one or one in
// use.
func (s *Service) DeleteStatus(ctx context.Context, id int64) error {
	return s.changeStatuses(ctx, func(tx *db.Tx) (audit.Entry, error) {
		st, err := ownStatus(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM conversations WHERE status_id = $1)`, id).Scan(&used); err != nil {
			return audit.Entry{}, fmt.Errorf("look for conversations of status %d: %w", id, err)
		}
		if used {
			return audit.Entry{}, fault.New(fault.Invalid, "error.status_used", "value", st.Name)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM statuses WHERE id = $1`, id); err != nil {
			return audit.Entry{}, fmt.Errorf("delete status %d: %w", id, err)
		}
		return audit.Entry{Type: audit.StatusDeleted, Target: st.target(), Before: st}, nil
	})
}

// ownStatus returns a status that the desk made itself.
func ownStatus(ctx context.Context, q db.Querier, id int64) (Status, error) {
	st, err := db.Get[Status](ctx, q, `SELECT `+statusColumns+` FROM statuses WHERE id = $1`, id)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return st, fault.Missing("status")
	case err != nil:
		return st, fmt.Errorf("read status %d: %w", id, err)
	case slices.Contains(builtIn, st.Name):
		return st, fault.New(fault.Invalid, "error.status_built_in", "value", st.Name)
	}
	return st, nil
}

func savingStatus(err error, name string) error {
	if unique, _ := db.IsUnique(err); unique {
		return fault.Duplicate("name", name)
	}
	if err != nil {
		return fmt.Errorf("save a status: %w", err)
	}
	return nil
}

// changeStatuses changes the statuses there are, records it and tells open browsers.
func (s *Service) changeStatuses(ctx context.Context, change func(tx *db.Tx) (audit.Entry, error)) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		entry, err := change(tx)
		if err != nil {
			return err
		}
		return s.events.ReferenceChanged(ctx, tx, "statuses", entry)
	})
}

// StatusUsage returns how many conversations have a status.
func (s *Service) StatusUsage(ctx context.Context, id int64) (int64, error) {
	return counted(ctx, s.db, `assigned_user_id = -1 AND assigned_team_id = -1 AND status_id = $1`, id)
}
