// Package tag owns the words that conversations can be marked with, and their import from files. Which conversation has
// which tag is package conversation's.
//
// The package uses its siblings audit and event.
package tag

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Tag is a word that conversations can be marked with. Names are told apart by case.
type Tag struct {
	ID        int64   `json:"id"`
	CreatedAt db.Time `json:"created_at"`
	UpdatedAt db.Time `json:"updated_at"`
	Name      string  `json:"name"`
}

func (t Tag) target() audit.Target { return audit.Target{Model: "tag", ID: t.ID, Name: t.Name} }

// maxName is the longest name in characters.
const maxName = 140

// Service is the tags of a desk.
type Service struct {
	db     *db.DB
	events *event.Log
}

// New makes the service.
func New(d *db.DB, events *event.Log) *Service { return &Service{db: d, events: events} }

const columns = `id, created_at, updated_at, name`

// List returns all tags by name.
func (s *Service) List(ctx context.Context) ([]Tag, error) {
	tags, err := db.Select[Tag](ctx, s.db, `SELECT `+columns+` FROM tags ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	return tags, nil
}

// checked returns a name without the space around it, Invalid if it cannot be one.
func checked(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", fault.Required("name")
	case len([]rune(name)) > maxName:
		return "", fault.TooLong("name", maxName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", fault.Field("name", "error.control_characters")
	}
	return name, nil
}

// Create makes a tag; Conflict if there is one of that name.
func (s *Service) Create(ctx context.Context, name string) (t Tag, err error) {
	if name, err = checked(name); err != nil {
		return t, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		t, err = db.Get[Tag](ctx, tx, `INSERT INTO tags (created_at, updated_at, name) VALUES ($1, $1, $2) RETURNING `+columns, db.Now(), name)
		if err != nil {
			return saving(err, name)
		}
		return s.events.ReferenceChanged(ctx, tx, "tags", audit.Entry{Type: audit.TagCreated, Target: t.target(), After: t})
	})
	return t, err
}

// Rename gives a tag another name, on all its conversations; NotFound if there is no such tag, Conflict if another has the
// name.
func (s *Service) Rename(ctx context.Context, id int64, name string) (t Tag, err error) {
	if name, err = checked(name); err != nil {
		return t, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		t, err = db.Get[Tag](ctx, tx, `UPDATE tags SET updated_at = $1, name = $2 WHERE id = $3 RETURNING `+columns, db.Now(), name, id)
		if err != nil {
			return saving(err, name)
		}
		return s.events.ReferenceChanged(ctx, tx, "tags", audit.Entry{Type: audit.TagUpdated, Target: before.target(), Before: named{before.Name}, After: named{t.Name}})
	})
	return t, err
}

// Delete removes a tag, and takes it off its conversations. One that does not exist is deleted already.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		t, err := get(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM tags WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete tag %d: %w", id, err)
		}
		return s.events.ReferenceChanged(ctx, tx, "tags", audit.Entry{Type: audit.TagDeleted, Target: t.target(), Before: t})
	})
}

// maxUsage bounds how far conversations of a tag are counted.
const maxUsage = 10_000

// Usage returns how many conversations have a tag, counted up to 10,000.
func (s *Service) Usage(ctx context.Context, id int64) (n int64, err error) {
	if _, err := get(ctx, s.db, id); err != nil {
		return 0, err
	}
	err = s.db.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM conversation_tags WHERE tag_id = $1 LIMIT $2 + 0) AS found`, id, maxUsage).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count the conversations of tag %d: %w", id, err)
	}
	return n, nil
}

// named is what the activity log keeps of a change.
type named struct {
	Name string `json:"name"`
}

func get(ctx context.Context, q db.Querier, id int64) (Tag, error) {
	t, err := db.Get[Tag](ctx, q, `SELECT `+columns+` FROM tags WHERE id = $1`, id)
	if errors.Is(err, db.ErrNoRows) {
		return t, fault.Missing("tag")
	}
	if err != nil {
		return t, fmt.Errorf("read tag %d: %w", id, err)
	}
	return t, nil
}

func saving(err error, name string) error {
	if unique, _ := db.IsUnique(err); unique {
		return fault.Duplicate("name", name)
	}
	return fmt.Errorf("save a tag: %w", err)
}
