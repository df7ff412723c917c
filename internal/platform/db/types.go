package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Time is an instant, stored as microseconds since 1970 UTC in an integer column on both engines, so that it sorts,
// compares and indexes alike. In JSON it is RFC 3339 in UTC with microseconds.
type Time struct{ time.Time }

// Now returns the present instant, cut to the microsecond that the database keeps.
func Now() Time { return At(time.Now()) }

// At returns t as the database keeps it.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Microsecond)} }

// NewUUID returns a new UUID for a row of a table that grows for ever. It begins with the present time (RFC 9562, version 7), so that new
// rows stand side by side in the index of the table's UUIDs, of which otherwise a page would be read and written for each row anywhere in the
// file. 62 bits are random: it is no secret. Conversations have random ones, by which clients know a plus address.
func NewUUID() string { return uuid.Must(uuid.NewV7()).String() }

// Ptr returns a pointer to t, for columns that may be null.
func (t Time) Ptr() *Time { return &t }

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) { return t.UnixMicro(), nil }

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case int64:
		t.Time = time.UnixMicro(v).UTC()
		return nil
	case nil:
		t.Time = time.Time{}
		return nil
	}
	return fmt.Errorf("read a time: %T is not an integer", src)
}

const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

// MarshalJSON writes RFC 3339.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.AppendJSON(make([]byte, 0, len(timeLayout)+2)), nil
}

// AppendJSON appends what MarshalJSON writes. A page of a list has hundreds of times, which the time package takes three times as long for.
func (t Time) AppendJSON(b []byte) []byte {
	u := t.UTC()
	year, month, day := u.Date()
	if year < 0 || year > 9999 {
		return append(u.AppendFormat(append(b, '"'), timeLayout), '"')
	}
	hour, minute, second := u.Clock()
	b = append(b, '"')
	b = append(digits(b, year, 4), '-')
	b = append(digits(b, int(month), 2), '-')
	b = append(digits(b, day, 2), 'T')
	b = append(digits(b, hour, 2), ':')
	b = append(digits(b, minute, 2), ':')
	b = append(digits(b, second, 2), '.')
	return append(digits(b, u.Nanosecond()/1000, 6), 'Z', '"')
}

// digits appends the last n digits of a number.
func digits(b []byte, number, n int) []byte {
	b = append(b, "000000"[:n]...)
	for i := len(b) - 1; n > 0; i, n = i-1, n-1 {
		b[i] = byte('0' + number%10)
		number /= 10
	}
	return b
}

// JSON is a JSON value kept as text. The zero value is written as null.
type JSON []byte

// ToJSON encodes v; what Foyer encodes is its own structures, so a failure is a bug and panics.
func ToJSON(v any) JSON {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return b
}

// Value implements driver.Valuer.
func (j JSON) Value() (driver.Value, error) {
	if len(j) == 0 {
		return "null", nil
	}
	return string(j), nil
}

// Scan implements sql.Scanner.
func (j *JSON) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*j = JSON(v)
	case []byte:
		*j = append(JSON(nil), v...)
	case nil:
		*j = nil
	default:
		return fmt.Errorf("read JSON: %T is not text", src)
	}
	return nil
}

// MarshalJSON returns the value as it is.
func (j JSON) MarshalJSON() ([]byte, error) {
	if len(j) == 0 {
		return []byte("null"), nil
	}
	return j, nil
}

// UnmarshalJSON keeps the value as it is.
func (j *JSON) UnmarshalJSON(b []byte) error {
	*j = append((*j)[:0], b...)
	return nil
}

// Decode reads the value into v; an empty value leaves v as it is.
func (j JSON) Decode(v any) error {
	if len(j) == 0 {
		return nil
	}
	if err := json.Unmarshal(j, v); err != nil {
		return fmt.Errorf("decode stored JSON: %w", err)
	}
	return nil
}

// Storable returns a value decoded from a client's JSON (with numbers as json.Number) without what PostgreSQL does not
// keep: NUL in text. It is false for a number that no program can hold.
func Storable(v any) (clean any, ok bool) {
	ok = true
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", ""), true
	case json.Number:
		f, err := v.Float64()
		if f == 0 {
			return 0, err == nil
		}
		return v, err == nil
	case []any:
		for i := range v {
			kept, good := Storable(v[i])
			v[i], ok = kept, ok && good
		}
	case map[string]any:
		for key, value := range v {
			kept, good := Storable(value)
			ok = ok && good
			if strings.Contains(key, "\x00") {
				delete(v, key)
			}
			v[strings.ReplaceAll(key, "\x00", "")] = kept
		}
	}
	return v, ok
}
