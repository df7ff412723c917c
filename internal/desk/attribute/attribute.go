// Package attribute owns the definitions of custom attributes: what a desk wants to know of its contacts and conversations
// besides what every desk does. The values are kept with contacts and conversations, by the definition's key.
//
// The package uses its siblings audit and event.
package attribute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// What an attribute can belong to.
const (
	OfContacts      = "contact"
	OfConversations = "conversation"
)

// The types of values.
const (
	Text     = "text"
	Number   = "number"
	Checkbox = "checkbox"
	Date     = "date"
	Link     = "link"
	List     = "list"
)

// Definition describes one attribute. Its key and the type of its values never change.
type Definition struct {
	ID          int64    `json:"id"`
	CreatedAt   db.Time  `json:"created_at"`
	UpdatedAt   db.Time  `json:"updated_at"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	AppliesTo   string   `json:"applies_to"`
	Key         string   `json:"key"`
	Values      []string `json:"values"`
	DataType    string   `json:"data_type"`
	Regex       string   `json:"regex"`
	RegexHint   string   `json:"regex_hint"`
}

func (d Definition) target() audit.Target {
	return audit.Target{Model: "custom_attribute", ID: d.ID, Name: d.Name}
}

// Edit is what a definition is made or changed to.
type Edit struct {
	Name        string
	Description string
	AppliesTo   string
	Key         string
	Values      []string
	DataType    string
	Regex       string
	RegexHint   string
}

// reserved are the keys by which automations know other things.
var reserved = []string{"contact_email", "content", "subject", "status", "priority", "assigned_team", "assigned_user",
	"hours_since_created", "hours_since_first_reply", "hours_since_last_reply", "hours_since_resolved", "inbox"}

// The limits of a definition, in characters and in number.
const (
	maxName        = 140
	maxDescription = 300
	maxRegex       = 1000
	maxOptions     = 500
)

func (e *Edit) validate() error {
	for _, t := range []struct {
		field    string
		value    *string
		most     int
		required bool
	}{
		{"name", &e.Name, maxName, true}, {"applies_to", &e.AppliesTo, maxName, true}, {"data_type", &e.DataType, maxName, true},
		{"description", &e.Description, maxDescription, true}, {"key", &e.Key, maxName, true},
		{"regex", &e.Regex, maxRegex, false}, {"regex_hint", &e.RegexHint, maxRegex, false},
	} {
		*t.value = strings.TrimSpace(*t.value)
		if t.required && *t.value == "" {
			return fault.Required(t.field)
		}
		if err := line(t.field, *t.value, t.most); err != nil {
			return err
		}
	}
	switch {
	case e.AppliesTo != OfContacts && e.AppliesTo != OfConversations:
		return fault.Field("applies_to", "error.unknown_value", "value", e.AppliesTo)
	case !slices.Contains([]string{Text, Number, Checkbox, Date, Link, List}, e.DataType):
		return fault.Field("data_type", "error.unknown_value", "value", e.DataType)
	case slices.Contains(reserved, e.Key):
		return fault.Field("key", "error.reserved", "value", e.Key)
	}
	return e.validateValues()
}

// validateValues looks at the choices of a list; other types have none.
func (e *Edit) validateValues() error {
	if e.DataType != List {
		e.Values = []string{}
		return nil
	}
	var kept []string
	for _, v := range e.Values {
		if v = strings.TrimSpace(v); v == "" || slices.Contains(kept, v) {
			continue
		}
		if err := line("values", v, maxName); err != nil {
			return err
		}
		kept = append(kept, v)
	}
	switch {
	case len(kept) == 0:
		return fault.Required("values")
	case len(kept) > maxOptions:
		return fault.Field("values", "error.too_many", "max", fmt.Sprint(maxOptions))
	}
	e.Values = kept
	return nil
}

func line(field, s string, most int) error {
	if len([]rune(s)) > most {
		return fault.TooLong(field, most)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return fault.Field(field, "error.control_characters")
	}
	return nil
}

// Service is the definitions of a desk.
type Service struct {
	db     *db.DB
	events *event.Log
}

// New makes the service.
func New(d *db.DB, events *event.Log) *Service { return &Service{db: d, events: events} }

const columns = `id, created_at, updated_at, name, description, applies_to, key, options, data_type, regex, regex_hint`

func scan(r db.Row) (d Definition, err error) {
	var options db.JSON
	if err := r.Scan(&d.ID, &d.CreatedAt, &d.UpdatedAt, &d.Name, &d.Description, &d.AppliesTo, &d.Key, &options, &d.DataType, &d.Regex, &d.RegexHint); err != nil {
		return d, err
	}
	return d, options.Decode(&d.Values)
}

// List returns the definitions for contacts or for conversations, all of them for "", the last changed first.
func (s *Service) List(ctx context.Context, appliesTo string) ([]Definition, error) {
	return list(ctx, s.db, appliesTo)
}

// All returns every definition, as [Service.List] does, inside the caller's transaction if there is one.
func All(ctx context.Context, q db.Querier) ([]Definition, error) { return list(ctx, q, "") }

func list(ctx context.Context, q db.Querier, appliesTo string) ([]Definition, error) {
	out := []Definition{}
	err := db.Each(ctx, q, func(r db.Rows) error {
		d, err := scan(r)
		out = append(out, d)
		return err
	}, `SELECT `+columns+` FROM custom_attributes WHERE $1 = '' OR applies_to = $1 ORDER BY updated_at DESC, id DESC`, appliesTo)
	if err != nil {
		return nil, fmt.Errorf("read custom attributes: %w", err)
	}
	return out, nil
}

// Get returns a definition; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (Definition, error) { return get(ctx, s.db, id) }

func get(ctx context.Context, q db.Querier, id int64) (Definition, error) {
	d, err := scan(q.QueryRow(ctx, `SELECT `+columns+` FROM custom_attributes WHERE id = $1`, id))
	if errors.Is(err, db.ErrNoRows) {
		return d, fault.Missing("custom attribute")
	}
	if err != nil {
		return d, fmt.Errorf("read custom attribute %d: %w", id, err)
	}
	return d, nil
}

// Create makes a definition; Invalid if there is one of that key for the same things.
func (s *Service) Create(ctx context.Context, e Edit) (d Definition, err error) {
	if err := e.validate(); err != nil {
		return d, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		d, err = scan(tx.QueryRow(ctx, `INSERT INTO custom_attributes (created_at, updated_at, name, description, applies_to, key, options, data_type, regex, regex_hint)
			VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING `+columns,
			db.Now(), e.Name, e.Description, e.AppliesTo, e.Key, db.ToJSON(e.Values), e.DataType, e.Regex, e.RegexHint))
		if unique, _ := db.IsUnique(err); unique {
			return fault.Field("key", "error.exists", "value", e.Key)
		}
		if err != nil {
			return fmt.Errorf("save a custom attribute: %w", err)
		}
		return s.events.ReferenceChanged(ctx, tx, "custom_attributes", audit.Entry{Type: audit.AttributeCreated, Target: d.target(), After: d})
	})
	return d, err
}

// Update changes the name, description, choices and pattern of a definition, and what it applies to; values stay on their
// records. What the edit says of its key and type is passed over, but must be valid. NotFound if there is no such
// definition, Invalid if there is another of its key for what it is to apply to.
func (s *Service) Update(ctx context.Context, id int64, e Edit) (d Definition, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if e.DataType != "" {
			e.DataType = before.DataType
		}
		if err := e.validate(); err != nil {
			return err
		}
		d, err = scan(tx.QueryRow(ctx, `UPDATE custom_attributes SET updated_at = $1, name = $2, description = $3, options = $4, regex = $5, regex_hint = $6, applies_to = $7
			WHERE id = $8 RETURNING `+columns, db.Now(), e.Name, e.Description, db.ToJSON(e.Values), e.Regex, e.RegexHint, e.AppliesTo, id))
		if unique, _ := db.IsUnique(err); unique {
			return fault.Field("applies_to", "error.exists", "value", before.Key)
		}
		if err != nil {
			return fmt.Errorf("save custom attribute %d: %w", id, err)
		}
		return s.events.ReferenceChanged(ctx, tx, "custom_attributes", audit.Entry{Type: audit.AttributeUpdated, Target: d.target(), Before: before, After: d})
	})
	return d, err
}

// Delete removes a definition. The values that records have stay where they are, and are shown again by a definition of
// the same key. One that does not exist is deleted already.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		d, err := get(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM custom_attributes WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete custom attribute %d: %w", id, err)
		}
		return s.events.ReferenceChanged(ctx, tx, "custom_attributes", audit.Entry{Type: audit.AttributeDeleted, Target: d.target(), Before: d})
	})
}
