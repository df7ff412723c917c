package conversation

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// sorting is an allowed order. Columns that may be null sort last either way, ties by id.
type sorting struct {
	column   string
	nullable bool
	split    bool // is read in two parts, see [sorting.parts]
}

var sortings = map[string]sorting{
	"conversations.last_message_at":         {column: "c.last_message_at"},
	"conversations.created_at":              {column: "c.created_at"},
	"conversations.waiting_since":           {column: "c.waiting_since", nullable: true},
	"conversations.next_sla_deadline_at":    {column: "c.next_sla_deadline_at", nullable: true},
	"conversations.priority_id":             {column: "c.priority_id", nullable: true},
	"conversations.status_id":               {column: "c.status_id"},
	"conversations.assigned_user_id":        {column: "c.assigned_user_id", nullable: true},
	"conversations.assigned_team_id":        {column: "c.assigned_team_id", nullable: true},
	"conversations.inbox_id":                {column: "c.inbox_id"},
	"conversations.last_interaction_at":     {column: "c.last_interaction_at", nullable: true},
	"conversations.last_interaction_sender": {column: "c.last_interaction_sender", nullable: true},
	"conversations.snoozed_until":           {column: "c.snoozed_until", nullable: true},
	"conversations.sla_policy_id":           {column: "c.id"}, // which none has
	"conversation_statuses.id":              {column: "c.status_id"},
	"conversation_statuses.name":            {column: statusNameColumn},
	"users.email":                           {column: emailColumn, nullable: true},
	"users.external_user_id":                {column: externalIDColumn, nullable: true},
	"inboxes.channel":                       {column: channelColumn},
}

// What lists are filtered and sorted by that is not the conversation's own.
const (
	statusNameColumn = "(SELECT fs.name FROM statuses fs WHERE fs.id = c.status_id)"
	emailColumn      = "(SELECT fu.email FROM users fu WHERE fu.id = c.contact_id)"
	externalIDColumn = "(SELECT fu.external_user_id FROM users fu WHERE fu.id = c.contact_id)"
	channelColumn    = "(SELECT fi.channel FROM inboxes fi WHERE fi.id = c.inbox_id)"
)

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
	nulls := ""
	if s.nullable {
		nulls = " NULLS LAST"
	}
	if s.split {
		nulls += ", CASE WHEN " + s.column + " IS NULL THEN c.created_at END" + direction(desc)
	}
	return s.column + direction(desc) + nulls + ", c.id" + direction(desc)
}

func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return " ASC"
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

// spot is a row of a list, behind which it is read on: the value it is sorted by, nil if it has none, and its id.
type spot struct {
	value *int64
	id    int64
}

func parseCursor(cursor string) (*spot, error) {
	bad := fault.Field("cursor", "error.unknown_value", "value", cursor)
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, bad
	}
	var at []*int64
	if err := json.Unmarshal(raw, &at); err != nil || len(at) != 2 || at[1] == nil {
		return nil, bad
	}
	return &spot{at[0], *at[1]}, nil
}

// part is a piece of a list that is read in one order.
type part struct{ where, order string }

// parts returns what is read of a list behind a row, nil for all of it, one after the other. SQLite's indexes of one status and a value
// that many conversations do not have hold only those that have it, so that a change of the status of the others is written there no
// more: what has none comes after those, in the order in which it was made, which has an index anyway.
func (s sorting) parts(where string, at *spot, desc bool, args *filter.Args) []part {
	valued, none := "", s.column+` IS NULL`
	if at != nil {
		op := ` > `
		if desc {
			op = ` < `
		}
		if at.value == nil {
			id := args.Add(at.id)
			if !s.split {
				return []part{{and(where, none+` AND c.id`+op+id), s.orderBy(desc)}}
			}
			made := `(SELECT r.created_at FROM conversations r WHERE r.id <= ` + id + ` ORDER BY r.id DESC LIMIT 1)` // of it, or of the next if it is gone
			return []part{{and(where, none+` AND (c.created_at, c.id)`+op+`(`+made+`, `+id+`)`), madeOrder(desc)}}
		}
		valued = `(` + s.column + `, c.id)` + op + `(` + args.Add(*at.value) + `, ` + args.Add(at.id) + `)`
	}
	switch {
	case s.split:
		return []part{{and(where, and(s.column+` IS NOT NULL`, valued)), s.column + direction(desc) + `, c.id` + direction(desc)},
			{and(where, none), madeOrder(desc)}}
	case s.nullable && valued != "":
		valued = `(` + valued + ` OR ` + none + `)`
	}
	return []part{{and(where, valued), s.orderBy(desc)}}
}

func madeOrder(desc bool) string {
	return `c.created_at` + direction(desc) + `, c.id` + direction(desc)
}

// read returns the statement of columns of the conversations of a list in parts: limit of them, after skipping some if skip is not "".
func read(columns, from string, parts []part, limit, skip string) string {
	some, offset := limit, ""
	if skip != "" {
		some, offset = limit+` + `+skip, ` OFFSET `+skip
	}
	one := func(p part) string {
		where := ""
		if p.where != "" {
			where = ` WHERE ` + p.where
		}
		return `SELECT ` + columns + ` FROM ` + from + where + ` ORDER BY ` + p.order + ` LIMIT `
	}
	if len(parts) == 1 {
		return one(parts[0]) + limit + offset
	}
	all := make([]string, len(parts))
	for i, p := range parts {
		all[i] = `SELECT * FROM (` + one(p) + some + `)`
	}
	return strings.Join(all, ` UNION ALL `) + ` LIMIT ` + limit + offset
}

// cursored reports whether the order is by a number that a cursor can carry.
func (s sorting) cursored() bool {
	switch s.column {
	case "c.last_message_at", "c.created_at", "c.waiting_since", "c.next_sla_deadline_at", "c.priority_id":
		return true
	}
	return false
}
