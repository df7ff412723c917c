package conversation

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// Lists are filtered by custom attributes of the conversation and of its contact. Their values stand in tables of their own
// besides, with an index by value, that triggers keep. A field is named by the attribute's key:
const (
	attributesOfConversation = "conversations.custom_attributes."
	attributesOfContact      = "users.custom_attributes."
)

// attributeField is a custom attribute that lists may be filtered by.
type attributeField struct {
	attribute.Definition
	bytewise string // the collation of the index, as an SQL suffix
}

// attributeFields returns the custom attributes by the names of their fields, none if the filter names none.
func (s *Service) attributeFields(ctx context.Context, tree filter.Tree) (map[string]attributeField, error) {
	if !tree.Names(attributesOfConversation) && !tree.Names(attributesOfContact) {
		return nil, nil
	}
	defined, err := attribute.All(ctx, s.db)
	if err != nil {
		return nil, err
	}
	out := make(map[string]attributeField, len(defined))
	for _, d := range defined {
		name := attributesOfConversation + d.Key
		if d.AppliesTo == attribute.OfContacts {
			name = attributesOfContact + d.Key
		}
		out[name] = attributeField{d, bytewise(s.db.Engine())}
	}
	return out, nil
}

// bytewise is how an index of texts is ordered that answers what begins alike.
func bytewise(engine db.Engine) string {
	if engine == db.Postgres {
		return ` COLLATE "C"`
	}
	return ""
}

// where is a condition on an attribute of conversation c or its contact. One that has no value is unlike every value.
func (f attributeField) where(op filter.Operator, value string, args *filter.Args) (string, error) {
	owner := `conversation_attributes a WHERE a.conversation_id = c.id`
	if f.AppliesTo == attribute.OfContacts {
		owner = `contact_attributes a WHERE a.contact_id = c.contact_id`
	}
	match, not, err := f.match(op, value, args)
	if err != nil {
		return "", err
	}
	exists := `EXISTS (SELECT 1 FROM ` + owner + ` AND ` + match + `)`
	if not {
		exists = "NOT " + exists
	}
	return exists, nil
}

// ids finds the conversations that a condition fits, nil if it fits those without a value, too.
func (f attributeField) ids(op filter.Operator, value string) func(*filter.Args) string {
	if _, not, err := f.match(op, value, &filter.Args{}); err != nil || not {
		return nil
	}
	return func(args *filter.Args) string {
		match, _, _ := f.match(op, value, args) // which it did before
		if f.AppliesTo == attribute.OfContacts {
			return `SELECT id FROM conversations WHERE contact_id IN (SELECT a.contact_id FROM contact_attributes a WHERE ` + match + `)`
		}
		return `SELECT a.conversation_id AS id FROM conversation_attributes a WHERE ` + match
	}
}

// match is a condition on row a of an attribute's values, and whether those are wanted that have no such row.
func (f attributeField) match(op filter.Operator, value string, args *filter.Args) (sql string, not bool, err error) {
	op, not = affirmed(op)
	sql = `a.key = ` + args.Add(f.Key)
	if op == filter.Set {
		return sql, not, nil
	}
	if strings.Contains(value, "\x00") {
		return "", false, badFilterValue(value)
	}
	var is string
	switch f.DataType {
	case attribute.Number:
		is, err = f.number(op, value, args)
	case attribute.Date:
		is, err = f.date(op, value, args)
	case attribute.Checkbox:
		var flag bool
		flag, err = f.flag(op, value)
		is, not = `a.value = 'true'`, not == flag
	default:
		is, err = f.text(op, value, args)
	}
	return sql + ` AND ` + is, not, err
}

// affirmed returns what an operator denies, and whether it does.
func affirmed(op filter.Operator) (filter.Operator, bool) {
	switch op {
	case filter.NotEquals:
		return filter.Equals, true
	case filter.NotContains:
		return filter.Contains, true
	case filter.NotSet:
		return filter.Set, true
	}
	return op, false
}

// text compares texts, links and choices. What is equal is found by the index, which has the beginnings of values.
func (f attributeField) text(op filter.Operator, value string, args *filter.Args) (string, error) {
	values := []string{value}
	switch {
	case op == filter.Equals:
	case op == filter.In:
		if json.Unmarshal([]byte(value), &values) != nil || len(values) == 0 || len(values) > filter.MaxValues || strings.Contains(strings.Join(values, ""), "\x00") {
			return "", badFilterValue(value)
		}
	case f.DataType != attribute.List && (op == filter.Contains || op == filter.ILike || op == filter.StartsWith):
		return filter.Like(`a.value`, op, value, args), nil
	default:
		return "", badFilterOperator(op)
	}
	begins, equals := make([]string, len(values)), make([]string, len(values))
	for i, v := range values {
		equals[i] = args.Add(v)
		begins[i] = `substr(CAST(` + equals[i] + ` AS TEXT), 1, 200)`
	}
	return `substr(a.value, 1, 200)` + f.bytewise + ` IN (` + strings.Join(begins, ", ") + `) AND a.value IN (` + strings.Join(equals, ", ") + `)`, nil
}

func (f attributeField) number(op filter.Operator, value string, args *filter.Args) (string, error) {
	number := func(text string) (string, error) {
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || n != n {
			return "", badFilterValue(value)
		}
		return `CAST(` + args.Add(n) + ` AS DOUBLE PRECISION)`, nil
	}
	between := strings.Split(value, ",")
	if op == filter.Between && len(between) != 2 {
		return "", badFilterValue(value)
	}
	compare, known := map[filter.Operator]string{filter.Equals: "=", filter.GreaterThan: ">", filter.LessThan: "<", filter.Between: ">="}[op]
	if !known {
		return "", badFilterOperator(op)
	}
	if op != filter.Between {
		n, err := number(value)
		return `a.number ` + compare + ` ` + n, err
	}
	from, err := number(between[0])
	if err != nil {
		return "", err
	}
	to, err := number(between[1])
	return `a.number >= ` + from + ` AND a.number <= ` + to, err
}

// date compares days. A value is a day, with a time of day behind it from some integrations, so that those of a day lie between
// it and the next.
func (f attributeField) date(op filter.Operator, value string, args *filter.Args) (string, error) {
	day := func(text string, more int) (string, error) {
		text = strings.TrimSpace(text)
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if t, err := time.Parse(layout, text); err == nil {
				return args.Add(t.AddDate(0, 0, more).Format(time.DateOnly)), nil
			}
		}
		return "", badFilterValue(value)
	}
	from, to, ranged := value, value, op == filter.Equals
	if op == filter.Between {
		from, to, ranged = strings.Cut(value, ",")
		if !ranged {
			return "", badFilterValue(value)
		}
	}
	column := `substr(a.value, 1, 200)` + f.bytewise
	switch {
	case ranged:
		first, err := day(from, 0)
		if err != nil {
			return "", err
		}
		next, err := day(to, 1)
		return column + ` >= ` + first + ` AND ` + column + ` < ` + next, err
	case op == filter.GreaterThan:
		next, err := day(value, 1)
		return column + ` >= ` + next, err
	case op == filter.LessThan:
		first, err := day(value, 0)
		return column + ` < ` + first, err
	}
	return "", badFilterOperator(op)
}

// flag reads what a checkbox should be. One that was never touched is off.
func (f attributeField) flag(op filter.Operator, value string) (bool, error) {
	if op != filter.Equals {
		return false, badFilterOperator(op)
	}
	on, err := strconv.ParseBool(strings.TrimSpace(value))
	if err != nil {
		return false, badFilterValue(value)
	}
	return on, nil
}

func badFilterValue(value string) error {
	if r := []rune(value); len(r) > 80 {
		value = string(r[:80]) + "…"
	}
	return fault.Field("filters", "error.filter_value", "value", value)
}

func badFilterOperator(op filter.Operator) error {
	return fault.Field("filters", "error.filter_operator", "operator", string(op))
}
