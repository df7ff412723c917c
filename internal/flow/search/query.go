package search

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// phrase is what stands together in a query: one word, or words that touch and are to be found next to each other.
type phrase struct {
	words  []string
	prefix bool // the last word may be the beginning of one
}

// query is what a person typed, understood. Nothing of it but letters, marks and digits reaches an engine.
type query struct {
	typed   string // as it was typed, without spaces around it, in lower case
	phrases []phrase
}

const (
	minQuery = 3   // bytes, as clients expect; two Chinese characters are six
	maxQuery = 500 // bytes
	// maxQueryWords bounds the work of a query; a text pasted as a whole is searched for by its beginning.
	maxQueryWords = 12
)

// parse reads a query; Invalid if it is too short or too long.
func parse(typed string) (query, error) {
	q := query{typed: strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(typed, "\x00", " "), " ")))}
	if len(q.typed) < minQuery {
		return q, fault.Field("query", "error.search_too_short", "min", "3")
	}
	if len(q.typed) > maxQuery {
		return q, fault.TooLong("query", maxQuery)
	}
	for _, w := range words(q.typed, maxQueryWords) {
		if !w.joined || len(q.phrases) == 0 {
			q.phrases = append(q.phrases, phrase{})
		}
		p := &q.phrases[len(q.phrases)-1]
		p.words = append(p.words, w.text)
		shortest := prefixIndexed
		if len(p.words) > 1 {
			shortest = 2
		}
		p.prefix = !w.solid && utf8.RuneCountInString(w.text) >= shortest
	}
	return q, nil
}

// tsquery is the query for PostgreSQL, in the text form of a tsquery, which needs no parser.
func (q query) tsquery() string {
	phrases := make([]string, len(q.phrases))
	for i, p := range q.phrases {
		phrases[i] = "('" + strings.Join(p.words, "' <-> '") + "'"
		if p.prefix {
			phrases[i] += ":*"
		}
		phrases[i] += ")"
	}
	return strings.Join(phrases, " & ")
}

// exact is the query for SQLite of the very words.
func (q query) exact() string {
	phrases := make([]string, len(q.phrases))
	for i, p := range q.phrases {
		phrases[i] = `"` + strings.Join(p.words, " ") + `"`
	}
	return strings.Join(phrases, " AND ")
}

func (q query) hasPrefix() bool {
	return slices.ContainsFunc(q.phrases, func(p phrase) bool { return p.prefix })
}

// maxEndings is how many words that begin alike are looked for one by one. A beginning that more words have is left to
// the engine, which collects all they stand in.
const maxEndings = 24

// prefixIndexed is the length in characters of the beginnings that the SQLite indexes have entries for; what is shorter is
// looked for as a whole word, unless the words it touches make it rare.
const prefixIndexed = 3

// fts5 is the query for SQLite. Merging what stands under all words with one beginning takes as long as there is much of
// it, while single words are read newest first and no further than needed: so a beginning is replaced by the words
// that have it.
func (q query) fts5(ctx context.Context, r db.Querier, vocabulary string) (string, error) {
	phrases := make([]string, len(q.phrases))
	for i, p := range q.phrases {
		head := strings.Join(p.words[:len(p.words)-1], " ")
		if head != "" {
			head += " "
		}
		last := p.words[len(p.words)-1]
		plain := `"` + head + last + `"`
		phrases[i] = plain
		if !p.prefix {
			continue
		}
		phrases[i] += " *"
		if head == "" && utf8.RuneCountInString(last) == prefixIndexed {
			continue
		}
		found, err := endings(ctx, r, vocabulary, last)
		if err != nil {
			return "", err
		}
		if len(found) == 0 {
			phrases[i] = plain
		} else if len(found) == 1 {
			phrases[i] = `"` + head + found[0] + `"`
		} else if len(found) <= maxEndings {
			phrases[i] = `("` + head + strings.Join(found, `" OR "`+head) + `")`
		}
	}
	return strings.Join(phrases, " AND "), nil
}

// endings returns the words of a vocabulary that begin with another, and no more than one too many. The vocabulary is in
// order, but has an entry for each place a word stands in: it is sought behind the last one for the next.
func endings(ctx context.Context, r db.Querier, vocabulary, prefix string) ([]string, error) {
	var found []string
	for from := prefix; len(found) <= maxEndings; {
		next, err := db.Select[string](ctx, r, `SELECT term FROM `+vocabulary+` WHERE term >= $1 LIMIT 1`, from)
		if err != nil {
			return nil, err
		}
		if len(next) == 0 || !strings.HasPrefix(next[0], prefix) {
			break
		}
		found = append(found, next[0])
		from = next[0] + "\x00"
	}
	return found, nil
}
