package filter

import (
	"strings"
	"time"
)

// span is the time a value means: an instant, or a day from its first to the next day's first instant.
type span struct {
	from, to time.Time
	day      bool
}

// Instants are RFC 3339; without an offset they are in the desk's timezone.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04"}

func (l leaf) span(value string, loc *time.Location) (span, error) {
	value = strings.TrimSpace(value)
	if d, err := time.Parse(time.DateOnly, value); err == nil {
		return span{midnight(d, loc), midnight(d.AddDate(0, 0, 1), loc), true}, nil
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, value, loc); err == nil {
			return span{t, t, false}, nil
		}
	}
	return span{}, l.badValue(value)
}

// midnight returns the first instant of a date. Where the clock jumps over midnight [time.Date] may give 23:00 of the
// day before.
func midnight(d time.Time, loc *time.Location) time.Time {
	t := time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, loc)
	for range 3 {
		if t.Day() == d.Day() {
			break
		}
		t = t.Add(time.Hour)
	}
	return t
}
