package contact

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The limits of custom attributes of a contact or a conversation: how many, the length of a key in characters, and of all
// values together in bytes.
const (
	maxAttributes     = 200
	maxAttributeKey   = 140
	maxAttributeBytes = 64 << 10
)

// CheckAttributeLimits returns Invalid for custom attributes that are too many or too long, whatever the desk defined.
func CheckAttributeLimits(values map[string]json.RawMessage) error {
	if len(values) > maxAttributes {
		return fault.Field("custom_attributes", "error.too_many", "max", fmt.Sprint(maxAttributes))
	}
	size := 0
	for key, value := range values {
		switch {
		case strings.TrimSpace(key) == "":
			return fault.Field("custom_attributes", "error.attribute_key_empty")
		case len([]rune(key)) > maxAttributeKey:
			return fault.TooLong(string([]rune(key)[:maxAttributeKey]), maxAttributeKey)
		case strings.ContainsFunc(key, unicode.IsControl):
			return fault.Field("custom_attributes", "error.control_characters")
		}
		size += len(key) + len(value)
	}
	if size > maxAttributeBytes {
		return fault.TooLong("custom_attributes", maxAttributeBytes)
	}
	return nil
}

// merged returns attributes with others set over them.
func merged(into db.JSON, values map[string]json.RawMessage) (db.JSON, error) {
	all := map[string]json.RawMessage{}
	if len(into) > 0 {
		if err := into.Decode(&all); err != nil {
			return nil, fmt.Errorf("read custom attributes: %w", err)
		}
	}
	for key, value := range values {
		all[key] = value
	}
	return db.ToJSON(all), CheckAttributeLimits(all)
}

// SetAttributes sets custom attributes of a contact and leaves the others as they are. Invalid, naming the key, for a value
// that is not what the desk defined.
func (s *Service) SetAttributes(ctx context.Context, p *agent.Principal, id int64, values map[string]json.RawMessage) error {
	if err := CheckAttributeLimits(values); err != nil || len(values) == 0 {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		was, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := attribute.Check(ctx, tx, attribute.OfContacts, values); err != nil {
			return err
		}
		is := *was
		if is.CustomAttributes, err = merged(was.CustomAttributes, values); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE users SET updated_at = $2, custom_attributes = $3 WHERE id = $1`, id, db.Now(), is.CustomAttributes)
		if err != nil {
			return fmt.Errorf("set attributes of contact %d: %w", id, err)
		}
		change := ChangedPayload{ContactID: id, Fields: []string{"custom_attributes"}, Attributes: slices.Sorted(maps.Keys(values))}
		if err := s.changed(ctx, tx, p.ID, change); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.ContactUpdated, Actor: p.Audited(), Target: is.target(), Before: was.record(), After: is.record()})
	})
}
