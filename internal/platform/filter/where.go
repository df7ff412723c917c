package filter

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Kind is what a column holds; it decides which operators it has and how values are read.
type Kind int

// The kinds of columns.
const (
	Int  Kind = iota // 64-bit integers, usually ids
	Text             // free text
	Enum             // one of a few words: equal or not, never a part of it
	Time             // db.Time
	Bool             // "true" or "false"
)

// Field is something a list may be filtered and ordered by. Build, if set, writes the condition of a field that is no
// column; it may return "" for no condition, and such a field cannot be ordered by. Narrow, if set, writes a condition that
// every row with the text in its column meets and that an index answers; it may return "" when it knows none. Several, if
// set, stands for Column where a list of values is asked for. Distinct says that what is null is unlike every value.
type Field struct {
	Column   string
	Several  string
	Kind     Kind
	Nullable bool
	Distinct bool
	Build    func(op Operator, value string, args *Args) (string, error)
	Narrow   func(text string, args *Args) (string, error)
}

// Fields are all fields of a list, by "model.field".
type Fields map[string]Field

// Args collects the arguments of a statement. The zero value is ready.
type Args struct{ values []any }

// ArgsOf returns arguments that begin with these values.
func ArgsOf(values []any) *Args { return &Args{values: slices.Clip(values)} }

// Add adds an argument and returns its placeholder, "$n".
func (a *Args) Add(v any) string {
	a.values = append(a.values, v)
	return "$" + strconv.Itoa(len(a.values))
}

// Values returns the arguments in the order of their placeholders.
func (a *Args) Values() []any { return a.values }

// Where returns the filter as an SQL expression, "" if it has no condition. Days without a time of day are days in loc
// (nil is UTC). Columns that are null match neither Equals nor NotEquals, unless they are Distinct.
func (t Tree) Where(f Fields, loc *time.Location, args *Args) (string, error) {
	if loc == nil {
		loc = time.UTC
	}
	parts := make([]string, 0, len(t.parts))
	for _, p := range t.parts {
		conditions := make([]string, 0, len(p.leaves))
		for _, l := range p.leaves {
			sql, err := l.where(f, loc, args)
			if err != nil {
				return "", err
			}
			if sql != "" {
				conditions = append(conditions, sql)
			}
		}
		if len(conditions) > 0 {
			parts = append(parts, join(conditions, p.or))
		}
	}
	where := join(parts, t.or)
	if t.also == nil {
		return where, nil
	}
	also, err := t.also.Where(f, loc, args)
	if err != nil {
		return "", err
	}
	return join(slices.DeleteFunc([]string{where, also}, func(s string) bool { return s == "" }), false), nil
}

// join puts alternatives into parentheses, so that the result can be joined with AND.
func join(parts []string, or bool) string {
	switch {
	case len(parts) == 0:
		return ""
	case len(parts) == 1:
		return parts[0]
	case or:
		return "(" + strings.Join(parts, " OR ") + ")"
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

func (l leaf) where(f Fields, loc *time.Location, args *Args) (string, error) {
	field, ok := f[l.key]
	if !ok {
		return "", fault.Field("filters", "error.filter_field", "filter", short(l.key))
	}
	if field.Build != nil {
		sql, err := field.Build(l.operator, l.value, args)
		var refused *fault.Error
		if errors.As(err, &refused) && refused.Params != nil && refused.Params["filter"] == "" {
			refused.Params["filter"] = l.key
		}
		return sql, err
	}
	switch l.operator {
	case Set:
		return field.Column + " IS NOT NULL", nil
	case NotSet:
		return field.Column + " IS NULL", nil
	case Contains, ILike, NotContains, StartsWith:
		return l.substring(field, args)
	case In:
		return l.membership(field, loc, args)
	case GreaterThan, LessThan, Between:
		if field.Kind == Enum || field.Kind == Bool {
			return "", l.badOperator()
		}
	}
	if l.operator == Between {
		return l.between(field, loc, args)
	}
	return l.compare(field, l.value, loc, args)
}

// Like returns the condition that a text contains a value, does not, or starts with it, without regard to case. A percent
// sign that is looked for is a percent sign.
func Like(column string, op Operator, value string, args *Args) string {
	pattern := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(value) + "%"
	if op != StartsWith {
		pattern = "%" + pattern
	}
	not := ""
	if op == NotContains {
		not = "NOT "
	}
	return "lower(" + column + ") " + not + "LIKE lower(" + args.Add(pattern) + `) ESCAPE '\'`
}

func (l leaf) substring(field Field, args *Args) (string, error) {
	if field.Kind != Text {
		return "", l.badOperator()
	}
	if strings.Contains(l.value, "\x00") { // PostgreSQL refuses NUL in text
		return "", l.badValue(l.value)
	}
	like := Like(field.Column, l.operator, l.value, args)
	if field.Narrow == nil || l.operator == NotContains {
		return like, nil
	}
	among, err := field.Narrow(l.value, args)
	if err != nil || among == "" {
		return like, err
	}
	return "(" + among + " AND " + like + ")", nil
}

func (l leaf) membership(field Field, loc *time.Location, args *Args) (string, error) {
	var values []string
	if err := json.Unmarshal([]byte(l.value), &values); err != nil || len(values) == 0 {
		return "", l.badValue(l.value)
	}
	if len(values) > MaxValues {
		return "", fault.Field("filters", "error.filter_values", "max", strconv.Itoa(MaxValues))
	}
	one := leaf{key: l.key, operator: Equals}
	out := make([]string, len(values))
	for i, v := range values {
		var err error
		if field.Kind == Time { // each may be a whole day
			out[i], err = one.compare(field, v, loc, args)
		} else {
			out[i], err = one.argument(field, v, args)
		}
		if err != nil {
			return "", err
		}
	}
	if field.Kind == Time {
		return join(out, true), nil
	}
	column := field.Column
	if field.Several != "" {
		column = field.Several
	}
	return column + " IN (" + strings.Join(out, ", ") + ")", nil
}

func (l leaf) between(field Field, loc *time.Location, args *Args) (string, error) {
	ends := strings.Split(l.value, ",")
	if len(ends) != 2 {
		return "", l.badValue(l.value)
	}
	from, to := strings.TrimSpace(ends[0]), strings.TrimSpace(ends[1])
	if field.Kind == Time {
		a, err := l.span(from, loc)
		if err != nil {
			return "", err
		}
		b, err := l.span(to, loc)
		if err != nil {
			return "", err
		}
		below := " <= "
		if b.day {
			below = " < "
		}
		return "(" + field.Column + " >= " + args.Add(db.At(a.from)) + " AND " + field.Column + below + args.Add(db.At(b.to)) + ")", nil
	}
	a, err := l.argument(field, from, args)
	if err != nil {
		return "", err
	}
	b, err := l.argument(field, to, args)
	if err != nil {
		return "", err
	}
	return "(" + field.Column + " >= " + a + " AND " + field.Column + " <= " + b + ")", nil
}

var comparison = map[Operator]string{Equals: " = ", NotEquals: " <> ", GreaterThan: " > ", LessThan: " < "}

func (l leaf) compare(field Field, value string, loc *time.Location, args *Args) (string, error) {
	if field.Kind != Time {
		arg, err := l.argument(field, value, args)
		if l.operator == NotEquals && field.Distinct {
			return field.Column + " IS DISTINCT FROM " + arg, err
		}
		return field.Column + comparison[l.operator] + arg, err
	}
	s, err := l.span(value, loc)
	if err != nil {
		return "", err
	}
	c := field.Column
	if !s.day {
		return c + comparison[l.operator] + args.Add(db.At(s.from)), nil
	}
	switch l.operator {
	case Equals:
		return "(" + c + " >= " + args.Add(db.At(s.from)) + " AND " + c + " < " + args.Add(db.At(s.to)) + ")", nil
	case NotEquals:
		return "(" + c + " < " + args.Add(db.At(s.from)) + " OR " + c + " >= " + args.Add(db.At(s.to)) + ")", nil
	case GreaterThan:
		return c + " >= " + args.Add(db.At(s.to)), nil
	}
	return c + " < " + args.Add(db.At(s.from)), nil
}

// argument adds a value of the field's kind, which is not Time.
func (l leaf) argument(field Field, value string, args *Args) (string, error) {
	switch field.Kind {
	case Int:
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil {
			return "", l.badValue(value)
		}
		return args.Add(n), nil
	case Bool:
		b, err := strconv.ParseBool(strings.TrimSpace(value))
		if err != nil {
			return "", l.badValue(value)
		}
		return args.Add(b), nil
	}
	if strings.Contains(value, "\x00") {
		return "", l.badValue(value)
	}
	return args.Add(value), nil
}
