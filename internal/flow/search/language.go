package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// operators are the names that stand before a colon and ask for something else than words. Any other name is a word.
var operators = map[string]bool{"from": true, "to": true, "tag": true, "status": true, "assignee": true, "team": true, "inbox": true,
	"before": true, "after": true, "has": true, "in": true, "organization": true, "org": true}

// operator is a condition that was typed, such as tag:vip, or -tag:vip with not set.
type operator struct {
	name, value string
	not         bool
}

// token is a part of a query: a word, something in quotes, or an operator, which has a name.
type token struct {
	name, value string
	not         bool // a minus stands before it
	quoted      bool
	open        bool // the closing quote is not there yet
}

// scan splits a query into its parts. Every text is a query: what is no operator and no phrase is a word.
func scan(text string) (out []token) {
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			return out
		}
		var t token
		t, text = next(text)
		out = append(out, t)
	}
}

// next takes the first part of a text that does not begin with a space.
func next(text string) (t token, rest string) {
	if after, ok := strings.CutPrefix(text, "-"); ok {
		if r, _ := utf8.DecodeRuneInString(after); r == '"' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			t.not, text = true, after
		}
	}
	if name, after, ok := strings.Cut(text, ":"); ok && operators[name] && hasValue(after) {
		t.name, text = name, after
	}
	if after, ok := strings.CutPrefix(text, `"`); ok {
		t.quoted = true
		value, rest, closed := strings.Cut(after, `"`)
		t.value, t.open = value, !closed
		return t, rest
	}
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		end = len(text)
	}
	t.value = text[:end]
	return t, text[end:]
}

// hasValue reports whether what follows an operator's colon begins with a value.
func hasValue(text string) bool {
	value, quoted := strings.CutPrefix(text, `"`)
	if quoted {
		value, _, _ = strings.Cut(value, `"`)
		value = strings.TrimSpace(value)
	}
	r, _ := utf8.DecodeRuneInString(value)
	return value != "" && !unicode.IsSpace(r)
}

// maxOperators bounds the work of a query.
const maxOperators = 20

// parse reads a query: words, "phrases", -excluded ones and operators. Invalid on the field "query" if it is too long, has
// too many operators, only says what to leave out, or has fewer than three bytes and no operator.
func parse(typed string) (query, error) {
	text := strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(typed, "\x00", " "), " ")))
	var q query
	if len(text) < minQuery {
		return q, fault.Field("query", "error.search_too_short", "min", "3")
	}
	if len(text) > maxQuery {
		return q, fault.TooLong("query", maxQuery)
	}
	var plain []string
	left := maxQueryWords
	for _, t := range scan(text) {
		switch {
		case t.name != "":
			if t.name == "org" {
				t.name = "organization"
			}
			q.operators = append(q.operators, operator{t.name, strings.TrimSpace(t.value), t.not})
			continue
		case !t.not:
			plain = append(plain, t.value)
		}
		found := phrasesOf(t, left)
		for _, p := range found {
			left -= len(p.words)
		}
		if t.not {
			q.without = append(q.without, found...)
		} else {
			q.phrases = append(q.phrases, found...)
		}
	}
	if q.typed = strings.Join(plain, " "); len(plain) == len(scan(text)) {
		q.typed = text
	}
	switch {
	case len(q.operators) > maxOperators:
		return q, fault.Field("query", "error.search_operators", "max", "20")
	case len(q.operators) == 0 && len(plain) == 0 && len(q.without) > 0:
		return q, fault.Field("query", "error.search_only_excluded")
	case len(q.operators) == 0 && len(q.typed) < minQuery:
		return q, fault.Field("query", "error.search_too_short", "min", "3")
	}
	return q, nil
}

// phrasesOf are the words of a part of a query, at most limit: those that touch belong together, and so do those in quotes.
func phrasesOf(t token, limit int) (out []phrase) {
	for _, w := range words(t.value, limit) {
		if len(out) == 0 || !w.joined && !t.quoted {
			out = append(out, phrase{})
		}
		p := &out[len(out)-1]
		p.words = append(p.words, w.text)
		shortest := prefixIndexed
		if len(p.words) > 1 {
			shortest = 2
		}
		p.prefix = !w.solid && utf8.RuneCountInString(w.text) >= shortest && !t.not && (!t.quoted || t.open)
	}
	return out
}
