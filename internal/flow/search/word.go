package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// word is one word of a text: folded, so that what people regard as the same word is the same, with the bytes of the
// text it stands in. Words that touch, as in an address, a hyphenated word or Chinese, have joined set on all but the first.
type word struct {
	text       string
	start, end int
	joined     bool
	solid      bool // a character that is a word by itself: it is not the beginning of a longer one
}

const (
	// maxWord is the greatest length of a word in bytes; of a longer one (a key, a link's token) the beginning counts.
	maxWord = 48
	// maxWords is how many words of a text are indexed.
	maxWords = 10_000
)

// words splits a text into at most limit words: runs of letters, marks and digits, in lower case and without diacritics.
// Characters of scripts that put no spaces between words are a word each.
func words(text string, limit int) []word { return appendWords(nil, text, limit) }

// appendWords appends the words of a text to a slice, which may be used again for the next text.
func appendWords(to []word, text string, limit int) []word {
	s := splitter{text: text, limit: len(to) + limit, out: to, start: -1, gap: true}
	for i := 0; i < len(text) && len(s.out) < s.limit; {
		if n := s.plain(i); n > 0 {
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r < utf8.RuneSelf && asciiWord(byte(r)):
			s.add(i, size, r)
		case r == utf8.RuneError, r < utf8.RuneSelf:
			s.flush()
			s.gap = s.gap || r <= ' '
		case unspaced(r):
			s.flush()
			s.add(i, size, r)
			s.solid = true
			s.flush()
		case unicode.In(r, unicode.L, unicode.N, unicode.M):
			s.add(i, size, r)
		default:
			s.flush()
			s.gap = s.gap || unicode.IsSpace(r)
		}
		i += size
	}
	s.flush()
	return s.out
}

// splitter collects the words of a text. A word that folding leaves as it is costs no copy.
type splitter struct {
	text       string
	limit      int
	out        []word
	start, end int // of the word that is being read; start is -1 between words
	folded     []byte
	changed    bool // folded differs from the text
	gap, solid bool // there was a space before; the word is a character by itself
}

// plain takes a whole word of ASCII letters and digits that begins at i and returns its length in bytes; 0 if there is none.
func (s *splitter) plain(i int) int {
	if s.start >= 0 {
		return 0
	}
	n, upper := 0, false
	for rest := s.text[i:]; n < len(rest) && asciiWord(rest[n]); n++ {
		upper = upper || rest[n] <= 'Z' && rest[n] >= 'A'
	}
	if n == 0 || n > maxWord || i+n < len(s.text) && s.text[i+n] >= utf8.RuneSelf {
		return 0
	}
	w := word{text: s.text[i : i+n], start: i, end: i + n, joined: !s.gap}
	if upper {
		w.text = strings.ToLower(w.text)
	}
	s.out = append(s.out, w)
	s.gap = false
	return n
}

func (s *splitter) add(i, size int, r rune) {
	if s.start < 0 {
		s.start, s.folded, s.changed = i, s.folded[:0], false
	}
	s.end = i + size
	f := fold(r)
	if len(s.folded)+len(f) > maxWord {
		s.changed = true
		return
	}
	s.folded = append(s.folded, f...)
	s.changed = s.changed || f != s.text[i:i+size]
}

func (s *splitter) flush() {
	if s.start >= 0 && len(s.folded) > 0 && len(s.out) < s.limit {
		w := word{start: s.start, end: s.end, joined: !s.gap, solid: s.solid}
		if s.changed {
			w.text = string(s.folded)
		} else {
			w.text = s.text[s.start:s.end]
		}
		s.out = append(s.out, w)
		s.gap = false
	}
	s.start, s.solid = -1, false
}

func asciiWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// unspaced reports whether a character belongs to a script that is written without spaces.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) &&
		!unicode.Is(unicode.M, r)
}

// letters have no decomposition, and yet people type them in another way.
var letters = map[rune]string{'ß': "ss", 'ẞ': "ss", 'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'æ': "ae", 'Æ': "ae",
	'œ': "oe", 'Œ': "oe", 'ı': "i", 'ς': "σ"}

// fold returns a character in lower case and without diacritics, "" for a mark that only adds to the one before.
func fold(r rune) string {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return asciiText[r : r+1]
	}
	if s, ok := letters[r]; ok {
		return s
	}
	var out []rune
	for _, d := range norm.NFKD.String(string(r)) {
		if unicode.Is(unicode.Mn, d) || !unicode.In(d, unicode.L, unicode.N, unicode.Mc) {
			continue
		}
		d = unicode.ToLower(d)
		if s, ok := letters[d]; ok {
			out = append(out, []rune(s)...)
			continue
		}
		out = append(out, d)
	}
	return string(out)
}

// asciiText is every ASCII character in order, so that one is a slice of it.
var asciiText = func() string {
	var b [utf8.RuneSelf]byte
	for i := range b {
		b[i] = byte(i)
	}
	return string(b[:])
}()
