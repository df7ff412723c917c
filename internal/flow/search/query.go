package search

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// phrase is what stands together in a query: one word, or words that touch and are to be found next to each other.
type phrase struct {
	words  []string
	prefix bool // the last word may be the beginning of one
}

// query is what a person typed, understood. Nothing of it but letters, marks and digits reaches an engine.
type query struct {
	typed     string // without operators and what is to be left out, in lower case
	phrases   []phrase
	without   []phrase // that must not be there
	operators []operator
}

const (
	minQuery = 3   // bytes, as clients expect; two Chinese characters are six
	maxQuery = 500 // bytes
	// maxQueryWords bounds the work of a query; a text pasted as a whole is searched for by its beginning.
	maxQueryWords = 12
)

func (p phrase) tsquery() string {
	out := "('" + strings.Join(p.words, "' <-> '") + "'"
	if p.prefix {
		out += ":*"
	}
	return out + ")"
}

// exact is the phrase for SQLite, of its very words.
func (p phrase) exact() string { return `"` + strings.Join(p.words, " ") + `"` }

// maxEndings is how many words that begin alike are looked for one by one. A beginning that more words have is left to
// the engine, which collects all they stand in.
const maxEndings = 24

// prefixIndexed is the length in characters of the beginnings that the SQLite indexes have entries for; what is shorter is
// looked for as a whole word, unless the words it touches make it rare.
const prefixIndexed = 3

// fts5 is the phrase for SQLite. Merging what stands under all words with one beginning takes as long as there is much of
// it, while single words are read newest first and no further than needed: so a beginning is replaced by the words
// that have it.
func (p phrase) fts5(ctx context.Context, r db.Querier, vocabulary string) (string, error) {
	if !p.prefix {
		return p.exact(), nil
	}
	head := strings.Join(p.words[:len(p.words)-1], " ")
	if head != "" {
		head += " "
	}
	last := p.words[len(p.words)-1]
	if head == "" && utf8.RuneCountInString(last) == prefixIndexed {
		return p.exact() + " *", nil
	}
	found, err := endings(ctx, r, vocabulary, last)
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return p.exact(), nil
	case len(found) <= maxEndings:
		return `("` + head + strings.Join(found, `" OR "`+head) + `")`, nil
	}
	return p.exact() + " *", nil
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
