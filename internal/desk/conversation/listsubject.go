package conversation

import (
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// Subjects are found by their beginning, and by their parts of three characters: a subject with a text in it has all parts of
// the text. A shorter text is in so many subjects that a walk through the list soon finds a page.

// minPart is the least number of characters by which parts of subjects are found.
const minPart = 3

// lastRune comes behind every character of a text.
const lastRune = "\U0010FFFF"

// bySubject finds conversations by a condition on their subject, nil if there is no index for it.
func bySubject(engine db.Engine, c filter.Condition) func(*filter.Args) string {
	switch c.Operator {
	case filter.Equals:
		return func(args *filter.Args) string {
			value := args.Add(c.Value)
			return subjectsWhere(engine) + ` = ` + beginning(value) + ` AND subject = ` + value
		}
	case filter.StartsWith:
		return func(args *filter.Args) string {
			value := beginning(args.Add(c.Value))
			return subjectsWhere(engine) + ` >= ` + value + ` AND lower(substr(subject, 1, 200))` + bytewise(engine) + ` < ` + value + ` || ` + args.Add(lastRune)
		}
	case filter.Contains, filter.ILike:
		if len([]rune(c.Value)) < minPart {
			return nil
		}
		return func(args *filter.Args) string { return withParts(engine, c.Value, args) }
	}
	return nil
}

// subjectsWhere begins what finds conversations by the beginning of their subject. PostgreSQL changes all indexes of a row with any
// column of it: there, subjects stand in a table of their own.
func subjectsWhere(engine db.Engine) string {
	table := `conversations`
	if engine == db.Postgres {
		table = `conversation_subjects`
	}
	return `SELECT id FROM ` + table + ` WHERE lower(substr(subject, 1, 200))` + bytewise(engine)
}

func beginning(value string) string { return `lower(substr(CAST(` + value + ` AS TEXT), 1, 200))` }

// withParts finds the conversations whose subject has all parts of a text, which are few more than have the text.
func withParts(engine db.Engine, text string, args *filter.Args) string {
	if engine == db.Postgres {
		return `SELECT id FROM conversation_subjects WHERE subject_parts(subject) @> subject_parts(` + args.Add(text) + `)`
	}
	runes := []rune(text)
	parts := make([]string, 0, len(runes))
	for i := range len(runes) - minPart + 1 {
		parts = append(parts, `"`+strings.ReplaceAll(string(runes[i:i+minPart]), `"`, `""`)+`"`)
	}
	return `SELECT rowid AS id FROM conversation_subjects WHERE conversation_subjects MATCH ` + args.Add(strings.Join(parts, " "))
}
