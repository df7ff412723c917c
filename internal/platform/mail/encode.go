package mail

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// formatAddresses writes mailboxes as words between which a header may be folded.
func formatAddresses(list []Address) ([]string, error) {
	var words []string
	for i, a := range list {
		email, ok := bareAddress(a.Email)
		if !ok {
			return nil, fmt.Errorf("compose: %w: %w: %q", ErrOutgoing, ErrAddress, shorten(a.Email))
		}
		local, domain, _ := cutLast(email, '@')
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			domain = ascii // RFC 5890: understood by servers without SMTPUTF8
		}
		last := local + "@" + domain
		if name := oneLine(clean(a.Name)); name != "" {
			words = append(words, encodePhrase(name)...)
			last = "<" + last + ">"
		}
		if i < len(list)-1 {
			last += ","
		}
		words = append(words, last)
	}
	return words, nil
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// encodePhrase writes a display name: plain, quoted (RFC 5322, section 3.2.4) or encoded (RFC 2047, section 5).
func encodePhrase(name string) []string {
	if needsEncoding(name) || len(name) > 200 {
		return encodeWords(name)
	}
	plain := strings.IndexFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" !#$%&'*+-/=?^_`{|}~", r))
	}) < 0
	if plain && !strings.Contains(name, "  ") {
		return strings.Split(name, " ")
	}
	return []string{quote(name)}
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// encodeText writes unstructured text (RFC 5322, section 2.2.1) as words to fold between.
func encodeText(s string) []string {
	if needsEncoding(s) || strings.Contains(s, "  ") {
		return encodeWords(s)
	}
	words := strings.Split(s, " ")
	for _, word := range words {
		if len(word) > 900 {
			return encodeWords(s)
		}
	}
	return words
}

// needsEncoding is true for anything but printable ASCII, and for text that would be taken for an encoded word.
func needsEncoding(s string) bool {
	return strings.Contains(s, "=?") || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// encodeWords writes UTF-8 encoded words of at most 75 characters, none of which splits a character (RFC 2047,
// sections 2 and 5).
func encodeWords(s string) []string {
	const room = 45 // bytes that base64 turns into 60 characters
	var words []string
	for s != "" {
		n := min(room, len(s))
		for n < len(s) && n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return words
}

// fileParam writes a parameter on a line of its own: plain, or as RFC 2231 text.
func fileParam(key, value string) string {
	if !needsEncoding(value) {
		return ";\r\n " + key + "=" + quote(value)
	}
	var b strings.Builder
	b.WriteString(";\r\n " + key + "*=utf-8''")
	for i := range len(value) {
		c := value[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
