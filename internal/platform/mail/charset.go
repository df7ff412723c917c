package mail

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/cention-sany/utf7"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// aliases are names seen in mail that neither the IANA nor the WHATWG register lists.
var aliases = map[string]encoding.Encoding{
	"cp932":                              japanese.ShiftJIS,
	"cp936":                              simplifiedchinese.GBK,
	"cp949":                              korean.EUCKR,
	"ms949":                              korean.EUCKR,
	"gb-2312":                            simplifiedchinese.GBK,
	"gb18030-2005":                       simplifiedchinese.GB18030,
	"hz-gb-2312":                         simplifiedchinese.HZGB2312,
	"iso-2022-jp-1":                      japanese.ISO2022JP,
	"iso-2022-jp-2":                      japanese.ISO2022JP,
	"iso-2022-jp-ms":                     japanese.ISO2022JP,
	"cp50220":                            japanese.ISO2022JP,
	"cp437":                              charmap.CodePage437,
	"cp850":                              charmap.CodePage850,
	"koi8-ru":                            charmap.KOI8U,
	"latin-1":                            charmap.Windows1252,
	"iso8859-8-i":                        charmap.ISO8859_8,
	"iso-8859-8-i":                       charmap.ISO8859_8,
	"iso-8859-8-e":                       charmap.ISO8859_8,
	"windows-1252http-equivcontent-type": charmap.Windows1252,
}

var known sync.Map // lower-case label -> encoding.Encoding or nil; only labels of the registers are kept

// lookup finds an encoding by the label used in a message; nil when there is none.
func lookup(label string) encoding.Encoding {
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	if len(label) == 0 || len(label) > 40 {
		return nil
	}
	if e, ok := known.Load(label); ok {
		return e.(encoding.Encoding)
	}
	e := find(label)
	if e == nil {
		for _, prefix := range []string{"cp-", "cp", "win-", "windows"} {
			if rest, ok := strings.CutPrefix(label, prefix); ok {
				if e = find("windows-" + strings.TrimLeft(rest, "-_")); e != nil {
					break
				}
			}
		}
	}
	if e == nil {
		if e = find(strings.ReplaceAll(label, "_", "-")); e == nil {
			return nil
		}
	}
	known.Store(label, e)
	return e
}

func find(label string) encoding.Encoding {
	if e := aliases[label]; e != nil {
		return e
	}
	// The WHATWG register first: it maps a label to what senders mean (gb2312 is GBK, iso-8859-1 is windows-1252).
	if e, err := htmlindex.Get(label); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(label); err == nil && e != nil {
		return e
	}
	return nil
}

// toUTF8 decodes text of the named charset. An unknown or wrong name is answered with the best guess and known=false.
// The result is valid UTF-8 without NUL.
func toUTF8(b []byte, label string) (text string, known bool) {
	if ascii(b) && !escaped(b, label) {
		return clean(string(b)), true
	}
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	switch label {
	case "utf-8", "utf8", "utf_8", "unicode-1-1-utf-8", "utf-8-mac", "utf8mb4":
		if utf8.Valid(b) {
			return clean(string(b)), true
		}
		if invalidShare(b) {
			return guess(b), false // declared UTF-8 but written in an eight-bit charset
		}
		return clean(string(b)), false
	case "", "us-ascii", "ascii", "unknown", "unknown-8bit", "x-unknown", "binary", "default", "8bit", "7bit":
		return guess(b), label == ""
	case "utf-7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		out, err := utf7.UTF7.NewDecoder().Bytes(b)
		return clean(string(out)), err == nil
	}
	e := lookup(label)
	if e == nil {
		return guess(b), false
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return guess(b), false
	}
	return clean(string(out)), true
}

// guess decodes text without a usable label: UTF-8 if it is that, or else windows-1252, which gives every byte a
// character and is the charset of most unlabelled mail.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return clean(string(b))
	}
	if e := detect(b); e != nil {
		if out, err := e.NewDecoder().Bytes(b); err == nil {
			return clean(string(out))
		}
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return clean(string(b))
	}
	return clean(string(out))
}

// invalidShare reports whether most bytes beyond ASCII are no UTF-8: then the label is wrong rather than a byte lost.
func invalidShare(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return bad > good
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// escaped reports whether seven-bit bytes of this charset may stand for other characters.
func escaped(b []byte, label string) bool {
	if bytes.IndexByte(b, 0x1b) >= 0 {
		return true
	}
	l := strings.ToLower(label)
	if strings.Contains(l, "utf-7") || strings.Contains(l, "utf-16") || strings.Contains(l, "utf-32") {
		return true
	}
	return strings.HasPrefix(l, "hz") || strings.HasPrefix(l, "x-hz")
}

// clean makes text safe to store: valid UTF-8, no NUL, no byte order mark.
func clean(s string) string {
	s = strings.TrimPrefix(s, "\ufeff")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
