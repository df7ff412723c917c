package search

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// hit is a place in a text where a phrase of the query stands.
type hit struct {
	phrase     int
	first      int // index of its first word
	start, end int // bytes of the text
	exact      bool
}

// appendHits finds the phrases of a query among the words of a text, in the order of the text.
func (q query) appendHits(out []hit, ws []word) []hit {
	for i := range ws {
		for n := range q.phrases {
			if p := &q.phrases[n]; ws[i].text[0] == p.words[0][0] && p.at(ws[i:]) {
				last := ws[i+len(p.words)-1]
				out = append(out, hit{phrase: n, first: i, start: ws[i].start, end: last.end, exact: last.text == p.words[len(p.words)-1]})
			}
		}
	}
	return out
}

// at reports whether the phrase stands at the beginning of ws.
func (p *phrase) at(ws []word) bool {
	last := len(p.words) - 1
	if len(ws) <= last {
		return false
	}
	for i, w := range p.words[:last] {
		if ws[i].text != w {
			return false
		}
	}
	return ws[last].text == p.words[last] || p.prefix && strings.HasPrefix(ws[last].text, p.words[last])
}

// The measure of how well a text fits is that of BM25 for each phrase: more places count more, with a bound, and count
// less in a long text. How rare a phrase is does not enter: all candidates have all phrases.
const (
	saturation  = 1.2
	lengthShare = 0.6
	usualLength = 40.0 // words of a message
	beginning   = 0.6  // of a place where a longer word begins with what is looked for
	together    = 0.8  // for phrases that follow each other as in the query
)

// score measures how well a text fits, from 0 for not at all.
func (q query) score(ws []word, hits []hit) float64 {
	if len(hits) == 0 {
		return 0
	}
	found := make([]float64, len(q.phrases))
	follow := 0
	for i, h := range hits {
		if h.exact {
			found[h.phrase]++
		} else {
			found[h.phrase] += beginning
		}
		if i > 0 && h.phrase == hits[i-1].phrase+1 && h.first == hits[i-1].first+len(q.phrases[hits[i-1].phrase].words) {
			follow++
		}
	}
	norm := saturation * (1 - lengthShare + lengthShare*float64(len(ws))/usualLength)
	sum := 0.0
	for _, tf := range found {
		sum += tf * (saturation + 1) / (tf + norm)
	}
	return sum + together*float64(min(follow, len(q.phrases)-1))
}

// scorer scores texts one after another, in memory that it uses again.
type scorer struct {
	query
	now   time.Time
	words []word
	hits  []hit
}

// of measures how well a text of some age fits.
func (s *scorer) of(text string, at time.Time) float64 {
	s.words = appendWords(s.words[:0], text, maxWords)
	s.hits = s.appendHits(s.hits[:0], s.words)
	return fresh(s.score(s.words, s.hits), at, s.now)
}

// has reports whether a text has some phrase of the query.
func (s *scorer) has(text string) bool {
	s.words = appendWords(s.words[:0], text, maxWords)
	s.hits = s.appendHits(s.hits[:0], s.words)
	return len(s.hits) > 0
}

// hasAll reports whether a text has every phrase of the query.
func (s *scorer) hasAll(text string) bool {
	s.has(text)
	return s.all()
}

// all reports whether the text that was looked at last has every phrase of the query.
func (s *scorer) all() bool {
	missing := len(s.phrases)
	seen := make([]bool, missing)
	for _, h := range s.hits {
		if !seen[h.phrase] {
			seen[h.phrase] = true
			missing--
		}
	}
	return missing == 0
}

// fresh weighs a score by age: what is new counts up to half as much again.
func fresh(score float64, at, now time.Time) float64 {
	const month = 30 * 24 * time.Hour
	age := max(0, float64(now.Sub(at))/float64(month))
	return score * (1 + 0.5/(1+age))
}

// ranked is a candidate with its score.
type ranked[T any] struct {
	score float64
	item  T
}

// best returns the items with the highest scores, at most limit; of equal ones those that came first.
func best[T any](candidates []ranked[T], limit int) []T {
	slices.SortStableFunc(candidates, func(a, b ranked[T]) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	out := make([]T, 0, min(limit, len(candidates)))
	for _, c := range candidates[:min(limit, len(candidates))] {
		out = append(out, c.item)
	}
	return out
}

// Segment is a part of a snippet; Hit says that it is what was looked for. Put together they are the snippet, as plain
// text.
type Segment struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit"`
}

const (
	snippetLength = 160 // bytes, about
	snippetLead   = 50  // before the first hit
	trailing      = 8   // of signs behind the last word
)

// snippet cuts the part of a text around its first hit.
func (s *scorer) snippet(text string) []Segment {
	s.words = appendWords(s.words[:0], text, maxWords)
	s.hits = s.appendHits(s.hits[:0], s.words)
	ws, hits := s.words, s.hits
	from := 0
	if len(hits) > 0 && hits[0].start > snippetLead {
		i := hits[0].first
		for i > 0 && hits[0].start-ws[i-1].start <= snippetLead {
			i--
		}
		from = ws[i].start
	}
	to := from
	for _, w := range ws {
		if w.end > from+snippetLength && (len(hits) == 0 || w.end > hits[0].end) {
			break
		}
		to = max(to, w.end)
	}
	end := len(strings.TrimRightFunc(text, unicode.IsSpace))
	if (len(ws) == 0 || to >= ws[len(ws)-1].end) && end-to <= trailing {
		to = max(to, end)
	}
	out := make([]Segment, 0, 5)
	add := func(part string, hit bool) {
		if part = spaces(part); part != "" {
			out = append(out, Segment{part, hit})
		}
	}
	if from > 0 {
		add("… ", false)
	}
	at := from
	for _, h := range hits {
		if h.start < at || h.end > to {
			continue
		}
		add(text[at:h.start], false)
		add(text[h.start:h.end], true)
		at = h.end
	}
	add(text[at:to], false)
	if to < end {
		add(" …", false)
	}
	return out
}

// spaces makes every run of white space one space.
func spaces(s string) string {
	if plain(s) {
		return s
	}
	out := strings.Join(strings.Fields(s), " ")
	if out == "" {
		return s[:min(1, len(s))]
	}
	if isSpace(s[0]) {
		out = " " + out
	}
	if isSpace(s[len(s)-1]) {
		out += " "
	}
	return out
}

// plain reports whether a text has no white space but single spaces.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] < ' ' || s[i] == ' ' && i > 0 && s[i-1] == ' ' {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
