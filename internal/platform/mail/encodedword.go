package mail

import (
	"encoding/base64"
	"strings"
)

// decodeHeader turns a raw header value into text: encoded words of any charset (RFC 2047) are decoded, raw
// eight-bit bytes are read as UTF-8 (RFC 6532) or else as the given charset. Control characters become blanks.
func decodeHeader(s, charset string) string {
	if !strings.Contains(s, "=?") {
		return oneLine(rawText(s, charset))
	}
	var out strings.Builder
	var pending []byte // decoded bytes of adjacent words of one charset: a character may be split over two words
	pendingSet := ""
	flush := func() {
		if len(pending) > 0 {
			text, _ := toUTF8(pending, pendingSet)
			out.WriteString(text)
			pending = pending[:0]
		}
	}
	afterWord := false
	for s != "" {
		start := strings.Index(s, "=?")
		if start < 0 {
			break
		}
		w, rest, ok := cutEncodedWord(s[start:])
		if !ok {
			if w.open {
				break // no "?=" in all the rest, so there is no further word
			}
			flush()
			out.WriteString(rawText(s[:start+2], charset))
			s, afterWord = s[start+2:], false
			continue
		}
		gap := s[:start]
		if !afterWord || strings.TrimSpace(gap) != "" {
			flush()
			out.WriteString(rawText(gap, charset))
		}
		if !strings.EqualFold(w.charset, pendingSet) {
			flush()
		}
		pendingSet = w.charset
		pending = append(pending, w.data...)
		s, afterWord = rest, true
	}
	flush()
	out.WriteString(rawText(s, charset))
	return oneLine(out.String())
}

type encodedWord struct {
	charset string
	data    []byte
	open    bool // the word has no end
}

// cutEncodedWord reads =?charset*lang?encoding?text?= at the start of s. Blanks inside the text are tolerated.
func cutEncodedWord(s string) (w encodedWord, rest string, ok bool) {
	i := strings.IndexByte(s[2:], '?')
	if i <= 0 || i > 60 {
		return w, s, false
	}
	w.charset, _, _ = strings.Cut(s[2:2+i], "*") // RFC 2231, section 5: language suffix
	body := s[2+i+1:]
	if len(body) < 2 || body[1] != '?' || strings.ContainsAny(w.charset, " \t=") {
		return w, s, false
	}
	text := body[2:]
	end := strings.Index(text, "?=")
	if end < 0 {
		w.open = true
		return w, s, false
	}
	// "=?utf-8?Q?=41?=": the first "?=" may be the start of the text itself.
	if end == 0 && len(text) > 2 && body[0]|0x20 == 'q' {
		if more := strings.Index(text[1:], "?="); more >= 0 && !strings.Contains(text[1:1+more], "=?") {
			end = more + 1
		}
	}
	rest = text[end+2:]
	text = text[:end]
	switch body[0] {
	case 'q', 'Q':
		w.data = decodeQ(text)
	case 'b', 'B':
		w.data = decodeLooseBase64([]byte(text))
	default:
		return w, s, false
	}
	return w, rest, true
}

func decodeQ(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			b = append(b, ' ')
		case s[i] == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return b
}

// decodeLooseBase64 decodes what it can: foreign characters are skipped, missing padding is no error, and padding in
// the middle (pieces encoded one by one and joined) starts a new group.
func decodeLooseBase64(src []byte) []byte {
	dst := make([]byte, 0, base64.StdEncoding.DecodedLen(len(src))+3)
	var acc uint32
	n := 0
	flush := func() {
		switch n {
		case 2:
			dst = append(dst, byte(acc>>4))
		case 3:
			dst = append(dst, byte(acc>>10), byte(acc>>2))
		}
		acc, n = 0, 0
	}
	for _, c := range src {
		v := base64Values[c]
		if v == 0xff {
			if c == '=' {
				flush()
			}
			continue
		}
		acc = acc<<6 | uint32(v)
		if n++; n == 4 {
			dst = append(dst, byte(acc>>16), byte(acc>>8), byte(acc))
			acc, n = 0, 0
		}
	}
	flush()
	return dst
}

var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63 // the URL alphabet, used by mistake
	return t
}()

func rawText(s, charset string) string {
	text, _ := toUTF8([]byte(s), headerCharset(s, charset))
	return text
}

// headerCharset: raw header bytes that are UTF-8 are UTF-8 whatever the body is (RFC 6532).
func headerCharset(s, charset string) string {
	if strings.ToValidUTF8(s, "") == s && !strings.Contains(s, "\x1b") {
		return "utf-8"
	}
	return charset
}

// oneLine replaces control characters, which could forge lines wherever the value is shown, by blanks.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}
