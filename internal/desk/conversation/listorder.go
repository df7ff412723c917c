package conversation

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// sorting is an allowed order. Columns that may be null sort last either way, ties by id.
type sorting struct {
	column   string
	nullable bool
}

var sortings = map[string]sorting{
	"conversations.last_message_at":         {"c.last_message_at", false},
	"conversations.created_at":              {"c.created_at", false},
	"conversations.waiting_since":           {"c.waiting_since", true},
	"conversations.next_sla_deadline_at":    {"c.next_sla_deadline_at", true},
	"conversations.priority_id":             {"c.priority_id", true},
	"conversations.status_id":               {"c.status_id", false},
	"conversations.assigned_user_id":        {"c.assigned_user_id", true},
	"conversations.assigned_team_id":        {"c.assigned_team_id", true},
	"conversations.inbox_id":                {"c.inbox_id", false},
	"conversations.last_interaction_at":     {"c.last_interaction_at", true},
	"conversations.last_interaction_sender": {"c.last_interaction_sender", true},
	"conversations.snoozed_until":           {"c.snoozed_until", true},
}

func (q ListQuery) sorting() (s sorting, desc bool, err error) {
	by := q.OrderBy
	if by == "" {
		by = "conversations.last_message_at"
	}
	s, ok := sortings[by]
	if !ok {
		return s, false, fault.Field("order_by", "error.unknown_value", "value", q.OrderBy)
	}
	switch strings.ToLower(q.Order) {
	case "", "desc":
		return s, true, nil
	case "asc":
		return s, false, nil
	}
	return s, false, fault.Field("order", "error.unknown_value", "value", q.Order)
}

func (s sorting) orderBy(desc bool) string {
	dir, nulls := " ASC", ""
	if desc {
		dir = " DESC"
	}
	if s.nullable {
		nulls = " NULLS LAST"
	}
	return s.column + dir + nulls + ", c.id" + dir
}

// cursor names the place behind a row: the value it is sorted by and its id.
func (s sorting) cursor(row *ListItem) *string {
	var at *int64
	micro := func(t *db.Time) {
		if t != nil {
			v := t.UnixMicro()
			at = &v
		}
	}
	switch s.column {
	case "c.last_message_at":
		micro(row.LastMessageAt)
	case "c.created_at":
		micro(&row.CreatedAt)
	case "c.waiting_since":
		micro(row.WaitingSince)
	case "c.next_sla_deadline_at":
		micro(row.NextSLADeadlineAt)
	case "c.priority_id":
		at = row.PriorityID
	default:
		return nil // reachable by page number only
	}
	raw, _ := json.Marshal([]*int64{at, &row.ID})
	out := base64.RawURLEncoding.EncodeToString(raw)
	return &out
}

func cursorWhere(cursor string, s sorting, desc bool, args *filter.Args) (string, error) {
	bad := fault.Field("cursor", "error.unknown_value", "value", cursor)
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", bad
	}
	var at []*int64
	if err := json.Unmarshal(raw, &at); err != nil || len(at) != 2 || at[1] == nil {
		return "", bad
	}
	return s.behind(at[0], *at[1], desc, args), nil
}

// behind is the condition of the rows that come after the one with this value and id.
func (s sorting) behind(value *int64, rowID int64, desc bool, args *filter.Args) string {
	op := ">"
	if desc {
		op = "<"
	}
	id := args.Add(rowID)
	if value == nil { // among the nulls, which come last
		return fmt.Sprintf("%s IS NULL AND c.id %s %s", s.column, op, id)
	}
	v := args.Add(*value)
	behind := fmt.Sprintf("(%s, c.id) %s (%s, %s)", s.column, op, v, id)
	if s.nullable {
		behind = fmt.Sprintf("(%s OR %s IS NULL)", behind, s.column)
	}
	return behind
}

// cursored reports whether the order is by a number that a cursor can carry.
func (s sorting) cursored() bool {
	switch s.column {
	case "c.last_message_at", "c.created_at", "c.waiting_since", "c.next_sla_deadline_at", "c.priority_id":
		return true
	}
	return false
}
