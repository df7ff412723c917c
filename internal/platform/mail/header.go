package mail

import (
	"bytes"
	"strings"
)

// readHeader splits a message or part into its header fields and its body (RFC 5322, section 2.1). Lines that are no
// field are skipped when more fields follow; otherwise the body starts there (the blank line was forgotten).
func readHeader(raw []byte, limit int) (h Header, body []byte, clean bool) {
	clean = true
	rest := raw
	if bytes.HasPrefix(rest, []byte("From ")) || bytes.HasPrefix(rest, []byte(">From ")) {
		_, rest = cutLine(rest) // the separator line of an mbox file
	}
	for len(rest) > 0 {
		line, next := cutLine(rest)
		if len(line) == 0 {
			return h, next, clean
		}
		if used := len(raw) - len(rest); used+len(line) > limit {
			// Of the field that crosses the limit the start is kept.
			if line = line[:min(len(line), max(limit-used, 0))]; fieldColon(line) > 0 {
				h.add(line)
			}
			return h, skipHeader(rest), false
		}
		switch {
		case line[0] == ' ' || line[0] == '\t':
			if len(bytes.TrimSpace(line)) == 0 && !isFieldOrContinuation(next) {
				return h, next, clean // a "blank" line that holds blanks
			}
			// The continuation of a line that was no field.
		default:
			colon := fieldColon(line)
			if colon < 0 {
				clean = false
				if following, _ := cutLine(next); fieldColon(following) < 0 {
					return h, rest, clean
				}
				break
			}
			if len(next) > 0 && (next[0] == ' ' || next[0] == '\t') {
				line, next = gatherContinuation(line, next, len(raw)-limit)
			}
			h.add(line)
		}
		rest = next
	}
	return h, nil, clean
}

// add takes the line of a field, unfolded, of which fieldColon is not negative.
func (h *Header) add(line []byte) {
	colon := fieldColon(line)
	h.fields = append(h.fields, field{
		name:  string(bytes.TrimRight(line[:colon], " \t")),
		value: strings.TrimSpace(unfold(line[colon+1:])),
	})
}

// gatherContinuation joins the folded lines of one field in a single copy. It stops once no more than floor bytes are
// left, the end of what may be read of a header block.
func gatherContinuation(first, rest []byte, floor int) (value, next []byte) {
	value = first[:len(first):len(first)]
	for len(rest) > 0 && len(rest) > floor && (rest[0] == ' ' || rest[0] == '\t') {
		line, after := cutLine(rest)
		if len(bytes.TrimSpace(line)) == 0 && !isFieldOrContinuation(after) {
			break
		}
		value = append(value, line...)
		rest = after
	}
	return value, rest
}

func isFieldOrContinuation(rest []byte) bool {
	line, _ := cutLine(rest)
	if len(line) == 0 {
		return false
	}
	return fieldColon(line) > 0 || (line[0] == ' ' || line[0] == '\t') && len(bytes.TrimSpace(line)) > 0
}

// cutLine returns the first line without its end (CRLF, or a bare LF as many programs write) and the rest.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	return bytes.TrimSuffix(b[:i], []byte{'\r'}), b[i+1:]
}

// skipHeader finds the body of a header block that is too long to be read.
func skipHeader(b []byte) []byte {
	lf, crlf := bytes.Index(b, []byte("\n\n")), bytes.Index(b, []byte("\n\r\n"))
	switch {
	case lf >= 0 && (crlf < 0 || lf < crlf):
		return b[lf+2:]
	case crlf >= 0:
		return b[crlf+3:]
	}
	return nil
}

// fieldColon returns the index of the colon that ends a field name (RFC 5322, section 3.6.8), or -1.
func fieldColon(line []byte) int {
	for i, c := range line {
		if c == ':' {
			if i == 0 {
				return -1
			}
			return i
		}
		if c == ' ' || c == '\t' {
			// RFC 5322, section 4.5: old mail may have blanks before the colon.
			if j := i + len(line[i:]) - len(bytes.TrimLeft(line[i:], " \t")); i > 0 && j < len(line) && line[j] == ':' {
				return j
			}
			return -1
		}
		if c < 33 || c > 126 || i > 200 {
			return -1
		}
	}
	return -1
}

// unfold makes one line of a folded value. Bytes that are no UTF-8 stay: they are decoded when the charset is known.
func unfold(b []byte) string {
	if bytes.ContainsAny(b, "\r\n\x00") {
		b = bytes.ReplaceAll(b, []byte{0}, nil)
		for i, c := range b {
			if c == '\r' || c == '\n' {
				b[i] = ' '
			}
		}
	}
	return string(b)
}

// paramHeader is a Content-Type or Content-Disposition value taken apart (RFC 2045, section 5.1; RFC 2231).
type paramHeader struct {
	value  string // lower-case
	params map[string]string
}

// parseParams reads a structured value as leniently as mail needs: unquoted blanks, missing semicolons between
// parameters and unknown charsets do not matter. The first of two equal parameters wins.
func parseParams(s, charset string) paramHeader {
	value, rest, _ := strings.Cut(s, ";")
	p := paramHeader{value: strings.ToLower(strings.TrimSpace(stripComments(value)))}
	if i := strings.IndexAny(p.value, " \t,"); i >= 0 {
		p.value = p.value[:i]
	}
	segments := map[string][]segment{}
	for n := 0; rest != "" && n < 200; n++ {
		var name, val string
		name, val, rest = nextParam(rest)
		if name != "" {
			addParam(&p, segments, name, val, charset)
		}
	}
	for name, list := range segments {
		if text := joinSegments(list, charset); text != "" {
			p.set(name, text, true)
		}
	}
	return p
}

func (p *paramHeader) set(name, value string, replace bool) {
	if p.params == nil {
		p.params = make(map[string]string, 4)
	}
	if _, ok := p.params[name]; !ok || replace {
		p.params[name] = value
	}
}

// nextParam cuts `name=value` or `name="value"` off the front of s.
func nextParam(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t\r\n")
	eq := strings.IndexAny(s, "=;")
	if eq < 0 {
		return "", "", ""
	}
	if s[eq] == ';' {
		return "", "", s[eq+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:eq]))
	if i := strings.LastIndexAny(name, " \t"); i >= 0 {
		name = name[i+1:]
	}
	s = strings.TrimLeft(s[eq+1:], " \t\r\n")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest
	}
	var b strings.Builder
	i := 1
	for ; i < len(s) && s[i] != '"'; i++ {
		// A backslash before a path character is no quoting but a Windows path sent by an old client.
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
	if i < len(s) {
		i++
	}
	return name, b.String(), s[i:]
}

// stripComments removes parenthesised comments (RFC 5322, section 3.2.2).
func stripComments(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
