package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// conditions are what the operators of a query ask for.
type conditions struct {
	of     []condition
	before db.Time // zero for none
	after  db.Time
	// marks are asked of messages: who wrote them, to whom, with what.
	marks expression
	// hidden is the status of what is looked for in spam or trash, 0 for neither.
	hidden int64
	// nothing fits, whatever the words are: nobody has the name that was asked for.
	nothing bool
}

// ofMessages reports whether something is asked that only messages can answer.
func (c *conditions) ofMessages() bool { return c.marks.any() || len(c.marks.not) > 0 || c.nothing }

// condition is what is asked of a conversation: that a column of it, of its contact, or its tags, are one of some, or not.
type condition struct {
	column  string // empty for the tags
	contact bool   // the column is of the contact
	ids     []int64
	orNull  bool
	negated bool
}

// where is the condition on conversations c.
func (c condition) where(args *filter.Args) string {
	var any []string
	if len(c.ids) > 0 && c.column == "" {
		any = append(any, `EXISTS (SELECT 1 FROM conversation_tags ct WHERE ct.conversation_id = c.id AND ct.tag_id IN (`+numbers(c.ids, args)+`))`)
	} else if c.contact {
		any = append(any, c.ofContacts(`c.`, args))
	} else if len(c.ids) > 0 {
		any = append(any, `c.`+c.column+` IN (`+numbers(c.ids, args)+`)`)
	}
	if c.orNull {
		any = append(any, `c.`+c.column+` IS NULL`)
	}
	text := `(` + strings.Join(any, ` OR `) + `)`
	if c.negated {
		return `NOT COALESCE(` + text + `, FALSE)`
	}
	return text
}

// found is the statement that finds the ids of the conversations with an index, empty if there is none.
func (c condition) found(args *filter.Args) string {
	switch {
	case c.negated || c.orNull:
		return ""
	case c.column == "":
		return `SELECT DISTINCT conversation_id AS id FROM conversation_tags WHERE tag_id IN (` + numbers(c.ids, args) + `)`
	case c.contact:
		return `SELECT id FROM conversations WHERE ` + c.ofContacts(``, args)
	}
	return `SELECT id FROM conversations WHERE ` + c.column + ` IN (` + numbers(c.ids, args) + `)`
}

// ofContacts is the condition on a column of the contact of a conversation.
func (c condition) ofContacts(of string, args *filter.Args) string {
	return of + `contact_id IN (SELECT id FROM users WHERE ` + c.column + ` IN (` + numbers(c.ids, args) + `))`
}

func numbers(ids []int64, args *filter.Args) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = args.Add(id)
	}
	return strings.Join(out, ", ")
}

// where is what is asked of conversations c, without the times.
func (c *conditions) where(args *filter.Args) string {
	parts := []string{conversation.ShownWhere()}
	if c.hidden != 0 {
		parts[0] = `c.status_id = ` + args.Add(c.hidden)
	}
	for _, one := range c.of {
		parts = append(parts, one.where(args))
	}
	return strings.Join(parts, ` AND `)
}

// shown is the condition on conversations c that they are not hidden, where hidden ones are not asked for.
func (c *conditions) shown() string {
	if c.hidden != 0 {
		return `TRUE`
	}
	return conversation.ShownWhere()
}

// between is the condition that what began and ended at the times of two columns was there in the time that is asked for.
func (c *conditions) between(began, ended string, args *filter.Args) (text string) {
	if !c.before.IsZero() {
		text += ` AND ` + began + ` < ` + args.Add(c.before)
	}
	if !c.after.IsZero() {
		text += ` AND ` + ended + ` >= ` + args.Add(c.after)
	}
	return text
}

// all reports whether every conversation that is not hidden fits.
func (c *conditions) all() bool {
	return len(c.of) == 0 && c.before.IsZero() && c.after.IsZero() && c.hidden == 0
}

// few is how many conversations are few: all of what is in them is looked at, instead of the newest of what has the words.
const few = 200

// maxFewMessages is how many of the newest messages of few conversations are looked at.
const maxFewMessages = 2000

// finders are the statements that find the conversations of one condition each.
func (c *conditions) finders() (out []func(*filter.Args) string) {
	if c.hidden != 0 {
		out = append(out, func(args *filter.Args) string {
			return `SELECT id FROM conversations WHERE status_id = ` + args.Add(c.hidden)
		})
	}
	for _, one := range c.of {
		if one.found(&filter.Args{}) != "" {
			out = append(out, one.found)
		}
	}
	return out
}

// probe is the statement that counts what a finder finds, up to one more than most.
func probe(find func(*filter.Args) string, most int, args *filter.Args) string {
	return `SELECT count(*) FROM (SELECT 1 FROM (` + find(args) + `) AS fits LIMIT ` + strconv.Itoa(most+1) + `) AS found`
}

// sorted returns numbers in order, each once.
func sorted(ids []int64) []int64 {
	slices.Sort(ids)
	return slices.Compact(ids)
}
