package search

import (
	"context"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Besides the words of a text an entry of an index has marks, which no word can be taken for: every word of letters and
// digits, every mark with an equals sign. What they say of a message or conversation changes rarely or never.
const (
	markAny        = "="        // every entry
	markHidden     = "i=hidden" // in spam or trash
	markNote       = "h=note"   // a private note
	markAttachment = "h=file"   // has attachments
	markSender     = "f="       // and the id of who wrote it
	markRecipient  = "t="       // and a word of an address it went to
)

// expression is what an index is asked for: of every list in must one phrase, and none of not.
type expression struct {
	must [][]phrase
	not  []phrase
}

func mark(m string) phrase { return phrase{words: []string{m}} }

func (e *expression) add(p ...phrase)     { e.must = append(e.must, p) }
func (e *expression) exclude(p ...phrase) { e.not = append(e.not, p...) }

// any reports whether the expression asks for something, and not only for what is not to be there.
func (e *expression) any() bool { return len(e.must) > 0 }

// whole is the expression with something in it that an engine can begin with.
func (e *expression) whole() [][]phrase {
	if e.any() {
		return e.must
	}
	return [][]phrase{{mark(markAny)}}
}

// tsquery is the expression for PostgreSQL, in the text form of a tsquery, which needs no parser.
func (e *expression) tsquery() string {
	var parts []string
	for _, alternatives := range e.whole() {
		texts := make([]string, len(alternatives))
		for i, p := range alternatives {
			texts[i] = p.tsquery()
		}
		parts = append(parts, "("+strings.Join(texts, " | ")+")")
	}
	for _, p := range e.not {
		parts = append(parts, "!"+p.tsquery())
	}
	return strings.Join(parts, " & ")
}

// exact is the expression for SQLite, of its very words.
func (e *expression) exact() string {
	text, _ := e.fts5(func(p phrase) (string, error) { return p.exact(), nil }) // which is no error
	return text
}

// expanded is the expression for SQLite with the words that begin as those of the query do.
func (e *expression) expanded(ctx context.Context, r db.Querier, vocabulary string) (string, error) {
	return e.fts5(func(p phrase) (string, error) { return p.fts5(ctx, r, vocabulary) })
}

func (e *expression) fts5(of func(phrase) (string, error)) (string, error) {
	join := func(list []phrase) (string, error) {
		texts := make([]string, len(list))
		for i, p := range list {
			var err error
			if texts[i], err = of(p); err != nil {
				return "", err
			}
		}
		return "(" + strings.Join(texts, " OR ") + ")", nil
	}
	var parts []string
	for _, alternatives := range e.whole() {
		part, err := join(alternatives)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	out := strings.Join(parts, " AND ")
	if len(e.not) == 0 {
		return out, nil
	}
	not, err := join(e.not)
	return "(" + out + ") NOT " + not, err
}

func (e *expression) hasPrefix() bool {
	return slices.ContainsFunc(e.must, func(list []phrase) bool {
		return slices.ContainsFunc(list, func(p phrase) bool { return p.prefix })
	})
}

// words are what the words of the query ask of an index that knows nothing else.
func (q query) words() *expression {
	e := &expression{}
	for _, p := range q.phrases {
		e.add(p)
	}
	e.exclude(q.without...)
	return e
}
