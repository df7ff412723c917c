package attribute

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Check returns Invalid, naming the key, for a value that is not of its definition's type. Null is a value of every type,
// and what no definition knows may be anything: integrations keep what they need under keys of their own. What the database
// does not keep is taken out of the values.
func Check(ctx context.Context, q db.Querier, appliesTo string, values map[string]json.RawMessage) error {
	_, err := known(ctx, q, appliesTo, values)
	return err
}

// Known returns only the values whose key a definition knows; a value that is not of its type is Invalid.
func Known(ctx context.Context, q db.Querier, appliesTo string, values map[string]json.RawMessage) (db.JSON, error) {
	kept, err := known(ctx, q, appliesTo, values)
	if err != nil {
		return nil, err
	}
	return db.ToJSON(kept), nil
}

func known(ctx context.Context, q db.Querier, appliesTo string, values map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	kept := map[string]json.RawMessage{}
	if len(values) == 0 {
		return kept, nil
	}
	if err := tidy(values); err != nil {
		return nil, err
	}
	defs, err := list(ctx, q, appliesTo)
	if err != nil {
		return nil, err
	}
	for _, d := range defs {
		raw, given := values[d.Key]
		if !given {
			continue
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil || !d.fits(v) {
			return nil, fault.Field(d.Key, "error.attribute_value", "name", d.Name, "type", d.DataType)
		}
		kept[d.Key] = raw
	}
	return kept, nil
}

// tidy takes out of values what the database does not keep. Invalid for a value that is none.
func tidy(values map[string]json.RawMessage) error {
	for key, raw := range values {
		name := strings.ReplaceAll(strings.ToValidUTF8(key, "\uFFFD"), "\x00", "")
		var v any
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		err := dec.Decode(&v)
		clean, ok := db.Storable(v)
		if err != nil || !ok {
			return fault.Field(name, "error.attribute_value", "name", name)
		}
		if name != key {
			delete(values, key)
		}
		values[name] = json.RawMessage(db.ToJSON(clean))
	}
	return nil
}

// fits reports whether a value, decoded from JSON, is one of the attribute. Forms send numbers as text as well. The pattern
// of a text is the browser's to enforce, in whose notation it is written.
func (d Definition) fits(v any) bool {
	if v == nil {
		return true
	}
	s, isText := v.(string)
	if isText && s == "" {
		return true
	}
	switch d.DataType {
	case Number:
		_, isNumber := v.(float64)
		return isNumber || (isText && isNumeric(s))
	case Checkbox:
		_, isBool := v.(bool)
		return isBool
	case Date:
		return isText && isDate(s)
	case Link:
		u, err := url.Parse(s)
		return isText && err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	case List:
		return isText && slices.Contains(d.Values, s)
	default:
		return isText
	}
}

func isNumeric(s string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil
}

func isDate(s string) bool {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}
