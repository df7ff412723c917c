package mail

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Address is one mailbox (RFC 5322, section 3.4).
type Address struct {
	Name  string // display name, decoded; "" when there is none
	Email string // bare address, lower-cased
}

// ErrAddress is returned for text that is no mail address.
var ErrAddress = errors.New("not a mail address")

// ParseAddress reads exactly one mailbox such as `Bo Tan <bo@x.test>` or `bo@x.test`. The error wraps ErrAddress.
func ParseAddress(s string) (Address, error) {
	list, err := ParseAddressList(s)
	if err != nil {
		return Address{}, err
	}
	if len(list) != 1 {
		return Address{}, fmt.Errorf("parse address %q: %w: want one mailbox, found %d", shorten(s), ErrAddress, len(list))
	}
	return list[0], nil
}

// ParseAddressList reads mailboxes separated by commas, or by semicolons as some programs write them. Unlike the
// reading of received headers it fails, with an error that wraps ErrAddress, when any of them is no address.
func ParseAddressList(s string) ([]Address, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
		return nil, fmt.Errorf("parse address %q: %w: it holds a control character", shorten(s), ErrAddress)
	}
	list, bad := parseAddresses(s, "", DefaultLimits().MaxAddresses)
	if bad != "" {
		return nil, fmt.Errorf("parse address %q: %w", shorten(bad), ErrAddress)
	}
	return list, nil
}

func shorten(s string) string {
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "…"
	}
	return s
}

// parseAddresses reads every mailbox of a header value, skipping what is none; bad is the first such piece.
func parseAddresses(s, charset string, max int) (list []Address, bad string) {
	lastQuote := strings.LastIndexByte(s, '"') // a quote that is never closed is no quote
	for rest := s; rest != "" && len(list) < max; {
		var item string
		item, rest = cutMailbox(rest, lastQuote-(len(s)-len(rest)))
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		a, ok := parseMailbox(item, charset)
		if !ok && strings.Contains(item, "=?") {
			// The whole mailbox, address and all, was put into an encoded word.
			a, ok = parseMailbox(decodeHeader(item, charset), charset)
		}
		switch {
		case ok:
			list = append(list, a)
		case bad == "":
			bad = item
		}
	}
	return list, bad
}

// cutMailbox cuts at the next separator outside of quotes, comments and angle brackets. The name of a group
// ("undisclosed-recipients:;", RFC 5322, section 3.4) is dropped, its members are kept.
func cutMailbox(s string, lastQuote int) (item, rest string) {
	depth, quoted, angle, start := 0, false, false, 0
	at := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case quoted:
			quoted = c != '"'
		case c == '"' && depth == 0 && i < lastQuote:
			quoted = true
		case c == '(' && !angle:
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == '@':
			at = true
		case c == ':' && !angle && !at:
			start = i + 1
		case c == ';', c == ',' && !angle:
			return s[start:i], s[i+1:]
		}
	}
	return s[start:], ""
}

func parseMailbox(item, charset string) (Address, bool) {
	if open := angleOpen(item); open >= 0 {
		email := item[open+1:]
		if end := strings.LastIndexByte(email, '>'); end >= 0 {
			email = email[:end]
		}
		email = strings.TrimPrefix(strings.Join(strings.Fields(email), ""), "mailto:")
		if i := strings.LastIndexByte(email, ':'); i >= 0 && strings.HasPrefix(email, "@") {
			email = email[i+1:] // source route (RFC 5322, section 4.4)
		}
		email, ok := bareAddress(email)
		return Address{Name: displayName(item[:open], charset), Email: email}, ok
	}
	comment := ""
	if i := strings.IndexByte(item, '('); i >= 0 {
		comment = strings.TrimSuffix(strings.TrimSpace(item[i+1:]), ")")
		item = stripComments(item)
	}
	item = strings.TrimSpace(item)
	if l := len(item); l > 1 && item[0] == '\'' && item[l-1] == '\'' { // by itself the mark is part of the address
		item = item[1 : l-1]
	}
	item = strings.TrimPrefix(item, "mailto:")
	if email, ok := bareAddress(strings.Trim(item, `"`)); ok && strings.HasPrefix(item, `"`) && strings.HasSuffix(item, `"`) {
		return Address{Name: displayName(comment, charset), Email: email}, true
	}
	if email, ok := bareAddress(item); ok {
		return Address{Name: displayName(comment, charset), Email: email}, true
	}
	// `Bo Tan bo@x.test`: brackets forgotten.
	if i := strings.LastIndexAny(item, " \t"); i >= 0 {
		if email, ok := bareAddress(item[i+1:]); ok {
			return Address{Name: displayName(item[:i], charset), Email: email}, true
		}
	}
	return Address{}, false
}

// angleOpen finds the bracket that opens the address: the last one outside of quotes.
func angleOpen(s string) int {
	found, quoted, lastQuote := -1, false, strings.LastIndexByte(s, '"')
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"' && (quoted || i < lastQuote):
			quoted = !quoted
		case s[i] == '<' && !quoted:
			found = i
		}
	}
	return found
}

// displayName undoes quoting and encoded words, also encoded words put inside quotes against RFC 2047, section 5.
func displayName(s, charset string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, `"`) {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			if s[i] == '\\' && i+1 < len(s) {
				i++
			} else if s[i] == '"' {
				continue
			}
			b.WriteByte(s[i])
		}
		s = b.String()
	}
	name := decodeHeader(s, charset)
	for len(name) > 1 && name[0] == '\'' && name[len(name)-1] == '\'' {
		name = strings.TrimSpace(name[1 : len(name)-1])
	}
	return shortenName(stripDirections(strings.Join(strings.Fields(name), " ")))
}

// maxNameBytes is far above any honest display name.
const maxNameBytes = 400

func shortenName(s string) string {
	if len(s) <= maxNameBytes {
		return s
	}
	return strings.ToValidUTF8(s[:maxNameBytes], "")
}

// bareAddress checks local@domain (RFC 5321, section 4.1.2; RFC 6531 for characters beyond ASCII) and lower-cases it.
func bareAddress(s string) (string, bool) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 320 || !utf8.ValidString(s) {
		return "", false
	}
	local, domain := s[:at], strings.TrimSuffix(s[at+1:], ".")
	if !validLocal(local) || !validDomain(domain) {
		return "", false
	}
	return strings.ToLower(local + "@" + domain), true
}

func validLocal(s string) bool {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		inner := s[1 : len(s)-1]
		return !strings.ContainsAny(inner, "\"\\<>\r\n\x00") && inner != "" && !strings.ContainsFunc(inner, unicode.IsControl)
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r) || unsafeRune(r) {
			return false
		}
	}
	return s != ""
}

func validDomain(s string) bool {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return len(s) > 2 && strings.Trim(s[1:len(s)-1], "0123456789abcdefABCDEFIPvV:.") == ""
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63*4 || strings.HasPrefix(label, "-") {
			return false
		}
		for _, r := range label {
			if r < 0x80 && !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
				return false
			}
			if unsafeRune(r) {
				return false
			}
		}
	}
	return true
}

// unsafeRune is a character that is invisible or changes how its neighbours are shown.
func unsafeRune(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zs, r) && r != ' ' ||
		r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}

// stripDirections removes the overrides and isolates that make text read backwards (Unicode TR 36, section 2.3).
func stripDirections(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c {
			return -1
		}
		return r
	}, s)
}
