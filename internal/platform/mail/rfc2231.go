package mail

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// segment is one piece of a continued parameter (RFC 2231, section 3).
type segment struct {
	index    int
	text     string
	extended bool // percent-encoded, the first one led by charset'language'
}

// addParam files one parameter: plain ones at once, the pieces of RFC 2231 ones for joinSegments.
func addParam(p *paramHeader, segments map[string][]segment, name, value, charset string) {
	base, star, found := strings.Cut(name, "*")
	if !found {
		p.set(name, decodeHeader(value, charset), false)
		return
	}
	seg := segment{text: value}
	star, seg.extended = strings.CutSuffix(star, "*")
	if star == "" && !seg.extended {
		seg.extended = true // name*=charset'lang'text
	} else if star != "" {
		n, err := strconv.Atoi(star)
		if err != nil {
			return
		}
		seg.index = n
	}
	segments[base] = append(segments[base], seg)
}

func joinSegments(list []segment, charset string) string {
	slices.SortStableFunc(list, func(a, b segment) int { return cmp.Compare(a.index, b.index) })
	var b strings.Builder
	set, last := "", -1
	encoded := false
	for _, s := range list {
		if s.index == last {
			continue
		}
		last = s.index
		text := s.text
		if s.extended {
			encoded = true
			if b.Len() == 0 && set == "" {
				if parts := strings.SplitN(text, "'", 3); len(parts) == 3 {
					set, text = parts[0], parts[2]
				}
			}
			text = percentDecode(text)
		}
		b.WriteString(text)
	}
	if !encoded {
		return decodeHeader(b.String(), charset)
	}
	if set == "" {
		set = charset
	}
	text, _ := toUTF8([]byte(b.String()), set)
	return decodeHeader(text, charset)
}

func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
